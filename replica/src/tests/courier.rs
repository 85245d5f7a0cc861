use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::*;
use crate::courier::{CourierError, CourierRequest, End, ForWhom, Report, Totals};
use crate::store::records;

const EVERYTHING: CourierRequest = CourierRequest { for_whom: ForWhom::Everyone, since: None, attachments: true };

fn go_on() -> impl FnMut(Totals) -> ControlFlow<()> {
    |_| ControlFlow::Continue(())
}

impl Tablet {
    fn to_stick(&self, request: &CourierRequest) -> PathBuf {
        let path = self.path().join("stick.tendenko");
        self.export_courier(&path, request, &mut go_on()).unwrap();
        assert!(!self.path().join("stick.tendenko.part").exists());
        path
    }

    fn take_stick(&self, path: &Path) -> Report {
        self.import_courier(path, &mut go_on()).unwrap()
    }
}

#[test]
fn two_tablets_without_any_network_meet_by_a_stick_alone() {
    let region = TestRegion::new();
    let (a, b) = (region.tablet("甲"), region.tablet("乙"));
    // Who is who first: without the other's certificate nothing can be granted.
    let report = a.take_stick(&b.to_stick(&EVERYTHING));
    assert_eq!((report.end, report.new, report.read.records), (End::Whole, 3, 0), "{report}");
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    a.note(patient, "行き");
    for scope in Scope::ALL {
        a.grant(patient, scope, b.device_id(), "同意書").unwrap();
    }
    let unsent = a.sync_status().unsent;
    let report = b.take_stick(&a.to_stick(&EVERYTHING));
    assert_eq!((report.end, report.refusals(), report.not_for_us), (End::Whole, 0, 0), "{report}");
    assert_eq!(b.models(), a.models());
    assert_eq!(a.sync_status().unsent, unsent, "a file is no ack");
    assert!(a.departing().iter().any(|item| matches!(item, Item::Record(_))), "what was exported still waits");

    b.note(patient, "帰り");
    let report = a.take_stick(&b.to_stick(&EVERYTHING));
    assert_eq!((report.end, report.refusals()), (End::Whole, 0), "{report}");
    assert_eq!(a.texts(patient), ["帰り", "行き"]);
    assert_eq!(a.models(), b.models());
    a.check_logs();

    let again = a.take_stick(&b.to_stick(&EVERYTHING));
    assert!(again.is_nothing_new() && again.known > 0, "{again}");
}

#[test]
fn what_a_file_brought_waits_for_the_next_relay() {
    let (a, b, patient) = pair();
    a.note(patient, "孤立した家にて");
    let before = b.departing().len();
    b.take_stick(&a.to_stick(&EVERYTHING));
    let compared = records::suspects(&b.reader()).unwrap();
    assert_eq!(compared, [DocumentId::chart(patient, 2026)], "only of what was new");
    assert_eq!(b.departing().len(), before, "no statement was new");
    assert_eq!(b.sync_status().unsent, 0, "not this tablet's own saves");
}

#[test]
fn a_cut_file_is_taken_as_far_as_it_goes_and_then_gone_on_with() {
    let (a, b, patient) = pair();
    for n in 0..12 {
        a.note(patient, &format!("{n:02}"));
        a.seal_all().unwrap();
    }
    let path = a.to_stick(&EVERYTHING);
    let whole = std::fs::read(&path).unwrap();
    let cut = a.path().join("stick.tendenko.part");
    let mut seen = 0;
    for tenth in 1..=10 {
        std::fs::write(&cut, &whole[..whole.len() * tenth / 10]).unwrap();
        let Ok(report) = b.import_courier(&cut, &mut go_on()) else { continue };
        assert_eq!(report.refusals(), 0, "{report}");
        assert_eq!(report.end == End::Whole, tenth == 10, "{report}");
        let texts = b.texts(patient).len();
        assert!(texts >= seen);
        seen = texts;
    }
    assert_eq!(b.models(), a.models());
    b.check_logs();
}

#[test]
fn a_tablet_keeps_what_it_is_granted_and_counts_the_rest() {
    let (a, b, shared) = pair();
    let own = a.create_patient(identity("高橋 ウメ", "タカハシ ウメ")).unwrap();
    a.note(own, "甲だけが見る");
    a.note(shared, "二人で見る");
    let report = b.take_stick(&a.to_stick(&EVERYTHING));
    // The patient's two grants to 甲 itself, the card, the chart.
    assert_eq!((report.end, report.not_for_us, report.refusals()), (End::Whole, 4, 0), "{report}");
    assert!(b.patient(own).is_err());
    assert!(!b.trust().grants_of(own, Scope::Card).any(|_| true));

    let for_b = CourierRequest { for_whom: ForWhom::Devices(vec![b.device_id()]), since: None, attachments: true };
    let report = b.take_stick(&a.to_stick(&for_b));
    assert_eq!((report.end, report.not_for_us), (End::Whole, 0), "{report}");
    let of_own = CourierRequest { for_whom: ForWhom::Patients(vec![own]), since: None, attachments: true };
    let report = b.take_stick(&a.to_stick(&of_own));
    assert_eq!((report.read.records, report.not_for_us), (2, 4), "{report}");
}

