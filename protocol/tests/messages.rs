//! Messages and frames: what is said is understood, and anything else is refused without panic.

use proptest::prelude::*;
use tendenko_protocol::cbor::CborError;
use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::ids::{
    ArrivalNo, DeviceId, Incarnation, LogSeq, Millis, PatientId, Print, RegionId, RelayId, RelayIncarnation,
};
use tendenko_protocol::limits::{
    MAX_BACKFILL, MAX_BUCKETS, MAX_CHAIN, MAX_DOCUMENTS, MAX_FIRST, MAX_FRAME, MAX_ITEMS, MAX_PRINTS, MAX_RECORD,
    MAX_VERSIONS,
};
use tendenko_protocol::messages::{
    Backfill, Buckets, ClientMessage, Coverage, Cursor, FrameDecoder, FrameError, Item, Refusal, RelayMessage, Set,
    Summary, encode_frame,
};
use tendenko_protocol::record::RejectReason;

fn cursor() -> Cursor {
    Cursor {
        relay: RelayId([1; 16]),
        incarnation: RelayIncarnation(2),
        after: ArrivalNo(3),
        acked: ArrivalNo(4),
        charts: ArrivalNo(5),
    }
}

fn documents(count: usize) -> Vec<(DocumentId, Vector)> {
    let mut vector = Vector::default();
    vector.raise(DeviceId([5; 16]), Incarnation(u64::MAX), LogSeq(7), Print(u64::MAX));
    (0..count).map(|_| (DocumentId::chart(PatientId([3; 16]), 2026), vector.clone())).collect()
}

fn backfill(documents_had: usize) -> Backfill {
    Backfill { patient: PatientId([4; 16]), scope: Scope::Chart, has: documents(documents_had) }
}

fn hello(versions: usize, chain: usize) -> ClientMessage {
    ClientMessage::Hello {
        versions: vec![1; versions],
        region: RegionId([1; 16]),
        device: DeviceId([2; 16]),
        chain: vec![vec![1, 2, 3]; chain],
        cursor: Some(cursor()),
        clock: Millis(-5),
    }
}

fn vectors(documents: Vec<(DocumentId, Vector)>) -> ClientMessage {
    ClientMessage::Vectors { coverage: Coverage::Listed, set: None, buckets: None, documents }
}

fn twins(count: usize) -> ClientMessage {
    let document = DocumentId::card(PatientId([3; 16]));
    let log = LogId { document, device: DeviceId([5; 16]), incarnation: Incarnation(u64::MAX) };
    ClientMessage::Twins { log, prints: vec![Print(u64::MAX); count] }
}

fn from_tablets() -> Vec<ClientMessage> {
    let document = DocumentId::card(PatientId([3; 16]));
    vec![
        hello(2, 2),
        ClientMessage::Pull { backfill: vec![backfill(1)], first: vec![PatientId([4; 16])] },
        ClientMessage::Push { behind: 3, items: vec![Item::Record(vec![1; 300]), Item::Statement(vec![2; 5])] },
        ClientMessage::Vectors {
            coverage: Coverage::Span { after: None, through: Some(document) },
            set: Some(Set::Charts),
            buckets: Some(Buckets { count: 250, buckets: vec![3, 200] }),
            documents: documents(3),
        },
        vectors(Vec::new()),
        ClientMessage::Sums { sums: vec![Summary { set: Set::Cards, count: 7, sum: [9; 16] }] },
        ClientMessage::Statements { buckets: Buckets { count: 1, buckets: vec![0] } },
        twins(3),
        ClientMessage::Bye,
    ]
}

fn from_relays() -> Vec<RelayMessage> {
    vec![
        RelayMessage::Welcome {
            version: 1,
            relay: RelayId([1; 16]),
            incarnation: RelayIncarnation(9),
            newest: ArrivalNo(7),
            clock: Millis(1),
            reconcile: true,
        },
        RelayMessage::ChainWanted,
        RelayMessage::Refused { reason: Refusal::Revoked, versions: vec![1, 2] },
        RelayMessage::Items { behind: ArrivalNo(7), items: vec![(ArrivalNo(1), Item::Record(vec![0; 9]))] },
        RelayMessage::Fill { behind: ArrivalNo(7), items: vec![Item::Statement(vec![0; 9])] },
        RelayMessage::Live { items: vec![Item::Record(vec![0; 9])] },
        RelayMessage::CaughtUp { through: ArrivalNo(u64::MAX) },
        RelayMessage::Backfilled { patient: PatientId([4; 16]), scope: Scope::Card },
        RelayMessage::Withheld { patient: PatientId([4; 16]), scope: Scope::Chart, newest: ArrivalNo(8) },
        RelayMessage::Ack { through: 3, arrival: ArrivalNo(8), rejected: vec![(2, RejectReason::Fork)] },
        RelayMessage::Vectors { documents: documents(2), done: false },
        RelayMessage::Sums { set: Set::Statements, sums: vec![u64::MAX; 5] },
        RelayMessage::StatementsSent,
        RelayMessage::Twins { prints: vec![Print(u64::MAX); 3] },
    ]
}

