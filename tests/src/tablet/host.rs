//! The program around the orders: unlocks, takes orders one after the other, answers.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;

use ring::digest::{Context, SHA256};
use tendenko_crdt::Timestamp;
use tendenko_protocol::ids::PatientId;
use tendenko_replica::sync::{self, SyncConfig, SyncHandle};
use tendenko_replica::{Clock, PatientSummary, Replica, SyncState, SystemClock};
use tokio::runtime::Runtime;
use tokio::sync::broadcast::error::RecvError;

use super::colleague;
use super::orders::{Answer, Order};
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
    /// Milliseconds by which this tablet's clock is wrong
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    clock_off_by: i64,
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
    let mut host = Host { replica, runtime, relay: options.relay.clone(), sync: None };
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
    Ok(())
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
    sync: Option<SyncHandle>,
}

impl Host {
    fn online(&mut self) {
        if let Some(running) = &self.sync {
            running.wake();
        } else {
            let mut config = SyncConfig::default();
            config.relays.extend(self.relay.clone());
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
                }
            }
            Order::Fingerprint { cards_only } => {
                Answer::Fingerprint { fingerprint: fingerprint(&replica, cards_only)? }
            }
        })
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
