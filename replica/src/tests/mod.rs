//! Tests of the engine with its insides in view. Two tablets exchange what leaves them without a relay here; the loop and the
//! real relay are tested in `tests/`.

mod attachments;
mod care_documents;
mod chart;
mod checkpoints;
mod courier;
mod damage;
mod drafts;
mod measure;
mod metering;
mod reading;
mod receiving;
mod saving;
mod schedule;
mod sealing;
mod statements;
mod team;
mod unlocking;

use std::path::Path;
use std::sync::Arc;

use ring::rand::SystemRandom;
use tendenko_crdt::{Document as _, EntryId, EventBody, Identity, Note, Profession, Sex, Timestamp};
use tendenko_protocol::document::{DocumentId, Scope, Vector};
use tendenko_protocol::ids::{FacilityId, MemberId, Millis, PatientId};
use tendenko_protocol::keys::RegionKeys;
use tendenko_protocol::messages::{Item, Lane};
use tendenko_protocol::trust::{Claim, Device, EnrolmentBundle, Facility, Member, sign};
use zeroize::Zeroizing;

use crate::*;

/// 2026-11-20 09:00 in Japan.
pub(crate) const NOON: i64 = 1_795_132_800_000;
pub(crate) const PIN: &str = "4821";

/// A region that certifies devices by itself.
pub(crate) struct TestRegion(RegionKeys);

/// A replica in a directory of its own.
pub(crate) struct Tablet {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) replica: Option<Replica>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) member: MemberId,
}

impl TestRegion {
    pub(crate) fn new() -> Self {
        Self(RegionKeys::generate(&SystemRandom::new()).unwrap())
    }

    pub(crate) fn tablet(&self, name: &str) -> Tablet {
        let rng = SystemRandom::new();
        let dir = tempfile::tempdir().unwrap();
        let request = Replica::prepare(dir.path(), name, &rng).unwrap();
        let facility = FacilityId::generate(&rng).unwrap();
        let member = MemberId::generate(&rng).unwrap();
        let claims = [
            Claim::Facility(Facility {
                id: facility,
                name: format!("{name}の事業所"),
                kind: "訪問看護ステーション".into(),
            }),
            Claim::Member(Member { id: member, facility, name: format!("{name} 花子"), profession: "nurse".into() }),
            Claim::Device(Device {
                id: request.public.device_id(),
                facility,
                label: name.into(),
                signing: request.public.signing,
                hpke: request.public.hpke,
                administrator: false,
                evacuation_site: false,
            }),
        ];
        let statements = claims.map(|claim| sign(&self.0, Millis(NOON), claim).unwrap().into_bytes()).to_vec();
        let bundle = EnrolmentBundle::new(self.0.public(), "釜石", statements, Vec::new());
        let staff = NewStaff {
            member,
            name: format!("{name} 花子"),
            profession: Profession::Nurse,
            facility: format!("{name}の事業所"),
            secret: Zeroizing::new(PIN.into()),
        };
        Replica::enrol_with(dir.path(), &bundle, vec![staff], KdfParams::weak_for_tests()).unwrap();
        let clock = Arc::new(FixedClock::new(Timestamp(NOON)));
        let mut tablet = Tablet { dir, replica: None, clock, member };
        tablet.reopen();
        tablet
    }
}

impl std::ops::Deref for Tablet {
    type Target = Replica;

    fn deref(&self) -> &Replica {
        self.replica.as_ref().unwrap()
    }
}

impl Tablet {
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Stops the replica as if the app was closed.
    pub(crate) fn close(&mut self) {
        self.replica = None;
    }

    pub(crate) fn try_open(&mut self) -> Result<(), UnlockError> {
        self.replica = None;
        self.replica = Some(Replica::unlock_with(self.dir.path(), self.member, PIN, self.clock.clone())?);
        Ok(())
    }

    pub(crate) fn reopen(&mut self) {
        self.try_open().unwrap();
    }

    pub(crate) fn note(&self, patient: PatientId, text: &str) -> EntryId {
        self.try_note(patient, text).unwrap()
    }

    pub(crate) fn try_note(&self, patient: PatientId, text: &str) -> Result<EntryId, SaveError> {
        self.edit(patient, |edit| {
            let event = edit.event(note(text))?;
            Ok(edit.volume(2026)?.record(event)?)
        })
    }

    pub(crate) fn texts(&self, patient: PatientId) -> Vec<String> {
        let entries = self.timeline(patient, None, 1000).unwrap();
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

    /// Everything that would leave now, as sealed.
    pub(crate) fn departing(&self) -> Vec<Item> {
        let mut items = Vec::new();
        let mut behind = 0;
        for lane in Lane::ALL {
            let mut after = 0;
            loop {
                let (page, more) = self.depart(lane, after, behind, 100_000).unwrap();
                after = page.last().map_or(after, |departure| departure.position);
                items.extend(page.into_iter().map(|departure| departure.item));
                if !more {
                    break;
                }
            }
            behind = behind.max(after);
        }
        items
    }

    pub(crate) fn receive(&self, items: Vec<Item>) {
        self.store_batch(items, None).unwrap();
    }

    /// Every document held, as somebody sees it who has nothing of it.
    pub(crate) fn vectors_of_all(&self) -> Vec<(DocumentId, Vector)> {
        let (documents, _) = self.vectors_after(None, usize::MAX - 1, usize::MAX).unwrap();
        documents.into_iter().map(|(document, _)| (document, Vector::default())).collect()
    }

    /// The logs' rows say what the records say.
    pub(crate) fn check_logs(&self) {
        assert_eq!(crate::store::logs::untrue(&self.reader()), []);
    }

    pub(crate) fn models(&self) -> Vec<String> {
        crate::models::dump(&self.reader())
    }
}

/// The certificates of one tablet become known to another.
pub(crate) fn introduce(tablets: &[&Tablet]) {
    for one in tablets {
        let statements: Vec<Item> =
            one.trust().statements().map(|(_, bytes)| Item::Statement(bytes.to_vec())).collect();
        for other in tablets {
            other.receive(statements.clone());
        }
    }
}

/// Two tablets that share a new patient.
pub(crate) fn pair() -> (Tablet, Tablet, PatientId) {
    let region = TestRegion::new();
    let (a, b) = (region.tablet("甲"), region.tablet("乙"));
    introduce(&[&a, &b]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for scope in Scope::ALL {
        a.grant(patient, scope, b.device_id(), "同意書").unwrap();
    }
    b.receive(a.departing());
    (a, b, patient)
}

pub(crate) fn note(text: &str) -> EventBody {
    EventBody::Note(Note { text: text.into(), newer: Default::default() })
}

pub(crate) fn identity(name: &str, kana: &str) -> Identity {
    Identity {
        name: name.into(),
        kana: kana.into(),
        sex: Sex::Female,
        birth_date: Some("1937-03-03".into()),
        address: "岩手県釜石市大町１丁目２−３".into(),
        phone: "0193-22-0000".into(),
        ..Identity::default()
    }
}
