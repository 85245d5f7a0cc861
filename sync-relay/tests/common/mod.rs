//! A region, its relay, and small tablets that keep everything in memory, on the protocol's own client session.
#![allow(dead_code, reason = "each test program uses its part")]

use std::net::SocketAddr;
use std::path::Path;

use ring::rand::SystemRandom;
use tendenko_protocol::ids::Millis;
use tendenko_protocol::keys::DeviceKeys;
use tendenko_protocol::trust::{EnrolmentBundle, EnrolmentRequest};
use tendenko_relay::{Cost, Directory, Enrolment, Passphrase, Region, Relay, Serving, Setup};

pub mod line;
pub mod tablet;

pub use line::Line;
pub use tablet::Tablet;

pub const PASSPHRASE: &str = "高台へ、高台へ、高台へ、高台へ";

/// A region in a temporary directory.
pub struct Town {
    pub dir: tempfile::TempDir,
    pub region: Region,
}

impl Town {
    pub fn found() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let setup = Setup {
            region_name: "釜石・大槌".into(),
            relay_name: "県立病院".into(),
            listen: "127.0.0.1:0".parse().unwrap(),
            addresses: Vec::new(),
            cost: Cost { memory_kib: 64, passes: 1 },
        };
        let directory = Directory::new(dir.path().join("relay"));
        let passphrase = Passphrase::new(PASSPHRASE).unwrap();
        let region = Region::create(&directory, &setup, &passphrase, &SystemRandom::new(), Millis(1)).unwrap();
        Self { dir, region }
    }

    pub fn relay_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("relay")
    }

    pub fn tablet(&self, label: &str) -> Tablet {
        self.enrol(label, false)
    }

    pub fn administrator(&self, label: &str) -> Tablet {
        self.enrol(label, true)
    }

    fn enrol(&self, label: &str, administrator: bool) -> Tablet {
        let keys = DeviceKeys::generate(&SystemRandom::new()).unwrap();
        let request = EnrolmentRequest::new(&keys, label).unwrap();
        let asked = Enrolment {
            facility: "はまゆり訪問看護ステーション".into(),
            facility_kind: "visiting-nurse-station".into(),
            members: vec![("佐藤 花".into(), "nurse".into())],
            administrator,
            evacuation_site: false,
        };
        let enrolled = self.region.enrol(&request, &asked, &SystemRandom::new(), Millis(2)).unwrap();
        Tablet::new(keys, &enrolled.bundle)
    }

    pub fn open(&self) -> Relay {
        Relay::open(self.relay_dir()).unwrap()
    }

    /// Starts the relay on a free port.
    pub fn serve(&self) -> Serving {
        self.open().serve(Some(anywhere())).unwrap()
    }

    pub fn lose_database(&self) {
        for name in ["relay.db", "relay.db-wal", "relay.db-shm"] {
            remove(&self.relay_dir().join(name));
        }
    }
}

pub fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn remove(path: &Path) {
    if path.exists() {
        std::fs::remove_file(path).unwrap();
    }
}

/// A tablet set up from a bundle file.
pub fn tablet_of(keys: DeviceKeys, bundle: &Path) -> Tablet {
    let bundle = EnrolmentBundle::from_bytes(&std::fs::read(bundle).unwrap()).unwrap();
    Tablet::new(keys, &bundle)
}

/// Runs a test with an end: a session that hangs fails instead of hanging the suite. Nothing is measured.
pub fn play(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(std::time::Duration::from_secs(60), story).await.expect("the story comes to its end")
    });
}
