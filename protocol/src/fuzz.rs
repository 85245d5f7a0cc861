//! One entry per parser and session, for fuzzers (`fuzz/`): any bytes in, nothing out, and a panic if what must hold does not.
//!
//! The same entries run over the kept seeds in `tests/corpus.rs`.

use crate::chunk::ReceivedChunk;
use crate::courier::{self, Part};
use crate::document::Vector;
use crate::ids::{ArrivalNo, ChunkId, DeviceId, Millis, Print, RegionId, RelayId, RelayIncarnation};
use crate::invitation::Invitation;
use crate::messages::{Backfill, ClientMessage, FrameDecoder, Lane, RelayMessage};
use crate::paper::PaperSignature;
use crate::record::{ParsedCheckpoint, ReceivedBytes, RejectReason};
use crate::session::Standing;
use crate::session::client::{self, ClientAction, ClientConfig, ClientEvent};
use crate::session::relay::{self, Outcome, RelayAction, RelayConfig, RelayEvent};
use crate::trust::{EnrolmentBundle, EnrolmentRequest, RelayRequest, UnverifiedStatement};

/// A sealed record.
pub fn record(bytes: &[u8]) {
    let _ = ReceivedBytes::new(bytes.to_vec()).and_then(ReceivedBytes::parse);
}

/// A sealed chunk.
pub fn chunk(bytes: &[u8]) {
    let _ = ReceivedChunk::new(bytes.to_vec()).and_then(ReceivedChunk::parse);
}

/// A part of a checkpoint.
pub fn checkpoint(bytes: &[u8]) {
    let _ = ParsedCheckpoint::parse(bytes.to_vec());
}

/// A signed statement.
pub fn statement(bytes: &[u8]) {
    let _ = UnverifiedStatement::parse(bytes);
}

/// An enrolment request, of a device or of a relay.
pub fn enrolment_request(bytes: &[u8]) {
    let _ = EnrolmentRequest::from_bytes(bytes);
    let _ = RelayRequest::from_bytes(bytes);
}

/// An enrolment bundle.
pub fn enrolment_bundle(bytes: &[u8]) {
    if let Ok(bundle) = EnrolmentBundle::from_bytes(bytes) {
        assert_eq!(EnrolmentBundle::from_bytes(&bundle.to_bytes()), Ok(bundle));
    }
}

/// The text of an invitation. What was understood is said again in the same words.
pub fn invitation(bytes: &[u8]) {
    if let Ok(invitation) =
        std::str::from_utf8(bytes).map_err(drop).and_then(|text| Invitation::from_text(text).map_err(drop))
    {
        assert_eq!(Invitation::from_text(&invitation.to_text()), Ok(invitation));
    }
}

/// The signature on a printed document. What was understood is said again in the same words.
pub fn paper(bytes: &[u8]) {
    let read = |text| PaperSignature::from_text(text).map_err(drop);
    if let Ok(signature) = std::str::from_utf8(bytes).map_err(drop).and_then(read) {
        assert_eq!(PaperSignature::from_text(&signature.to_text()), Ok(signature));
    }
}

/// A courier file, fed in pieces of any size: what verifies does not depend on how it was cut, and says itself again.
pub fn courier(bytes: &[u8]) {
    let piece = 1 + bytes.len() % 61;
    let whole = courier_parts(bytes, bytes.len().max(1));
    assert_eq!(whole, courier_parts(bytes, piece));
    let (parts, verified) = whole;
    assert!(verified <= bytes.len() as u64);
    let Some((Part::Header(header), items)) = parts.split_first() else { return };
    let (mut writer, mut again) = courier::Writer::begin(header);
    let mut items = items.iter();
    let complete = loop {
        match items.next() {
            Some(Part::Item(item)) => writer.item(item, &mut again),
            Some(Part::End(_)) => break true,
            _ => break false,
        }
    };
    if complete {
        again.extend(writer.end().1);
        // Another writer may have put the header's fields in another order.
        assert_eq!(courier_parts(&again, again.len()).0, parts);
    }
}

