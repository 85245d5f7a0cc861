//! A tablet comes back over a thin link: what it needs for the day's visits comes before the rest.

use std::time::Duration;

use tendenko_crdt::{Document as _, EventBody, Identity, Participant, VisitPlan};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Clock as _, Replica, SystemClock};
use tendenko_tests::demo::history::Dice;
use tendenko_tests::forwarder::{Direction, Forwarder, Link};
use tendenko_tests::records;
use tendenko_tests::region::Tablet;
use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Answer, Order, RemoteTablet};

use crate::Drill;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const PATIENTS: usize = 8;
const NOTES: usize = 10;

/// A visit of this tablet's member every day, at this time.
fn plan(nurse: &Replica, patient: PatientId, of: &Tablet, time: &str) -> Result<(), Failure> {
    let plan = VisitPlan {
        participants: vec![Participant {
            member: of.member.to_string(),
            name: "訪問する人".to_owned(),
            profession: nurse.me().profession.clone(),
            newer: Default::default(),
        }],
        weekdays: (1..=7).collect(),
        time: time.to_owned(),
        minutes: 30,
        purpose: "服薬確認".to_owned(),
        from: "2000-01-01".to_owned(),
        until: None,
        newer: Default::default(),
    };
    nurse.edit(patient, |edit| {
        let event = edit.event(EventBody::VisitPlan(plan))?;
        let at = event.occurred_at;
        Ok(edit.volume_at(at)?.record(event)?)
    })?;
    Ok(())
}

/// Notes that no compression makes much shorter, on every patient in turn, from the first to the last; the ids of each patient's.
fn write(nurse: &Replica, patients: &[PatientId]) -> Result<Vec<Vec<String>>, Failure> {
    let mut dice = Dice::new(19330303);
    let mut written = Vec::new();
    for patient in patients {
        let mut entries = Vec::new();
        for _ in 0..NOTES {
            let letters: Result<String, std::num::TryFromIntError> =
                (0..1_500).map(|_| Ok(char::from(u8::try_from(dice.between(0x21, 0x7e))?))).collect();
            entries.push(records::note(nurse, *patient, SystemClock.now(), &letters?)?.to_string());
        }
        written.push(entries);
    }
    Ok(written)
}

/// Patients whose cards and charts are granted to a colleague.
fn admit_for(nurse: &Replica, colleague: &Tablet) -> Result<Vec<PatientId>, Failure> {
    let mut patients = Vec::new();
    for number in 0..PATIENTS {
        let name = format!("患者 {number}");
        let patient = nurse.create_patient(Identity { name, ..Identity::default() })?;
        for scope in Scope::ALL {
            nurse.grant(patient, scope, colleague.device, "訓練")?;
        }
        patients.push(patient);
    }
    Ok(patients)
}

/// Patients of whom everybody in the team is granted card and chart.
fn share_with_all(nurse: &Replica, team: &[Tablet]) -> Result<(), Failure> {
    for number in 0..PATIENTS {
        let name = format!("患者 {number}");
        let patient = nurse.create_patient(Identity { name, ..Identity::default() })?;
        for colleague in team {
            for scope in Scope::ALL {
                nurse.grant(patient, scope, colleague.device, "訓練")?;
            }
        }
    }
    Ok(())
}

/// How many of these entries are here.
fn here(tablet: &mut RemoteTablet, patient: PatientId, entries: &[String]) -> Result<usize, Failure> {
    let known = tablet.entries(&patient.to_string())?;
    Ok(entries.iter().filter(|entry| known.contains(entry)).count())
}

#[test]
fn on_a_thin_link_todays_patients_come_before_the_others() -> Drill {
    let scene = Scene::set_with_team(1)?;
    let visitor = &scene.team[0];
    let _relay = scene.relay()?;
    let nurse = scene.unlock(&scene.nurse)?;
    let patients = admit_for(&nurse, visitor)?;
    // The last ones written about are the first of the day.
    let (second, first) = (PATIENTS - 2, PATIENTS - 1);
    plan(&nurse, patients[second], visitor, "10:30")?;
    plan(&nurse, patients[first], visitor, "09:00")?;
    drop(nurse);
    let synced = |tablet| -> Result<(), Failure> {
        let mut started = scene.start_online(tablet)?;
        Ok(started.run(&Order::AwaitSynced)?)
    };
    synced(&scene.nurse)?;
    synced(visitor)?;

    // A day later a colleague has written much about everybody.
    let nurse = scene.unlock(&scene.nurse)?;
    let written = write(&nurse, &patients)?;
    drop(nurse);
    synced(&scene.nurse)?;
    let thin = Direction {
        bits_per_second: Some(96_000),
        delay: Duration::from_millis(100),
        loss: 0.05,
        ..Direction::clear()
    };
    let wire = Forwarder::start(scene.region.listen, Link::both(thin))?;
    let day = (24 * 60 * 60 * 1000).to_string();
    let args = ["--relay", &wire.address().to_string(), "--clock-off-by", &day];
    let mut tablet = RemoteTablet::start_with(&visitor.dir, &args)?;
    tablet.run(&Order::Online)?;
    let whole = |patient: usize| {
        let last = written[patient].last().cloned().unwrap_or_default();
        Order::AwaitEntry { patient: patients[patient].to_string(), entry: last }
    };
    tablet.run(&whole(first))?;
    assert_eq!(here(&mut tablet, patients[first], &written[first])?, NOTES);
    assert!(here(&mut tablet, patients[0], &written[0])? < NOTES, "nobody else's chart is whole yet");
    tablet.run(&whole(second))?;
    let others: usize = (0..second)
        .map(|number| here(&mut tablet, patients[number], &written[number]))
        .sum::<Result<usize, Failure>>()?;
    assert!(others < second * NOTES / 2, "{others} notes about others came before the day's second patient");
    // And then everybody else's.
    for number in 0..second {
        tablet.run(&whole(number))?;
    }
    tablet.run(&Order::AwaitSynced)?;
    Ok(())
}

