//! Letters, questions, plans, results and files, in every state.

use super::{
    part,
    samples::{self, LONG_TEXT, NOW, author},
};
use crate::{app::App, components::*};
use tendenko_app_api::*;
use yew::prelude::*;

/// The components of what is written to be read as a whole.
pub fn parts(app: &App) -> Html {
    let headers = samples::headers();
    html! {
        <>
            { part("document_kind, verdict", html! { <p class="chips">
                { for kinds().iter().map(|kind| html! { <span class="chip">{ document_kind(app, kind) }</span> }) }
                { for verdicts().iter().map(|one| html! { <span class="mark mark-plain">{ verdict(app, one) }</span> }) }
            </p> }) }
            { part("document_brief, document_link", html! {
                <>
                    { for letters().iter().map(|version| document_brief(app, &version.body)) }
                    { document_link(app, &samples::patient(), &link()) }
                </>
            }) }
            { part("letter", letters().iter().enumerate().map(|(place, version)| letter(app, headers.get(place), version)).collect()) }
            { part("Checklist", checklists().into_iter().map(|questions| html! {
                <Checklist patient={samples::patient()} document={EntryId("44".repeat(16))} {questions} />
            }).collect()) }
            { part("plan_line", plans().iter().map(|plan| plan_line(app, plan)).collect()) }
            { part("clash_words", clashes().iter().map(|clash| html! { <p class="clash"><Icon name="warning" />{ clash_words(app, clash) }</p> }).collect()) }
            { part("lab_report, lab_value", reports().iter().map(|report| html! { <div class="entry">{ lab_report(app, report) }</div> }).collect()) }
            { part("test_request", test_request(app, &request())) }
            { part("Files", html! { <Files patient={samples::patient()} files={files()} /> }) }
            { part("FormFiles", html! { <Taken /> }) }
        </>
    }
}

/// Files of a draft that does not exist.
#[component]
fn Taken() -> Html {
    let taken = use_reducer(|| {
        let file = |id, media_type: &str| DraftFile { id, media_type: media_type.to_owned(), thumbnail: None, size: 1 };
        DraftFiles::of(&[file(1, "image/jpeg"), file(2, "application/pdf")])
    });
    let names = vec![(1, "心電図 2026-11-20.jpg".to_owned()), (2, format!("{}.pdf", "長い名前".repeat(12)))];
    html! {
        <FormFiles patient={samples::patient()} draft={DraftName::Sheet(SheetName::RecordLabs)} files={taken} {names} on_name={Callback::noop()}
            kept={files().into_iter().take(1).collect::<Vec<_>>()} on_leave={Callback::noop()} />
    }
}

fn kinds() -> Vec<DocumentKind> {
    let known = NewDocument::ALL.map(NewDocument::kind).into_iter();
    known.chain([DocumentKind::Reply, DocumentKind::Other("看護サマリ".to_owned())]).collect()
}

fn verdicts() -> [Verdict; 4] {
    [Verdict::Yes, Verdict::No, Verdict::Unclear, Verdict::Other("条件つき".to_owned())]
}

/// A letter with everything, and one with nothing but its kind.
fn letters() -> Vec<DocumentVersion> {
    let version = |body: DocumentView| DocumentVersion {
        entry: EntryId("44".repeat(16)),
        author: author(Profession::Physician, false),
        at: Millis(NOW),
        sent: Sent::Acked,
        reason: None,
        body,
        files: Vec::new(),
    };
    let parts = parts_for(&DocumentKind::Referral);
    let full = DocumentView {
        kind: DocumentKind::Referral,
        title: "下腿浮腫の増悪についての精査のお願い".to_owned(),
        to_facility: "釜石中央病院 循環器内科".to_owned(),
        to_name: "及川 徹".to_owned(),
        sections: parts
            .iter()
            .map(|name| NoteSection { name: (*name).to_owned(), text: LONG_TEXT.to_owned() })
            .collect(),
        checklist: vec!["在宅酸素は必要ですか".to_owned()],
    };
    let empty = DocumentView {
        kind: DocumentKind::Other("看護サマリ".to_owned()),
        title: String::new(),
        to_facility: String::new(),
        to_name: String::new(),
        sections: Vec::new(),
        checklist: Vec::new(),
    };
    vec![version(full), version(empty)]
}

