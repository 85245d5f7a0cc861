//! The program around the orders: unlocks, takes orders one after the other, answers.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ring::digest::{Context, SHA256};
use tendenko_crdt::{Profession, Timestamp};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::courier::{CourierRequest, End, ForWhom};
use tendenko_replica::sync::{self, SyncConfig, SyncHandle};
use tendenko_replica::{Clock, PatientSummary, Replica, SyncPath, SyncState, SystemClock};
use tendenko_site::discovery::Discovery;
use tendenko_site::{Site, SiteConfig, SiteStatus};
use tokio::runtime::Runtime;
use tokio::sync::broadcast::error::RecvError;

use super::colleague;
use super::orders::{Answer, Order};
use crate::noticeboard::Noticeboard;
use crate::process::PATIENCE;
use crate::records;
use crate::waiting::is_synced;

/// How a tablet without a screen is started.
#[derive(Debug, Clone, clap::Parser)]
#[command(about = "A tablet without a screen, for drills and the demonstration: takes orders as lines of JSON")]
pub struct Options {
    /// The tablet's folder
    #[arg(long)]
    dir: PathBuf,
    /// The PIN of the first staff member of this tablet
    #[arg(long, default_value = crate::region::PIN)]
    pin: String,
    /// Play a colleague of the demonstration: exchange at once, and answer what the nurse records
    #[arg(long)]
    demo_colleague: bool,
    /// Address of the relay, instead of those the region names
    #[arg(long)]
    relay: Option<String>,
    /// How to find colleagues that serve: `multicast`, or a folder that all of them see
    #[arg(long)]
    discover: Option<String>,
    /// Seconds without guests after which serving ends by itself
    #[arg(long, default_value_t = 3600)]
    idle: u64,
    /// Milliseconds by which this tablet's clock is wrong
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    clock_off_by: i64,
    /// How many times shorter all waiting is: for drills whose bad network is that many times quicker, too
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    hurry: u32,
}

/// Whatever ends the program.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A clock that is wrong by a fixed amount.
struct WrongClock(i64);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0)
    }
}

/// Unlocks the tablet and serves orders until standard input ends.
pub fn run(options: &Options) -> Result<(), Failure> {
    let staff = Replica::staff(&options.dir)?;
    let member = staff.first().ok_or("this folder holds no enrolled tablet")?.member;
    let clock = Arc::new(WrongClock(options.clock_off_by));
    let replica = Arc::new(Replica::unlock_with(&options.dir, member, &options.pin, clock)?);
    let runtime = Runtime::new()?;
    let site = {
        let _inside = runtime.enter();
        Site::start(Arc::clone(&replica), site_config(options)?)
    };
    let mut host = Host { replica, runtime, relay: options.relay.clone(), hurry: options.hurry, sync: None, site };
    if options.demo_colleague {
        host.online();
        return host.runtime.block_on(colleague::accompany(&host.replica));
    }
    answer(&Answer::Ready { device: host.replica.device_id().to_string() })?;
    for line in std::io::stdin().lock().lines() {
        let done = match serde_json::from_str(&line?) {
            Ok(order) => host.carry_out(order),
            Err(why) => Err(why.into()),
        };
        answer(&done.unwrap_or_else(|why| Answer::Failed { why: why.to_string() }))?;
    }
    host.offline();
    host.runtime.block_on(host.site.stop());
    Ok(())
}

fn site_config(options: &Options) -> Result<SiteConfig, Failure> {
    let discovery: Option<Box<dyn Discovery>> = match options.discover.as_deref() {
        None => None,
        #[cfg(feature = "mdns")]
        Some("multicast") => Some(Box::new(tendenko_site::Mdns)),
        #[cfg(not(feature = "mdns"))]
        Some("multicast") => return Err("this program was built without multicast".into()),
        Some(folder) => Some(Box::new(Noticeboard(folder.into()))),
    };
    let idle = Duration::from_secs(options.idle);
    let (look, settle) = (Duration::from_millis(200), Duration::from_secs(2));
    let hubs = options.relay.iter().cloned().collect();
    Ok(SiteConfig { discovery, idle, settle, look, hubs, ..SiteConfig::default() })
}

