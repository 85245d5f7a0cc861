//! What a team states, of which one holds at a time: reading it, and stating it anew.

use tendenko_crdt::{EntryId, Event, EventBody, current, to_follow};
use tendenko_protocol::ids::PatientId;

use crate::error::{ReadError, SaveError};
use crate::models::read;
use crate::replica::Replica;

/// The statements of one kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statements {
    /// Those that hold: none, one, or several that were written apart from each other; oldest first.
    pub current: Vec<Event>,
    /// Those before them, newest first.
    pub past: Vec<Event>,
    /// What a new one has to follow.
    pub to_follow: Vec<EntryId>,
}

impl Replica {
    /// The statements of a kind (`team-goal`, `day-rhythm`) about a patient.
    pub fn statements(&self, patient: PatientId, kind: &str) -> Result<Statements, ReadError> {
        let standing = self.standing(patient, kind)?;
        let current: Vec<Event> = current(&standing).into_iter().cloned().collect();
        let to_follow = to_follow(&standing);
        let is_past = |event: &Event| !current.iter().any(|now| now.id == event.id);
        let mut past: Vec<Event> = standing.into_iter().filter(is_past).collect();
        past.sort_by_key(|event| std::cmp::Reverse((event.stamp.at, event.id)));
        Ok(Statements { current, past, to_follow })
    }

    /// The entries of a kind that nothing corrects or withdraws, oldest first.
    pub fn standing(&self, patient: PatientId, kind: &str) -> Result<Vec<Event>, ReadError> {
        let standing = read::standing(&self.reader(), kind, Some(patient))?;
        Ok(standing.into_iter().map(|(_, event)| event).collect())
    }

    /// States something anew: it follows every statement of its kind that is here. Refuses what is no statement.
    pub fn state(&self, patient: PatientId, body: EventBody, reason: Option<&str>) -> Result<EntryId, SaveError> {
        let standing: Vec<Event> =
            read::standing(&self.reader(), body.kind(), Some(patient))?.into_iter().map(|(_, event)| event).collect();
        let body = following(body, to_follow(&standing))?;
        self.edit(patient, |edit| {
            let mut event = edit.event(body)?;
            event.reason = reason.map(str::to_owned);
            let at = event.occurred_at;
            Ok(tendenko_crdt::Document::record(edit.volume_at(at)?, event)?)
        })
    }
}

fn following(mut body: EventBody, known: Vec<EntryId>) -> Result<EventBody, SaveError> {
    match &mut body {
        EventBody::TeamGoal(goal) => goal.follows = known,
        EventBody::DayRhythm(rhythm) => rhythm.follows = known,
        _ => return Err(SaveError::NoSuchEntry),
    }
    Ok(body)
}