fn courier_parts(bytes: &[u8], piece: usize) -> (Vec<Part>, u64) {
    let mut reader = courier::Reader::new();
    let mut parts = Vec::new();
    for piece in bytes.chunks(piece) {
        reader.feed(piece);
        while let Ok(Some(part)) = reader.next_part() {
            parts.push(part);
        }
    }
    (parts, reader.verified())
}

/// A stream of frames with messages from a tablet. What was understood is said again in the same words.
pub fn client_stream(bytes: &[u8]) {
    for content in frames(bytes) {
        if let Ok(message) = ClientMessage::decode(&content) {
            assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
        }
    }
}

/// A stream of frames with messages from a relay. What was understood is said again in the same words.
pub fn relay_stream(bytes: &[u8]) {
    for content in frames(bytes) {
        if let Ok(message) = RelayMessage::decode(&content) {
            assert_eq!(RelayMessage::decode(&message.encode()), Ok(message));
        }
    }
}

/// A tablet's session (of relay `01…`, with an empty store) that a relay says these frames to, each with its lane before the message.
pub fn client_session(bytes: &[u8]) {
    let mut session = client::Session::new(ClientConfig {
        region: RegionId([1; 16]),
        device: DeviceId([2; 16]),
        relay: RelayId([1; 16]),
        chain: Vec::new(),
        cursor: None,
        versions: vec![1],
        backfill: Vec::new(),
        first: Vec::new(),
        long_away: true,
        wanted: vec![ChunkId([3; 32])],
        offer: true,
        checkpoints: Some(Vec::new()),
        suspects: Vec::new(),
    });
    let now = Millis(0);
    let messages = frames(bytes).into_iter().filter_map(|content| {
        let (lane, content) = on_lane(&content)?;
        Some((lane, RelayMessage::decode(content).ok()?))
    });
    let events = messages.map(|(lane, message)| ClientEvent::Received { now, lane, message });
    for event in std::iter::once(ClientEvent::Connected { now }).chain(events) {
        let mut pending = vec![event];
        let mut steps = 0;
        while let Some(event) = pending.pop() {
            pending.extend(session.handle(event).into_iter().filter_map(empty_tablet));
            steps += 1;
            assert!(steps < MAX_STEPS, "a session that never rests");
        }
    }
}

/// A relay's session (that knows every tablet, and stores nothing) that a tablet says these frames to, each with its lane before the
/// message.
pub fn relay_session(bytes: &[u8]) {
    let peer_key = PEER_KEY;
    let mut session = relay::Session::new(RelayConfig { region: RegionId([1; 16]), versions: vec![1], peer_key });
    for content in frames(bytes) {
        let Some((lane, content)) = on_lane(&content) else { continue };
        let Ok(message) = ClientMessage::decode(content) else { continue };
        let mut pending = vec![RelayEvent::Received { lane, message }];
        let mut steps = 0;
        while let Some(event) = pending.pop() {
            pending.extend(session.handle(event).into_iter().filter_map(empty_relay));
            steps += 1;
            assert!(steps < MAX_STEPS, "a session that never rests");
        }
    }
}

/// The key of the tablet that speaks in [`relay_session`]; its hello must name this key's device.
pub const PEER_KEY: [u8; 32] = [3; 32];

/// Far more than one message can ask for: 1,024 scopes to fill in, each one read.
const MAX_STEPS: usize = 10_000;