fn link() -> DocumentLink {
    DocumentLink {
        entry: EntryId("44".repeat(16)),
        kind: DocumentKind::Reply,
        title: LONG_TEXT.to_owned(),
        author: author(Profession::Physician, true),
        at: Millis(NOW),
    }
}

/// With a question that nobody has answered, and with every kind of answer.
fn checklists() -> [Vec<Question>; 2] {
    let answer = |verdict: Verdict, text: &str| AnswerView {
        author: author(Profession::Pharmacist, false),
        at: Millis(NOW),
        verdict,
        text: text.to_owned(),
    };
    let asked = |text: &str, answers| Question { text: text.to_owned(), answers };
    let open = vec![
        asked("在宅酸素は必要ですか", Vec::new()),
        asked("退院日の送迎は決まっていますか", vec![answer(Verdict::Yes, "")]),
    ];
    let told = verdicts().map(|verdict| answer(verdict, LONG_TEXT));
    [open, vec![asked(LONG_TEXT, told.to_vec())]]
}

/// Every week together, once alone, and one that ends.
fn plans() -> Vec<PlanText> {
    let comes = |profession: Profession, me: bool| {
        let one = author(profession, me);
        ParticipantView { member: one.member, name: one.name, profession: one.profession, me }
    };
    let weekly = PlanText {
        participants: vec![comes(Profession::Nurse, true), comes(Profession::Pharmacist, false)],
        weekdays: vec![1, 2, 3, 4, 5, 6, 7],
        time: "09:30".to_owned(),
        minutes: 45,
        purpose: LONG_TEXT.to_owned(),
        from: "2026-11-01".to_owned(),
        until: Some("2027-03-31".to_owned()),
    };
    let once = PlanText {
        participants: vec![comes(Profession::Therapist, false)],
        weekdays: Vec::new(),
        purpose: String::new(),
        until: None,
        ..weekly.clone()
    };
    vec![weekly, once]
}

/// Two visits to one patient, and one person in two houses.
fn clashes() -> [ClashView; 2] {
    let clash = |members: Vec<String>| ClashView {
        patient: samples::patient(),
        name: "三浦 キヨ".to_owned(),
        time: "09:30".to_owned(),
        until: "10:15".to_owned(),
        participants: vec!["佐々木 健一".to_owned(), "菊池 遥".to_owned()],
        members,
    };
    [clash(Vec::new()), clash(vec!["佐々木 健一".to_owned()])]
}

/// Values around their range, values that are no numbers and have half a range or none, and words alone.
fn reports() -> Vec<LabReportView> {
    let result = |value: &str, low: &str, high: &str| LabResultView {
        name: "総ビリルビン（長い名前の項目でも切れない）".to_owned(),
        value: value.to_owned(),
        unit: "mg/dL".to_owned(),
        low: low.to_owned(),
        high: high.to_owned(),
        ..LabResultView::default()
    };
    let odd = LabReportView {
        results: vec![
            result("陰性", "", ""),
            result("3+", "", "1+"),
            result("<0.5", "0.5", ""),
            result("９．９", "", "1.2"),
        ],
        ..LabReportView::default()
    };
    let words = LabReportView { conclusion: LONG_TEXT.to_owned(), ..LabReportView::default() };
    vec![samples::lab_report(), odd, words]
}

fn request() -> TestRequestView {
    let tests = ["BNP", "HbA1c（NGSP）", "胸部X線"].map(str::to_owned);
    TestRequestView { tests: tests.to_vec(), reason: LONG_TEXT.to_owned() }
}

/// A picture, and a document with a long name.
pub fn files() -> Vec<EntryFile> {
    let file = |number: u8, media_type: &str, file_name: String| EntryFile {
        entry: EntryId(format!("{number:032x}")),
        file: AttachmentView {
            media_type: media_type.to_owned(),
            file_name,
            size: 1_843_200,
            thumbnail: None,
            caption: String::new(),
            part_of: None,
        },
    };
    vec![
        file(1, "image/jpeg", "心電図.jpg".to_owned()),
        file(2, "application/pdf", format!("{}.pdf", "検査報告書".repeat(12))),
    ]
}