#[test]
fn only_what_came_since_is_written_when_asked_for() {
    let (a, b, patient) = pair();
    a.note(patient, "昨日まで");
    b.take_stick(&a.to_stick(&EVERYTHING));
    let day = 24 * 60 * 60 * 1000;
    a.clock.set(Timestamp(NOON + day));
    a.note(patient, "今日");
    let today =
        CourierRequest { for_whom: ForWhom::Everyone, since: Some(Timestamp(NOON + day - 60_000)), attachments: true };
    let report = b.take_stick(&a.to_stick(&today));
    assert_eq!((report.read.records, report.refusals()), (1, 0), "{report}");
    assert_eq!(b.texts(patient), ["今日", "昨日まで"]);
    let tomorrow =
        CourierRequest { for_whom: ForWhom::Everyone, since: Some(Timestamp(NOON + 2 * day)), attachments: true };
    assert_eq!(b.take_stick(&a.to_stick(&tomorrow)).read.records, 0);
}

#[test]
fn other_regions_and_other_files_bring_nothing() {
    let (a, _, _) = pair();
    let (stranger, _, _) = pair();
    let path = stranger.to_stick(&EVERYTHING);
    let refused = a.import_courier(&path, &mut go_on());
    assert!(matches!(&refused, Err(error @ CourierError::OtherRegion { .. }) if error.code() == "other-region"));
    std::fs::write(&path, "手紙").unwrap();
    let refused = a.import_courier(&path, &mut go_on());
    assert!(matches!(&refused, Err(error) if error.code() == "not-a-courier-file"));
    assert!(matches!(a.import_courier(&a.path().join("nowhere"), &mut go_on()), Err(CourierError::File { .. })));
}

#[test]
fn items_nobody_vouches_for_are_refused_by_reason_and_nothing_is_kept_of_them() {
    let (a, b, patient) = pair();
    a.note(patient, "本物");
    a.seal_all().unwrap();
    let path = a.to_stick(&EVERYTHING);
    // Somebody writes a file by the same rules, with a forged record and a statement by nobody known.
    let stranger = TestRegion::new().tablet("丙");
    let unknown = stranger.create_patient(identity("架空", "カクウ")).unwrap();
    let mut reader = tendenko_protocol::courier::Incoming::new(std::fs::File::open(&path).unwrap());
    let mut file = None;
    while let Ok(Some(part)) = reader.next_part() {
        use tendenko_protocol::courier::{Outgoing, Part};
        match part {
            Part::Header(header) => file = Some(Outgoing::begin(Vec::new(), &header)),
            Part::Item(Item::Record(mut bytes)) => {
                *bytes.last_mut().unwrap() ^= 1;
                file.as_mut().unwrap().put(&Item::Record(bytes)).unwrap();
            }
            _ => {}
        }
    }
    let mut file = file.unwrap();
    let grant = stranger.departing().into_iter().find(|item| matches!(item, Item::Statement(_))).unwrap();
    file.put(&grant).unwrap();
    std::fs::write(&path, file.finish().unwrap().1).unwrap();
    let (before, rejected) = (b.departing().len(), b.sync_status().rejected);
    let report = b.take_stick(&path);
    assert_eq!((report.end, report.new), (End::Whole, 0), "{report}");
    assert!(report.refusals() > 0, "{report}");
    assert_eq!((b.departing().len(), b.sync_status().rejected), (before, rejected));
    assert_eq!(records::suspects(&b.reader()).unwrap(), []);
    assert!(b.patient(unknown).is_err());
    assert_eq!(b.trust().waiting(), 0);
}

#[test]
fn an_export_that_is_called_off_or_fails_leaves_no_file() {
    let (a, _, patient) = pair();
    a.note(patient, "あと一歩");
    let path = a.path().join("stick.tendenko");
    let result = a.export_courier(&path, &EVERYTHING, &mut |_| ControlFlow::Break(()));
    assert!(matches!(result, Err(CourierError::CalledOff)));
    assert!(!path.exists() && !a.path().join("stick.tendenko.part").exists());
    let nowhere = a.path().join("no such folder").join("stick");
    let result = a.export_courier(&nowhere, &EVERYTHING, &mut go_on());
    assert!(matches!(result, Err(error) if error.code() == "stick"));
}
