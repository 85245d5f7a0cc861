//! A colleague of the demonstration: reads what the nurse records and answers it with a hand-over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tendenko_crdt::{EventBody, Profession};
use tendenko_replica::{Clock, Replica, ReplicaEvent, SystemClock};

use super::host::Failure;
use crate::records;

/// What the pharmacist answers.
const ANSWER: &str = "訪問記録を拝見しました。次回のお薬は一包化してお届けします。残薬があれば回収袋に入れてください。";
/// How long the answer takes.
const THINKING: Duration = Duration::from_secs(2);
/// Entries looked at when a patient changes.
const RECENT: usize = 20;

/// Exchanges with the relay for ever. A pharmacist answers each visit that a nurse records from now on.
pub async fn accompany(replica: &Arc<Replica>) -> Result<(), Failure> {
    let answers = replica.me().profession == Profession::Pharmacist;
    let since = SystemClock.now();
    let mut answered = BTreeSet::new();
    let mut events = replica.events();
    loop {
        let Ok(event) = events.recv().await else { continue };
        let ReplicaEvent::Changed { patient } = event else { continue };
        if !answers {
            continue;
        }
        let new_visit = replica.timeline(patient, None, RECENT)?.into_iter().any(|entry| {
            matches!(entry.event.body, EventBody::Visit(_))
                && entry.event.stamp.author.profession == Profession::Nurse
                && entry.event.stamp.at >= since
                && answered.insert(entry.event.id)
        });
        if new_visit {
            // A pause for whoever watches the screen; nothing depends on it.
            tokio::time::sleep(THINKING).await;
            let replica = Arc::clone(replica);
            tokio::task::spawn_blocking(move || records::hand_over(&replica, patient, Profession::Nurse, ANSWER))
                .await??;
        }
    }
}
