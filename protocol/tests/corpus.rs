//! The seeds of the fuzzers (`fuzz/seeds/`), through the same entries, on every test run.
//!
//! Seeds are made by this crate's own writers: `cargo test -p tendenko-protocol --test corpus -- --ignored` writes them anew.
//! An input that a fuzzer found is kept as a test of its own, not here.

use std::fs;
use std::path::PathBuf;

use ring::rand::SystemRandom;
use tendenko_protocol::chunk::{ChunkPlace, ReceivedChunk, SealedChunk};
use tendenko_protocol::courier;
use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::fuzz;
use tendenko_protocol::ids::*;
use tendenko_protocol::invitation::Invitation;
use tendenko_protocol::keys::{DeviceKeys, EpochKey, RegionKeys};
use tendenko_protocol::messages::{
    Backfill, Buckets, ClientMessage, Coverage, Cursor, Item, Lane, Refusal, RelayMessage, Set, Summary, encode_frame,
};
use tendenko_protocol::paper::PaperSignature;
use tendenko_protocol::record::{
    CheckpointDraft, Covered, Draft, Kind, ParsedCheckpoint, ReceivedBytes, RejectReason, SealedCheckpoint,
    SealedRecord,
};
use tendenko_protocol::trust::{
    self, Claim, Device, EnrolmentBundle, EnrolmentRequest, Facility, Grant, Member, RelayAddress, Revocation,
    TrustStore, UnverifiedStatement,
};

type Entry = fn(&[u8]);

const ENTRIES: [(&str, Entry); 13] = [
    ("invitation", fuzz::invitation),
    ("paper", fuzz::paper),
    ("courier", fuzz::courier),
    ("record", fuzz::record),
    ("checkpoint", fuzz::checkpoint),
    ("chunk", fuzz::chunk),
    ("statement", fuzz::statement),
    ("enrolment_request", fuzz::enrolment_request),
    ("enrolment_bundle", fuzz::enrolment_bundle),
    ("client_stream", fuzz::client_stream),
    ("relay_stream", fuzz::relay_stream),
    ("client_session", fuzz::client_session),
    ("relay_session", fuzz::relay_session),
];

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder(target)).expect("seeds are committed");
    let seeds: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

#[test]
fn every_seed_goes_through_its_entry_whole_cut_and_damaged() {
    for (target, entry) in ENTRIES {
        for seed in seeds(target) {
            entry(&seed);
            for at in 0..seed.len().min(400) {
                entry(&seed[..at]);
                let mut damaged = seed.clone();
                damaged[at] ^= 0x21;
                entry(&damaged);
            }
        }
    }
}

/// Seeds that are not understood would leave fuzzers at the door.
#[test]
fn every_seed_is_what_it_says() {
    for seed in seeds("checkpoint") {
        ParsedCheckpoint::parse(seed).unwrap();
    }
    for seed in seeds("record") {
        ReceivedBytes::new(seed).unwrap().parse().unwrap();
    }
    for seed in seeds("chunk") {
        ReceivedChunk::new(seed).unwrap().parse().unwrap();
    }
    for seed in seeds("statement") {
        UnverifiedStatement::parse(&seed).unwrap();
    }
    for seed in seeds("enrolment_request") {
        EnrolmentRequest::from_bytes(&seed).unwrap();
    }
    for seed in seeds("enrolment_bundle") {
        EnrolmentBundle::from_bytes(&seed).unwrap();
    }
    for seed in seeds("invitation") {
        Invitation::from_text(std::str::from_utf8(&seed).unwrap()).unwrap();
    }
    for seed in seeds("paper") {
        PaperSignature::from_text(std::str::from_utf8(&seed).unwrap()).unwrap();
    }
    for seed in seeds("courier") {
        let mut reader = courier::Reader::new();
        reader.feed(&seed);
        while let Some(part) = reader.next_part().unwrap() {
            assert!(!matches!(part, courier::Part::Unknown));
        }
        assert_eq!(reader.verified(), seed.len() as u64);
    }
    // Where a session listens, each message has its lane before it.
    for (target, lane) in [("client_stream", 0), ("relay_session", 1)] {
        for seed in seeds(target) {
            assert!(contents(&seed).all(|content| ClientMessage::decode(&content[lane..]).is_ok()), "{target}");
        }
    }
    for (target, lane) in [("relay_stream", 0), ("client_session", 1)] {
        for seed in seeds(target) {
            assert!(contents(&seed).all(|content| RelayMessage::decode(&content[lane..]).is_ok()), "{target}");
        }
    }
}

