//! Statements: any order and any duplication give the same certificates and grants.

use proptest::prelude::*;
use ring::rand::SystemRandom;
use tendenko_protocol::admission::{Peer, admit_peer, admit_statement};
use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{DeviceId, FacilityId, Incarnation, LogSeq, MemberId, Millis, PatientOrigin};
use tendenko_protocol::keys::{DeviceKeys, EpochKey, KeyError, RegionKeys, RelayKeys};
use tendenko_protocol::messages::Refusal;
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::trust::{
    Added, Claim, Device, EnrolmentBundle, EnrolmentError, EnrolmentRequest, Facility, Grant, Member, Relay,
    RelayAddress, Revocation, Signer, TrustError, TrustStore, sign,
};

const HERE: FacilityId = FacilityId([1; 16]);
const THERE: FacilityId = FacilityId([2; 16]);

fn device(keys: &DeviceKeys, facility: FacilityId, administrator: bool) -> Claim {
    let public = keys.public();
    Claim::Device(Device {
        id: public.device_id(),
        facility,
        label: "タブレット".into(),
        signing: public.signing,
        hpke: public.hpke,
        administrator,
        evacuation_site: false,
    })
}

fn said(by: &dyn Signer, at: i64, claim: Claim) -> Vec<u8> {
    sign(by, Millis(at), claim).unwrap().into_bytes()
}

/// A region with an administrator, three devices it enrolled, patients, grants that depend on grants, revocations, impostures.
struct World {
    region: RegionKeys,
    devices: Vec<DeviceKeys>,
    origin: PatientOrigin,
    key: EpochKey,
    statements: Vec<Vec<u8>>,
}

fn world() -> World {
    let rng = SystemRandom::new();
    let region = RegionKeys::generate(&rng).unwrap();
    let devices: Vec<_> = (0..6).map(|_| DeviceKeys::generate(&rng).unwrap()).collect();
    let [admin, a, b, c, lost, stranger] = devices.as_slice() else { unreachable!() };
    let origin = PatientOrigin::generate(&rng, a.device_id()).unwrap();
    let key = EpochKey::generate(&rng).unwrap();
    let grant = |to: &DeviceKeys, scope, may_share| {
        let public = to.public();
        let grant =
            Grant::wrap(&rng, &key, origin, scope, public.device_id(), &public.hpke, "同意", may_share).unwrap();
        Claim::Grant(grant)
    };
    let facility = |id, name: &str| Claim::Facility(Facility { id, name: name.into(), kind: "k".into() });
    let member = |facility, name: &str| {
        Claim::Member(Member { id: MemberId([9; 16]), facility, name: name.into(), profession: "nurse".into() })
    };
    let log =
        LogId { document: DocumentId::card(origin.patient()), device: lost.device_id(), incarnation: Incarnation(1) };
    let revoke = |last| {
        Claim::Revocation(Revocation {
            device: lost.device_id(),
            logs: vec![(log, LogSeq(last))],
            reason: "紛失".into(),
        })
    };
    let relay = RelayKeys::generate(&rng).unwrap();
    let relay = Claim::Relay(Relay {
        id: relay.relay_id(),
        name: "r".into(),
        signing: relay.public(),
        addresses: vec!["[::1]:4433".into()],
    });
    let statements = vec![
        said(&region, 1, facility(HERE, "旧名")),
        said(&region, 2, facility(HERE, "新名")),
        said(&region, 1, facility(THERE, "別")),
        said(&region, 1, relay),
        said(&region, 1, device(admin, HERE, true)),
        said(admin, 2, device(a, HERE, false)),
        said(admin, 2, device(b, HERE, false)),
        said(&region, 2, device(c, THERE, false)),
        said(admin, 2, device(lost, HERE, false)),
        said(admin, 3, member(HERE, "看護師")),
        said(a, 4, member(HERE, "偽の看護師")),
        said(a, 5, grant(a, Scope::Card, true)),
        said(a, 5, grant(b, Scope::Card, true)),
        said(b, 6, grant(c, Scope::Card, false)),
        said(c, 7, grant(lost, Scope::Card, false)),
        said(a, 7, grant(lost, Scope::Chart, false)),
        said(b, 8, grant(c, Scope::Chart, true)),
        said(c, 9, device(stranger, THERE, false)),
        said(stranger, 9, grant(stranger, Scope::Card, true)),
        said(admin, 9, revoke(7)),
        said(&region, 9, revoke(5)),
        said(admin, 9, Claim::Revocation(Revocation { device: c.device_id(), logs: vec![], reason: "他施設".into() })),
    ];
    World { region, devices, origin, key, statements }
}

