//! 訪問予定: who comes to a patient, on which days, at what time, for how long, and why.
//!
//! A plan ([`VisitPlan`]) is weekly or for a single day, and has one person or several (同行訪問). It is an event like any
//! other: a change of plan is a correction of it with a reason, and so is its end. Names of fields follow FHIR's
//! Appointment where it has them.
//!
//! *One* day of a plan is moved or left out by an event of its own ([`VisitChange`]), which names the plan by its first
//! version, and the day as it was planned. Two people who leave out two different days write two different things, so
//! neither touches the other's, nor the rest of the plan. Were the days left out a list inside the plan, the two would
//! have written two plans.
//!
//! Two people who changed one plan apart from each other have both corrected the same entry: both versions stand, and are
//! shown as such until one of them is taken back ([`rivals`]). Nothing is settled by a clock or an id.

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::event::{Event, EventBody};
use crate::ids::EntryId;
use crate::stamp::Profession;

/// Versions of a plan that are followed back at most. A plan that was changed more often, or whose corrections go round in a
/// circle because somebody made them up, is looked at as far as this.
pub const MAX_VERSIONS: usize = 100;

/// 訪問予定: who comes on which days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VisitPlan {
    /// Who comes. Two or more come together (同行訪問).
    pub participants: Vec<Participant>,
    /// Days of the week, 1 Monday to 7 Sunday; none: once, on the first day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u8>,
    /// Local time of day, `09:30`.
    pub time: String,
    /// How long.
    pub minutes: u16,
    /// 目的
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub purpose: String,
    /// First day, ISO 8601.
    pub from: String,
    /// Last day, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

impl VisitPlan {
    /// Whether somebody is among those who come.
    pub fn has(&self, member: &str) -> bool {
        self.participants.iter().any(|participant| participant.member == member)
    }
}

/// Somebody who comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// Member id, 32 hexadecimal digits.
    pub member: String,
    /// Name, as then known.
    pub name: String,
    /// Profession.
    pub profession: Profession,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 一回だけの変更: one day of a plan is moved, or left out. The reason is the event's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VisitChange {
    /// The first version of the plan: it stays the same however often the plan is changed.
    pub plan: EntryId,
    /// Which day, as it was planned, ISO 8601.
    pub date: String,
    /// When instead; none: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<OtherTime>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// Another day and time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherTime {
    /// Day, ISO 8601.
    pub date: String,
    /// Local time of day, `09:30`.
    pub time: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// The versions of an entry before it, newest first: its last is the first version. `entry` looks one up; what it refuses comes out, or a rival
/// would be hidden by a disk that cannot be read.
pub fn earlier<E>(event: &Event, entry: &impl Fn(EntryId) -> Result<Option<Event>, E>) -> Result<Vec<Event>, E> {
    let mut versions: Vec<Event> = Vec::new();
    let mut older = event.corrects;
    while let Some(id) = older
        && versions.len() < MAX_VERSIONS
    {
        let Some(found) = entry(id)? else { break };
        older = found.corrects;
        versions.push(found);
    }
    Ok(versions)
}

/// What others said of the same entry, or of a version before it, without knowing of this one: other changes, and a
/// withdrawal. What says the same is no rival, and what was taken back afterwards is none any more.
///
/// `entry` looks an entry up, `corrections` finds those that correct one.
pub fn rivals<E>(
    event: &Event,
    entry: &impl Fn(EntryId) -> Result<Option<Event>, E>,
    corrections: &impl Fn(EntryId) -> Result<Vec<Event>, E>,
) -> Result<Vec<Event>, E> {
    let mut rivals = Vec::new();
    let mut own = event.id;
    for older in earlier(event, entry)? {
        for other in corrections(older.id)?.into_iter().filter(|other| other.id != own) {
            if !is_taken_back(&other, corrections, MAX_VERSIONS)? {
                rivals.extend(ends(other, corrections, MAX_VERSIONS)?.into_iter().filter(|end| end.body != event.body));
            }
        }
        own = older.id;
    }
    Ok(rivals)
}

