//! Whose records come before others': today's patients of whoever works here, then whom they opened of late.
//!
//! A tablet that comes back after days, over a thin link, is needed for the next visit before it is needed for anything else. What it
//! knows of the day are the visit plans that it holds; they change while records come, a patient is opened, and the day turns. So the list is
//! computed anew whenever one of these happens ([`Replica::first_changed`] rings), and a session under way passes it on.
//!
//! It is a wish about order, and nothing else: without it, or with a wrong one, the same records come.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tendenko_protocol::ids::PatientId;

use crate::error::ReadError;
use crate::models::plans;
use crate::read::date_in_japan;
use crate::replica::Replica;
use crate::store::{StoreError, fixed};

/// Patients named at most: a round and the afternoon's surprises. Each costs 17 bytes of the first flight.
const MAX_NAMED: usize = 24;
/// Patients opened of late that are named at most.
const MAX_OPENED: usize = 8;
/// How long ago that may be, ms.
const OF_LATE: i64 = 3 * 24 * 60 * 60 * 1000;

impl Replica {
    /// The patients whose records are wanted first: today's visits of the person at work by time of day, those done already behind the
    /// others, then the patients this person opened last.
    pub fn wanted_first(&self) -> Result<Vec<PatientId>, ReadError> {
        let now = self.clock.now();
        let member = self.me().member;
        let day = date_in_japan(now).to_string();
        let visits = self.round(&day, Some(member))?.into_iter();
        let mut round: Vec<_> =
            visits.map(|visit| (visit.done, visit.when.start, visit.plan.event.id, visit.patient.patient)).collect();
        let reader = self.reader();
        round.sort();
        let todays = round.into_iter().map(|(.., patient)| patient);
        let opened = opened_of_late(&reader, &member.0, now.0.saturating_sub(OF_LATE))?;
        let mut named = BTreeSet::new();
        let each_once = todays.chain(opened).filter(|patient| named.insert(*patient));
        Ok(each_once.take(MAX_NAMED).collect())
    }

    /// Tells a sync under way to look at the round again: the day has turned, for instance. What this replica sees itself (a plan came, a
    /// patient was opened) it need not be told.
    pub fn look_at_the_round_again(&self) {
        self.first_changed.notify_one();
    }

    /// Looks at the round again if it may have changed by what came of these patients.
    pub(crate) fn plans_came(&self, connection: &Connection, patients: &BTreeSet<PatientId>) -> Result<(), StoreError> {
        for patient in patients {
            if plans::any(connection, *patient)? {
                self.first_changed.notify_one();
                break;
            }
        }
        Ok(())
    }
}

fn opened_of_late(connection: &Connection, member: &[u8; 16], since: i64) -> Result<Vec<PatientId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT patient FROM looked WHERE member = ?1 AND at >= ?2 ORDER BY at DESC, patient LIMIT ?3",
    )?;
    let rows = statement.query_map(rusqlite::params![member, since, MAX_OPENED as i64], |row| fixed(row, 0))?;
    Ok(rows.map(|row| row.map(PatientId)).collect::<Result<_, _>>()?)
}