fn answer(answer: &Answer) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    Ok(out.flush()?)
}

struct Host {
    replica: Arc<Replica>,
    runtime: Runtime,
    relay: Option<String>,
    hurry: u32,
    sync: Option<SyncHandle>,
    site: Site,
}

impl Host {
    fn online(&mut self) {
        if let Some(running) = &self.sync {
            running.wake();
        } else {
            let mut config = SyncConfig::default();
            config.relays.extend(self.relay.clone());
            for wait in [
                &mut config.shortest_wait,
                &mut config.longest_wait,
                &mut config.connect_timeout,
                &mut config.keep_alive,
                &mut config.idle_timeout,
                &mut config.silence,
            ] {
                *wait /= self.hurry;
            }
            let _inside = self.runtime.enter();
            self.sync = Some(sync::start(Arc::clone(&self.replica), config));
        }
    }

    fn offline(&mut self) {
        if let Some(running) = self.sync.take() {
            self.runtime.block_on(running.stop());
        }
    }

    fn carry_out(&mut self, order: Order) -> Result<Answer, Failure> {
        let replica = Arc::clone(&self.replica);
        Ok(match order {
            Order::Patients => Answer::Patients {
                patients: held(&replica)
                    .into_iter()
                    .map(|row| (row.patient.to_string(), row.name, row.chart))
                    .collect(),
            },
            Order::Visit { patient, note } => saved(&replica, patient.parse()?, &note)?,
            Order::HandOver { patient, to, text, urgent } => {
                let to = Profession::from(to.as_str());
                let entry = records::hand_over_as(&replica, patient.parse()?, to, &text, urgent)?;
                Answer::Saved { entry: entry.to_string() }
            }
            Order::AnswerQuestion { patient, document, question, text } => {
                let entry = records::answer_question(&replica, patient.parse()?, document.parse()?, &question, &text)?;
                Answer::Saved { entry: entry.to_string() }
            }
            Order::NextVersion { patient, document, remark } => {
                let entry = records::next_version(&replica, patient.parse()?, document.parse()?, &remark)?;
                Answer::Saved { entry: entry.to_string() }
            }
            Order::AwaitConfirmed { patient, entry, by } => {
                let (patient, entry) = (patient.parse()?, entry.parse()?);
                self.until(|replica| Ok(records::confirmed_by(replica, patient, entry)?.contains(&by)))?
            }
            Order::AwaitHandOver { text } => self.until(|replica| {
                let waiting = replica.waiting_hand_overs(500)?;
                Ok(waiting.iter().any(|found| found.entry.event.body.hand_over().is_some_and(|said| said.text == text)))
            })?,
            Order::Storm { patient, word } => {
                let patient = patient.parse()?;
                for number in 0_u64.. {
                    answer(&saved(&replica, patient, &format!("{word} {number}"))?)?;
                }
                Answer::Done
            }
            Order::Dose { patient, medicine, amount, reason } => {
                if !records::change_dose(&replica, patient.parse()?, &medicine, &amount, &reason)? {
                    return Err("the card has no such medicine".into());
                }
                Answer::Done
            }
            Order::Medicines { patient } => {
                Answer::Medicines { medicines: records::medicines(&replica, patient.parse()?) }
            }
            Order::Entries { patient } => Answer::Entries { entries: entries(&replica, patient.parse()?)? },
            Order::Attach { patient, bytes } => {
                let entry = records::attach(&replica, patient.parse()?, bytes)?;
                Answer::Saved { entry: entry.to_string() }
            }
            Order::Fetch { patient, entry } => {
                replica.fetch_attachment(patient.parse()?, entry.parse()?)?;
                Answer::Done
            }
            Order::AwaitPieces { patient, entry, count } => {
                let (patient, entry) = (patient.parse()?, entry.parse()?);
                self.until(|replica| Ok(records::pieces(replica, patient, entry)? >= count))?
            }
            Order::AwaitAbsent { patient, entry } => {
                let (patient, entry) = (patient.parse()?, entry.parse()?);
                self.until(|replica| Ok(records::is_absent(replica, patient, entry)?))?
            }
            Order::AwaitAnswered { patient, entry } => {
                let (patient, entry) = (patient.parse()?, entry.parse()?);
                self.until(|replica| {
                    let here = records::pieces(replica, patient, entry)?;
                    Ok(here == u32::MAX || records::is_absent(replica, patient, entry)?)
                })?
            }
            Order::AwaitGiven { count } => {
                self.until(|replica| Ok(replica.sync_status().lanes.attachments.sent >= count))?
            }
            Order::Pieces { patient, entry } => {
                let (patient, entry) = (patient.parse()?, entry.parse()?);
                let here = records::pieces(&replica, patient, entry)?;
                let whole = replica.read_attachment(patient, entry).ok();
                Answer::Pieces {
                    here,
                    whole: whole.filter(|bytes| *bytes == records::photo(bytes.len())).map(|b| b.len()),
                }
            }
            Order::Online => {
                self.online();
                Answer::Done
            }
            Order::Offline => {
                self.offline();
                Answer::Done
            }
            Order::AwaitSynced => {
                if let Some(running) = &self.sync {
                    running.wake();
                }
                self.until(|replica| Ok(is_synced(replica)))?
            }
            Order::AwaitEntry { patient, entry } => {
                let patient = patient.parse()?;
                self.until(|replica| Ok(entries(replica, patient)?.contains(&entry)))?
            }
            Order::AwaitAmounts { patient, medicine, count } => {
                let patient = patient.parse()?;
                self.until(|replica| Ok(records::amounts(replica, patient, &medicine).len() == count))?
            }
            Order::AwaitTrouble => self.until(|replica| Ok(replica.sync_status().last_error.is_some()))?,
            Order::Status => {
                let status = replica.sync_status();
                Answer::Status {
                    unsent: status.unsent,
                    idle: status.state == SyncState::Idle,
                    clock_offset_ms: status.clock_offset_ms,
                    rejected: status.rejected,
                    trouble: status.last_error,
                    patients: (status.patients_known, status.patients_complete),
                    incomplete: replica.incomplete_patients()?.iter().map(ToString::to_string).collect(),
                    may_be_more: !status.first_sync_done,
                    path: status.path.map(|path| format!("{path:?}")),
                }
            }
            Order::ExportCourier { file } => {
                let request = CourierRequest { for_whom: ForWhom::Everyone, since: None, attachments: true };
                let totals = replica.export_courier(Path::new(&file), &request, &mut |_| ControlFlow::Continue(()))?;
                Answer::Courier { items: totals.items(), new: 0, known: 0, not_for_us: 0, refused: 0, whole: true }
            }
            Order::ImportCourier { file } => {
                let report = replica.import_courier(Path::new(&file), &mut |_| ControlFlow::Continue(()))?;
                Answer::Courier {
                    items: report.read.items(),
                    new: report.new,
                    known: report.known,
                    not_for_us: report.not_for_us,
                    refused: report.refusals(),
                    whole: report.end == End::Whole,
                }
            }
            Order::Serve => {
                self.runtime.block_on(self.site.open())?;
                Answer::Done
            }
            Order::StopServing => {
                self.runtime.block_on(self.site.close());
                Answer::Done
            }
            Order::Scan { code } => {
                self.runtime.block_on(self.site.scanned(&code))?;
                Answer::Done
            }
            Order::Site => {
                let status = self.site.status();
                let (code, connected) = match status.serving {
                    Some(serving) => {
                        (Some(serving.qr), serving.connected.into_iter().map(|guest| guest.label).collect())
                    }
                    None => (None, Vec::new()),
                };
                Answer::Site {
                    code,
                    connected,
                    found: status.found.into_iter().map(|found| (found.label, found.certified)).collect(),
                    ended: status.ended.map(|ending| format!("{ending:?}")),
                }
            }
            Order::AwaitServed => self.until_site(|status| status.serving.is_none())?,
            Order::AwaitStranger => self.until_site(|status| status.found.iter().any(|found| !found.certified))?,
            Order::AwaitOverTablet => self.until(|replica| {
                let status = replica.sync_status();
                Ok(status.state == SyncState::Idle && status.path == Some(SyncPath::Tablet))
            })?,
            Order::Fingerprint { cards_only } => {
                Answer::Fingerprint { fingerprint: fingerprint(&replica, cards_only)? }
            }
        })
    }