/// The contents of the frames of a whole stream.
fn contents(mut stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = stream.split_first_chunk::<4>()?;
        let (content, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        stream = rest;
        Some(content)
    })
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder(target)).unwrap();
    fs::write(folder(target).join(name), bytes).unwrap();
}

struct Made {
    records: Vec<Vec<u8>>,
    statements: Vec<(&'static str, Vec<u8>)>,
    document: DocumentId,
    device: DeviceId,
}

fn make() -> Made {
    let rng = SystemRandom::new();
    let region = RegionKeys::generate(&rng).unwrap();
    let keys = DeviceKeys::generate(&rng).unwrap();
    let device = keys.device_id();
    let origin = PatientOrigin::generate(&rng, device).unwrap();
    let epoch = EpochKey::generate(&rng).unwrap();
    let document = DocumentId::chart(origin.patient(), 2026);
    let mut records = Vec::new();
    let mut prev = RecordHash::ZERO;
    for (seq, kind) in [(1, Kind::Changes), (2, Kind::Checkpoint)] {
        let draft = Draft { document, incarnation: Incarnation(1), seq: LogSeq(seq), prev, kind, count: 1 };
        let record = SealedRecord::seal(&rng, &keys, &epoch, draft, b"changes").unwrap();
        prev = record.hash();
        records.push(record.into_bytes());
    }
    let covers = vec![Covered { device, incarnation: Incarnation(1), seq: LogSeq(2), hash: prev }];
    let mut changes = vec![0; 20_000];
    ring::rand::SecureRandom::fill(&rng, &mut changes).unwrap();
    let draft = CheckpointDraft { document, covers };
    for (name, part) in
        ["first", "last"].iter().zip(SealedCheckpoint::seal(&rng, &keys, &epoch, &draft, &changes).unwrap())
    {
        write("checkpoint", name, part.bytes());
    }
    let place = ChunkPlace { patient: origin.patient(), attachment: AttachmentId([3; 16]), index: 1, total: 2 };
    let chunk = SealedChunk::seal(&rng, &keys, &epoch, place, b"the end of a photo").unwrap();
    write("chunk", "last", chunk.bytes());
    let facility = FacilityId([1; 16]);
    let public = keys.public();
    let log = tendenko_protocol::document::LogId { document, device, incarnation: Incarnation(1) };
    let grant = Grant::wrap(&rng, &epoch, origin, Scope::Chart, device, &public.hpke, "consent", true).unwrap();
    let claims = [
        ("facility", Claim::Facility(Facility { id: facility, name: "facility".into(), kind: "clinic".into() })),
        (
            "member",
            Claim::Member(Member {
                id: MemberId([2; 16]),
                facility,
                name: "member".into(),
                profession: "nurse".into(),
            }),
        ),
        (
            "device",
            Claim::Device(Device {
                id: device,
                facility,
                label: "tablet".into(),
                signing: public.signing,
                hpke: public.hpke,
                administrator: true,
                evacuation_site: false,
            }),
        ),
        ("grant", Claim::Grant(grant)),
        ("revocation", Claim::Revocation(Revocation { device, logs: vec![(log, LogSeq(1))], reason: "lost".into() })),
    ];
    let statements = claims
        .into_iter()
        .map(|(name, claim)| (name, trust::sign(&region, Millis(1), claim).unwrap().into_bytes()))
        .collect();
    write("enrolment_request", "request", &EnrolmentRequest::new(&keys, "tablet").unwrap().to_bytes());
    Made { records, statements, document, device }
}

type Said<'a> = (Lane, &'a Vec<u8>);