#[test]
fn every_message_is_understood() {
    for message in from_tablets() {
        assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
    }
    for message in from_relays() {
        assert_eq!(RelayMessage::decode(&message.encode()), Ok(message));
    }
}

#[test]
fn an_ack_is_small() {
    let ack = RelayMessage::Ack { through: 1000, arrival: ArrivalNo(100_000), rejected: Vec::new() };
    assert!(ack.encode().len() < 48, "{}", ack.encode().len());
}

#[test]
fn counts_beyond_their_bounds_are_refused() {
    let too_many = [
        hello(MAX_VERSIONS + 1, 0),
        hello(1, MAX_CHAIN + 1),
        ClientMessage::Pull { backfill: vec![backfill(0); MAX_BACKFILL + 1], first: Vec::new() },
        ClientMessage::Pull { backfill: vec![backfill(MAX_DOCUMENTS / 2 + 1); 2], first: Vec::new() },
        ClientMessage::Pull { backfill: Vec::new(), first: vec![PatientId([4; 16]); MAX_FIRST + 1] },
        ClientMessage::Push { behind: 3, items: vec![Item::Record(Vec::new()); MAX_ITEMS + 1] },
        vectors(documents(MAX_DOCUMENTS + 1)),
        ClientMessage::Sums { sums: vec![Summary { set: Set::Cards, count: 7, sum: [9; 16] }; 4] },
        twins(MAX_PRINTS + 1),
        ClientMessage::Statements { buckets: Buckets { count: 1, buckets: vec![0; MAX_BUCKETS + 1] } },
        ClientMessage::Statements { buckets: Buckets { count: MAX_BUCKETS as u32 + 1, buckets: vec![0] } },
    ];
    for message in too_many {
        assert_eq!(ClientMessage::decode(&message.encode()), Err(CborError::TooMany));
    }
    let most = twins(MAX_PRINTS);
    assert!(most.encode().len() <= MAX_FRAME);
    assert_eq!(ClientMessage::decode(&most.encode()), Ok(most));
    // A single item that is too large is for admission to reject: it must not end the session.
    let one = ClientMessage::Push { behind: 3, items: vec![Item::Record(vec![0; MAX_RECORD + 1])] };
    assert_eq!(ClientMessage::decode(&one.encode()), Ok(one));
    let huge = RelayMessage::Fill { behind: ArrivalNo(7), items: vec![Item::Record(vec![0; MAX_RECORD]); 17] };
    assert_eq!(RelayMessage::decode(&huge.encode()), Err(CborError::TooLong));
}

#[test]
fn fields_and_codes_of_later_versions_do_no_harm() {
    use serde_cbor::Value;
    let text = |text: &str| Value::Text(text.into());
    let fields = [(text("through"), Value::Integer(5)), (text("mood"), Value::Array(vec![Value::Null]))];
    let message = Value::Map([(text("caught_up"), Value::Map(fields.into()))].into());
    let bytes = serde_cbor::to_vec(&message).unwrap();
    assert_eq!(RelayMessage::decode(&bytes), Ok(RelayMessage::CaughtUp { through: ArrivalNo(5) }));
    let later = RelayMessage::Refused { reason: Refusal::Other(99), versions: Vec::new() };
    assert_eq!(RelayMessage::decode(&later.encode()), Ok(later));
    for number in 0..=255 {
        assert_eq!(RejectReason::from_number(number).number(), number);
        assert_eq!(Refusal::from_number(number).number(), number);
    }
}

#[test]
fn frames_are_cut_wherever_the_bytes_are_cut() {
    let frames = [encode_frame(&[1]), encode_frame(&[2; 700]), encode_frame(&[3; 5])].concat();
    for size in [1, 2, 3, 7, 100, 10_000] {
        let mut decoder = FrameDecoder::new();
        let mut found = Vec::new();
        for part in frames.chunks(size) {
            decoder.feed(part);
            while let Some(content) = decoder.next_frame().unwrap() {
                found.push(content);
            }
        }
        assert_eq!(found, [vec![1], vec![2; 700], vec![3; 5]]);
    }
}

#[test]
fn a_frame_that_claims_too_much_is_refused_at_its_prefix() {
    for length in [0, MAX_FRAME as u32 + 1, u32::MAX] {
        let mut decoder = FrameDecoder::new();
        decoder.feed(&length.to_be_bytes());
        assert_eq!(decoder.next_frame(), Err(FrameError::Length(length)));
        assert!(FrameDecoder::content_length(length.to_be_bytes()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_messages_never_panic_and_cut_ones_never_pass(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for message in from_tablets() {
            let mut bytes = message.encode();
            let at = at.index(bytes.len());
            prop_assert!(ClientMessage::decode(&bytes[..at]).is_err());
            bytes[at] = byte;
            let _ = ClientMessage::decode(&bytes);
        }
        for message in from_relays() {
            let mut bytes = message.encode();
            let at = at.index(bytes.len());
            prop_assert!(RelayMessage::decode(&bytes[..at]).is_err());
            bytes[at] = byte;
            let _ = RelayMessage::decode(&bytes);
        }
    }
}
