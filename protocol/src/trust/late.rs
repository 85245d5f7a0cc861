//! Grants that came before what makes them hold.
//!
//! A relay shows a grant to those who are granted what it opens. A grant that does not hold when it arrives may be the very one that
//! lets its device see it, and by the time it holds that device's cursor may have passed it. So a relay gives a grant that comes to hold
//! a new arrival number, in the transaction of what makes it hold. Then, in order of arrival, every grant that holds at all
//! holds at its place; and a set that is read again in that order finds by itself what was left to be done.
//!
//! Bounded by the set: a grant waits here once, and comes out at most once, for what holds goes on holding.

use std::collections::{BTreeMap, BTreeSet};

use super::{Claim, TrustStore};
use crate::document::Scope;
use crate::ids::{PatientId, StatementId};

type Subject = (PatientId, Scope);

/// Grants of a set that do not hold yet.
#[derive(Debug, Clone, Default)]
pub struct LateGrants {
    waiting: BTreeMap<Subject, BTreeSet<StatementId>>,
    /// How many of the set's statements were looked at.
    seen: usize,
}

impl LateGrants {
    /// Statements were added to `set`, always the same one. Returns the earlier grants that hold now and did not before, each after those
    /// it holds by.
    ///
    /// Costs nothing while none waits; otherwise what those of the same patient cost, or all of them when a device was certified.
    pub fn look(&mut self, set: &TrustStore) -> Vec<StatementId> {
        let new = set.added_since(self.seen);
        self.seen += new.len();
        let (mut touched, mut grants) = (BTreeSet::new(), Vec::new());
        for id in new {
            match set.statement(id).map(|statement| &statement.claim) {
                Some(Claim::Grant(grant)) => {
                    touched.insert((grant.patient, grant.scope));
                    grants.push(((grant.patient, grant.scope), *id));
                }
                Some(Claim::Device(_)) => touched.extend(self.waiting.keys().copied()),
                _ => {}
            }
        }
        let holding = touched.into_iter().flat_map(|subject| self.holding(set, subject)).collect();
        for (subject, id) in grants {
            if !set.effective(&id) {
                self.waiting.entry(subject).or_default().insert(id);
            }
        }
        holding
    }

    fn holding(&mut self, set: &TrustStore, subject: Subject) -> Vec<StatementId> {
        let Some(waiting) = self.waiting.get_mut(&subject) else { return Vec::new() };
        let mut holding: Vec<_> = waiting.iter().filter_map(|id| Some((set.place_of_grant(id)?, *id))).collect();
        holding.sort_unstable();
        for (_, id) in &holding {
            waiting.remove(id);
        }
        if waiting.is_empty() {
            self.waiting.remove(&subject);
        }
        holding.into_iter().map(|(_, id)| id).collect()
    }
}
