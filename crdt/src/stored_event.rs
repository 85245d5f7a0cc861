//! Between [`Event`] and its stored bytes: the id is the key, the body is named by its kind.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::codec::{Newer, decode, encode};
use crate::document::DocumentError;
use crate::event::{Event, EventBody};
use crate::ids::{EntryId, Timestamp};
use crate::stamp::Stamp;

/// As [`Event`], but for the body.
#[derive(Serialize, Deserialize)]
struct StoredEvent<B> {
    kind: String,
    stamp: Stamp,
    occurred_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    corrects: Option<EntryId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    body: B,
    #[serde(flatten)]
    newer: Newer,
}

impl Event {
    pub(crate) fn to_stored(&self) -> Result<Vec<u8>, DocumentError> {
        match &self.body {
            EventBody::Visit(body) => self.stored_with(body),
            EventBody::Note(body) => self.stored_with(body),
            EventBody::HandOver(body) => self.stored_with(body),
            EventBody::Dispensing(body) => self.stored_with(body),
            EventBody::MedicationChange(body) => self.stored_with(body),
            EventBody::MedicineObservation(body) => self.stored_with(body),
            EventBody::LabReport(body) => self.stored_with(body),
            EventBody::TestRequest(body) => self.stored_with(body),
            EventBody::VisitPlan(body) => self.stored_with(body),
            EventBody::VisitChange(body) => self.stored_with(body),
            EventBody::TeamGoal(body) => self.stored_with(body),
            EventBody::DayRhythm(body) => self.stored_with(body),
            EventBody::Behaviour(body) => self.stored_with(body),
            EventBody::WishesChange(body) => self.stored_with(body),
            EventBody::NotebookText(body) => self.stored_with(body),
            EventBody::SiteAccess(body) => self.stored_with(body),
            EventBody::Withdrawal(body) => self.stored_with(body),
            EventBody::Attachment(body) => self.stored_with(body),
            EventBody::Document(body) => self.stored_with(body),
            EventBody::ChecklistAnswer(body) => self.stored_with(body),
            EventBody::Unknown { raw, .. } => self.stored_with(raw),
        }
    }

    fn stored_with<B: Serialize>(&self, body: B) -> Result<Vec<u8>, DocumentError> {
        encode(&StoredEvent {
            kind: self.body.kind().to_owned(),
            stamp: self.stamp.clone(),
            occurred_at: self.occurred_at,
            corrects: self.corrects,
            reason: self.reason.clone(),
            body,
            newer: self.newer.clone(),
        })
    }

    /// The event, and whether its kind is one of this version's but its body could not be read. None when not even the
    /// envelope is readable. An unreadable body comes back as [`EventBody::Unknown`]: an entry somebody made must never
    /// be invisible.
    pub(crate) fn from_stored(id: EntryId, bytes: &[u8]) -> Option<(Self, bool)> {
        let kind = decode::<StoredEvent<IgnoredAny>>(bytes)?.kind;
        let known = match kind.as_str() {
            "visit" => Some(read(id, bytes, EventBody::Visit)),
            "note" => Some(read(id, bytes, EventBody::Note)),
            "hand-over" => Some(read(id, bytes, EventBody::HandOver)),
            "dispensing" => Some(read(id, bytes, EventBody::Dispensing)),
            "medication-change" => Some(read(id, bytes, EventBody::MedicationChange)),
            "medicine-observation" => Some(read(id, bytes, EventBody::MedicineObservation)),
            "lab-report" => Some(read(id, bytes, EventBody::LabReport)),
            "test-request" => Some(read(id, bytes, EventBody::TestRequest)),
            "visit-plan" => Some(read(id, bytes, EventBody::VisitPlan)),
            "visit-change" => Some(read(id, bytes, EventBody::VisitChange)),
            "team-goal" => Some(read(id, bytes, EventBody::TeamGoal)),
            "day-rhythm" => Some(read(id, bytes, EventBody::DayRhythm)),
            "behaviour" => Some(read(id, bytes, EventBody::Behaviour)),
            "wishes-change" => Some(read(id, bytes, EventBody::WishesChange)),
            "notebook-text" => Some(read(id, bytes, EventBody::NotebookText)),
            "site-access" => Some(read(id, bytes, EventBody::SiteAccess)),
            "withdrawal" => Some(read(id, bytes, EventBody::Withdrawal)),
            "attachment" => Some(read(id, bytes, EventBody::Attachment)),
            "document" => Some(read(id, bytes, EventBody::Document)),
            "checklist-answer" => Some(read(id, bytes, EventBody::ChecklistAnswer)),
            _ => None,
        };
        match known {
            Some(Some(event)) => Some((event, false)),
            unread => {
                let event = read(id, bytes, |raw| EventBody::Unknown { kind, raw })?;
                Some((event, unread.is_some()))
            }
        }
    }
}

fn read<B: DeserializeOwned>(id: EntryId, bytes: &[u8], body: impl FnOnce(B) -> EventBody) -> Option<Event> {
    let stored: StoredEvent<B> = decode(bytes)?;
    Some(Event {
        id,
        stamp: stored.stamp,
        occurred_at: stored.occurred_at,
        corrects: stored.corrects,
        reason: stored.reason,
        body: body(stored.body),
        newer: stored.newer,
    })
}
