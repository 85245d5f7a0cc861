//! The answer to a tablet that knows another history of a log: what it lacks of what is known here, and what is lacking here.

use std::collections::BTreeSet;

use super::jobs::Job;
use super::{RelayAction, Session};
use crate::document::LogId;
use crate::ids::{Print, RecordHash};
use crate::limits::{MAX_PRINTS, PAGE};
use crate::messages::{Item, Lane, RelayMessage};
use crate::session::CloseReason;
use crate::session::client::pages;

/// First what is known here, then what of it is to be sent.
pub(super) fn read_twins(lane: Lane, log: LogId, sending: Option<&BTreeSet<Print>>) -> RelayAction {
    match sending {
        None => RelayAction::ReadPrints { lane, log },
        Some(prints) => {
            RelayAction::ReadTwins { lane, log, prints: prints.iter().copied().collect(), limit_bytes: PAGE }
        }
    }
}

impl Session {
    pub(super) fn prints_read(&mut self, lane: Lane, prints: Vec<Print>) -> Result<(), CloseReason> {
        self.read(lane)?;
        let Some(Job::Twins(twins)) = self.lanes[lane].jobs.front_mut() else {
            return Err(CloseReason::Protocol("prints were not asked for"));
        };
        let first = prints.len().saturating_sub(MAX_PRINTS);
        let mut ours: BTreeSet<_> = prints[first..].iter().copied().collect();
        ours.retain(|print| !twins.theirs.remove(print));
        twins.sending = Some(ours);
        self.answer_twins(lane);
        Ok(())
    }

    pub(super) fn twins_read(&mut self, lane: Lane, records: Vec<Vec<u8>>, more: bool) -> Result<(), CloseReason> {
        let Some(Job::Twins(twins)) = self.lanes[lane].jobs.front_mut() else {
            return Err(CloseReason::Protocol("twins were not asked for"));
        };
        let sending = twins.sending.get_or_insert_default();
        let sent = records.iter().filter(|bytes| sending.remove(&RecordHash::of(bytes).print())).count();
        if !more || sent == 0 {
            sending.clear();
        }
        for records in pages(records, Vec::len) {
            self.fill(lane, records.into_iter().map(Item::Record).collect());
        }
        self.answer_twins(lane);
        Ok(())
    }

    /// Says what is lacking here, once all that the tablet lacks was sent.
    fn answer_twins(&mut self, lane: Lane) {
        if let Some(Job::Twins(twins)) = self.lanes[lane].jobs.front_mut()
            && twins.sending.as_ref().is_some_and(BTreeSet::is_empty)
        {
            let prints = std::mem::take(&mut twins.theirs).into_iter().collect();
            self.lanes[lane].jobs.pop_front();
            self.send(lane, RelayMessage::Twins { prints });
        }
    }
}
