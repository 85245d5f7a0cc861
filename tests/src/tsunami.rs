//! The drill the product is named after: the wave comes, everyone goes on alone, and the records find each other again.

use crate::process::ProcessError;
use crate::region::RegionFailure;
use crate::scene::{ALLERGY, MEDICINE, PATIENT_NAME, Scene};
use crate::story::Story;
use crate::tablet::{Compared, Order, RemoteError, RemoteTablet, come_to_agree};

/// Plays the drill; the number of promises that were not kept.
pub fn play() -> Result<usize, RegionFailure> {
    let mut story = Story::begin("津波てんでんこ: the wave takes the relay; three tablets go on alone");
    let scene = Scene::set()?;
    let patient = scene.patient.as_str();
    let medicine = scene.medicine.as_str();

    story.chapter("08:00", "an ordinary morning");
    let relay = scene.relay()?;
    let mut nurse = scene.start(&scene.nurse)?;
    let mut pharmacist = scene.start(&scene.pharmacist)?;
    let mut site = scene.start(&scene.site)?;
    let mut tablets = [("visiting nurse", &mut nurse), ("pharmacist", &mut pharmacist), ("evacuation site", &mut site)];
    for (_, tablet) in &mut tablets {
        tablet.run(&Order::Online)?;
        tablet.run(&Order::AwaitSynced)?;
    }
    for (name, tablet) in &mut tablets {
        tablet.run(&Order::AwaitAmounts { patient: patient.to_owned(), medicine: medicine.to_owned(), count: 1 })?;
        story.tell(format!("{name}: knows {PATIENT_NAME} ({MEDICINE} 2錠/日, allergy: {ALLERGY})"));
    }
    let morning = nurse.visit(patient, "朝の訪問。下腿浮腫は軽減。食事は全量摂取。")?;
    pharmacist.run(&Order::AwaitEntry { patient: patient.to_owned(), entry: morning.clone() })?;
    story.tell("nurse records a visit; the pharmacist's tablet shows it");

    story.chapter("14:46", "the earth shakes; the wave takes the relay, and with it every line");
    let mut relay = relay;
    relay.kill();
    let offline = offline_work(&mut story, patient, medicine, [&mut nurse, &mut pharmacist, &mut site])?;

    story.chapter("day 2", "the nurse's tablet falls into the water and is switched on again (kill -9)");
    nurse.kill();
    drop(nurse);
    let mut nurse = scene.start(&scene.nurse)?;
    let here = nurse.entries(patient)?;
    story.promise(
        "what was saved is still there after the power was cut",
        offline.nurse.iter().all(|id| here.contains(id)),
    );
    nurse.run(&Order::Online)?;

    story.chapter("day 3", "the relay runs again");
    let relay = scene.relay()?;
    for tablet in [&mut nurse, &mut pharmacist, &mut site] {
        tablet.run(&Order::AwaitSynced)?;
    }
    let all: Vec<&String> = offline.nurse.iter().chain(&offline.pharmacist).chain([&morning]).collect();
    for (name, tablet) in [("nurse", &mut nurse), ("pharmacist", &mut pharmacist)] {
        for entry in &all {
            tablet.run(&Order::AwaitEntry { patient: patient.to_owned(), entry: (*entry).clone() })?;
        }
        tablet.run(&Order::AwaitAmounts { patient: patient.to_owned(), medicine: medicine.to_owned(), count: 2 })?;
        story.tell(format!("{name}: all {} entries are here", all.len()));
    }
    site.run(&Order::AwaitAmounts { patient: patient.to_owned(), medicine: medicine.to_owned(), count: 2 })?;
    story.promise("every entry written apart is on both tablets of the team", true);
    let sides =
        [nurse.amounts(patient, medicine)?, pharmacist.amounts(patient, medicine)?, site.amounts(patient, medicine)?];
    story.tell(format!("{MEDICINE}: {} — both stand side by side, on every tablet", sides[0].join("錠 / ") + "錠"));
    story.promise(
        "two doses changed apart are both shown, everywhere, and neither was chosen by a clock",
        sides.iter().all(|amounts| amounts.len() == 2 && ["1", "3"].iter().all(|one| amounts.iter().any(|a| a == one))),
    );

    story.chapter("day 3, later", "nurse and pharmacist talk; the pharmacist decides, with a reason");
    pharmacist.dose(patient, medicine, "1", "PT-INR 3.4。医師に確認し1錠へ。")?;
    for tablet in [&mut nurse, &mut pharmacist, &mut site] {
        tablet.run(&Order::AwaitAmounts { patient: patient.to_owned(), medicine: medicine.to_owned(), count: 1 })?;
    }
    let settled =
        [nurse.amounts(patient, medicine)?, pharmacist.amounts(patient, medicine)?, site.amounts(patient, medicine)?];
    story.promise("the decision settles it on every tablet", settled.iter().all(|amounts| amounts == &["1"]));
    ends_equal(&mut story, [&mut nurse, &mut pharmacist, &mut site])?;
    story.promise("the evacuation site reads cards only, and never held the chart's key", {
        let held = site.patients()?;
        held.len() == 1 && held.iter().all(|(_, _, chart)| !chart) && !site.entries(patient)?.contains(&morning)
    });
    story.promise("the relay holds no readable word of it", relay_is_blind(&scene)?);
    drop(relay);
    Ok(story.end())
}

