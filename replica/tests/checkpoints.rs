//! Newcomers that start from checkpoints, with a real relay on loopback QUIC.

mod support;

use std::time::Duration;

use support::{Tablet, Town};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::PatientId;

const NOTES: usize = 50;

/// Text that nothing makes much shorter than a note is.
fn text(n: usize) -> String {
    format!(
        "訪問 {n}: 食欲は戻ってきたとのこと。夜は{}時に目が覚める。次は{}日に伺う。体温 36.{}",
        n % 7,
        n % 28,
        n % 10
    )
}

/// Notes, each of them sealed and sent by itself, as it is when there is a link.
async fn write(tablet: &Tablet, patient: PatientId) {
    for n in 0..NOTES {
        tablet.note(patient, &text(n));
        tablet.until_settled().await;
    }
}

fn received(tablet: &Tablet) -> u64 {
    tablet.sync_status().month.received
}

/// The checkpoint is with the relay. Nobody is told of that by an event: nothing depends on it.
async fn until_all_left(tablet: &Tablet) {
    let leaving = async {
        while tablet.to_leave().unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), leaving).await.expect("the checkpoint never left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_starts_from_a_checkpoint_and_can_refill_a_relay_when_it_is_proven() {
    let mut town = Town::new();
    let (mut a, mut b, mut c) = (town.enrol("甲"), town.enrol("乙"), town.enrol("丙"));
    town.relay_up().await;
    a.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    write(&a, patient).await;
    for newcomer in [&b, &c] {
        a.share(patient, newcomer, &Scope::ALL).await;
    }
    until_all_left(&a).await;

    // Where every byte costs, it begins and does not ask for more.
    b.set_data_saver(true).unwrap();
    b.online(&town);
    b.until("every note", |b| support::texts(b, patient).len() == NOTES).await;
    b.until_settled().await;
    let status = b.sync_status();
    assert_eq!((status.patients_complete, status.patients_unproven), (1, 1));
    let begun = received(&b);
    // What is written then chains onto what only the checkpoint stands for.
    a.note(patient, "後から");
    b.until_text(patient, "後から").await;
    b.note(patient, "加わりました");
    a.until_text(patient, "加わりました").await;
    b.offline().await;

    b.set_data_saver(false).unwrap();
    b.online(&town);
    b.until("its records", |b| b.sync_status().patients_unproven == 0).await;
    b.until_settled().await;
    assert_eq!(b.sync_status().rejected, 0);
    assert!(begun * 2 < received(&b), "{begun} bytes, and {} with the records", received(&b));

    // The relay's disk is gone, and so is the tablet that wrote it all.
    a.offline().await;
    b.offline().await;
    town.relay_down().await;
    town.relay_emptied();
    town.relay_up().await;
    b.online(&town);
    b.until_settled().await;
    c.online(&town);
    c.until("every note", |c| support::texts(c, patient).len() == NOTES + 2).await;
    c.offline().await;
    b.offline().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_granted_an_old_patient_later_starts_from_a_checkpoint_too() {
    let mut town = Town::new();
    let (mut a, mut b) = (town.enrol("甲"), town.enrol("乙"));
    town.relay_up().await;
    a.online(&town);
    b.set_data_saver(true).unwrap();
    b.online(&town);
    let (old, other) = (a.new_patient("佐藤 ハナ", "サトウ ハナ"), a.new_patient("及川 サト", "オイカワ サト"));
    a.share(other, &b, &Scope::ALL).await;
    b.until("the other's card", |b| b.card(other).is_ok()).await;
    write(&a, old).await;
    b.until_settled().await;
    let before = received(&b);
    a.share(old, &b, &Scope::ALL).await;
    b.until("every note", |b| support::texts(b, old).len() == NOTES).await;
    b.until_settled().await;
    a.note(old, "後から");
    b.until_text(old, "後から").await;
    assert_eq!(b.sync_status().rejected, 0);
    println!("{} bytes for {NOTES} notes", received(&b) - before);
    a.offline().await;
    b.offline().await;
}
