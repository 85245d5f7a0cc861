//! Taking a courier file into a relay's store, as far as it verifies.

use std::io::Read;

use tendenko_protocol::courier::{End, Fate, Incoming, Part, Report};
use tendenko_protocol::ids::{Millis, RegionId};
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::RejectReason;

use super::{CourierError, Progress};
use crate::host::admit;
use crate::store::{Fate as Stored, NewItem, RelayStore, Source};
use crate::trust::Trust;

/// Bytes of items taken in one transaction.
const BATCH_BYTES: usize = 1 << 20;
/// Items taken in one transaction.
const BATCH_ITEMS: usize = 512;

pub(super) fn take(
    store: &dyn RelayStore,
    trust: &Trust,
    ours: RegionId,
    file: impl Read,
    now: Millis,
    progress: Progress<'_>,
) -> Result<Report, CourierError> {
    let mut incoming = Incoming::new(file);
    let header = match incoming.next_part()? {
        Some(Part::Header(header)) => header,
        _ => return Err(CourierError::Empty),
    };
    if header.region != ours {
        return Err(CourierError::OtherRegion { file: header.region, ours });
    }
    let mut report = Report::of(header);
    let mut batch = Vec::new();
    let mut size = 0;
    let end = loop {
        match incoming.next_part() {
            Ok(Some(Part::Item(item))) => {
                size += item.bytes().len();
                batch.push(item);
                if size < BATCH_BYTES && batch.len() < BATCH_ITEMS {
                    continue;
                }
                size = 0;
                commit(store, trust, now, std::mem::take(&mut batch), &mut report)?;
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
    commit(store, trust, now, batch, &mut report)?;
    report.read = incoming.totals();
    report.end = end;
    Ok(report)
}

fn commit(
    store: &dyn RelayStore,
    trust: &Trust,
    now: Millis,
    items: Vec<Item>,
    report: &mut Report,
) -> Result<(), CourierError> {
    if items.is_empty() {
        return Ok(());
    }
    let submission = admit::submission(trust, Source::Operator, now, items);
    let committed = store.commit(std::slice::from_ref(&submission))?;
    let fates = committed.fates.into_iter().flatten();
    for (item, fate) in submission.items.iter().zip(fates) {
        report.count(match fate {
            Stored::Stored(_) => Fate::New,
            Stored::Known(_) | Stored::Kept => Fate::Known,
            Stored::Fork => Fate::Refused(RejectReason::Fork),
            Stored::Gap { .. } => Fate::Refused(RejectReason::Gap),
            Stored::Full => Fate::Refused(RejectReason::Full),
            Stored::Refused => Fate::Refused(match item {
                NewItem::Refused(refused) => refused.reason,
                _ => RejectReason::Malformed,
            }),
        });
    }
    Ok(())
}
