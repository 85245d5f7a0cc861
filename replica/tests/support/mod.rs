//! A region with a real relay on loopback, and tablets that belong to it.
#![allow(dead_code, reason = "every test binary uses its own part")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::SystemRandom;
use tempfile::TempDir;
use tendenko_crdt::{Document as _, EntryId, EventBody, Identity, Note, Profession, Timestamp};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{MemberId, Millis, PatientId};
use tendenko_protocol::keys::RelayKeys;
use tendenko_protocol::trust::HealthcareService;
use tendenko_relay::status::Status;
use tendenko_relay::{Cost, Directory, Enrolment, Passphrase, Region, Relay, Serving, Setup};
use tendenko_replica::sync::{SyncConfig, SyncHandle, start};
use tendenko_replica::{Clock, KdfParams, NewStaff, Replica, SyncState, SystemClock};
use zeroize::Zeroizing;

pub const PIN: &str = "4821";
/// Generous: a busy machine is not a failure.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Town {
    relay_dir: TempDir,
    region: Option<Region>,
    pub serving: Option<Serving>,
    pub address: SocketAddr,
}

pub struct Tablet {
    pub dir: TempDir,
    pub member: MemberId,
    pub replica: Option<Arc<Replica>>,
    sync: Option<SyncHandle>,
    address: SocketAddr,
}

impl Town {
    pub fn new() -> Self {
        let relay_dir = tempfile::tempdir().unwrap();
        let setup = Setup {
            region_name: "釜石".into(),
            relay_name: "本部".into(),
            listen: (Ipv4Addr::LOCALHOST, 4433).into(),
            addresses: Vec::new(),
            cost: Cost { memory_kib: 64, passes: 1 },
        };
        let passphrase = Passphrase::new("tsunami tendenko tsunami tendenko").unwrap();
        let rng = SystemRandom::new();
        let now = Millis(SystemClock.now().0);
        let region = Region::create(&Directory::new(relay_dir.path()), &setup, &passphrase, &rng, now).unwrap();
        Self { relay_dir, region: Some(region), serving: None, address: (Ipv4Addr::LOCALHOST, 0).into() }
    }

    /// Certifies a new tablet. Before the relay is opened: the region is open in this process.
    pub fn enrol(&self, name: &str) -> Tablet {
        let rng = SystemRandom::new();
        let dir = tempfile::tempdir().unwrap();
        let request = Replica::prepare(dir.path(), name, &rng).unwrap();
        let enrolment = Enrolment {
            facility: format!("{name}の事業所"),
            facility_kind: "訪問看護ステーション".into(),
            members: vec![(format!("{name} 花子"), "nurse".into())],
            administrator: false,
            evacuation_site: false,
        };
        let now = Millis(SystemClock.now().0);
        let enrolled = self.region.as_ref().unwrap().enrol(&request, &enrolment, &rng, now).unwrap();
        let member = enrolled.members[0].id;
        let staff = NewStaff {
            member,
            name: format!("{name} 花子"),
            profession: Profession::Nurse,
            facility: enrolment.facility,
            secret: Zeroizing::new(PIN.into()),
        };
        Replica::enrol_with(dir.path(), &enrolled.bundle, vec![staff], KdfParams::weak_for_tests()).unwrap();
        let mut tablet = Tablet { dir, member, replica: None, sync: None, address: self.address };
        tablet.open();
        tablet
    }

    /// Publishes a directory with this one entry. Before the relay is opened.
    pub fn publish(&self, name: &str) {
        let service = HealthcareService { name: name.into(), ..HealthcareService::default() };
        let region = self.region.as_ref().unwrap();
        region.publish(vec![service], Vec::new(), None, Millis(SystemClock.now().0)).unwrap();
    }

    /// Opens the relay on a free port, or on the one it had.
    pub async fn relay_up(&mut self) {
        self.region = None;
        let dir: PathBuf = self.relay_dir.path().to_owned();
        let relay = tokio::task::spawn_blocking(move || Relay::open(dir).unwrap()).await.unwrap();
        let serving = relay.serve(Some(self.address)).unwrap();
        self.address = serving.local_addr();
        self.serving = Some(serving);
    }

    pub async fn relay_down(&mut self) {
        self.serving.take().unwrap().shutdown().await;
    }

    /// The relay's disk is replaced by an empty one; its keys and configuration come from a backup.
    pub fn relay_emptied(&self) {
        for file in std::fs::read_dir(self.relay_dir.path()).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("relay.db") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    pub fn relay_keys(&self) -> RelayKeys {
        RelayKeys::from_secret_bytes(&std::fs::read(self.relay_dir.path().join("relay.key")).unwrap()).unwrap()
    }

    pub fn status(&self) -> Status {
        Status::read(&Directory::new(self.relay_dir.path())).unwrap()
    }

    pub fn relay_files(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(self.relay_dir.path()).unwrap();
        files
            .map(|file| file.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| std::fs::read(path).unwrap())
            .collect()
    }
}

impl std::ops::Deref for Tablet {
    type Target = Replica;

    fn deref(&self) -> &Replica {
        self.replica.as_ref().unwrap()
    }
}

impl Tablet {
    pub fn open(&mut self) {
        let now = SystemClock.now();
        self.replica = Some(Arc::new(Replica::unlock(self.dir.path(), self.member, PIN, now).unwrap()));
    }

