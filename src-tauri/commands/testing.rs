//! For the tests of commands: one tablet that a nurse and a pharmacist share, each with an unlock of their own.

use std::sync::Arc;

use ring::rand::SystemRandom;
use tempfile::TempDir;
use tendenko_app_api as api;
use tendenko_crdt::{Identity, Profession, Timestamp};
use tendenko_protocol::ids::{FacilityId, MemberId, Millis};
use tendenko_protocol::keys::RegionKeys;
use tendenko_protocol::trust::{Claim, Device, EnrolmentBundle, Facility, Member, sign};
use tendenko_replica::{FixedClock, KdfParams, NewStaff, Replica};

use crate::tablet::Desk;
use crate::views::people::Viewer;

/// 2026-11-20 09:00 in Japan.
pub const NOON: i64 = 1_795_132_800_000;
const PIN: &str = "4821";

/// The tablet, and who works with it.
pub struct Office {
    dir: TempDir,
    /// Of everything that happens on it.
    pub clock: Arc<FixedClock>,
    /// The nurse.
    pub nurse: MemberId,
    /// The pharmacist.
    pub pharmacist: MemberId,
}

impl Office {
    /// An enrolled tablet without patients.
    pub fn open() -> Self {
        let rng = SystemRandom::new();
        let dir = tempfile::tempdir().unwrap();
        let region = RegionKeys::generate(&rng).unwrap();
        let request = Replica::prepare(dir.path(), "共用", &rng).unwrap();
        let facility = FacilityId::generate(&rng).unwrap();
        let [nurse, pharmacist] = [(); 2].map(|()| MemberId::generate(&rng).unwrap());
        let staff = [(nurse, "佐々木 恵", Profession::Nurse), (pharmacist, "千葉 浩二", Profession::Pharmacist)];
        let mut claims = vec![
            Claim::Facility(Facility {
                id: facility, name: "浜の事業所".into(), kind: "訪問看護ステーション".into()
            }),
            Claim::Device(Device {
                id: request.public.device_id(),
                facility,
                label: "共用".into(),
                signing: request.public.signing,
                hpke: request.public.hpke,
                administrator: false,
                evacuation_site: false,
            }),
        ];
        claims.extend(staff.iter().map(|(id, name, profession)| {
            Claim::Member(Member {
                id: *id,
                facility,
                name: (*name).to_owned(),
                profession: profession.as_str().to_owned(),
            })
        }));
        let statements = claims.into_iter().map(|claim| sign(&region, Millis(NOON), claim).unwrap().into_bytes());
        let bundle = EnrolmentBundle::new(region.public(), "釜石", statements.collect(), Vec::new());
        let staff = staff.map(|(member, name, profession)| NewStaff {
            member,
            name: name.to_owned(),
            profession,
            facility: "浜の事業所".to_owned(),
            secret: PIN.to_owned().into(),
        });
        Replica::enrol_with(dir.path(), &bundle, staff.into(), KdfParams::weak_for_tests()).unwrap();
        Self { dir, clock: Arc::new(FixedClock::new(Timestamp(NOON))), nurse, pharmacist }
    }

    /// Somebody unlocks it; whoever did before has to be gone.
    pub fn at_work(&self, member: MemberId) -> Desk {
        let replica = Replica::unlock_with(self.dir.path(), member, PIN, self.clock.clone()).unwrap();
        Desk { replica: Arc::new(replica), viewer: Viewer { member: member.to_string() }, clock: self.clock.clone() }
    }
}

/// A new patient.
pub fn admit(desk: &Desk) -> api::PatientId {
    let identity = Identity {
        name: "小笠原 フミヱ".into(), kana: "オガサワラ フミエ".into(), ..Identity::default()
    };
    api::PatientId(desk.replica.create_patient(identity).unwrap().to_string())
}