/// What a tablet says of its patients.
struct Said {
    known: u64,
    complete: u64,
    incomplete: Vec<String>,
    idle: bool,
}

/// Counts and names are asked for one after
/// the other, and a patient may become complete between the two: then both are asked for again.
fn status(tablet: &mut RemoteTablet) -> Result<Said, Failure> {
    for _ in 0..100 {
        let Answer::Status { patients: (known, complete), incomplete, idle, .. } = tablet.ask(&Order::Status)? else {
            return Err("no status".into());
        };
        if complete + incomplete.len() as u64 == known {
            return Ok(Said { known, complete, incomplete, idle });
        }
    }
    Err("the counts of patients and their names never agree".into())
}

#[test]
fn a_new_tablet_says_truthfully_how_much_it_has_before_it_has_all() -> Drill {
    let scene = Scene::set_with_team(1)?;
    let newcomer = &scene.team[0];
    let _relay = scene.relay()?;
    let nurse = scene.unlock(&scene.nurse)?;
    let patients = admit_for(&nurse, newcomer)?;
    let written = write(&nurse, &patients)?;
    drop(nurse);
    let mut started = scene.start_online(&scene.nurse)?;
    started.run(&Order::AwaitSynced)?;

    let thin = Direction {
        bits_per_second: Some(192_000),
        delay: Duration::from_millis(50),
        loss: 0.02,
        ..Direction::clear()
    };
    let wire = Forwarder::start(scene.region.listen, Link::both(thin))?;
    let start = || -> Result<RemoteTablet, Failure> {
        let mut tablet = RemoteTablet::start_with(&newcomer.dir, &["--relay", &wire.address().to_string()])?;
        tablet.run(&Order::Online)?;
        Ok(tablet)
    };
    let mut tablet = start()?;
    let mut partly = 0;
    for number in 0..PATIENTS {
        // The battery falls out in the middle: what is said afterwards is as true.
        if number == PATIENTS / 2 {
            tablet.kill();
            tablet = start()?;
        }
        // Of each its first note: the rest may be here or not, and the tablet must know.
        let entry = written[number][0].clone();
        tablet.run(&Order::AwaitEntry { patient: patients[number].to_string(), entry })?;
        let Said { known, complete, incomplete, idle } = status(&mut tablet)?;
        assert!(known > number as u64 && complete <= known, "{complete} of {known}");
        if complete < known {
            partly += 1;
            assert!(!idle, "{complete} of {known}, and nothing more is to come?");
        }
        for (patient, entries) in patients.iter().zip(&written) {
            let granted = tablet.patients()?.iter().any(|(known, _, chart)| *known == patient.to_string() && *chart);
            if granted && !incomplete.contains(&patient.to_string()) {
                assert_eq!(here(&mut tablet, *patient, entries)?, NOTES, "said to be complete");
            }
        }
    }
    assert!(partly > 0, "it never had some and not all");
    tablet.run(&Order::AwaitSynced)?;
    let Answer::Status { patients: counts, incomplete, may_be_more: false, .. } = tablet.ask(&Order::Status)? else {
        return Err("the first exchange is over, and it does not say so".into());
    };
    // The scene's own patient, too.
    assert_eq!((counts, incomplete.len()), ((PATIENTS as u64 + 1, PATIENTS as u64 + 1), 0));
    Ok(())
}

#[test]
fn a_new_tablet_sees_medicines_before_everybodys_grants_have_come() -> Drill {
    let scene = Scene::set_with_team(6)?;
    let newcomer = &scene.team[0];
    let _relay = scene.relay()?;
    let nurse = scene.unlock(&scene.nurse)?;
    share_with_all(&nurse, &scene.team)?;
    drop(nurse);
    scene.start_online(&scene.nurse)?;

    let wire = Forwarder::start(scene.region.listen, Link::thin())?;
    let mut tablet = RemoteTablet::start_with(&newcomer.dir, &["--relay", &wire.address().to_string()])?;
    let begin = std::time::Instant::now();
    tablet.run(&Order::Online)?;
    let (patient, medicine) = (scene.patient.clone(), scene.medicine.clone());
    tablet.run(&Order::AwaitAmounts { patient, medicine, count: 1 })?;
    let first = wire.counts().down_arrived.bytes;
    let seconds = begin.elapsed().as_secs_f64();
    tablet.run(&Order::AwaitSynced)?;
    let all = wire.counts().down_arrived.bytes;
    println!("{first} bytes and {seconds:.1} s before the first medicines, {all} bytes in all");
    // With the handshake, and what is on its way behind it while the tablet stores.
    assert!(first < 16_000 && 3 * first < all, "{first} bytes of {all} before the first medicines");
    assert_eq!(tablet.patients()?.len(), PATIENTS + 1);
    Ok(())
}
