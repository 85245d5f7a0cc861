//! Writing a courier file: what is pending is sealed, then statements, cards, charts and pieces of attachments go into the file.

use std::fs::File;
use std::path::Path;

use tendenko_protocol::chunk::ChunkHeader;
use tendenko_protocol::courier::{Header, Maker, Outgoing, Totals};
use tendenko_protocol::document::{Class, DocumentId, Vector};
use tendenko_protocol::domains::COURIER_VERSION;
use tendenko_protocol::ids::Millis;
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::ReceivedBytes;

use super::{CourierError, CourierProgress, CourierRequest};
use crate::files;
use crate::replica::Replica;
use crate::store::{StoreError, chunks, logs, marks, records};

/// Bytes read from the store at a time.
const PAGE: usize = 512 << 10;
/// Documents listed at a time.
const DOCUMENTS: usize = 4_096;

impl Replica {
    /// Writes a courier file: beside `path` first, as `….part`, and under its name once it is durable. A stick that is pulled out half-way
    /// holds a `.part`, which can be imported as far as it goes. Writing again starts over. Blocks.
    ///
    /// Nothing counts as sent for it.
    pub fn export_courier(
        &self,
        path: &Path,
        request: &CourierRequest,
        progress: CourierProgress<'_>,
    ) -> Result<Totals, CourierError> {
        self.seal_all()?;
        let mut failed = None;
        let written = files::write_whole(path, |file| {
            self.fill(file, request, progress).map_err(|error| {
                let source = match &error {
                    CourierError::File { source, .. } => source.kind().into(),
                    _ => std::io::Error::other("the export ended"),
                };
                failed = Some(error);
                source
            })
        });
        match (written, failed) {
            (_, Some(CourierError::File { source, .. })) | (Err(source), None) => {
                Err(CourierError::File { path: path.into(), source })
            }
            (_, Some(error)) => Err(error),
            (Ok(totals), None) => Ok(totals),
        }
    }

    fn fill(
        &self,
        file: &mut File,
        request: &CourierRequest,
        progress: CourierProgress<'_>,
    ) -> Result<Totals, CourierError> {
        let failed = |source| CourierError::File { path: Default::default(), source };
        let since = request.since.map(|since| Millis(since.0));
        let header = Header {
            version: COURIER_VERSION,
            region: self.trust().region(),
            created: Millis(self.clock.now().0),
            maker: Maker::Device(self.device_id()),
            for_whom: request.for_whom.clone(),
            since,
        };
        // Documents first: of one that comes later, the grants might not be in the file.
        let after = match since {
            None => Some(0),
            Some(since) => marks::before(&self.reader(), since.0)?,
        };
        let documents = match after {
            None => Vec::new(),
            Some(0) => self.all_documents()?,
            Some(record) => marks::documents_since(&self.reader(), record)?,
        };
        let mut outgoing = Outgoing::begin(file, &header);
        for bytes in self.statements_for(request) {
            outgoing.put(&Item::Statement(bytes)).map_err(failed)?;
        }
        go_on(progress(outgoing.totals()))?;
        for class in [Class::Card, Class::Chart, Class::Attachment] {
            for document in documents.iter().filter(|document| document.class == class) {
                if !request.for_whom.wants(&self.trust(), document.patient, document.scope()) {
                    continue;
                }
                let mut known = match after {
                    Some(record) if record > 0 => marks::vector_at(&self.reader(), *document, record)?,
                    _ => Vector::default(),
                };
                loop {
                    let (page, more) = records::missing(&self.reader(), &[(*document, known.clone())], PAGE)?;
                    for bytes in page {
                        pass(&mut known, &bytes)?;
                        outgoing.put(&Item::Record(bytes)).map_err(failed)?;
                    }
                    go_on(progress(outgoing.totals()))?;
                    if !more {
                        break;
                    }
                }
            }
        }
        if request.attachments {
            let mut after = 0;
            loop {
                // Text was sealed before: whatever mentions these is in the file, or was here already before `since`.
                let (page, more) = chunks::since(&self.reader(), after, since.map(|since| since.0), PAGE)?;
                for (place, patient, bytes) in page {
                    after = place;
                    if request.for_whom.wants(&self.trust(), patient, ChunkHeader::SCOPE) {
                        outgoing.put(&Item::Chunk(bytes)).map_err(failed)?;
                    }
                }
                go_on(progress(outgoing.totals()))?;
                if !more {
                    break;
                }
            }
        }
        let (totals, _) = outgoing.finish().map_err(failed)?;
        Ok(totals)
    }

    fn all_documents(&self) -> Result<Vec<DocumentId>, StoreError> {
        let mut all: Vec<DocumentId> = Vec::new();
        loop {
            let more = logs::documents_after(&self.reader(), all.last().copied(), DOCUMENTS)?;
            if more.is_empty() {
                return Ok(all);
            }
            all.extend(more);
        }
    }

    /// Issuers before what they issued.
    fn statements_for(&self, request: &CourierRequest) -> Vec<Vec<u8>> {
        let trust = self.trust();
        let wanted = |id| trust.statement(id).is_some_and(|said| request.for_whom.wants_statement(&trust, said));
        trust.statements().filter(|(id, _)| wanted(id)).map(|(_, bytes)| bytes.to_vec()).collect()
    }
}

/// This record is in the file.
fn pass(known: &mut Vector, bytes: &[u8]) -> Result<(), StoreError> {
    let parsed = ReceivedBytes::new(bytes.to_vec()).and_then(ReceivedBytes::parse).map_err(|_| StoreError::Damaged)?;
    let header = parsed.header();
    known.raise(header.device, header.incarnation, header.seq, parsed.hash().print());
    Ok(())
}

fn go_on(said: std::ops::ControlFlow<()>) -> Result<(), CourierError> {
    if said.is_break() { Err(CourierError::CalledOff) } else { Ok(()) }
}
