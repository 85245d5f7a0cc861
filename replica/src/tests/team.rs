//! Who is in a team, and adding a facility. That it travels is tested with a real relay.

use tendenko_protocol::keys::DeviceKeys;
use tendenko_protocol::trust::Revocation;

use super::*;

#[test]
fn a_facility_is_added_with_the_consent_it_rests_on_and_then_no_colleague_any_more() {
    let region = TestRegion::new();
    let (a, b, c) = (region.tablet("甲"), region.tablet("乙"), region.tablet("丙"));
    introduce(&[&a, &b, &c]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let team = a.care_team(patient);
    assert!(team.may_add);
    let names = |team: &CareTeam| team.facilities.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&team), ["甲の事業所"]);
    assert!(team.facilities[0].registered_here);
    let colleagues = a.colleagues(patient);
    assert_eq!(colleagues.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["丙の事業所", "乙の事業所"]);
    assert!(!b.care_team(patient).may_add, "who has no key adds nobody");

    a.clock.set(Timestamp(NOON + 1_000));
    let facility = colleagues.iter().find(|one| one.name == "乙の事業所").unwrap().facility;
    assert_eq!(a.add_to_team(patient, facility, "口頭で同意（長女同席）").unwrap(), 1);
    assert_eq!(a.add_to_team(patient, facility, "もう一度").unwrap(), 0, "twice is once");
    b.receive(a.departing());
    for tablet in [&a, &b] {
        let team = tablet.care_team(patient);
        assert_eq!((names(&team), team.may_add), (vec!["甲の事業所".into(), "乙の事業所".into()], true));
        let added = &team.facilities[1];
        assert_eq!(added.consent, "口頭で同意（長女同席）");
        assert_eq!((added.since, added.added_by.as_deref()), (Timestamp(NOON + 1_000), Some("甲の事業所")));
        assert_eq!(added.members[0].name, "乙 花子");
        assert!(added.tablets.iter().all(|tablet| tablet.has_access));
        assert_eq!(tablet.team(patient).len(), 2);
    }
    assert_eq!(b.patients().unwrap().len(), 1);
    // Whoever was added adds the next.
    let facility = b.colleagues(patient)[0].facility;
    assert_eq!(b.add_to_team(patient, facility, "同意書").unwrap(), 1);
    assert!(matches!(a.add_to_team(patient, FacilityId([9; 16]), "同意書"), Err(SaveError::UnknownDevice)));
}

#[test]
fn only_tablets_in_office_are_given_access_and_a_lost_one_does_not_keep_its_facility_out() {
    let region = TestRegion::new();
    let (a, b) = (region.tablet("甲"), region.tablet("乙"));
    introduce(&[&a, &b]);
    let facility = a.trust().device(b.device_id()).unwrap().facility;
    let enrolled = |label: &str, evacuation_site: bool| {
        let public = DeviceKeys::generate(&SystemRandom::new()).unwrap().public();
        let device = public.device_id();
        let label = label.to_owned();
        let (signing, hpke) = (public.signing, public.hpke);
        let claim = Device { id: device, facility, label, signing, hpke, administrator: false, evacuation_site };
        a.receive(vec![Item::Statement(sign(&region.0, Millis(NOON), Claim::Device(claim)).unwrap().into_bytes())]);
        device
    };
    let (second, lost, site) = (enrolled("乙 2号", false), enrolled("なくした端末", false), enrolled("救護所", true));
    let revoked = Claim::Revocation(Revocation { device: lost, logs: Vec::new(), reason: "紛失".into() });
    a.receive(vec![Item::Statement(sign(&region.0, Millis(NOON + 1), revoked).unwrap().into_bytes())]);

    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    assert_eq!(a.add_to_team(patient, facility, "同意書").unwrap(), 2);
    let granted = |device| Scope::ALL.map(|scope| a.trust().ever_granted(device, patient, scope));
    assert_eq!([b.device_id(), second].map(granted), [[true; 2]; 2]);
    assert_eq!([lost, site].map(granted), [[false; 2]; 2]);
}
