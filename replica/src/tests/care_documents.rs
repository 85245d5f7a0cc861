//! Documents between two tablets: versions made apart, answers that never overwrite, and a signature on paper.

use tendenko_crdt::{CareDocument, ChecklistAnswer, DocumentKind, Newer, Recipient, Verdict};
use tendenko_protocol::paper::{PaperError, PaperSignature};

use super::*;

fn letter(title: &str, checklist: &[&str]) -> CareDocument {
    CareDocument {
        kind: DocumentKind::Conference,
        title: title.into(),
        to: None,
        sections: Vec::new(),
        checklist: checklist.iter().map(|question| (*question).to_owned()).collect(),
        attachments: Vec::new(),
        answers: None,
        newer: Newer::default(),
    }
}

fn write(tablet: &Tablet, patient: PatientId, body: EventBody, corrects: Option<EntryId>) -> EntryId {
    tablet
        .edit(patient, |edit| {
            let mut event = edit.event(body)?;
            event.corrects = corrects;
            event.reason = corrects.map(|_| "追記".to_owned());
            Ok(edit.volume(2026)?.record(event)?)
        })
        .unwrap()
}

fn answer(document: EntryId, text: &str) -> EventBody {
    EventBody::ChecklistAnswer(ChecklistAnswer {
        document,
        question: "酸素は".into(),
        verdict: Verdict::Yes,
        text: text.into(),
        newer: Newer::default(),
    })
}

#[test]
fn what_two_write_apart_stands_side_by_side_on_both_tablets() {
    let (a, b, patient) = pair();
    let first = write(&a, patient, EventBody::Document(letter("初版", &["酸素は", "食形態は"])), None);
    b.receive(a.departing());
    // Apart: each makes the next version, and each answers the same question.
    write(&a, patient, EventBody::Document(letter("甲の版", &["酸素は"])), Some(first));
    write(&b, patient, EventBody::Document(letter("乙の版", &["酸素は"])), Some(first));
    write(&a, patient, answer(first, "2 L"), None);
    write(&b, patient, answer(first, "1 L"), None);
    let (from_a, from_b) = (a.departing(), b.departing());
    a.receive(from_b);
    b.receive(from_a);
    for tablet in [&a, &b] {
        let files = tablet.care_documents(patient).unwrap();
        let [file] = files.as_slice() else { panic!("one document: {files:?}") };
        assert_eq!((file.current.len(), file.earlier.len()), (2, 1));
        let checklist = file.checklist();
        assert_eq!(
            checklist.iter().map(|(question, answers)| (*question, answers.len())).collect::<Vec<_>>(),
            [("酸素は", 2)]
        );
        assert_eq!(file.open_questions(), 0);
    }
    assert_eq!(a.care_documents(patient).unwrap(), b.care_documents(patient).unwrap());
    assert_eq!(a.models(), b.models());
    // Found by what it says, in whatever kana.
    let found = TimelineFilter { words: "ショクケイタイ".into(), ..TimelineFilter::default() };
    assert_eq!(
        b.timeline_page(patient, &found, &TimelineStart::Newest, 9, None).unwrap().entries.len(),
        0,
        "it was corrected"
    );
    let found = TimelineFilter { words: "乙の版".into(), ..TimelineFilter::default() };
    assert_eq!(a.timeline_page(patient, &found, &TimelineStart::Newest, 9, None).unwrap().entries.len(), 1);
}

#[test]
fn a_paper_is_verified_by_whoever_holds_the_text_and_by_whoever_does_not() {
    let (a, b, patient) = pair();
    let entry = write(&a, patient, EventBody::Document(letter("紹介状", &[])), None);
    let code = a.sign_paper(patient, entry).unwrap().to_text();
    let before = b.check_paper(&code).unwrap();
    assert_eq!((before.device.label.as_str(), before.held.is_some(), before.same), ("甲", false, false));
    b.receive(a.departing());
    let after = b.check_paper(&code).unwrap();
    assert_eq!((after.held.map(|event| event.id), after.same), (Some(entry), true));
    // The same entry, another text: what was signed is not what is held.
    let device = a.device_id();
    let other = PaperSignature::sign(&a.keys, &a.trust(), patient, *entry.as_bytes(), [0; 32], Millis(NOON));
    let other = b.check_paper(&other.to_text()).unwrap();
    assert_eq!((other.printed.device, other.held.is_some(), other.same), (device, true, false));

    let note = a.note(patient, "これは書類ではない");
    assert!(matches!(a.sign_paper(patient, note), Err(SaveError::NoSuchEntry)));
    let elsewhere = TestRegion::new().tablet("丙");
    assert!(matches!(elsewhere.check_paper(&code), Err(CheckPaperError::Paper(PaperError::UnknownDevice))));
}

#[test]
fn a_letter_waits_for_the_facility_it_is_addressed_to_until_it_is_answered() {
    let (a, b, patient) = pair();
    let to = |facility: &str| Some(Recipient { facility: facility.into(), ..Recipient::default() });
    let referral =
        |facility: &str| CareDocument { kind: DocumentKind::Referral, to: to(facility), ..letter("紹介", &[]) };
    let sent = write(&a, patient, EventBody::Document(referral("乙の事業所　循環器内科")), None);
    write(&a, patient, EventBody::Document(referral("丙の病院")), None);
    write(&a, patient, EventBody::Document(CareDocument { to: to("乙の事業所"), ..letter("資料", &[]) }), None);
    b.receive(a.departing());
    let waits =
        |tablet: &Tablet| tablet.waiting_letters(9).unwrap().iter().map(|(_, event)| event.id).collect::<Vec<_>>();
    assert_eq!((waits(&a), waits(&b)), (vec![], vec![sent]));
    assert!(b.waiting_hand_overs(9).unwrap().is_empty() && a.written_hand_overs(9).unwrap().is_empty());
    let reply =
        CareDocument {
            kind: DocumentKind::Reply, answers: Some(sent), to: to("甲の事業所"), ..letter("返書", &[])
        };
    let reply = write(&b, patient, EventBody::Document(reply), None);
    assert_eq!(waits(&b), []);
    // The answer waits for whoever asked, until somebody there has read it, which its writer sees.
    a.receive(b.departing());
    assert_eq!(waits(&a), [reply]);
    a.confirm(patient, reply).unwrap();
    assert_eq!(waits(&a), []);
    b.receive(a.departing());
    assert_eq!(b.timeline_entry(patient, reply).unwrap().read_by.len(), 1);
}

#[test]
fn a_letter_that_was_read_waits_for_nobody_of_that_facility_and_still_for_its_answer() {
    let (a, b, patient) = pair();
    let to = Some(Recipient { facility: "乙の事業所".into(), ..Recipient::default() });
    let referral = CareDocument { kind: DocumentKind::Referral, to, ..letter("ご報告", &[]) };
    let sent = write(&a, patient, EventBody::Document(referral), None);
    let questions = write(&a, patient, EventBody::Document(letter("資料", &["酸素は"])), None);
    b.receive(a.departing());
    // Whoever wrote it has read it, and that settles nothing for those it is addressed to.
    a.confirm(patient, sent).unwrap();
    b.receive(a.departing());
    assert_eq!(b.waiting_letters(9).unwrap().len(), 1);
    b.confirm(patient, sent).unwrap();
    assert!(b.waiting_letters(9).unwrap().is_empty());
    assert!(b.care_documents(patient).unwrap().iter().any(DocumentFile::awaits_reply));
    assert!(matches!(b.confirm(patient, questions), Err(SaveError::NoSuchEntry)));
}