/// Whether everything that was said after an entry takes it back.
fn is_taken_back<E>(
    event: &Event,
    corrections: &impl Fn(EntryId) -> Result<Vec<Event>, E>,
    depth: usize,
) -> Result<bool, E> {
    let later = corrections(event.id)?;
    if depth == 0 || later.is_empty() {
        return Ok(false);
    }
    for one in &later {
        let withdraws = matches!(one.body, EventBody::Withdrawal(_)) && corrections(one.id)?.is_empty();
        if !withdraws && !is_taken_back(one, corrections, depth - 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The last versions of an entry.
fn ends<E>(
    event: Event,
    corrections: &impl Fn(EntryId) -> Result<Vec<Event>, E>,
    depth: usize,
) -> Result<Vec<Event>, E> {
    let later = corrections(event.id)?;
    if later.is_empty() || depth == 0 {
        return Ok(vec![event]);
    }
    let mut last = Vec::new();
    for one in later {
        last.extend(ends(one, corrections, depth - 1)?);
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Withdrawal;
    use crate::follows::tests::said_by;

    fn plan(time: &str) -> EventBody {
        EventBody::VisitPlan(VisitPlan {
            participants: Vec::new(),
            weekdays: vec![1],
            time: time.into(),
            minutes: 30,
            purpose: String::new(),
            from: "2026-11-02".into(),
            until: None,
            newer: Newer::default(),
        })
    }

    fn version(id: u8, corrects: Option<u8>, body: EventBody) -> Event {
        let id_of = |id| EntryId::new([id; 16]);
        Event { corrects: corrects.map(id_of), ..said_by(id_of(id), i64::from(id), body) }
    }

    fn withdrawal() -> EventBody {
        EventBody::Withdrawal(Withdrawal::default())
    }

    fn rivals_of(id: u8, all: &[Event]) -> Vec<u8> {
        let entry = |id: EntryId| Ok::<_, ()>(all.iter().find(|event| event.id == id).cloned());
        let corrections =
            |id: EntryId| Ok(all.iter().filter(|event| event.corrects == Some(id)).cloned().collect::<Vec<_>>());
        let event = entry(EntryId::new([id; 16])).unwrap().unwrap();
        rivals(&event, &entry, &corrections).unwrap().iter().map(|event| event.id.as_bytes()[0]).collect()
    }

    #[test]
    fn two_changes_written_apart_are_rivals_and_so_are_those_that_follow_one_of_them() {
        let mut all = vec![version(1, None, plan("09:00")), version(2, Some(1), plan("10:00"))];
        assert!(rivals_of(2, &all).is_empty());
        all.push(version(3, Some(1), plan("11:00")));
        assert_eq!((rivals_of(2, &all), rivals_of(3, &all)), (vec![3], vec![2]));
        all.push(version(4, Some(2), plan("10:30")));
        assert_eq!((rivals_of(4, &all), rivals_of(3, &all)), (vec![3], vec![4]));
        // Taken back: settled.
        all.push(version(5, Some(3), withdrawal()));
        assert!(rivals_of(4, &all).is_empty());
    }

    #[test]
    fn who_cancelled_without_knowing_of_the_change_is_a_rival_until_that_is_taken_back() {
        let mut all = vec![
            version(1, None, plan("09:00")),
            version(2, Some(1), plan("10:00")),
            version(3, Some(1), withdrawal()),
        ];
        assert_eq!(rivals_of(2, &all), [3]);
        all.push(version(4, Some(3), withdrawal()));
        assert!(rivals_of(2, &all).is_empty());
    }

    #[test]
    fn the_same_change_twice_is_no_disagreement() {
        let all =
            [version(1, None, plan("09:00")), version(2, Some(1), plan("10:00")), version(3, Some(1), plan("10:00"))];
        assert!(rivals_of(2, &all).is_empty());
    }

    #[test]
    fn what_cannot_be_looked_up_is_no_answer() {
        let changed = version(2, Some(1), plan("10:00"));
        let first = version(1, None, plan("09:00"));
        let entry = |_: EntryId| Ok(Some(first.clone()));
        assert_eq!(rivals(&changed, &|_| Err("unreadable"), &|_| Ok(Vec::new())), Err("unreadable"));
        assert_eq!(rivals(&changed, &entry, &|_| Err("unreadable")), Err("unreadable"));
    }

    #[test]
    fn corrections_that_go_round_in_a_circle_end() {
        let all = [version(1, Some(2), plan("09:00")), version(2, Some(1), plan("10:00"))];
        assert!(rivals_of(1, &all).len() <= MAX_VERSIONS);
    }
}