/// Everything that can be asked, as text.
fn answers(world: &World, trust: &TrustStore) -> String {
    let mut out = String::new();
    for keys in &world.devices {
        let id = keys.device_id();
        let granted: Vec<_> =
            Scope::ALL.iter().map(|scope| trust.granted(id, world.origin.patient(), *scope)).collect();
        let grants: Vec<_> = trust.grants_for(id).map(|grant| grant.statement).collect();
        let log = LogId { document: DocumentId::card(world.origin.patient()), device: id, incarnation: Incarnation(1) };
        let scopes: Vec<_> = trust.scopes_of(id).collect();
        out += &format!("{:?} {granted:?} {grants:?} {scopes:?} {:?}\n", trust.device(id), trust.last_valid(&log));
    }
    let members: Vec<_> = trust.members().collect();
    let facilities: Vec<_> = trust.facilities().collect();
    let relays: Vec<_> = trust.relays().collect();
    let mut effective: Vec<_> = trust.statements().map(|(id, _)| (*id, trust.effective(id))).collect();
    effective.sort();
    out + &format!("{members:?} {facilities:?} {relays:?} {effective:?} {}", trust.waiting())
}

fn add_all<'a>(world: &World, statements: impl Iterator<Item = &'a Vec<u8>>) -> TrustStore {
    let mut trust = TrustStore::new(world.region.public());
    for bytes in statements {
        trust.add(bytes).unwrap();
    }
    trust
}

#[test]
fn what_follows_is_what_the_rules_say() {
    let w = world();
    let trust = add_all(&w, w.statements.iter());
    let [admin, a, b, c, lost, stranger] = w.devices.as_slice() else { unreachable!() };
    let patient = w.origin.patient();
    let granted = |keys: &DeviceKeys, scope| trust.granted(keys.device_id(), patient, scope);
    assert!(granted(a, Scope::Card) && granted(b, Scope::Card) && granted(c, Scope::Card));
    assert!(!granted(admin, Scope::Card) && !granted(a, Scope::Chart), "nobody gave them that");
    assert!(!granted(c, Scope::Chart), "b has no chart grant to share");
    assert!(!granted(lost, Scope::Card), "c may not share");
    assert!(!granted(lost, Scope::Chart) && trust.ever_granted(lost.device_id(), patient, Scope::Chart), "revoked");
    assert!(trust.device(stranger.device_id()).is_none(), "c is no administrator");
    assert!(!granted(stranger, Scope::Card));
    assert!(!trust.device(c.device_id()).unwrap().revoked, "an administrator has no say over another facility");
    let log = LogId { document: DocumentId::card(patient), device: lost.device_id(), incarnation: Incarnation(1) };
    assert_eq!(trust.last_valid(&log), Some(LogSeq(5)), "the stricter revocation counts");
    assert_eq!(trust.last_valid(&LogId { incarnation: Incarnation(2), ..log }), Some(LogSeq::NONE));
    assert_eq!(trust.last_valid(&LogId { device: a.device_id(), ..log }), None);
    assert_eq!(trust.member(MemberId([9; 16])).unwrap().name, "看護師");
    assert_eq!(trust.device(a.device_id()).unwrap().facility_name.as_deref(), Some("新名"));
    let grant = trust.grant_of_key(w.key.id, c.device_id()).unwrap();
    assert_eq!(c.unwrap(grant.grant), Ok(w.key.clone()));
    assert_eq!(b.unwrap(grant.grant), Err(KeyError::NotForUs));
}

#[test]
fn a_wrapped_key_opens_only_where_it_was_granted() {
    let w = world();
    let trust = add_all(&w, w.statements.iter());
    let c = &w.devices[3];
    let grant = trust.grant_of_key(w.key.id, c.device_id()).unwrap().grant.clone();
    let mut moved = grant.clone();
    moved.scope = Scope::Chart;
    assert_eq!(c.unwrap(&moved), Err(KeyError::NotForUs));
    let mut moved = grant.clone();
    moved.patient.0[0] ^= 1;
    assert_eq!(c.unwrap(&moved), Err(KeyError::NotForUs));
    let mut moved = grant.clone();
    moved.key.0[0] ^= 1;
    assert_eq!(c.unwrap(&moved), Err(KeyError::NotForUs));
    let mut flipped = grant;
    flipped.wrapped.sealed[0] ^= 1;
    assert_eq!(c.unwrap(&flipped), Err(KeyError::NotForUs));
}

#[test]
fn a_chain_is_enough_to_verify_a_device() {
    let w = world();
    let trust = add_all(&w, w.statements.iter());
    for keys in &w.devices[..4] {
        let chain = trust.chain_of(keys.device_id());
        let mut relay = TrustStore::new(w.region.public());
        for bytes in &chain {
            assert_eq!(admit_statement(bytes, &mut relay), Ok(Added::New));
        }
        assert_eq!(admit_peer(keys.device_id(), &keys.public().signing, &relay), Ok(Peer::Device(keys.device_id())));
        assert_eq!(admit_peer(keys.device_id(), &[0; 32], &relay), Err(Refusal::WrongKey));
    }
    assert!(trust.chain_of(w.devices[5].device_id()).is_empty());
    assert_eq!(admit_peer(w.devices[4].device_id(), &w.devices[4].public().signing, &trust), Err(Refusal::Revoked));
    assert_eq!(admit_peer(DeviceId([0; 16]), &[0; 32], &trust), Err(Refusal::UnknownDevice));
}

