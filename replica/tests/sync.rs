//! Two and three tablets and a real relay on loopback QUIC. Nothing waits for time to pass: every wait is for an event.

mod support;

use std::sync::Arc;

use support::{PIN, Town, a_year_off, medicine, until_same};
use tendenko_protocol::document::Scope;
use tendenko_replica::conflicts::Value;
use tendenko_replica::recovery::recover;
use tendenko_replica::sync::SyncConfig;
use tendenko_replica::{Clock, ConflictKind, Replica, Sent, SystemClock};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offline_edits_on_both_sides_converge_live_and_after_a_restart() {
    let mut town = Town::new();
    let (mut a, mut b) = (town.enrol("甲"), town.enrol("乙"));
    town.relay_up().await;
    a.online(&town);
    b.online(&town);

    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    let entry = a.note(patient, "一");
    a.share(patient, &b, &Scope::ALL).await;
    b.until_text(patient, "一").await;
    a.until_settled().await;
    assert_eq!(a.timeline(patient, None, 1).unwrap()[0].sent, Sent::Acked);
    assert_eq!(a.timeline(patient, None, 1).unwrap()[0].event.id, entry);

    // Both without signal, both on the same patient.
    a.offline().await;
    b.offline().await;
    a.note(patient, "甲で二");
    b.note(patient, "乙で二");
    assert_eq!(b.sync_status().unsent, 1);
    b.restart().await;
    assert_eq!(b.sync_status().unsent, 1, "what was not sent is known after a restart");
    a.online(&town);
    b.online(&town);
    a.until_text(patient, "乙で二").await;
    b.until_text(patient, "甲で二").await;
    a.until_settled().await;
    b.until_settled().await;
    until_same(&a, &b, patient).await;
    assert!(b.sync_status().last_contact.is_some());
    assert!(b.sync_status().clock_offset_ms.is_some());
    assert!(b.sync_status().relay.is_some());

    let status = b.sync_status();
    assert!(status.first_sync_done && status.month.sent > 1_000 && status.month.received > 1_000, "{status:?}");
    assert_eq!((status.patients_known, status.patients_complete), (1, 1));

    // Live: no reconnect in between.
    b.note(patient, "いま");
    a.until_text(patient, "いま").await;
    a.offline().await;
    b.offline().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_doses_are_a_conflict_on_both_and_the_resolution_follows() {
    let mut town = Town::new();
    let (mut a, mut b) = (town.enrol("甲"), town.enrol("乙"));
    town.relay_up().await;
    a.online(&town);
    b.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.share(patient, &b, &Scope::ALL).await;
    b.until("the card", |b| b.card(patient).is_ok()).await;
    a.offline().await;
    b.offline().await;
    for (tablet, amount) in [(&a, "1"), (&b, "2")] {
        tablet
            .edit(patient, |edit| {
                let stamp = edit.stamp();
                edit.card()?.put_medicine("アムロジピン", medicine(amount), &stamp, Some("血圧"))?;
                Ok(())
            })
            .unwrap();
    }
    a.online(&town);
    b.online(&town);
    let in_conflict = |replica: &Replica| !replica.conflicts(Some(patient)).unwrap().is_empty();
    a.until("the conflict", in_conflict).await;
    b.until("the conflict", in_conflict).await;
    until_same(&a, &b, patient).await;
    let conflict = b.conflicts(None).unwrap().remove(0);
    assert_eq!((conflict.kind, conflict.values.len()), (ConflictKind::Medicine, 2));
    assert!(
        b.resolve(&conflict, Value::Medicine(medicine("2")), None).is_err(),
        "a medicine is not changed without a reason"
    );
    b.resolve(&conflict, Value::Medicine(medicine("2")), Some("主治医に確認")).unwrap();
    a.until("the resolution", |a| !in_conflict(a)).await;
    assert_eq!(a.medicines(patient).unwrap().0[0].any().unwrap().amount, "2");
    a.until_settled().await;
    b.until_settled().await;
    until_same(&a, &b, patient).await;
    a.offline().await;
    b.offline().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_lost_its_disk_is_refilled_by_the_tablets() {
    let mut town = Town::new();
    let (mut a, mut b, mut c) = (town.enrol("甲"), town.enrol("乙"), town.enrol("丙"));
    town.relay_up().await;
    a.online(&town);
    b.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.note(patient, "甲の記録");
    for other in [&b, &c] {
        a.share(patient, other, &Scope::ALL).await;
    }
    b.until_text(patient, "甲の記録").await;
    b.note(patient, "乙の記録");
    a.until_text(patient, "乙の記録").await;
    a.until_settled().await;
    b.until_settled().await;
    // The author of the first record never comes back; the relay loses everything.
    a.offline().await;
    town.relay_down().await;
    town.relay_emptied();
    town.relay_up().await;
    b.until_settled().await;
    c.online(&town);
    c.until_text(patient, "甲の記録").await;
    c.until_text(patient, "乙の記録").await;
    until_same(&b, &c, patient).await;
    b.offline().await;
    c.offline().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_relay_comes_back_and_the_tablet_is_there_at_once_when_woken() {
    let mut town = Town::new();
    let mut a = town.enrol("甲");
    town.relay_up().await;
    town.relay_down().await;
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.online(&town);
    a.until("a failed try", |a| a.sync_status().last_error.is_some()).await;
    assert_eq!(a.sync_status().unsent, 1);
    town.relay_up().await;
    a.wake();
    a.until_settled().await;
    a.note(patient, "つながった");
    a.until_settled().await;
    a.offline().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_without_a_grant_gets_anything_and_the_relay_reads_nothing() {
    let mut town = Town::new();
    let (mut a, mut site, mut stranger) = (town.enrol("甲"), town.enrol("救護所"), town.enrol("他"));
    town.relay_up().await;
    for tablet in [&mut a, &mut site, &mut stranger] {
        tablet.online(&town);
    }
    let patient = a.new_patient("佐藤ハナコ", "サトウハナコ");
    a.note(patient, "誰にも見せない記録");
    a.share(patient, &site, &[Scope::Card]).await;
    site.until("the card", |site| site.card(patient).is_ok()).await;
    a.until_settled().await;
    assert!(site.texts(patient).is_empty());
    assert_eq!(site.search_cards("さとう", 5).unwrap().len(), 1);
    stranger.until_settled().await;
    assert!(stranger.patient(patient).is_err());
    assert_eq!(stranger.troubles().unwrap().waiting_for_key, 0, "it was not even sent");
    for tablet in [&mut a, &mut site, &mut stranger] {
        tablet.offline().await;
    }
    town.relay_down().await;
    for file in town.relay_files() {
        for secret in ["佐藤ハナコ", "サトウハナコ", "誰にも見せない記録"] {
            assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_of_another_region_is_refused_with_the_reason() {
    let (mut ours, mut theirs) = (Town::new(), Town::new());
    let mut a = ours.enrol("甲");
    ours.relay_up().await;
    theirs.relay_up().await;
    a.online(&theirs);
    a.until("the refusal", |a| a.sync_status().last_error.as_deref() == Some("unknown-relay")).await;
    a.offline().await;
    // With both addresses the right one is found.
    let relays = vec![theirs.address.to_string(), ours.address.to_string()];
    a.online_with(SyncConfig { relays, ..SyncConfig::default() });
    a.until_settled().await;
    a.offline().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_a_year_off_is_noted_and_harms_nothing() {
    let mut town = Town::new();
    let (mut a, mut b) = (town.enrol("甲"), town.enrol("乙"));
    town.relay_up().await;
    a.replica = None;
    a.replica = Some(Arc::new(Replica::unlock_with(a.dir.path(), a.member, PIN, a_year_off()).unwrap()));
    a.online(&town);
    b.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.share(patient, &b, &Scope::ALL).await;
    a.until_settled().await;
    let offset = a.sync_status().clock_offset_ms.unwrap();
    assert!(offset > 364 * 24 * 3_600_000);
    a.note(patient, "一年前の時計で");
    b.until_text(patient, "一年前の時計で").await;
    let entry = &b.timeline(patient, None, 1).unwrap()[0];
    assert_eq!(entry.event.stamp.clock_offset_ms, Some(offset));
    a.offline().await;
    b.offline().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrecked_store_is_fetched_again_from_the_relay() {
    let mut town = Town::new();
    let (mut a, mut b) = (town.enrol("甲"), town.enrol("乙"));
    town.relay_up().await;
    a.online(&town);
    b.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.share(patient, &b, &Scope::ALL).await;
    for n in 0..30 {
        a.note(patient, &format!("記録 {n}"));
    }
    b.until_text(patient, "記録 29").await;
    a.until_settled().await;
    a.offline().await;
    a.replica = None;
    let store = a.dir.path().join("store.db");
    let mut bytes = std::fs::read(&store).unwrap();
    for page in (2..bytes.len() / 4096).step_by(2) {
        bytes[page * 4096 + 9] ^= 0xff;
    }
    std::fs::write(&store, bytes).unwrap();
    recover(a.dir.path(), a.member, PIN, SystemClock.now()).unwrap();
    a.open();
    a.online(&town);
    a.until("everything again", |replica| support::texts(replica, patient).len() == 30).await;
    a.until_settled().await;
    until_same(&a, &b, patient).await;
    a.note(patient, "そのあと");
    b.until_text(patient, "そのあと").await;
    assert_eq!(b.troubles().unwrap(), Default::default());
    a.offline().await;
    b.offline().await;
}

/// A whole disk is cloned, guard and file numbers included: nothing on the tablet can tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_under_one_name_lose_nothing() {
    let mut town = Town::new();
    let (mut a, mut c) = (town.enrol("甲"), town.enrol("丙"));
    town.relay_up().await;
    a.online(&town);
    c.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.note(patient, "もと");
    a.share(patient, &c, &Scope::ALL).await;
    c.until_text(patient, "もと").await;
    a.until_settled().await;
    a.offline().await;

    // One of the two has sealed and sent, the other wrote offline; both also changed the same dose.
    let dose = |tablet: &support::Tablet, amount: &str| {
        tablet
            .edit(patient, |edit| {
                let stamp = edit.stamp();
                edit.card()?.put_medicine("アムロジピン", medicine(amount), &stamp, Some("血圧"))?;
                Ok(())
            })
            .unwrap();
    };
    a.close();
    let clone = a.disk();
    a.open();
    let name = a.incarnation();
    a.note(patient, "一方で");
    dose(&a, "1");
    a.online(&town);
    a.until_settled().await;
    a.offline().await;
    assert_eq!(a.incarnation(), name);

    a.close();
    let first = a.disk();
    a.put_disk(&clone);
    a.open();
    assert_eq!(a.incarnation(), name, "the clone goes unnoticed");
    a.note(patient, "他方で");
    dose(&a, "2");
    a.seal_all().unwrap();
    a.note(patient, "他方で、そのあと");
    a.online(&town);
    a.until_text(patient, "一方で").await;
    a.until_settled().await;
    assert_ne!(a.incarnation(), name);
    a.note(patient, "他方で、新しい名で");
    a.until_settled().await;
    c.until_text(patient, "他方で、新しい名で").await;
    until_same(&a, &c, patient).await;
    a.offline().await;

    // The first goes on as it was.
    a.close();
    a.put_disk(&first);
    a.open();
    a.note(patient, "一方で、そのあと");
    a.online(&town);
    a.until_settled().await;
    c.until_text(patient, "一方で、そのあと").await;
    until_same(&a, &c, patient).await;
    let texts = ["もと", "一方で", "一方で、そのあと", "他方で", "他方で、そのあと", "他方で、新しい名で"];
    assert_eq!(c.texts(patient), texts);
    assert_eq!(c.conflicts(Some(patient)).unwrap().len(), 1, "both doses are shown");
    for tablet in [&a, &c] {
        assert_eq!(tablet.troubles().unwrap(), Default::default());
        assert!(tablet.unsent().unwrap().is_empty());
    }
    a.offline().await;
    c.offline().await;
}

/// A patient who was registered on one tablet reaches the tablet of a colleague's facility by the ordinary exchange, once the facility is
/// in the team; what the colleague plans comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_facility_added_to_the_team_gets_the_patient_by_the_ordinary_exchange() {
    let mut town = Town::new();
    let (mut a, mut b) = (town.enrol("甲"), town.enrol("乙"));
    town.relay_up().await;
    a.online(&town);
    b.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.note(patient, "登録した日の記録");
    a.until_settled().await;
    a.until("the colleague's certificate", |a| a.colleagues(patient).iter().any(|one| one.tablets == 1)).await;
    assert!(b.patients().unwrap().is_empty(), "nobody has the patient who is not in the team");

    let facility = a.colleagues(patient)[0].facility;
    a.add_to_team(patient, facility, "口頭で同意").unwrap();
    b.until_text(patient, "登録した日の記録").await;
    let team = b.care_team(patient);
    assert_eq!(team.facilities.iter().map(|one| one.consent.as_str()).collect::<Vec<_>>()[1], "口頭で同意");
    b.note(patient, "乙の記録");
    a.until_text(patient, "乙の記録").await;
    a.offline().await;
    b.offline().await;
}

/// The region's directory comes to a tablet that was enrolled before it was published, and is there when the tablet is opened with no network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_comes_by_the_ordinary_exchange_and_stays() {
    let mut town = Town::new();
    let mut a = town.enrol("甲");
    town.publish("古い薬局");
    town.publish("はまかぜ薬局");
    let listed = |replica: &Replica| -> Vec<String> {
        let trust = replica.trust();
        let services = trust.directory().into_iter().flat_map(|directory| &directory.services);
        services.map(|service| service.name.clone()).collect()
    };
    assert!(listed(&a).is_empty());
    town.relay_up().await;
    a.online(&town);
    a.until("the directory", |a| listed(a) == ["はまかぜ薬局"]).await;
    a.restart().await;
    assert_eq!(listed(&a), ["はまかぜ薬局"]);
}
