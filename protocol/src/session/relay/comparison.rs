//! The answer to a tablet's vectors: what the relay has of these documents, and what the tablet lacks of it.

use super::Session;
use super::jobs::Job;
use crate::document::{DocumentId, Vector};
use crate::messages::{Coverage, Item, Lane, RelayMessage};
use crate::record::ReceivedBytes;
use crate::session::CloseReason;
use crate::session::client::{bounded, pages};

impl Session {
    pub(super) fn vectors_read(
        &mut self,
        lane: Lane,
        documents: Vec<(DocumentId, Vector)>,
        more: bool,
    ) -> Result<(), CloseReason> {
        self.read(lane)?;
        let Some(Job::Compare(compare)) = self.lanes[lane].jobs.front_mut() else {
            return Err(CloseReason::Protocol("vectors were not asked for"));
        };
        let last = documents.last().map(|(document, _)| *document);
        compare.more = more && last.is_some();
        if let (Coverage::Span { after, .. }, Some(last)) = (&mut compare.coverage, last) {
            *after = Some(last);
        }
        for (document, ours) in &documents {
            let theirs = compare.theirs.remove(document).unwrap_or_default();
            if !theirs.covers(ours) {
                compare.lacking.push((*document, theirs));
            }
        }
        let done = compare.lacking.is_empty() && !compare.more;
        self.send(lane, RelayMessage::Vectors { documents: bounded(documents), done });
        if done {
            self.compared(lane);
        }
        Ok(())
    }

    pub(super) fn missing_read(&mut self, lane: Lane, records: Vec<Vec<u8>>, more: bool) -> Result<(), CloseReason> {
        self.read(lane)?;
        let Some(Job::Compare(compare)) = self.lanes[lane].jobs.front_mut() else {
            return Err(CloseReason::Protocol("missing records were not asked for"));
        };
        for bytes in &records {
            let header =
                ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse).map(|parsed| *parsed.header());
            if let Ok(header) = header
                && let Some((_, theirs)) = compare.lacking.iter_mut().find(|(document, _)| *document == header.document)
            {
                theirs.raise(header.device, header.incarnation, header.seq);
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
            self.compared(lane);
        }
        Ok(())
    }

    fn compared(&mut self, lane: Lane) {
        if let Some(Job::Compare(compare)) = self.lanes[lane].jobs.pop_front()
            && compare.last
        {
            self.reconciling = false;
        }
    }
}
