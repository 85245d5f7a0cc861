//! Our own side of the comparison: the region with its relay and tablets, and the process that holds the tablets.
//!
//! Every tablet is a whole [`Replica`] through its public interface: its own SQLCipher store, its own keys, real grants,
//! everything sealed and signed and on disk. Two things differ from a tablet in the field: the price of a try at a PIN is the
//! cheap one of the tests (it is paid once, at unlocking), and all tablets share one process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tendenko_crdt::{
    Allergy, Diagnosis, Document as _, DoseBasis, Drug, EntryId, EventBody, Identity, Medicine, Sex, Source, Tenths,
    Timestamp, Visit, Vitals, item_key,
};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{DeviceId, MemberId, PatientId};
use tendenko_replica::sync::{self, SyncConfig, SyncHandle};
use tendenko_replica::{Clock as _, Edit, Replica, ReplicaEvent, SaveError, SyncState, SystemClock};
use tendenko_tests::region::{DrillRegion, PIN, Person, tablet_dir};
use tendenko_tests::waiting::until;
use tendenko_workload::tablets::{Arrived, Book, Failure, Place, Tablet};
use tendenko_workload::{Patient, Record};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::spawn_blocking;

/// Whether this process's tablets compress records with the dictionary.
pub static DICTIONARY: AtomicBool = AtomicBool::new(true);

/// Between two looks at what has not left yet, while stores are made.
const LOOKING: std::time::Duration = std::time::Duration::from_millis(5);

/// Entries that a chart is asked for at once.
const WHOLE_CHART: usize = 100_000;

/// A tablet that was enrolled for the comparison.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Enrolled {
    device: String,
    member: String,
    /// Numbers of patients that it is given although it is in no team: for provisioning.
    extra: Vec<usize>,
}

/// Makes the region: a relay, `tablets` tablets, and one more for each list of patients in `spare`.
pub fn make_region(dir: &Path, tablets: usize, spare: &[Vec<usize>]) -> Result<(), Failure> {
    let region = DrillRegion::create(dir)?;
    let nurse = Person {
        name: "計測 一",
        profession: "nurse",
        facility: "訪問看護ステーション計測",
        facility_kind: "訪問看護ステーション",
        evacuation_site: false,
    };
    let extras = std::iter::repeat_n(&[][..], tablets).chain(spare.iter().map(Vec::as_slice));
    let mut enrolled = Vec::new();
    for (index, extra) in extras.enumerate() {
        let tablet = region.enrol(&name_of(index), nurse)?;
        enrolled.push(Enrolled {
            device: tablet.device.to_string(),
            member: tablet.member.to_string(),
            extra: extra.to_vec(),
        });
    }
    Ok(std::fs::write(dir.join("region.json"), serde_json::to_vec(&enrolled)?)?)
}

fn name_of(index: usize) -> String {
    format!("tablet-{index}")
}

/// A tablet, by itself and what the driver wants to hear of it.
pub struct Ours {
    replica: Arc<Replica>,
    region: Arc<Vec<Enrolled>>,
    names: Arc<Names>,
    watch: Arc<Watch>,
    sync: Mutex<Option<SyncHandle>>,
}

/// Which of the workload's patients is which of ours.
#[derive(Default)]
struct Names(Mutex<HashMap<String, PatientId>>, Mutex<HashMap<PatientId, String>>);

impl Names {
    fn add(&self, workload: &str, ours: PatientId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(workload.to_owned(), ours);
        self.1.lock().unwrap_or_else(PoisonError::into_inner).insert(ours, workload.to_owned());
    }

    fn ours(&self, workload: &str) -> Option<PatientId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(workload).copied()
    }

    fn workload(&self, ours: PatientId) -> Option<String> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).get(&ours).cloned()
    }
}

impl Ours {
    async fn grant(&self, patient: PatientId, devices: Vec<DeviceId>) -> Result<(), Failure> {
        for device in devices {
            // Certificates come from the relay.
            until(&self.replica, |replica| replica.trust().device(device).is_some()).await;
            let replica = Arc::clone(&self.replica);
            spawn_blocking(move || {
                replica.grant(patient, Scope::Card, device, "計測")?;
                replica.grant(patient, Scope::Chart, device, "計測")
            })
            .await??;
        }
        Ok(())
    }
}