    /// The app is closed.
    pub fn close(&mut self) {
        self.replica = None;
    }

    /// Every file of the directory. The tablet is closed.
    pub fn disk(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = std::fs::read_dir(self.dir.path()).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.is_file()).map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
    }

    /// Puts every file back into its place, under its old number: as on a cloned disk.
    pub fn put_disk(&self, files: &[(PathBuf, Vec<u8>)]) {
        for (path, _) in self.disk() {
            if !files.iter().any(|(known, _)| *known == path) {
                std::fs::remove_file(path).unwrap();
            }
        }
        for (path, bytes) in files {
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// Starts syncing with the town's relay.
    pub fn online(&mut self, town: &Town) {
        self.address = town.address;
        self.online_with(SyncConfig { relays: vec![town.address.to_string()], ..SyncConfig::default() });
    }

    pub fn online_with(&mut self, config: SyncConfig) {
        let config = SyncConfig {
            shortest_wait: Duration::from_millis(20),
            longest_wait: Duration::from_millis(200),
            connect_timeout: Duration::from_secs(2),
            rest: Duration::ZERO,
            ..config
        };
        self.sync = Some(start(self.replica.clone().unwrap(), config));
    }

    pub async fn offline(&mut self) {
        if let Some(sync) = self.sync.take() {
            sync.stop().await;
        }
    }

    pub fn wake(&self) {
        self.sync.as_ref().unwrap().wake();
    }

    /// The app is closed and opened again.
    pub async fn restart(&mut self) {
        self.offline().await;
        self.replica = None;
        self.open();
    }

    /// Waits, woken by every event of the replica, until something holds.
    pub async fn until(&self, what: &str, mut holds: impl FnMut(&Replica) -> bool) {
        let mut events = self.events();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !holds(self) {
            let event = tokio::time::timeout_at(deadline, events.recv()).await;
            assert!(event.is_ok(), "never: {what}; {:?}, {:?}", self.sync_status(), self.troubles());
        }
    }

    pub async fn until_settled(&self) {
        self.until("idle and nothing unsent", |replica| {
            let status = replica.sync_status();
            status.state == SyncState::Idle && status.unsent == 0
        })
        .await;
    }

    pub async fn until_text(&self, patient: PatientId, text: &str) {
        self.until(text, |replica| texts(replica, patient).contains(&text.to_owned())).await;
    }

    pub fn note(&self, patient: PatientId, text: &str) -> EntryId {
        self.edit(patient, |edit| {
            let event = edit.event(EventBody::Note(Note { text: text.into(), newer: Default::default() }))?;
            Ok(edit.volume(2026)?.record(event)?)
        })
        .unwrap()
    }

    pub fn texts(&self, patient: PatientId) -> Vec<String> {
        texts(self, patient)
    }

    pub fn new_patient(&self, name: &str, kana: &str) -> PatientId {
        let identity = Identity { name: name.into(), kana: kana.into(), ..Identity::default() };
        self.create_patient(identity).unwrap()
    }

    /// Waits until the other tablet's certificate has come, then shares the patient with it.
    pub async fn share(&self, patient: PatientId, with: &Tablet, scopes: &[Scope]) {
        let device = with.device_id();
        self.until("the other tablet's certificate", |replica| replica.trust().device(device).is_some()).await;
        for scope in scopes {
            self.grant(patient, *scope, device, "同意書").unwrap();
        }
    }
}

pub fn texts(replica: &Replica, patient: PatientId) -> Vec<String> {
    let entries = replica.timeline(patient, None, 1000).unwrap();
    let mut texts: Vec<String> = entries
        .into_iter()
        .filter_map(|entry| match entry.event.body {
            EventBody::Note(note) => Some(note.text),
            _ => None,
        })
        .collect();
    texts.sort();
    texts
}

/// Waits until both show the same.
pub async fn until_same(a: &Tablet, b: &Tablet, patient: PatientId) {
    let shown = |replica: &Replica| {
        (texts(replica, patient), replica.card(patient).ok(), replica.conflicts(Some(patient)).unwrap())
    };
    a.until("the other tablet's state", |a| shown(a) == shown(b)).await;
}

pub fn medicine(amount: &str) -> tendenko_crdt::Medicine {
    tendenko_crdt::Medicine {
        drug: tendenko_crdt::Drug { name: "アムロジピン錠5mg".into(), ..Default::default() },
        amount: amount.into(),
        unit: "錠".into(),
        basis: tendenko_crdt::DoseBasis::PerDay,
        usage: "朝食後".into(),
        timings: vec![tendenko_crdt::Timing::Morning],
        form: "内服".into(),
        since: Some("2026-11-01".into()),
        until: None,
        prescriber: None,
        source: tendenko_crdt::Source::Prescription,
        note: None,
        dispensing: None,
        newer: Default::default(),
    }
}

/// A clock a year behind.
pub fn a_year_off() -> Arc<tendenko_replica::FixedClock> {
    Arc::new(tendenko_replica::FixedClock::new(Timestamp(SystemClock.now().0 - 365 * 24 * 3_600_000)))
}
