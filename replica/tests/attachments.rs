//! Photos between tablets over a real relay: resumed where a link broke, after text, and given back to an emptied relay.

mod support;

use support::{Tablet, Town, texts};
use tendenko_crdt::EntryId;
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::PatientId;
use tendenko_protocol::limits::{MAX_CHUNK, MAX_CHUNK_CONTENT, WANT_WINDOW};
use tendenko_replica::{AttachmentPresence, NewAttachment, Replica};

/// Bytes like a photo's: nothing in them to compress, and the same every time.
fn photo(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

fn attach(tablet: &Tablet, patient: PatientId, bytes: &[u8]) -> EntryId {
    let about = NewAttachment {
        media_type: "image/jpeg".into(),
        file_name: "褥瘡.jpg".into(),
        thumbnail: Some(bytes[..4_000].to_vec()),
        ..NewAttachment::default()
    };
    tablet.attach(patient, &mut &*bytes, bytes.len() as u64, about).unwrap()
}

fn here(replica: &Replica, patient: PatientId, entry: EntryId) -> u32 {
    match replica.attachment_state(patient, entry).map(|state| state.presence) {
        Ok(AttachmentPresence::Partly { here, .. } | AttachmentPresence::AbsentOnRelay { here, .. }) => here,
        Ok(AttachmentPresence::Here) => u32::MAX,
        Ok(AttachmentPresence::NotHere) | Err(_) => 0,
    }
}

async fn until_sent(tablet: &Tablet) {
    tablet.until("the photo is at the relay", |replica| replica.attachment_storage().unwrap().unsent_bytes == 0).await;
}

/// Two tablets that share a patient.
async fn town() -> (Town, Tablet, Tablet, PatientId) {
    let mut town = Town::new();
    let (mut a, mut b) = (town.enrol("甲"), town.enrol("乙"));
    town.relay_up().await;
    a.online(&town);
    b.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.share(patient, &b, &Scope::ALL).await;
    b.until("the card", |b| b.card(patient).is_ok()).await;
    (town, a, b, patient)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_is_resumed_where_the_link_broke_and_text_does_not_wait_for_it() {
    let (mut town, mut a, mut b, patient) = town().await;
    let bytes = photo(3_000_000);
    let entry = attach(&a, patient, &bytes);
    b.until("the reference", |b| b.entry(patient, entry).unwrap().is_some()).await;
    until_sent(&a).await;
    assert_eq!(here(&b, patient, entry), 0, "nothing comes unasked");

    let received = |b: &Tablet| b.sync_status().month.received;
    b.restart().await;
    let before = received(&b);
    b.fetch_attachment(patient, entry).unwrap();
    let mut cuts = 0;
    let mut had = 0;
    while here(&b, patient, entry) != u32::MAX {
        b.online(&town);
        b.until("some more of it", |b| here(b, patient, entry) > had + 8).await;
        if cuts % 2 == 0 {
            town.relay_down().await;
            b.offline().await;
            town.relay_up().await;
        } else {
            b.restart().await;
        }
        cuts += 1;
        assert!(here(&b, patient, entry) >= had, "what came stays");
        had = here(&b, patient, entry).min(u32::MAX - 9);
    }
    assert!(cuts >= 3, "{cuts} cuts");
    assert_eq!(b.read_attachment(patient, entry).unwrap(), bytes);
    // Every cut may cost what was asked for and had not come, and a greeting: nothing is fetched anew.
    let chunks = bytes.len().div_ceil(MAX_CHUNK_CONTENT) as u64;
    let limit = chunks * (MAX_CHUNK_CONTENT as u64 + 3_000) + cuts * (WANT_WINDOW * MAX_CHUNK + 20_000) as u64;
    let used = received(&b) - before;
    assert!(used < limit, "{used} bytes for {} with {cuts} cuts, at most {limit}", bytes.len());

    // Text that is saved while a photo is on its way is there before the photo is.
    a.online(&town);
    b.online(&town);
    b.until_settled().await;
    a.until_settled().await;
    let second = attach(&a, patient, &photo(3_000_000));
    until_sent(&a).await;
    b.until("the reference", |b| b.entry(patient, second).unwrap().is_some()).await;
    b.fetch_attachment(patient, second).unwrap();
    b.until("the beginning of the photo", |b| here(b, patient, second) > 2).await;
    a.note(patient, "写真の途中");
    let mut overtaken = false;
    b.until("the text", |b| {
        overtaken |= here(b, patient, second) == u32::MAX;
        texts(b, patient).contains(&"写真の途中".to_owned())
    })
    .await;
    assert!(!overtaken, "the text came after the whole photo");
    b.until("the photo", |b| here(b, patient, second) == u32::MAX).await;
    a.offline().await;
    b.offline().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_relay_gets_a_photo_back_from_the_tablet_that_looked_at_it() {
    let (mut town, mut a, mut b, patient) = town().await;
    let bytes = photo(400_000);
    let entry = attach(&a, patient, &bytes);
    until_sent(&a).await;
    b.until("the reference", |b| b.entry(patient, entry).unwrap().is_some()).await;
    b.fetch_attachment(patient, entry).unwrap();
    b.until("the photo", |b| here(b, patient, entry) == u32::MAX).await;

    // The relay's disk is gone, and so is the tablet of who took the photo.
    b.offline().await;
    a.offline().await;
    town.relay_down().await;
    town.relay_emptied();
    town.relay_up().await;
    a.release_local_copies(u64::MAX).unwrap();
    assert_eq!(here(&a, patient, entry), 0);
    a.fetch_attachment(patient, entry).unwrap();
    a.online(&town);
    a.until("the relay does not have it", |a| {
        matches!(a.attachment_state(patient, entry).unwrap().presence, AttachmentPresence::AbsentOnRelay { .. })
    })
    .await;
    a.offline().await;

    b.online(&town);
    let chunks = bytes.len().div_ceil(MAX_CHUNK_CONTENT) as u64;
    b.until("the relay is refilled", |_| town.status().chunks == chunks).await;
    // A new session asks by itself for what was absent.
    a.online(&town);
    a.until("the photo", |a| here(a, patient, entry) == u32::MAX).await;
    assert_eq!(a.read_attachment(patient, entry).unwrap(), bytes);
    a.offline().await;
    b.offline().await;
}
