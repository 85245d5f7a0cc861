//! Makes the demonstration's folder: the region, its relay, three enrolled tablets, and everything they recorded.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tendenko_app_api as api;
use tendenko_crdt::{Document as _, EventBody, LabReport, Profession, Timestamp};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::PatientId;
use tendenko_relay::Relay;
use tendenko_replica::{Clock as _, FixedClock, KdfParams, Replica, SystemClock};
use tokio::runtime::Runtime;

use super::history::{PlannedVisit, history};
use super::patients::{DemoPatient, Rounds, patients};
use super::planning;
use super::results::reports;
use crate::process::PATIENCE;
use crate::records;
use crate::region::{DrillRegion, NURSE, PHARMACIST, PIN, RegionFailure, SITE, Tablet, relay_dir, tablet_dir};
use crate::waiting;

/// Weeks of records.
const WEEKS: u16 = 26;
/// Written last; names the form of what was prepared.
const READY: &str = "ready";
/// Changed when an older demonstration cannot go on with this program.
const FORM: &str = "2";
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Whether the folder holds a whole demonstration made by this form of the program.
pub fn is_ready(dir: &Path) -> bool {
    fs::read_to_string(dir.join(READY)).is_ok_and(|form| form.trim() == FORM)
}

/// Makes the demonstration in `dir`, saying each step. What lies half-made there is thrown away first.
pub fn prepare(dir: &Path) -> Result<(), RegionFailure> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    let from = Instant::now();
    let say = |what: &str| println!("  {:5.1} s  {what}", from.elapsed().as_secs_f32());

    say("region, relay and three tablets: visiting nurse, pharmacist, evacuation site");
    let region = DrillRegion::create_with(dir, KdfParams::tablet())?;
    region.publish_directory()?;
    let pharmacist = region.enrol("pharmacist", PHARMACIST)?;
    let site = region.enrol("site", SITE)?;
    let nurse = region.enrol("nurse", NURSE)?;

    let runtime = Runtime::new()?;
    let serving = {
        let _inside = runtime.enter();
        Relay::open(relay_dir(dir))?.serve(None)?
    };
    let nurse = At::work(&nurse)?;
    let chemist = At::work(&pharmacist)?;
    let site = At::work(&site)?;

    say("30 patients of Kamaishi, admitted on the nurse's tablet");
    let staff = [
        (Profession::Nurse, nurse.replica.me().member.to_string(), NURSE.name),
        (Profession::Pharmacist, chemist.replica.me().member.to_string(), PHARMACIST.name),
    ];
    let mut admitted = Vec::new();
    let mut rounds = Rounds::new(&staff);
    for patient in patients() {
        let id = admit(&nurse, &patient, &mut rounds)?;
        for (device, scopes) in [
            (chemist.replica.device_id(), &[Scope::Card, Scope::Chart][..]),
            (site.replica.device_id(), &[Scope::Card]),
        ] {
            for scope in scopes {
                nurse.replica.grant(id, *scope, device, "地域連携の同意書（見本）")?;
            }
        }
        admitted.push((id, patient));
    }

    say("half a year of visits");
    let mut count = 0;
    for (number, (id, patient)) in (0..).zip(&admitted) {
        for planned in history(number, &patient.diagnoses(), WEEKS) {
            record(&nurse, *id, planned)?;
            count += 1;
        }
        for (days_ago, report) in reports(number) {
            measured(&nurse, *id, days_ago, report)?;
        }
    }
    say(&format!("{count} visits recorded; now sealed and sent"));
    exchange(&runtime, &[&nurse, &chemist])?;

    say("medicine notebooks, taken over on the pharmacist's tablet by the app's importer");
    for (id, patient) in &admitted {
        take_over(&chemist, *id, patient)?;
    }
    exchange(&runtime, &[&chemist, &nurse, &site])?;
    for one in [&nurse, &chemist, &site] {
        one.replica.looked_at_all()?;
    }

    say("yesterday: hand-overs, and one dose changed in two places at once");
    yesterday(&nurse, &chemist, &admitted)?;
    say("what the teams agreed on and learnt, and two visits planned apart from each other");
    nurse.clock.set(Timestamp(SystemClock.now().0 - DAY));
    chemist.clock.set(Timestamp(SystemClock.now().0 - DAY / 2));
    planning::agree(&nurse.replica, &chemist.replica, &admitted)?;
    exchange(&runtime, &[&nurse, &chemist, &nurse, &site])?;
    runtime.block_on(serving.shutdown());
    drop((nurse, chemist, site));
    for name in ["nurse", "pharmacist", "site"] {
        // The unlock screen shows it: these are made-up people.
        fs::write(tablet_dir(dir, name).join("demonstration"), PIN)?;
    }
    fs::write(dir.join(READY), FORM)?;
    say("ready");
    Ok(())
}

/// A tablet at work, with a clock that can be put back.
struct At {
    replica: Arc<Replica>,
    clock: Arc<FixedClock>,
}

impl At {
    fn work(tablet: &Tablet) -> Result<Self, RegionFailure> {
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let clock_of_the_replica = Arc::clone(&clock);
        let replica = Replica::unlock_with(&tablet.dir, tablet.member, PIN, clock_of_the_replica)?;
        Ok(Self { replica: Arc::new(replica), clock })
    }
}