/// What was saved while there was no relay.
struct Offline {
    nurse: Vec<String>,
    pharmacist: Vec<String>,
}

fn offline_work(
    story: &mut Story,
    patient: &str,
    medicine: &str,
    [nurse, pharmacist, site]: [&mut RemoteTablet; 3],
) -> Result<Offline, RegionFailure> {
    let mut offline = Offline { nurse: Vec::new(), pharmacist: Vec::new() };
    for note in [
        "高台の集会所へ避難。けがなし。薬は手帳ごと持ち出せた。",
        "夜間、眠れず。血圧 158/92。",
        "朝、食欲戻る。浮腫なし。",
    ] {
        offline.nurse.push(nurse.visit(patient, note)?);
    }
    story.tell("nurse, in the assembly hall: three visits recorded, no signal");
    nurse.dose(patient, medicine, "3", "かかりつけ医の口頭指示。塞栓が心配とのこと。")?;
    story.tell(format!("nurse: {MEDICINE} 2 → 3錠/日, on a doctor's word"));
    offline.pharmacist.push(pharmacist.visit(patient, "薬局は浸水。残薬は7日分。")?);
    pharmacist.dose(patient, medicine, "1", "納豆を召し上がれず効きすぎの恐れ。救護所医師と相談。")?;
    story.tell(format!("pharmacist, elsewhere: {MEDICINE} 2 → 1錠/日, after talking to another doctor"));
    let known = site.amounts(patient, medicine)?;
    story.promise("the evacuation site can read the medicines with no line at all", known == ["2"]);
    let waiting = nurse.unsent()?;
    story.tell(format!("nurse's sync line: オフライン — 未送信 {waiting}件（保存済み）"));
    story.promise("what was not sent is counted, and said", waiting >= 4);
    Ok(offline)
}

fn ends_equal(story: &mut Story, [nurse, pharmacist, site]: [&mut RemoteTablet; 3]) -> Result<(), RegionFailure> {
    for tablet in [&mut *nurse, &mut *pharmacist, &mut *site] {
        tablet.run(&Order::AwaitSynced)?;
    }
    story.promise("all three tablets end with the same card", agree(&mut [nurse, pharmacist, site], Compared::Cards)?);
    story.promise("nurse and pharmacist end with the same chart", agree(&mut [nurse, pharmacist], Compared::Charts)?);
    let unsent = [nurse.unsent()?, pharmacist.unsent()?];
    story.promise("nothing is left unsent", unsent == [0, 0]);
    Ok(())
}

/// Whether these tablets come to hold the same.
fn agree(tablets: &mut [&mut RemoteTablet], by: Compared) -> Result<bool, RegionFailure> {
    match come_to_agree(tablets, by) {
        Ok(()) => Ok(true),
        Err(RemoteError::Differ(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// No known word of the record occurs in any file of the relay.
fn relay_is_blind(scene: &Scene) -> Result<bool, ProcessError> {
    let io = |source| ProcessError::Io { program: "reading the relay's folder".to_owned(), source };
    for file in crate::scene::files_below(&scene.region.relay_dir()).map_err(io)? {
        let bytes = std::fs::read(&file).map_err(io)?;
        if crate::secrecy::found_in(&bytes).is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}