    /// Waits for the site's own changes until something holds.
    fn until_site(&self, holds: impl Fn(&SiteStatus) -> bool) -> Result<Answer, Failure> {
        let mut changes = self.site.changes();
        let waiting = async {
            while !holds(&self.site.status()) {
                changes.changed().await?;
            }
            Ok::<_, Failure>(Answer::Done)
        };
        let waited = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, waiting).await });
        waited.map_err(|_| format!("still not so after {PATIENCE:?}: {:?}", self.site.status()))?
    }

    /// Waits for the engine's own events until something holds.
    fn until(&self, mut holds: impl FnMut(&Replica) -> Result<bool, Failure>) -> Result<Answer, Failure> {
        let mut events = self.replica.events();
        let deadline = tokio::time::Instant::from_std(std::time::Instant::now() + PATIENCE);
        loop {
            if holds(&self.replica)? {
                return Ok(Answer::Done);
            }
            let next = async { tokio::time::timeout_at(deadline, events.recv()).await };
            match self.runtime.block_on(next) {
                Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => return Err("the engine has ended".into()),
                Err(_) => {
                    let status = self.replica.sync_status();
                    return Err(format!("still not so after {PATIENCE:?}; the exchange stands at {status:?}").into());
                }
            }
        }
    }
}

fn saved(replica: &Replica, patient: PatientId, note: &str) -> Result<Answer, Failure> {
    let entry = records::note(replica, patient, SystemClock.now(), note)?;
    Ok(Answer::Saved { entry: entry.to_string() })
}

