//! What goes out: one read at a time, first the jobs, then the stream in order of arrival.

use super::jobs::{Compare, Job};
use super::{Phase, Reading, RelayAction, Select, Session};
use crate::ids::ArrivalNo;
use crate::limits::{MAX_DOCUMENTS, PAGE, VECTOR_PAGE};
use crate::messages::{Coverage, Item, RelayMessage};
use crate::session::CloseReason;
use crate::session::client::pages;

impl Session {
    /// Asks for the next read, if none is under way.
    pub(super) fn pump(&mut self) {
        if self.phase != Phase::Open || self.reading.is_some() {
            return;
        }
        let committed = self.answered();
        let reading = if self.jobs.is_empty() { Reading::Stream } else { Reading::Job };
        let action = match self.jobs.front() {
            Some(Job::Statements { barrier, .. } | Job::Compare(Compare { barrier, .. })) if *barrier > committed => {
                return;
            }
            Some(Job::Statements { after, .. }) => read_page(*after, Select::Statements),
            Some(Job::Fill { patient, scope, after }) => read_page(*after, Select::Scope(*patient, *scope)),
            Some(Job::Compare(compare)) if compare.lacking.is_empty() => RelayAction::ReadVectors {
                coverage: compare.coverage,
                listed: match compare.coverage {
                    Coverage::Listed => compare.theirs.keys().copied().collect(),
                    Coverage::Span { .. } => Vec::new(),
                },
                max_documents: MAX_DOCUMENTS,
                max_logs: VECTOR_PAGE,
            },
            Some(Job::Compare(compare)) => {
                RelayAction::ReadMissing { documents: compare.lacking.clone(), limit_bytes: PAGE }
            }
            None if self.reconciling => return,
            None => {
                self.pass_own();
                if self.sent_through < self.newest {
                    read_page(self.sent_through, Select::All)
                } else {
                    if std::mem::take(&mut self.announce) {
                        self.send(RelayMessage::CaughtUp { through: self.sent_through });
                    }
                    return;
                }
            }
        };
        self.reading = Some(reading);
        self.actions.push(action);
    }

    pub(super) fn page(
        &mut self,
        items: Vec<(ArrivalNo, Item)>,
        through: ArrivalNo,
        end: bool,
    ) -> Result<(), CloseReason> {
        let reading = self.read()?;
        let done = end || through >= self.newest;
        let next = match (reading, self.jobs.front_mut()) {
            (Reading::Stream, _) | (Reading::Job, None) => None,
            (Reading::Job, Some(Job::Statements { after, .. } | Job::Fill { after, .. })) => Some(after),
            (Reading::Job, Some(Job::Compare(_))) => return Err(CloseReason::Protocol("a page was not asked for")),
        };
        if let Some(after) = next {
            // A page that goes nowhere is the last, or a careless host would be asked for ever.
            let done = end || through <= *after;
            *after = through;
            for items in pages(items.into_iter().map(|(_, item)| item).collect(), |item| item.bytes().len()) {
                self.send(RelayMessage::Fill { items });
            }
            if done && let Some(Job::Fill { patient, scope, .. }) = self.jobs.pop_front() {
                self.send(RelayMessage::Backfilled { patient, scope });
            }
            return Ok(());
        }
        let own = &self.own;
        let sent_through = self.sent_through;
        let before = items.len();
        let items: Vec<_> =
            items.into_iter().filter(|(arrival, _)| *arrival > sent_through && !own.contains(arrival)).collect();
        self.announce |= before > 0;
        for items in pages(items, |(_, item)| item.bytes().len()) {
            self.send(RelayMessage::Items { items });
        }
        let stuck = !done && through <= self.sent_through;
        self.sent_through = self.sent_through.max(if stuck { self.newest } else { through });
        self.own = self.own.split_off(&self.sent_through.next());
        Ok(())
    }

    pub(super) fn read(&mut self) -> Result<Reading, CloseReason> {
        self.reading.take().ok_or(CloseReason::Protocol("nothing was asked for"))
    }

    /// What the tablet pushed itself need not be read again.
    fn pass_own(&mut self) {
        while self.own.remove(&self.sent_through.next()) {
            self.sent_through = self.sent_through.next();
            self.announce = true;
        }
    }
}

fn read_page(after: ArrivalNo, select: Select) -> RelayAction {
    RelayAction::ReadPage { after, select, limit_bytes: PAGE }
}