impl Tablet for Ours {
    async fn open(place: Place, patients: Vec<Patient>, book: &Book, arrived: Arrived) -> Result<Self, Failure> {
        let dir: PathBuf = place.folder.parent().ok_or("a tablet without a region")?.to_owned();
        let region: Vec<Enrolled> = serde_json::from_slice(&std::fs::read(dir.join("region.json"))?)?;
        let me = region.get(place.index).ok_or("a tablet that was not enrolled")?;
        let member: MemberId = me.member.parse()?;
        let folder = tablet_dir(&dir, &name_of(place.index));
        let replica =
            Arc::new(spawn_blocking(move || Replica::unlock(&folder, member, PIN, SystemClock.now())).await??);
        if !DICTIONARY.load(Ordering::Relaxed) {
            replica.seal_with_dictionary(0);
        }
        let names = Arc::new(Names::default());
        for patient in &patients {
            if let Some(known) = book.get(&patient.patient) {
                names.add(&patient.patient, known.as_str().unwrap_or_default().parse()?);
            }
        }
        let watch = Arc::new(Watch { replica: Arc::clone(&replica), names: Arc::clone(&names), arrived });
        tokio::spawn(Arc::clone(&watch).run());
        Ok(Self { replica, region: Arc::new(region), names, watch, sync: Mutex::default() })
    }

    async fn create(&self, patient: &Patient) -> Result<Value, Failure> {
        let (replica, whole) = (Arc::clone(&self.replica), patient.clone());
        let id = spawn_blocking(move || admit(&replica, &whole)).await??;
        self.names.add(&patient.patient, id);
        let mut devices: Vec<DeviceId> = Vec::new();
        for &index in &patient.tablets[1..] {
            devices.push(self.region[index].device.parse()?);
        }
        self.grant(id, devices).await?;
        Ok(json!(id.to_string()))
    }

    /// The region's file says which spare tablets are given the patient of this number. A checkpoint leaves behind the grants.
    async fn entitle(&self, patient: &Patient) -> Result<(), Failure> {
        let id = self.names.ours(&patient.patient).ok_or("a patient of somebody else")?;
        let spares = self.region.iter().filter(|spare| spare.extra.contains(&patient.number));
        let devices = spares.map(|spare| spare.device.parse()).collect::<Result<_, _>>()?;
        self.grant(id, devices).await?;
        while self.replica.to_leave()? > 0 {
            tokio::time::sleep(LOOKING).await;
        }
        Ok(())
    }

    async fn settle(&self) -> Result<(), Failure> {
        until(&self.replica, |replica| replica.sync_status().patients_unproven == 0).await;
        Ok(())
    }

    async fn follow(&self, patients: Vec<Patient>, book: &Book) -> Result<(), Failure> {
        for patient in patients {
            let known = book.get(&patient.patient).and_then(Value::as_str).ok_or("a patient without a name")?;
            self.names.add(&patient.patient, known.parse()?);
            // What came before it had a name here was not told.
            let (watch, name) = (Arc::clone(&self.watch), patient.patient.clone());
            spawn_blocking(move || watch.look(&name)).await?;
        }
        Ok(())
    }

    async fn write(&self, record: &Record, patient: &Patient) -> Result<(), Failure> {
        let id = self.names.ours(&patient.patient).ok_or("a patient of somebody else")?;
        let (replica, record) = (Arc::clone(&self.replica), record.clone());
        Ok(spawn_blocking(move || write(&replica, id, &record)).await??)
    }

    async fn connect(&self, url: &str) -> Result<(), Failure> {
        let config = SyncConfig { relays: vec![url.to_owned()], ..SyncConfig::default() };
        let handle = sync::start(Arc::clone(&self.replica), config);
        *self.sync.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
        Ok(())
    }

    async fn up_to_date(&self) -> Result<(), Failure> {
        until(&self.replica, |replica| replica.sync_status().state == SyncState::Idle).await;
        Ok(())
    }

    /// The relay acknowledges what it has committed; what a tablet shows is committed on the tablet.
    async fn flush(&self) -> Result<(), Failure> {
        until(&self.replica, |replica| replica.sync_status().unsent == 0).await;
        Ok(())
    }

    async fn records(&self) -> Result<Vec<(String, String)>, Failure> {
        let replica = Arc::clone(&self.replica);
        spawn_blocking(move || {
            let mut found = Vec::new();
            for patient in replica.patients()? {
                for entry in replica.timeline(patient.patient, None, WHOLE_CHART)? {
                    if let EventBody::Visit(visit) = entry.event.body {
                        found.push((entry.event.id.to_string(), visit.note));
                    }
                }
            }
            Ok(found)
        })
        .await?
    }