/// Every patient of whom this tablet holds the card or more, in the order of their ids.
fn held(replica: &Replica) -> Vec<PatientSummary> {
    let granted: BTreeSet<_> =
        replica.trust().grants_for(replica.device_id()).map(|known| known.grant.patient).collect();
    granted.into_iter().filter_map(|patient| replica.patient(patient).ok()).collect()
}

/// Every entry of a patient that this tablet can read.
fn entries(replica: &Replica, patient: PatientId) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    let mut before = None;
    loop {
        let page = replica.timeline(patient, before, 500)?;
        let Some(last) = page.last() else {
            return Ok(ids);
        };
        before = Some((last.event.occurred_at, last.event.id));
        ids.extend(page.iter().map(|entry| entry.event.id.to_string()));
    }
}

/// Hash over everything readable: cards as they are read, then entries, patient by patient in the order of their ids.
fn fingerprint(replica: &Replica, cards_only: bool) -> Result<String, Failure> {
    let mut hash = Context::new(&SHA256);
    for patient in held(replica).into_iter().map(|row| row.patient) {
        hash.update(patient.to_string().as_bytes());
        hash.update(serde_json::to_string(&replica.card(patient)?)?.as_bytes());
        if !cards_only {
            let mut ids = entries(replica, patient)?;
            ids.sort_unstable();
            hash.update(ids.concat().as_bytes());
        }
    }
    Ok(hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}
