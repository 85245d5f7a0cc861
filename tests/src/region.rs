//! A region made for one drill: a relay's folder on a loopback port, and tablets enrolled in it.

use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use tendenko_protocol::ids::{DeviceId, MemberId, Millis};
use tendenko_relay::{Cost, Directory, EdgeSetup, Enrolment, Passphrase, Region, Setup, edge, listing};
use tendenko_replica::{Clock as _, KdfParams, NewStaff, Replica, SystemClock};

use crate::process::{ProcessError, Program};
use crate::site::RelaySite;

/// The PIN of everybody in drills and demonstrations. Shown openly: it protects made-up people only.
pub const PIN: &str = "2580";
/// The passphrase of the region's root key in drills and demonstrations.
pub const PASSPHRASE: &str = "釜石の高台まで てんでんこに走る";

/// Whatever went wrong while a region was made.
pub type RegionFailure = Box<dyn std::error::Error + Send + Sync>;

/// A person who works with a tablet.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// Name.
    pub name: &'static str,
    /// Profession, as in the care record.
    pub profession: &'static str,
    /// Facility.
    pub facility: &'static str,
    /// Kind of facility.
    pub facility_kind: &'static str,
    /// Works at an evacuation site.
    pub evacuation_site: bool,
}

/// 佐々木 恵, visiting nurse. Made up, as everybody here.
pub const NURSE: Person = Person {
    name: "佐々木 恵",
    profession: "nurse",
    facility: "訪問看護ステーションはまなす",
    facility_kind: "訪問看護ステーション",
    evacuation_site: false,
};
/// 千葉 浩二, pharmacist.
pub const PHARMACIST: Person = Person {
    name: "千葉 浩二",
    profession: "pharmacist",
    facility: "はまかぜ薬局",
    facility_kind: "薬局",
    evacuation_site: false,
};
/// 菊池 遥, physician at an evacuation site.
pub const SITE: Person = Person {
    name: "菊池 遥",
    profession: "physician",
    facility: "第一救護所",
    facility_kind: "救護所",
    evacuation_site: true,
};

/// An enrolled tablet.
#[derive(Debug, Clone)]
pub struct Tablet {
    /// Its folder.
    pub dir: PathBuf,
    /// Its device.
    pub device: DeviceId,
    /// Who unlocks it.
    pub member: MemberId,
}

/// A region with its relay's folder.
pub struct DrillRegion {
    dir: PathBuf,
    region: Region,
    rng: SystemRandom,
    kdf: KdfParams,
    /// Where the relay listens.
    pub listen: SocketAddr,
}

impl DrillRegion {
    /// Makes the region in `dir`, its relay on a free loopback port. Secrets are cheap to check, so that drills are
    /// quick.
    pub fn create(dir: &Path) -> Result<Self, RegionFailure> {
        Self::create_with(dir, KdfParams::weak_for_tests())
    }

    /// As [`DrillRegion::create`], with another price of a try at a PIN.
    pub fn create_with(dir: &Path, kdf: KdfParams) -> Result<Self, RegionFailure> {
        let listen = free_port()?;
        let rng = SystemRandom::new();
        let setup = Setup {
            region_name: "釜石圏域（訓練用）".to_owned(),
            relay_name: "事務局".to_owned(),
            listen,
            addresses: Vec::new(),
            cost: Cost { memory_kib: 64, passes: 1 },
        };
        let region =
            Region::create(&Directory::new(relay_dir(dir)), &setup, &Passphrase::new(PASSPHRASE)?, &rng, now())?;
        Ok(Self { dir: dir.to_owned(), region, rng, kdf, listen })
    }

    /// Makes and enrols the tablet of one person, in the folder `tablets/<name>`.
    pub fn enrol(&self, name: &str, person: Person) -> Result<Tablet, RegionFailure> {
        let dir = tablet_dir(&self.dir, name);
        let request = Replica::prepare(&dir, name, &self.rng)?;
        let enrolled = self.region.enrol(
            &request,
            &Enrolment {
                facility: person.facility.to_owned(),
                facility_kind: person.facility_kind.to_owned(),
                members: vec![(person.name.to_owned(), person.profession.to_owned())],
                administrator: false,
                evacuation_site: person.evacuation_site,
            },
            &self.rng,
            now(),
        )?;
        let member = enrolled.members.first().ok_or("the person was not certified")?.id;
        let staff = NewStaff {
            member,
            name: person.name.to_owned(),
            profession: person.profession.into(),
            facility: person.facility.to_owned(),
            secret: PIN.to_owned().into(),
        };
        Replica::enrol_with(&dir, &enrolled.bundle, vec![staff], self.kdf)?;
        Ok(Tablet { dir, device: enrolled.device, member })
    }

    /// Publishes the made-up directory of the demonstration.
    pub fn publish_directory(&self) -> Result<(), RegionFailure> {
        let services = listing::services(include_bytes!("../data/demo/directory.csv"))?;
        let outline = listing::outline(include_bytes!("../data/demo/outline.csv"))?;
        self.region.publish(services, outline, None, now())?;
        Ok(())
    }

    /// The region's hub.
    pub fn hub(&self) -> RelaySite {
        RelaySite::new(self.relay_dir(), self.listen)
    }

    /// Makes and certifies an edge relay below the hub, in the folder `<name>` and on a port of its own.
    pub fn edge(&self, name: &str) -> Result<RelaySite, RegionFailure> {
        let directory = Directory::new(self.dir.join(name));
        let setup = EdgeSetup { name: name.to_owned(), listen: free_port()?, addresses: Vec::new() };
        let request = edge::ask(&directory, &setup, &self.rng)?;
        edge::join(&directory, &self.region.enrol_relay(&request, now())?, &self.rng, now())?;
        Ok(RelaySite::new(directory.path().to_owned(), setup.listen))
    }

    /// Starts the relay as a process and waits until it listens.
    pub fn start_relay(&self) -> Result<Program, ProcessError> {
        start_relay(&self.dir)
    }

    /// The relay's folder.
    pub fn relay_dir(&self) -> PathBuf {
        relay_dir(&self.dir)
    }
}

/// The relay's folder of a region made in `dir`.
pub fn relay_dir(dir: &Path) -> PathBuf {
    dir.join("relay")
}

/// The folder of a tablet of a region made in `dir`.
pub fn tablet_dir(dir: &Path, name: &str) -> PathBuf {
    dir.join("tablets").join(name)
}

/// Starts the relay of the region made in `dir`, and waits until it listens.
pub fn start_relay(dir: &Path) -> Result<Program, ProcessError> {
    let folder = relay_dir(dir);
    let args = ["serve", "--dir", &folder.to_string_lossy()];
    let relay = Program::start("tendenko-relay", &args, Some(&dir.join("relay.log")))?;
    let first = relay.hear()?;
    if first.starts_with("listening on") { Ok(relay) } else { Err(ProcessError::Ended(first)) }
}

fn now() -> Millis {
    Millis(SystemClock.now().0)
}

/// A loopback port that is free now. Another program could take it before the relay does; the relay then says so.
pub fn free_port() -> std::io::Result<SocketAddr> {
    UdpSocket::bind("127.0.0.1:0")?.local_addr()
}