fn admit(nurse: &At, patient: &DemoPatient, rounds: &mut Rounds<'_>) -> Result<PatientId, RegionFailure> {
    nurse.clock.set(Timestamp(SystemClock.now().0 - i64::from(WEEKS) * 7 * DAY));
    let (id, ()) = nurse.replica.create_patient_with(|edit| {
        let stamp = edit.stamp();
        patient.write_card(edit.card()?, &stamp)?;
        for plan in patient.plans(rounds) {
            let event = edit.event(EventBody::VisitPlan(plan))?;
            edit.volume_at(stamp.at)?.record(event)?;
        }
        Ok(())
    })?;
    Ok(id)
}

fn record(nurse: &At, patient: PatientId, planned: PlannedVisit) -> Result<(), RegionFailure> {
    let day = morning()? - i64::from(planned.days_ago) * DAY;
    let at = Timestamp(day + i64::from(planned.minute) * 60_000);
    nurse.clock.set(at);
    records::visit(&nurse.replica, patient, at, planned.visit, planned.hand_over)?;
    Ok(())
}

/// A report of a laboratory, taken at noon.
fn measured(nurse: &At, patient: PatientId, days_ago: u16, report: LabReport) -> Result<(), RegionFailure> {
    let at = Timestamp(morning()? - i64::from(days_ago) * DAY + DAY / 2);
    nurse.clock.set(at);
    nurse.replica.edit(patient, |edit| {
        let event = edit.event(EventBody::LabReport(report))?;
        edit.volume_at(at)?.record(event)?;
        Ok(())
    })?;
    Ok(())
}

/// The beginning of today in Japan.
fn morning() -> Result<i64, RegionFailure> {
    let now = jiff::Timestamp::from_millisecond(SystemClock.now().0)?;
    Ok(now.to_zoned(records::japan()).start_of_day()?.timestamp().as_millisecond())
}

fn take_over(chemist: &At, patient: PatientId, about: &DemoPatient) -> Result<(), RegionFailure> {
    chemist.clock.set(Timestamp(SystemClock.now().0 - DAY));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/jahis/demo");
    let mut files = Vec::new();
    for name in &about.notebooks {
        files.push(api::NotebookFile { name: name.clone(), bytes: fs::read(folder.join(name))? });
    }
    // Parts of one set go in together, everything else one after the other.
    let (parts, whole): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.name.starts_with("split-"));
    let sets = whole.into_iter().map(|file| vec![file]).chain((!parts.is_empty()).then_some(parts));
    for files in sets {
        let name = files[0].name.clone();
        let import = api::ImportNotebook {
            patient: api::PatientId(patient.to_string()),
            files,
            same_patient_confirmed: false,
            allergies: Vec::new(),
        };
        let clock: Arc<dyn tendenko_replica::Clock> = Arc::clone(&chemist.clock) as _;
        tendenko_app::import_notebook(Arc::clone(&chemist.replica), clock, import)
            .map_err(|refused| format!("{name} for {}: {refused:?}", about.id))?;
    }
    Ok(())
}

/// What the nurse finds in the morning: news from the pharmacist, and a dose that waits for a decision.
fn yesterday(nurse: &At, chemist: &At, admitted: &[(PatientId, DemoPatient)]) -> Result<(), RegionFailure> {
    let evening = SystemClock.now().0 - DAY / 2;
    let notes = [
        (0, "10月から血圧のお薬が増えています。立ちくらみがないか、次回の訪問で確認をお願いします。"),
        (4, "ワルファリン服用中です。納豆・青汁を召し上がっていないか聞いてください。"),
        (8, "喘息があるため、市販の痛み止めは使わないようご本人に説明しました。"),
    ];
    chemist.clock.set(Timestamp(evening));
    for (number, text) in notes {
        let (patient, _) = &admitted[number];
        records::hand_over(&chemist.replica, *patient, Profession::Nurse, text)?;
    }
    let with_medicines = admitted.iter().map(|(id, _)| *id).find_map(|id| {
        let medicines = records::medicines(&nurse.replica, id);
        medicines.into_iter().find(|(_, amounts)| amounts == &["1"]).map(|(key, _)| (id, key))
    });
    let (patient, medicine) = with_medicines.ok_or("no notebook brought a medicine of one tablet")?;
    nurse.clock.set(Timestamp(evening));
    records::change_dose(&nurse.replica, patient, &medicine, "2", "血圧高めが続き、主治医の電話指示で増量")?;
    chemist.clock.set(Timestamp(evening + 20 * 60_000));
    records::change_dose(&chemist.replica, patient, &medicine, "0.5", "ふらつきの訴えあり、処方医と相談し減量")?;
    Ok(())
}

/// Lets the tablets exchange with the relay, one after the other, until each has sent and received everything.
fn exchange(runtime: &Runtime, tablets: &[&At]) -> Result<(), RegionFailure> {
    for tablet in tablets {
        tablet.clock.set(SystemClock.now());
        let all = async { tokio::time::timeout(PATIENCE * 2, waiting::exchange(&tablet.replica)).await };
        runtime.block_on(all).map_err(|_| format!("the exchange did not end: {:?}", tablet.replica.sync_status()))?;
    }
    Ok(())
}