/// Messages as a stream, and as a session hears them: each with its lane before it.
fn write_talk(streams: &str, sessions: &str, name: &str, messages: &[Said<'_>]) {
    let stream: Vec<u8> = messages.iter().flat_map(|(_, content)| encode_frame(content)).collect();
    write(streams, name, &stream);
    let on_lane = |(lane, content): &Said<'_>| encode_frame(&[&[lane.byte()], &content[..]].concat());
    let session: Vec<u8> = messages.iter().flat_map(on_lane).collect();
    write(sessions, name, &session);
}

#[test]
#[ignore = "writes seeds"]
fn write_seeds() {
    let made = make();
    for (record, name) in made.records.iter().zip(["changes", "checkpoint"]) {
        write("record", name, record);
    }
    for (name, statement) in &made.statements {
        write("statement", name, statement);
    }
    let statements: Vec<Vec<u8>> = made.statements.iter().map(|(_, bytes)| bytes.clone()).collect();
    let relays = vec![RelayAddress { relay: RelayId([1; 16]), addresses: vec!["relay.example:4433".into()] }];
    let bundle = EnrolmentBundle::new([1; 32], "region", statements.clone(), relays);
    write("enrolment_bundle", "bundle", &bundle.to_bytes());

    let invitation = Invitation {
        region: RegionId([1; 16]),
        device: made.device,
        addresses: vec!["192.0.2.7:50123".parse().unwrap(), "[2001:db8::7]:50123".parse().unwrap()],
        chain: vec![statements[2].clone()],
    };
    write("invitation", "device", invitation.to_text().as_bytes());
    let trust = TrustStore::new([1; 32]);
    let keys = DeviceKeys::from_secret_bytes(&[7; 64]).unwrap();
    let signature = PaperSignature::sign(&keys, &trust, made.document.patient, [5; 16], [7; 32], Millis(9));
    write("paper", "letter", signature.to_text().as_bytes());
    for (name, for_whom, since) in [
        ("everyone", courier::ForWhom::Everyone, None),
        ("devices", courier::ForWhom::Devices(vec![made.device]), Some(Millis(2))),
        ("patients", courier::ForWhom::Patients(vec![made.document.patient]), None),
    ] {
        let header = courier::Header {
            version: 1,
            region: RegionId([1; 16]),
            created: Millis(5),
            maker: courier::Maker::Device(made.device),
            for_whom,
            since,
        };
        let (mut writer, mut file) = courier::Writer::begin(&header);
        let statements = statements.iter().cloned().map(Item::Statement);
        for item in statements.chain(made.records.iter().cloned().map(Item::Record)) {
            writer.item(&item, &mut file);
        }
        file.extend(writer.end().1);
        write("courier", name, &file);
    }

    let mut vector = Vector::default();
    vector.raise(made.device, Incarnation(1), LogSeq(2), Print(2));
    let documents = vec![(made.document, vector)];
    let items: Vec<Item> = vec![Item::Record(made.records[0].clone()), Item::Statement(statements[3].clone())];
    let scope = (made.document.patient, Scope::Chart);
    let cursor = |relay| {
        let (after, charts, acked) = (ArrivalNo(3), ArrivalNo(2), ArrivalNo(4));
        Cursor { relay, incarnation: RelayIncarnation(1), after, charts, acked }
    };
    let hello = |cursor| {
        ClientMessage::Hello {
            versions: vec![1],
            region: RegionId([1; 16]),
            device: DeviceId::of_key(&fuzz::PEER_KEY),
            chain: statements[..1].to_vec(),
            cursor,
            clock: Millis(5),
        }
        .encode()
    };
    use Lane::{Attachments, Cards, Charts};
    let backfill = Backfill { patient: scope.0, scope: scope.1, has: documents.clone() };
    let pull = ClientMessage::Pull { backfill: vec![backfill], first: vec![scope.0] }.encode();
    let push = ClientMessage::Push { behind: 2, items: items.clone() }.encode();
    let all = Coverage::Span { after: None, through: None };
    let span = ClientMessage::Vectors {
        coverage: all,
        set: Some(Set::Charts),
        buckets: Some(Buckets { count: 2, buckets: vec![0, 1] }),
        documents: documents.clone(),
    }
    .encode();
    let listed =
        ClientMessage::Vectors { coverage: Coverage::Listed, set: None, buckets: None, documents: documents.clone() }
            .encode();
    let sums = Set::ALL.map(|set| Summary { set, count: 3, sum: [5; 16] }).to_vec();
    let sums = ClientMessage::Sums { sums }.encode();
    let wanted = ClientMessage::Statements { buckets: Buckets { count: 1, buckets: vec![0] } }.encode();
    let log = LogId { document: made.document, device: made.device, incarnation: Incarnation(1) };
    let twins = ClientMessage::Twins { log, prints: vec![Print(1), Print(3)] }.encode();
    let bye = ClientMessage::Bye.encode();
    let (first, known, elsewhere) =
        (hello(None), hello(Some(cursor(RelayId([1; 16])))), hello(Some(cursor(RelayId([9; 16])))));
    let fresh = [(Cards, &first), (Cards, &pull), (Charts, &push), (Cards, &push), (Cards, &listed), (Cards, &bye)];
    write_talk("client_stream", "relay_session", "fresh", &fresh);
    write_talk("client_stream", "relay_session", "known", &[(Cards, &known), (Attachments, &push), (Cards, &push)]);
    let elsewhere = [
        (Cards, &elsewhere),
        (Cards, &sums),
        (Cards, &push),
        (Cards, &wanted),
        (Charts, &span),
        (Cards, &listed),
        (Charts, &twins),
    ];
    write_talk("client_stream", "relay_session", "elsewhere", &elsewhere);

    let welcome = |reconcile| {
        RelayMessage::Welcome {
            version: 1,
            relay: RelayId([1; 16]),
            incarnation: RelayIncarnation(1),
            newest: ArrivalNo(9),
            clock: Millis(5),
            reconcile,
        }
        .encode()
    };
    let arrivals = (1..).map(ArrivalNo).zip(items.clone()).collect();
    let said = RelayMessage::Items { behind: ArrivalNo(0), items: arrivals }.encode();
    let arrivals = (5..).map(ArrivalNo).zip(items.clone()).collect();
    let charts = RelayMessage::Items { behind: ArrivalNo(9), items: arrivals }.encode();
    let fill = RelayMessage::Fill { behind: ArrivalNo(0), items }.encode();
    let caught_up = RelayMessage::CaughtUp { through: ArrivalNo(9) }.encode();
    let backfilled = RelayMessage::Backfilled { patient: scope.0, scope: scope.1 }.encode();
    let withheld = RelayMessage::Withheld { patient: scope.0, scope: scope.1, newest: ArrivalNo(9) }.encode();
    let nothing = RelayMessage::Ack { through: 0, arrival: ArrivalNo(9), rejected: Vec::new() }.encode();
    let rejected = RelayMessage::Ack { through: 2, arrival: ArrivalNo(9), rejected: vec![(1, RejectReason::Gap)] };
    let rejected = rejected.encode();
    let vectors = |done| RelayMessage::Vectors { documents: documents.clone(), done }.encode();
    let refused = RelayMessage::Refused { reason: Refusal::Versions, versions: vec![2] }.encode();
    let chain_wanted = RelayMessage::ChainWanted.encode();
    let (lane, twins) = (Lane::of(made.document.scope()), RelayMessage::Twins { prints: vec![Print(1)] }.encode());
    let (hot, compare, part, whole) = (welcome(false), welcome(true), vectors(false), vectors(true));
    let plain = [
        (Charts, &charts),
        (Cards, &hot),
        (Cards, &said),
        (Charts, &fill),
        (Cards, &caught_up),
        (Charts, &caught_up),
        (Charts, &withheld),
        (Charts, &backfilled),
        (Cards, &nothing),
        (lane, &twins),
    ];
    let same = |set| RelayMessage::Sums { set, sums: Vec::new() }.encode();
    let (statements, cards) = (same(Set::Statements), same(Set::Cards));
    let charts = RelayMessage::Sums { set: Set::Charts, sums: vec![7, 8] }.encode();
    let reconcile = [
        (Cards, &compare),
        (Cards, &statements),
        (Cards, &cards),
        (Cards, &charts),
        (Charts, &part),
        (Charts, &fill),
        (Charts, &whole),
        (Cards, &said),
        (Cards, &caught_up),
    ];
    write_talk("relay_stream", "client_session", "plain", &plain);
    write_talk("relay_stream", "client_session", "reconcile", &reconcile);
    let other = [(Cards, &chain_wanted), (Cards, &refused), (Attachments, &rejected)];
    write_talk("relay_stream", "client_session", "refused", &other);
}
