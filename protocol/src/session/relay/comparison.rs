//! The answers to a tablet's sums and vectors: what the relay has, and what the tablet lacks of it.

use super::Session;
use super::jobs::Job;
use crate::document::{DocumentId, Vector};
use crate::ids::{ArrivalNo, RecordHash, StatementId};
use crate::messages::{Coverage, Item, Lane, RelayMessage, Set};
use crate::record::ReceivedBytes;
use crate::session::CloseReason;
use crate::session::client::{bounded, pages};
use crate::session::sums;

impl Session {
    /// A page of statements to be summed up. If they differ from the tablet's, nothing is said of documents: what it may see depends on them.
    pub(super) fn statements_summed(
        &mut self,
        lane: Lane,
        items: &[(ArrivalNo, Item)],
        through: ArrivalNo,
        end: bool,
    ) -> Result<(), CloseReason> {
        let Some(Job::Sums(summing)) = self.lanes[lane].jobs.front_mut() else {
            return Err(CloseReason::Protocol("statements were not asked for"));
        };
        let Some(after) = summing.statements_after else {
            return Err(CloseReason::Protocol("statements were not asked for"));
        };
        if let Some(entries) = summing.ours.get_mut(&Set::Statements) {
            items.iter().for_each(|(_, item)| entries.add(sums::statement(&StatementId::of(item.bytes()))));
        }
        if !end && through > after {
            summing.statements_after = Some(through);
            return Ok(());
        }
        summing.statements_after = None;
        let documents = summing.theirs.keys().any(|set| *set != Set::Statements);
        if !self.say_sums(lane, Set::Statements) || !documents {
            self.lanes[lane].jobs.pop_front();
        }
        Ok(())
    }

    /// Tells the relay's sums of a set the tablet asked about. True if they are the same.
    fn say_sums(&mut self, lane: Lane, set: Set) -> bool {
        let Some(Job::Sums(summing)) = self.lanes[lane].jobs.front_mut() else { return true };
        let (Some(ours), Some(theirs)) = (summing.ours.remove(&set), summing.theirs.get(&set)) else { return true };
        let same = ours.summary(set) == *theirs;
        let sums = if same { Vec::new() } else { ours.buckets(sums::buckets_for(theirs.count)) };
        self.send(lane, RelayMessage::Sums { set, sums });
        same
    }

    pub(super) fn vectors_read(
        &mut self,
        lane: Lane,
        documents: Vec<(DocumentId, Vector)>,
        more: bool,
    ) -> Result<(), CloseReason> {
        self.read(lane)?;
        let last = documents.last().map(|(document, _)| *document);
        let more = more && last.is_some();
        match self.lanes[lane].jobs.front_mut() {
            Some(Job::Sums(summing)) => {
                for (document, vector) in &documents {
                    if let Some(entries) = summing.ours.get_mut(&sums::set_of(document)) {
                        entries.add(sums::document(document, vector));
                    }
                }
                summing.documents_after = last;
                if !more {
                    self.say_sums(lane, Set::Cards);
                    self.say_sums(lane, Set::Charts);
                    self.lanes[lane].jobs.pop_front();
                }
                return Ok(());
            }
            Some(Job::Compare(compare)) => {
                compare.more = more;
                if let (Coverage::Span { after, .. }, Some(last)) = (&mut compare.coverage, last) {
                    *after = Some(last);
                }
                let mut answer = Vec::new();
                let only = |document: &DocumentId| {
                    let only = compare.only.as_ref();
                    only.is_none_or(|(set, buckets)| sums::set_of(document) == *set && buckets.has_document(document))
                };
                for (document, ours) in documents.into_iter().filter(|(document, _)| only(document)) {
                    let mut theirs = compare.theirs.remove(&document).unwrap_or_default();
                    let lacks = !ours.covers(&theirs);
                    if !theirs.covers(&ours) {
                        theirs.settle(&ours);
                        compare.lacking.push((document, theirs));
                    }
                    if lacks {
                        answer.push((document, ours));
                    }
                }
                if !more {
                    // Of these there is nothing here.
                    let unknown = std::mem::take(&mut compare.theirs).into_keys();
                    answer.extend(unknown.map(|document| (document, Vector::default())));
                }
                let first = &self.first;
                compare.lacking.sort_by_key(|(of, _)| first.get(&of.patient).copied().unwrap_or(usize::MAX));
                let done = compare.lacking.is_empty() && !more;
                if done || !answer.is_empty() {
                    self.send(lane, RelayMessage::Vectors { documents: bounded(answer), done });
                }
                if done {
                    self.lanes[lane].jobs.pop_front();
                }
            }
            _ => return Err(CloseReason::Protocol("vectors were not asked for")),
        }
        Ok(())
    }

    pub(super) fn missing_read(&mut self, lane: Lane, records: Vec<Vec<u8>>, more: bool) -> Result<(), CloseReason> {
        self.read(lane)?;
        if let Some(Job::Twins(_)) = self.lanes[lane].jobs.front() {
            return self.twins_read(lane, records, more);
        }
        let Some(Job::Compare(compare)) = self.lanes[lane].jobs.front_mut() else {
            return Err(CloseReason::Protocol("missing records were not asked for"));
        };
        for bytes in &records {
            let header =
                ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse).map(|parsed| *parsed.header());
            if let Ok(header) = header
                && let Some((_, theirs)) = compare.lacking.iter_mut().find(|(document, _)| *document == header.document)
            {
                theirs.raise(header.device, header.incarnation, header.seq, RecordHash::of(bytes).print());
            }
        }
        if !more || records.is_empty() {
            compare.lacking.clear();
        }
        let done = compare.lacking.is_empty() && !compare.more;
        for records in pages(records, Vec::len) {
            self.fill(lane, records.into_iter().map(Item::Record).collect());
        }
        if done {
            self.send(lane, RelayMessage::Vectors { documents: Vec::new(), done: true });
            self.lanes[lane].jobs.pop_front();
        }
        Ok(())
    }
}