    async fn disconnect(&self) -> Result<(), Failure> {
        let handle = self.sync.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle {
            handle.stop().await;
        }
        Ok(())
    }
}

/// Tells the driver what became readable, by reading it as a screen would.
struct Watch {
    replica: Arc<Replica>,
    names: Arc<Names>,
    arrived: Arrived,
}

impl Watch {
    async fn run(self: Arc<Self>) {
        let this = self;
        let mut events = this.replica.events();
        loop {
            let changed = match events.recv().await {
                Ok(ReplicaEvent::Changed { patient }) => this.names.workload(patient).into_iter().collect(),
                Err(RecvError::Lagged(_)) => this.arrived.wanted_patients(),
                Ok(_) => continue,
                Err(RecvError::Closed) => return,
            };
            let looking = Arc::clone(&this);
            // A panic while reading was reported when it happened; what was not told is waited for in vain, and named.
            let _ = spawn_blocking(move || changed.iter().for_each(|patient| looking.look(patient))).await;
        }
    }

    /// One record that is still missing is asked for; only when it is there is the whole list gone through.
    fn look(&self, patient: &str) {
        let Some(id) = self.names.ours(patient) else { return };
        let wanted = self.arrived.wanted_of(patient);
        let there = |name: &str| match name.parse::<EntryId>() {
            Ok(entry) => matches!(self.replica.entry(id, entry), Ok(Some(_))),
            Err(_) => self.replica.card(id).is_ok_and(|card| !card.medicines.is_empty()),
        };
        let (cards, records): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|name| name.starts_with("card:"));
        for name in cards.iter().filter(|name| there(name)) {
            self.arrived.tell(patient, name);
        }
        if records.first().is_some_and(|first| there(first)) {
            for name in records.iter().filter(|name| there(name)) {
                self.arrived.tell(patient, name);
            }
        }
    }
}

fn admit(replica: &Replica, patient: &Patient) -> Result<PatientId, SaveError> {
    let card = &patient.card;
    let (id, ()) = replica.create_patient_with(|edit| {
        let stamp = edit.stamp();
        let identity = Identity {
            name: card.name.clone(),
            kana: card.kana.clone(),
            sex: Sex::Unknown,
            birth_date: Some(card.birth_date.clone()),
            address: card.address.clone(),
            ..Identity::default()
        };
        edit.card()?.set_identity(identity, &stamp, None)?;
        for name in &card.diagnoses {
            let diagnosis = Diagnosis { name: name.clone(), ..Diagnosis::default() };
            edit.card()?.add_diagnosis(&item_key::diagnosis(&diagnosis), diagnosis, &stamp, None)?;
        }
        for substance in &card.allergies {
            let allergy = Allergy { substance: substance.clone(), ..Allergy::default() };
            edit.card()?.add_allergy(&item_key::allergy(&allergy), allergy, &stamp, None)?;
        }
        for medicine in &card.medicines {
            let medicine = Medicine {
                drug: Drug { name: medicine.name.clone(), ..Drug::default() },
                amount: medicine.amount.clone(),
                unit: medicine.unit.clone(),
                basis: DoseBasis::PerDay,
                usage: medicine.usage.clone(),
                timings: Vec::new(),
                form: "内服".to_owned(),
                since: None,
                until: None,
                prescriber: None,
                source: Source::Prescription,
                note: None,
                dispensing: None,
                newer: Default::default(),
            };
            edit.card()?.put_medicine(&item_key::medicine(&medicine.drug), medicine, &stamp, None)?;
        }
        Ok(())
    })?;
    Ok(id)
}

fn write(replica: &Replica, patient: PatientId, record: &Record) -> Result<(), SaveError> {
    replica.edit(patient, |edit: &mut Edit<'_, '_>| {
        let body = &record.body;
        let visit = Visit {
            purpose: Some(body.purpose.clone()),
            vitals: Vitals {
                systolic: Some(body.vitals.systolic),
                diastolic: Some(body.vitals.diastolic),
                pulse: Some(body.vitals.pulse),
                spo2: Some(u16::from(body.vitals.spo2)),
                temperature: Some(Tenths(body.vitals.temperature)),
                ..Vitals::default()
            },
            care: body.care.clone(),
            note: body.note.clone(),
            ..Visit::default()
        };
        let mut event = edit.event(EventBody::Visit(visit))?;
        event.id = record.id.parse().unwrap_or(event.id);
        event.occurred_at = Timestamp(record.at);
        edit.volume_at(event.occurred_at)?.record(event)?;
        Ok(())
    })
}
