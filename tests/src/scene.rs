//! The scene most drills begin with: a region, the tablets of a nurse, a pharmacist and an evacuation site, and one
//! patient whose medicines are known.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tendenko_crdt::{Allergy, Code, DoseBasis, Drug, Identity, Medicine, Sex, Source, Timing, item_key};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Clock as _, Replica, SystemClock, UnlockError};

use crate::process::{ProcessError, Program};
use crate::region::{DrillRegion, NURSE, PHARMACIST, PIN, RegionFailure, SITE, Tablet};
use crate::tablet::{Order, RemoteError, RemoteTablet};

/// Name of the scene's patient. Made up, and not found anywhere else: drills look for it where it must not be.
pub const PATIENT_NAME: &str = "小笠原 フミヱ";
/// The kana of that name.
pub const PATIENT_KANA: &str = "オガサワラ フミエ";
/// Substance of the patient's allergy.
pub const ALLERGY: &str = "ピリン系解熱剤";
/// Name of the patient's medicine.
pub const MEDICINE: &str = "ワルファリンK錠1mg";

/// A made region, ready to be played in.
pub struct Scene {
    folder: TempDir,
    /// The region.
    pub region: DrillRegion,
    /// The visiting nurse's tablet. It created the patient.
    pub nurse: Tablet,
    /// The pharmacist's tablet: card and chart.
    pub pharmacist: Tablet,
    /// The evacuation site's tablet: the card only.
    pub site: Tablet,
    /// A tablet of the region that was granted nothing.
    pub stranger: Tablet,
    /// Further tablets of the nurse's colleagues: card and chart.
    pub team: Vec<Tablet>,
    /// The patient, in hexadecimal.
    pub patient: String,
    /// Item key of the patient's medicine.
    pub medicine: String,
}

impl Scene {
    /// Makes the scene in a temporary folder. No relay runs, and nothing was exchanged yet.
    pub fn set() -> Result<Self, RegionFailure> {
        Self::set_with_team(0)
    }

    /// As [`Scene::set`], with so many further tablets in the patient's team.
    pub fn set_with_team(size: usize) -> Result<Self, RegionFailure> {
        let folder = tempfile::Builder::new().prefix("tendenko-drill-").tempdir()?;
        let region = DrillRegion::create(folder.path())?;
        region.publish_directory()?;
        let pharmacist = region.enrol("pharmacist", PHARMACIST)?;
        let site = region.enrol("site", SITE)?;
        let stranger = region.enrol("stranger", PHARMACIST)?;
        let team =
            (1..=size).map(|number| region.enrol(&format!("team{number}"), NURSE)).collect::<Result<Vec<_>, _>>()?;
        // Last, so that its bundle names the others.
        let nurse = region.enrol("nurse", NURSE)?;

        let replica = Replica::unlock(&nurse.dir, nurse.member, PIN, SystemClock.now())?;
        let (patient, medicine) = admit(&replica)?;
        for tablet in [&pharmacist, &site].into_iter().chain(&team) {
            replica.grant(patient, Scope::Card, tablet.device, "訓練")?;
        }
        for tablet in [&pharmacist].into_iter().chain(&team) {
            replica.grant(patient, Scope::Chart, tablet.device, "訓練")?;
        }
        drop(replica);
        Ok(Self { folder, region, nurse, pharmacist, site, stranger, team, patient: patient.to_string(), medicine })
    }

    /// The folder everything lies in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the relay.
    pub fn relay(&self) -> Result<Program, ProcessError> {
        self.region.start_relay()
    }

    /// Opens a tablet in this process.
    pub fn unlock(&self, tablet: &Tablet) -> Result<Replica, UnlockError> {
        Replica::unlock(&tablet.dir, tablet.member, PIN, SystemClock.now())
    }

    /// Starts a tablet that exchanges with the relay, and waits until what is meant for it is there. The nurse's comes
    /// first, because it brings the patient.
    pub fn start_online(&self, tablet: &Tablet) -> Result<RemoteTablet, RemoteError> {
        let mut started = self.start(tablet)?;
        started.run(&Order::Online)?;
        started.run(&Order::AwaitSynced)?;
        let patient = self.patient.clone();
        started.run(&Order::AwaitAmounts { patient, medicine: self.medicine.clone(), count: 1 })?;
        Ok(started)
    }

    /// Starts a tablet.
    pub fn start(&self, tablet: &Tablet) -> Result<RemoteTablet, RemoteError> {
        RemoteTablet::start(&tablet.dir)
    }
}

/// The patient, with an allergy and a medicine, created on the nurse's tablet.
fn admit(replica: &Replica) -> Result<(PatientId, String), RegionFailure> {
    let patient = replica.create_patient(Identity {
        name: PATIENT_NAME.to_owned(),
        kana: PATIENT_KANA.to_owned(),
        sex: Sex::Female,
        birth_date: Some("1937-03-03".to_owned()),
        address: "岩手県釜石市平田町0-00-0".to_owned(),
        ..Identity::default()
    })?;
    let allergy =
        Allergy { substance: ALLERGY.to_owned(), reaction: Some("全身の発疹".to_owned()), ..Allergy::default() };
    let medicine = warfarin();
    let key = item_key::medicine(&medicine.drug);
    replica.edit(patient, |edit| {
        let stamp = edit.stamp();
        edit.card()?.add_allergy(&item_key::allergy(&allergy), allergy, &stamp, None)?;
        edit.card()?.put_medicine(&key, medicine, &stamp, Some("お薬手帳より"))?;
        Ok(())
    })?;
    Ok((patient, key))
}

/// The patient's medicine.
pub fn warfarin() -> Medicine {
    Medicine {
        drug: Drug {
            name: MEDICINE.to_owned(),
            code: Some(Code { system: "yj".to_owned(), value: "0000000F0000".to_owned() }),
            ..Drug::default()
        },
        amount: "2".to_owned(),
        unit: "錠".to_owned(),
        basis: DoseBasis::PerDay,
        usage: "1日1回 夕食後".to_owned(),
        timings: vec![Timing::Evening],
        form: "内服".to_owned(),
        since: Some("2026-09-01".to_owned()),
        until: None,
        prescriber: None,
        source: Source::Notebook,
        note: None,
        dispensing: None,
        newer: Default::default(),
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    Ok(files)
}
