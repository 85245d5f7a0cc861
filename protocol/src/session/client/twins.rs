//! Two histories of one log: both sides end up with both, each keeping its own and the other's in quarantine.
//!
//! A store that was copied so that nothing shows it goes on under the name of the one it was copied from, and two relays may ack what each
//! of them writes. That shows when two logs are as long and not the same, or when a record comes to either side that contradicts what is
//! there. Then, log by log: the tablet names what it knows, by prints; the relay sends what is not among that, and says what it lacks of it; the
//! tablet pushes that. Admission at both ends finds forks, and sets them aside. A common beginning goes neither way, however deep the fork lies.
//!
//! **It ends.** A log is compared so at most once in a session, and each time is one question, one answer and the records that differ. When
//! both sides keep all of them, their prints agree from then on ([`Print::of_log`]), and no comparison finds anything. When one does not
//! (its quarantine is full, or it does not believe the author any more), the next reconcile asks again: that costs the prints, and those records.

use std::collections::{BTreeSet, VecDeque};

use super::comparison::Comparison;
use super::outgoing::Origin;
use super::{ClientAction, Session};
use crate::document::LogId;
use crate::ids::{Print, RecordHash};
use crate::limits::MAX_PRINTS;
use crate::messages::{ClientMessage, Item, Lane};
use crate::session::CloseReason;

/// Logs that are compared so in one session: whoever makes forks must not keep it busy for ever.
const MAX_TWINS: usize = 1_024;

/// Logs of which two histories exist, as this session has noticed.
#[derive(Debug, Default)]
pub(super) struct Twins {
    waiting: VecDeque<LogId>,
    /// These, and those that were compared.
    noted: BTreeSet<LogId>,
}

impl Twins {
    /// These are to be compared, if they were not yet.
    pub(super) fn note(&mut self, logs: impl IntoIterator<Item = LogId>) {
        for log in logs {
            if self.noted.len() < MAX_TWINS && self.noted.insert(log) {
                self.waiting.push_back(log);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// How far the comparison of one log is.
#[derive(Debug)]
pub(super) struct Exchange {
    log: LogId,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// The host reads what is known.
    Reading,
    /// It was named; the relay answers.
    Asked,
    /// What the relay lacks is read and pushed.
    Giving { lacking: BTreeSet<Print>, reading: bool },
}

impl Session {
    /// Begins with the next log. False if there is none.
    pub(super) fn compare_twins(&mut self) -> bool {
        let Some(log) = self.twins.waiting.pop_front() else { return false };
        self.comparison = Some(Comparison::Twins(Exchange { log, step: Step::Reading }));
        self.actions.push(ClientAction::LoadPrints { log });
        true
    }

    pub(super) fn prints_loaded(&mut self, prints: Vec<Print>) -> Result<(), CloseReason> {
        let Some(Comparison::Twins(Exchange { log, step: step @ Step::Reading })) = &mut self.comparison else {
            return Err(CloseReason::Protocol("prints were not asked for"));
        };
        let (log, first) = (*log, prints.len().saturating_sub(MAX_PRINTS));
        *step = Step::Asked;
        self.send(Lane::of(log.document.scope()), ClientMessage::Twins { log, prints: prints[first..].to_vec() });
        Ok(())
    }

    pub(super) fn twins_answered(&mut self, lane: Lane, prints: Vec<Print>) -> Result<(), CloseReason> {
        match &mut self.comparison {
            Some(Comparison::Twins(Exchange { log, step: step @ Step::Asked }))
                if lane == Lane::of(log.document.scope()) =>
            {
                *step = Step::Giving { lacking: prints.into_iter().collect(), reading: false };
                Ok(())
            }
            _ => Err(CloseReason::Protocol("twins that were not asked for")),
        }
    }

    pub(super) fn twins_loaded(&mut self, records: Vec<Vec<u8>>, more: bool) -> Result<(), CloseReason> {
        let Some(Comparison::Twins(Exchange { log, step: Step::Giving { lacking, reading } })) = &mut self.comparison
        else {
            return Err(CloseReason::Protocol("twins were not asked for"));
        };
        *reading = false;
        let given = records.iter().filter(|bytes| lacking.remove(&RecordHash::of(bytes).print())).count();
        if !more || given == 0 {
            lacking.clear();
        }
        let lane = Lane::of(log.document.scope());
        self.push(lane, records.into_iter().map(Item::Record).collect(), Origin::Twins);
        Ok(())
    }

    pub(super) fn pump_twins(&mut self, settled: bool) {
        let Some(Comparison::Twins(Exchange { log, step: Step::Giving { lacking, reading } })) = &mut self.comparison
        else {
            return;
        };
        if lacking.is_empty() {
            if settled {
                self.compared();
            }
            return;
        }
        let budget = self.lanes[Lane::of(log.document.scope())].outgoing.room();
        if !*reading && budget > 0 {
            *reading = true;
            let prints = lacking.iter().copied().collect();
            self.actions.push(ClientAction::LoadTwins { log: *log, prints, budget });
        }
    }
}