#[test]
fn a_relay_takes_no_enrolment_by_who_has_no_right_to_it() {
    let w = world();
    let rng = SystemRandom::new();
    let mut relay = TrustStore::new(w.region.public());
    let [admin, a, ..] = w.devices.as_slice() else { unreachable!() };
    let new = DeviceKeys::generate(&rng).unwrap();
    let enrol = |by: &DeviceKeys, facility, administrator| said(by, 9, device(&new, facility, administrator));
    assert_eq!(admit_statement(&enrol(admin, HERE, false), &mut relay), Err(RejectReason::UnknownIssuer));
    for bytes in &w.statements[..6] {
        admit_statement(bytes, &mut relay).unwrap();
    }
    assert_eq!(admit_statement(&enrol(admin, THERE, false), &mut relay), Err(RejectReason::NotAllowed));
    assert_eq!(admit_statement(&enrol(admin, HERE, true), &mut relay), Err(RejectReason::NotAllowed));
    assert_eq!(admit_statement(&enrol(a, HERE, false), &mut relay), Err(RejectReason::NotAllowed));
    let mut forged = enrol(admin, HERE, false);
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(admit_statement(&forged, &mut relay), Err(RejectReason::Signature));
    let revocation = Revocation { device: admin.device_id(), logs: vec![], reason: "盗難".into() };
    admit_statement(&said(&w.region, 9, Claim::Revocation(revocation)), &mut relay).unwrap();
    assert_eq!(admit_statement(&enrol(admin, HERE, false), &mut relay), Err(RejectReason::NotAllowed));
    assert!(relay.device(a.device_id()).is_some(), "what it enrolled before stays");
    assert_eq!(admit_statement(&vec![0; 70_000], &mut relay), Err(RejectReason::Oversized));
}

#[test]
fn another_regions_statements_are_refused() {
    let w = world();
    let mut other = TrustStore::new(RegionKeys::generate(&SystemRandom::new()).unwrap().public());
    assert_eq!(other.add(&w.statements[0]), Err(TrustError::Signature));
    assert_eq!(other.add(&w.statements[5]), Ok(Added::Waiting));
    assert_eq!(other.add(&w.statements[5]), Ok(Added::Waiting));
    assert_eq!(other.waiting(), 1);
}

#[test]
fn content_that_cannot_be_right_is_not_signed() {
    let w = world();
    let long = Claim::Facility(Facility { id: HERE, name: "あ".repeat(200), kind: String::new() });
    assert_eq!(sign(&w.region, Millis(0), long), Err(TrustError::Content));
    let Claim::Device(mut wrong) = device(&w.devices[0], HERE, false) else { unreachable!() };
    wrong.id.0[0] ^= 1;
    assert_eq!(sign(&w.region, Millis(0), Claim::Device(wrong)), Err(TrustError::Content));
}

#[test]
fn enrolment_files_round_trip_and_prove_the_key() {
    let w = world();
    let request = EnrolmentRequest::new(&w.devices[0], "訪問1号").unwrap();
    let bytes = request.to_bytes();
    assert_eq!(EnrolmentRequest::from_bytes(&bytes), Ok(request));
    let mut forged = bytes.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(EnrolmentRequest::from_bytes(&forged), Err(EnrolmentError::Proof));
    for cut in 0..bytes.len() {
        assert!(EnrolmentRequest::from_bytes(&bytes[..cut]).is_err());
    }
    let relay = RelayAddress {
        relay: RelayKeys::generate(&SystemRandom::new()).unwrap().relay_id(),
        addresses: vec!["a:1".into()],
    };
    let bundle = EnrolmentBundle::new(w.region.public(), "釜石", w.statements.clone(), vec![relay]);
    assert_eq!(EnrolmentBundle::from_bytes(&bundle.to_bytes()), Ok(bundle));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_duplication_says_the_same(order in Just((0..22usize).collect::<Vec<_>>()).prop_shuffle(), twice in prop::collection::vec(0..22usize, 0..10), questions in any::<bool>()) {
        let w = world();
        let expected = answers(&w, &add_all(&w, w.statements.iter()));
        let mut trust = TrustStore::new(w.region.public());
        for index in order.iter().chain(&twice) {
            trust.add(&w.statements[*index]).unwrap();
            if questions {
                // Asking in between must not freeze an answer.
                answers(&w, &trust);
            }
        }
        prop_assert_eq!(answers(&w, &trust), expected);
        // Replayed in its own order, nothing has to wait.
        let mut replay = TrustStore::new(w.region.public());
        for (_, bytes) in trust.statements() {
            prop_assert_eq!(replay.add(bytes), Ok(Added::New));
        }
    }

    #[test]
    fn changed_or_cut_statements_are_never_accepted(which in 0..22usize, at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let w = world();
        let trust = add_all(&w, w.statements.iter());
        let mut bytes = w.statements[which].clone();
        let cut = &w.statements[which][..at.index(bytes.len())];
        prop_assert!(trust.clone().add(cut).is_err());
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // An issuer that nobody knows may wait, but is not believed.
        prop_assert!(!matches!(trust.clone().add(&bytes), Ok(Added::New | Added::Known)));
    }
}
