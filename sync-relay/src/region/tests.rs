//! A region made, opened again, and enrolling.

use ring::rand::SystemRandom;
use tendenko_protocol::keys::DeviceKeys;
use tendenko_protocol::trust::{RelayRequest, TrustStore};

use super::edge::EdgeSetup;
use super::*;

fn setup() -> Setup {
    Setup {
        region_name: "釜石・大槌".into(),
        relay_name: "県立病院".into(),
        listen: "127.0.0.1:4433".parse().unwrap(),
        addresses: Vec::new(),
        cost: Cost { memory_kib: 64, passes: 1 },
    }
}

fn passphrase() -> Passphrase {
    Passphrase::new("高台へ、高台へ、高台へ、高台へ").unwrap()
}

fn enrolment(members: &[(&str, &str)]) -> Enrolment {
    Enrolment {
        facility: "はまゆり訪問看護ステーション".into(),
        facility_kind: "visiting-nurse-station".into(),
        members: members.iter().map(|(n, p)| ((*n).into(), (*p).into())).collect(),
        administrator: false,
        evacuation_site: false,
    }
}

fn request(label: &str) -> EnrolmentRequest {
    let keys = DeviceKeys::generate(&SystemRandom::new()).unwrap();
    EnrolmentRequest::new(&keys, label).unwrap()
}

#[test]
fn a_device_is_certified_by_its_bundle_alone() {
    let rng = SystemRandom::new();
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::new(dir.path().join("relay"));
    let region = Region::create(&directory, &setup(), &passphrase(), &rng, Millis(1)).unwrap();
    let asked = enrolment(&[("佐藤 花", "nurse")]);
    let enrolled = region.enrol(&request("tablet 1"), &asked, &rng, Millis(2)).unwrap();

    let bundle = EnrolmentBundle::from_bytes(&enrolled.bundle.to_bytes()).unwrap();
    assert_eq!(bundle.region_public, region.public());
    assert_eq!(bundle.relays[0].addresses, ["127.0.0.1:4433"]);
    let mut set = TrustStore::new(bundle.region_public);
    for statement in &bundle.statements {
        set.add(statement).unwrap();
    }
    let device = set.device(enrolled.device).unwrap();
    assert_eq!(device.facility_name.as_deref(), Some("はまゆり訪問看護ステーション"));
    assert_eq!(set.member(enrolled.members[0].id).unwrap().profession, "nurse");
    assert!(set.relay(bundle.relays[0].relay).is_some());
}

#[test]
fn the_same_names_are_the_same_facility_and_member_also_after_reopening() {
    let rng = SystemRandom::new();
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::new(dir.path().join("relay"));
    let region = Region::create(&directory, &setup(), &passphrase(), &rng, Millis(1)).unwrap();
    let asked = enrolment(&[("佐藤 花", "nurse")]);
    let first = region.enrol(&request("tablet 1"), &asked, &rng, Millis(2)).unwrap();
    drop(region);

    let region = Region::open(&directory, &passphrase(), &rng).unwrap();
    let asked = enrolment(&[(" 佐藤 花 ", "nurse"), ("鈴木 一", "nurse")]);
    let second = region.enrol(&request("tablet 2"), &asked, &rng, Millis(3)).unwrap();
    assert_eq!(second.facility, first.facility);
    assert_eq!(second.members[0], first.members[0]);
    assert_ne!(second.members[1].id, first.members[0].id);
    assert_ne!(second.device, first.device);

    let count = region.store.figures().unwrap().statements;
    let asked = enrolment(&[("佐藤 花", "care-manager")]);
    let third = region.enrol(&request("tablet 2"), &asked, &rng, Millis(4)).unwrap();
    assert_eq!(third.members[0].id, first.members[0].id, "a new profession is the same person");
    assert_eq!(region.store.figures().unwrap().statements, count + 2, "member and device");
}

#[test]
fn the_same_request_again_certifies_nothing_new() {
    let rng = SystemRandom::new();
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::new(dir.path().join("relay"));
    let region = Region::create(&directory, &setup(), &passphrase(), &rng, Millis(1)).unwrap();
    let (request, asked) = (request("tablet"), enrolment(&[("佐藤 花", "nurse")]));
    region.enrol(&request, &asked, &rng, Millis(2)).unwrap();
    let newest = region.store.newest().unwrap();
    region.enrol(&request, &asked, &rng, Millis(3)).unwrap();
    assert_eq!(region.store.newest().unwrap(), newest);
}

#[test]
fn bad_input_certifies_nothing() {
    let rng = SystemRandom::new();
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::new(dir.path().join("relay"));
    let mut nowhere = setup();
    nowhere.listen = "0.0.0.0:4433".parse().unwrap();
    assert!(matches!(
        Region::create(&directory, &nowhere, &passphrase(), &rng, Millis(1)),
        Err(RegionError::NoAddress(_))
    ));
    let region = Region::create(&directory, &setup(), &passphrase(), &rng, Millis(1)).unwrap();
    assert!(matches!(
        Region::create(&directory, &setup(), &passphrase(), &rng, Millis(1)),
        Err(RegionError::Directory(DirectoryError::Exists(_)))
    ));
    let wrong = Passphrase::new("not the passphrase").unwrap();
    assert!(matches!(Region::open(&directory, &wrong, &rng), Err(RegionError::Sealing(SealingError::WrongPassphrase))));
    region.enrol(&request("tablet"), &enrolment(&[("佐藤 花", "nurse")]), &rng, Millis(2)).unwrap();
    let newest = region.store.newest().unwrap();
    let mut other_kind = enrolment(&[("佐藤 花", "nurse")]);
    other_kind.facility_kind = "pharmacy".into();
    let nameless = enrolment(&[("  ", "nurse")]);
    for asked in [other_kind, nameless] {
        assert!(region.enrol(&request("tablet"), &asked, &rng, Millis(3)).is_err());
    }
    assert_eq!(region.store.newest().unwrap(), newest);
}

