//! Taking a courier file: as far as it verifies, and of that what is for this tablet.
//!
//! The file is read twice: once through its statements, to learn which patients it brings grants of for this tablet (the grant that
//! makes another one valid may stand before or behind it), then from the beginning, in batches.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;

use tendenko_protocol::chunk::{ChunkHeader, ReceivedChunk};
use tendenko_protocol::courier::{End, Fate, Incoming, Part, Report};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::PatientId;
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::ReceivedBytes;
use tendenko_protocol::trust::{Claim, UnverifiedStatement};

use super::{CourierError, CourierProgress};
use crate::receive::Door;
use crate::replica::Replica;

/// Bytes of items taken in one transaction: screens that save wait no longer than for these.
const BATCH_BYTES: usize = 256 << 10;
/// Items taken in one transaction.
const BATCH_ITEMS: usize = 128;
/// Subjects that one file can bring grants of for this tablet.
const MAX_SUBJECTS: usize = 100_000;

type Subjects = BTreeSet<(PatientId, Scope)>;

impl Replica {
    /// Takes what a courier file brings for this tablet, as far as the file verifies. Importing a file again finds everything known; one
    /// that was cut is gone on with when the rest is there. Blocks.
    pub fn import_courier(&self, path: &Path, progress: CourierProgress<'_>) -> Result<Report, CourierError> {
        let failed = |source: io::Error| CourierError::File { path: path.into(), source };
        let mut file = File::open(path).map_err(failed)?;
        let ours = self.subjects_in(&file)?;
        file.rewind().map_err(failed)?;

        let mut incoming = Incoming::new(file);
        let Some(Part::Header(header)) = incoming.next_part()? else { return Err(CourierError::Empty) };
        let mut report = Report::of(header);
        let (mut batch, mut size) = (Vec::new(), 0);
        let end = loop {
            match incoming.next_part() {
                Ok(Some(Part::Item(item))) => {
                    // Grants are taken before anybody asks whom the records behind them are for.
                    // And records before anybody asks what mentions the pieces behind them.
                    if batch.last().is_some_and(|before| kind(before) != kind(&item)) {
                        size = 0;
                        self.take_courier_batch(std::mem::take(&mut batch), &mut report)?;
                    }
                    if self.is_for_others(&item, &ours) {
                        report.count(Fate::NotForUs);
                        continue;
                    }
                    size += item.bytes().len();
                    batch.push(item);
                    if size < BATCH_BYTES && batch.len() < BATCH_ITEMS {
                        continue;
                    }
                    size = 0;
                    self.take_courier_batch(std::mem::take(&mut batch), &mut report)?;
                    if progress(incoming.totals()).is_break() {
                        break End::CalledOff { at: incoming.verified() };
                    }
                }
                Ok(Some(Part::Unknown)) => report.unknown += 1,
                Ok(Some(Part::End(_))) => break End::Whole,
                Ok(Some(Part::Header(_)) | None) => break End::Cut { at: incoming.verified() },
                Err(error) => break End::of(&error, incoming.verified()),
            }
        };
        self.take_courier_batch(batch, &mut report)?;
        report.read = incoming.totals();
        report.end = end;
        tracing::info!(new = report.new, known = report.known, refused = report.refusals(), "a courier file was taken");
        Ok(report)
    }

    fn take_courier_batch(&self, items: Vec<Item>, report: &mut Report) -> Result<(), CourierError> {
        if items.is_empty() {
            return Ok(());
        }
        let (_, fates) = self.take_batch(items, None, Door::Courier)?;
        fates.into_iter().for_each(|fate| report.count(fate));
        // What is new wants to go on to a relay, should one be there.
        self.departure.notify_one();
        Ok(())
    }

    /// The subjects of which this file brings a grant for this tablet. Claims, not facts: what they are worth shows when they are taken.
    fn subjects_in(&self, file: &File) -> Result<Subjects, CourierError> {
        let mut incoming = Incoming::new(file);
        let Some(Part::Header(header)) = incoming.next_part()? else { return Err(CourierError::Empty) };
        if header.region != self.trust().region() {
            return Err(CourierError::OtherRegion { file: header.region });
        }
        let mut subjects = Subjects::new();
        // Statements stand before the records. What stands elsewhere is found when the file is imported again.
        while let Ok(Some(Part::Item(Item::Statement(bytes)))) = incoming.next_part() {
            if let Ok(statement) = UnverifiedStatement::parse(&bytes)
                && let Claim::Grant(grant) = statement.claim()
                && grant.device == self.device_id()
                && subjects.len() < MAX_SUBJECTS
            {
                subjects.insert((grant.patient, grant.scope));
            }
        }
        Ok(subjects)
    }

    /// Of a patient that this tablet may not read: not kept here. What cannot be read is not for others; it is refused by name.
    fn is_for_others(&self, item: &Item, ours: &Subjects) -> bool {
        let trust = self.trust();
        let foreign = |patient, scope| !trust.granted(self.device_id(), patient, scope);
        match item {
            Item::Statement(bytes) => {
                UnverifiedStatement::parse(bytes).is_ok_and(|statement| match statement.claim() {
                    Claim::Grant(grant) => {
                        !ours.contains(&(grant.patient, grant.scope)) && foreign(grant.patient, grant.scope)
                    }
                    _ => false,
                })
            }
            Item::Record(bytes) => {
                let parsed = ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse);
                parsed.is_ok_and(|record| foreign(record.header().document.patient, record.header().document.scope()))
            }
            Item::Chunk(bytes) => {
                let parsed = ReceivedChunk::new(bytes.clone()).and_then(ReceivedChunk::parse);
                parsed.is_ok_and(|chunk| foreign(chunk.header().place.patient, ChunkHeader::SCOPE))
            }
            // No file holds any.
            Item::Checkpoint(_) => false,
        }
    }
}

/// What is judged by what came before it is not taken in one batch with that.
fn kind(item: &Item) -> u8 {
    match item {
        Item::Statement(_) => 0,
        Item::Record(_) => 1,
        Item::Chunk(_) | Item::Checkpoint(_) => 2,
    }
}