/// What a tablet with nothing in its store reports. Documents of every batch are reported as gaps, so that they are compared.
fn empty_tablet(action: ClientAction) -> Option<ClientEvent> {
    match action {
        ClientAction::Store { batch, items, .. } => {
            let headers = items.iter().filter_map(|item| {
                ReceivedBytes::new(item.bytes().to_vec()).and_then(ReceivedBytes::parse).ok().map(|it| *it.header())
            });
            Some(ClientEvent::Stored {
                batch,
                new_grants: Vec::new(),
                gaps: headers.clone().map(|header| header.document).collect(),
                forks: headers.map(|header| header.log()).collect(),
            })
        }
        ClientAction::Depart { lane, .. } => Some(ClientEvent::Departing { lane, items: Vec::new(), more: false }),
        ClientAction::LoadVectors { .. } => Some(ClientEvent::Vectors { documents: Vec::new(), more: false }),
        ClientAction::LoadListed { documents } => Some(ClientEvent::Listed {
            documents: documents.into_iter().map(|document| (document, Vector::default())).collect(),
        }),
        ClientAction::LoadHeld { scopes } => Some(ClientEvent::Held {
            scopes: scopes.into_iter().map(|(patient, scope)| Backfill { patient, scope, has: Vec::new() }).collect(),
        }),
        ClientAction::LoadStatements { .. } => Some(ClientEvent::Statements { items: Vec::new(), more: false }),
        ClientAction::LoadHoldings { .. } => Some(ClientEvent::Holdings { attachments: Vec::new() }),
        ClientAction::LoadPieces { .. } => Some(ClientEvent::Pieces { chunks: Vec::new(), lacking: Vec::new() }),
        ClientAction::LoadPrints { .. } => Some(ClientEvent::Prints { prints: vec![Print(1), Print(2)] }),
        ClientAction::LoadMissing { .. } | ClientAction::LoadTwins { .. } => {
            Some(ClientEvent::Missing { records: Vec::new(), more: false })
        }
        ClientAction::Send { .. }
        | ClientAction::Acked { .. }
        | ClientAction::Absent { .. }
        | ClientAction::Rejected { .. }
        | ClientAction::Compared { .. }
        | ClientAction::BackfillDone { .. }
        | ClientAction::Measured { .. }
        | ClientAction::Progress(_)
        | ClientAction::Close { .. } => None,
    }
}

/// What a relay with nothing in its store reports.
fn empty_relay(action: RelayAction) -> Option<RelayEvent> {
    let newest = ArrivalNo(9);
    let standing = || Standing { relay: RelayId([1; 16]), incarnation: RelayIncarnation(1), newest, past: Vec::new() };
    let now = Millis(0);
    match action {
        RelayAction::CheckDevice { .. } => Some(RelayEvent::Admitted { standing: standing(), now }),
        RelayAction::MintIncarnation => Some(RelayEvent::Minted { standing: standing(), now }),
        RelayAction::Commit { batch, items } => {
            let outcomes = vec![Outcome::Rejected(RejectReason::Malformed); items.len()];
            Some(RelayEvent::Committed { batch, outcomes, newest })
        }
        RelayAction::ReadPage { lane, through, .. } => {
            Some(RelayEvent::Page { lane, items: Vec::new(), through, end: true })
        }
        RelayAction::ReadVectors { lane, .. } => Some(RelayEvent::Vectors { lane, documents: Vec::new(), more: false }),
        RelayAction::ReadCards { .. } => Some(RelayEvent::Cards { cards: Vec::new(), end: true }),
        RelayAction::ReadCheckpoints { .. } => Some(RelayEvent::Checkpoints { parts: Vec::new(), end: true }),
        RelayAction::ReadChunks { chunks, .. } => {
            Some(RelayEvent::Chunks { chunks: chunks.into_iter().take(1).map(|chunk| (chunk, None)).collect() })
        }
        RelayAction::ReadLacking { offered } => Some(RelayEvent::Lacking { attachments: offered }),
        RelayAction::ReadPrints { lane, .. } => Some(RelayEvent::Prints { lane, prints: vec![Print(1), Print(2)] }),
        RelayAction::ReadMissing { lane, .. } | RelayAction::ReadTwins { lane, .. } => {
            Some(RelayEvent::Missing { lane, records: Vec::new(), more: false })
        }
        RelayAction::Send { lane, .. } => Some(RelayEvent::Written { lane }),
        RelayAction::Close { .. } => None,
    }
}

/// A message with its lane before it.
fn on_lane(content: &[u8]) -> Option<(Lane, &[u8])> {
    let (lane, content) = content.split_first()?;
    Some((Lane::from_byte(*lane)?, content))
}

/// The frames of a stream, which are the same however the stream is cut.
fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let whole = cut(bytes, bytes.len().max(1));
    assert_eq!(cut(bytes, 7), whole);
    whole
}

fn cut(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut decoder = FrameDecoder::new();
    let mut frames = Vec::new();
    for part in bytes.chunks(size) {
        decoder.feed(part);
        loop {
            match decoder.next_frame() {
                Ok(Some(content)) => frames.push(content),
                Ok(None) => break,
                Err(_) => return frames,
            }
        }
    }
    frames
}