#[test]
fn an_edge_relay_joins_by_two_files() {
    let rng = SystemRandom::new();
    let dir = tempfile::tempdir().unwrap();
    let hub = Directory::new(dir.path().join("hub"));
    let region = Region::create(&hub, &setup(), &passphrase(), &rng, Millis(1)).unwrap();
    region.enrol(&request("tablet"), &enrolment(&[("佐藤 花", "nurse")]), &rng, Millis(2)).unwrap();
    let edge = Directory::new(dir.path().join("edge"));
    let setup =
        EdgeSetup { name: "第一避難所".into(), listen: "0.0.0.0:4433".parse().unwrap(), addresses: Vec::new() };
    assert!(matches!(edge::ask(&edge, &setup, &rng), Err(RegionError::NoAddress(_))));
    let setup = EdgeSetup { addresses: vec!["192.168.1.2:4433".into()], ..setup };
    let request = edge::ask(&edge, &setup, &rng).unwrap();
    assert_eq!(edge::ask(&edge, &setup, &rng).unwrap(), request, "asking again is the same relay");
    assert!(matches!(edge.config(), Err(DirectoryError::Waiting(_))));

    let request = RelayRequest::from_bytes(&request.to_bytes()).unwrap();
    let bundle = region.enrol_relay(&request, Millis(3)).unwrap();
    let newest = region.store.newest().unwrap();
    assert_eq!(region.enrol_relay(&request, Millis(4)).unwrap(), bundle);
    assert_eq!(region.store.newest().unwrap(), newest, "the same request certifies nothing new");

    let stranger = Directory::new(dir.path().join("stranger"));
    edge::ask(&stranger, &setup, &rng).unwrap();
    assert!(matches!(edge::join(&stranger, &bundle, &rng, Millis(5)), Err(RegionError::NotForThisRelay(_))));
    assert!(matches!(edge::join(&hub, &bundle, &rng, Millis(5)), Err(RegionError::NotAsked(_))));

    let relay = edge::join(&edge, &bundle, &rng, Millis(5)).unwrap();
    assert_eq!(relay, request.relay_id());
    let config = edge.config().unwrap();
    assert_eq!((config.upstream, config.name.as_str()), (vec!["127.0.0.1:4433".to_owned()], "第一避難所"));
    assert_eq!(config.region, hub.config().unwrap().region);
    assert!(matches!(edge::ask(&edge, &setup, &rng), Err(RegionError::Directory(DirectoryError::Exists(_)))));
    let (store, _) = SqliteStore::open(edge.path(), &SqliteOptions::default(), || unreachable!()).unwrap();
    let figures = store.figures().unwrap();
    assert_eq!(figures.statements, bundle.statements.len() as u64);
    assert_eq!(figures.waiting.unwrap().map(|lane| lane.items), [0, 0, 0], "the hub has what the bundle brought");
}

#[test]
fn a_directory_takes_the_place_of_the_one_before_and_comes_with_the_bundle() {
    let rng = SystemRandom::new();
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::new(dir.path().join("relay"));
    let region = Region::create(&directory, &setup(), &passphrase(), &rng, Millis(1)).unwrap();
    let list = |name: &str| vec![trust::HealthcareService { name: name.into(), ..Default::default() }];
    assert_eq!(region.publish(list("はまかぜ薬局"), Vec::new(), None, Millis(9)).unwrap(), Some(1));
    assert_eq!(
        region.publish(list("はまかぜ薬局"), Vec::new(), None, Millis(10)).unwrap(),
        None,
        "nothing has changed"
    );
    // The clock of the secretariat may be wrong: the number counts.
    assert_eq!(region.publish(list("うみかぜ薬局"), Vec::new(), None, Millis(2)).unwrap(), Some(2));
    assert_eq!(region.publish(list("うみかぜ薬局"), Vec::new(), Some(7), Millis(3)).unwrap(), Some(7));
    let older = region.publish(list("はまかぜ薬局"), Vec::new(), Some(7), Millis(13)).unwrap_err();
    assert!(matches!(older, RegionError::DirectoryOlder { wanted: 7, holds: 7 }), "{older}");
    let large =
        vec![trust::HealthcareService { name: "a".into(), comment: "あ".repeat(160), ..Default::default() }; 300];
    assert!(matches!(region.publish(large, Vec::new(), None, Millis(11)), Err(RegionError::DirectoryTooLarge)));

    let enrolled = region.enrol(&request("tablet 1"), &enrolment(&[("佐藤 花", "nurse")]), &rng, Millis(12)).unwrap();
    let mut set = TrustStore::new(enrolled.bundle.region_public);
    for statement in &enrolled.bundle.statements {
        set.add(statement).unwrap();
    }
    let names: Vec<_> = set.directory().unwrap().services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["うみかぜ薬局"]);
    let directories =
        set.statements().filter(|(id, _)| matches!(set.statement(id).unwrap().claim, Claim::Directory(_)));
    assert_eq!(directories.count(), 1, "the one before is not handed out any more");
}
