//! Invented people and records for the gallery: long names, many marks, every state that a component knows.

use super::papers;
use tendenko_app_api::*;

/// A text that has to wrap.
pub const LONG_TEXT: &str = "朝のお薬を一回飲み忘れていたため、お薬カレンダーの位置をご本人と一緒に確認しました。夜間に二回ほどお手洗いに起きるとのことで、足元灯の設置を提案しています。次回、夜間の様子を再度うかがいます。";
/// A usage as dispensed.
pub const USAGE: &str = "1日3回 毎食後 30分以内に服用してください";
/// 2026-11-20 10:42 in Japan.
pub const NOW: i64 = 1_795_138_920_000;
const HOUR: i64 = 3_600_000;

/// The patient everything is about.
pub fn patient() -> PatientId {
    PatientId("00".repeat(16))
}

/// Somebody.
pub fn author(profession: Profession, mine: bool) -> AuthorView {
    AuthorView {
        member: MemberId("11".repeat(16)),
        name: "佐々木 健一".to_owned(),
        profession,
        facility: "みなと薬局 大町店".to_owned(),
        mine,
    }
}

/// Who wrote something, on a tablet whose clock was off by so much.
pub fn written(clock_offset_ms: i64) -> WrittenView {
    WrittenView {
        author: author(Profession::Pharmacist, false),
        at: Millis(NOW - 9 * 24 * HOUR),
        clock_offset_ms: Some(clock_offset_ms),
        reason: Some("ふらつきの訴えあり、処方医と相談し減量".to_owned()),
    }
}

/// A dose.
pub fn dose(amount: &str, basis: DoseBasis) -> Dose {
    Dose { amount: amount.to_owned(), unit: "錠".to_owned(), basis }
}

/// Measurements around a temperature and a blood pressure.
pub fn vitals(temperature: i16, systolic: u16) -> Vitals {
    Vitals {
        temperature: Some(temperature),
        systolic: Some(systolic),
        diastolic: Some(systolic / 2 + 10),
        pulse: Some(78),
        spo2: Some(96),
        weight: Some(482),
        ..Vitals::default()
    }
}

fn row(name: &str, kana: &str, age: Option<u16>) -> PatientRow {
    PatientRow {
        patient: PatientName { id: patient(), name: name.to_owned(), kana: kana.to_owned(), age, same_name: false },
        sex: Sex::Female,
        birth_date: age.map(|age| format!("{}-03-03", 2026 - i32::from(age))),
        address: "釜石市大町1丁目".to_owned(),
        allergies: 0,
        special_needs: Vec::new(),
        dnar: false,
        conflicts: 0,
        unread: 0,
        unread_hand_overs: 0,
        incomplete: false,
    }
}

/// Nothing to say; everything at once; a long name and little known.
pub fn rows() -> Vec<PatientRow> {
    let quiet = row("三浦 キヨ", "みうら きよ", Some(93));
    let mut loud = row("佐藤 ハル", "さとう はる", Some(89));
    loud.patient.same_name = true;
    loud.special_needs =
        [(SpecialNeedKind::Oxygen, "2 L/分 鼻カニューレ"), (SpecialNeedKind::Other, "全盲。声をかけてから触れる")]
            .map(|(kind, detail)| SpecialNeedView { kind, detail: detail.to_owned() })
            .to_vec();
    (loud.allergies, loud.dnar, loud.conflicts, loud.unread, loud.unread_hand_overs) = (2, true, 1, 3, 1);
    let mut long = row("小笠原 権左衛門太郎", "おがさわら ごんざえもんたろう", None);
    (long.incomplete, long.unread) = (true, 12);
    vec![quiet, loud, long]
}

/// The headers of the same people.
pub fn headers() -> Vec<PatientHeader> {
    let allergy = |substance: &str, kind| AllergyView {
        key: substance.to_owned(),
        substance: substance.to_owned(),
        kind,
        reaction: Some("全身の発疹・呼吸困難".to_owned()),
        severity: None,
        noted: None,
        conflict: false,
    };
    let headers = rows().into_iter().map(|row| PatientHeader {
        allergies: if row.allergies > 0 {
            vec![
                allergy("ペニシリン系抗菌薬", AllergyKind::Allergy),
                allergy("ロキソプロフェンナトリウム水和物", AllergyKind::AdverseReaction),
            ]
        } else {
            Vec::new()
        },
        wishes: row.dnar.then(|| WishesView {
            dnar: true,
            text: "自宅で最期まで過ごしたい。".to_owned(),
            decided_on: Some("2026-04-12".to_owned()),
            decided_with: None,
            written: written(0),
        }),
        wishes_conflict: row.incomplete,
        as_of: (!row.incomplete).then_some(Millis(NOW - HOUR)),
        chart: true,
        row,
    });
    headers.collect()
}

/// One of each kind of warning.
pub fn warnings() -> Vec<WarningView> {
    use BasisPlace::*;
    let warning = |kind, other: &str, place, shared: &str| WarningView {
        kind,
        other: other.to_owned(),
        basis: WarningBasis { place, shared: shared.to_owned() },
    };
    vec![
        warning(WarningKind::Allergy, "ペニシリン系抗菌薬", WordsInGeneralName, "ペニシリン"),
        warning(WarningKind::AdverseReaction, "ロキソニン", WordsInName, "ロキソニン"),
        warning(WarningKind::SameProduct, "ワーファリン錠0.5mg", ProductName, "ワーファリン錠0.5mg"),
        warning(WarningKind::SameIngredient, "ワルファリンK錠1mg", IngredientCode, "3332001"),
    ]
}

/// What was seen of a medicine: all that can be said, and one word alone.
pub fn observations() -> Vec<ObservationView> {
    let seen = |effect, text: &str, leftover| ObservationView {
        key: String::new(),
        name: "ワーファリン錠0.5mg".to_owned(),
        leftover,
        effect: Some(effect),
        text: text.to_owned(),
    };
    let leftover = LeftoverView { amount: "12".to_owned(), unit: "錠".to_owned(), expected: Some("6".to_owned()) };
    vec![seen(Effect::SuspectedReaction, LONG_TEXT, Some(leftover)), seen(Effect::Worked, "", None)]
}

/// Results above, below and inside their range, and one that is no number.
pub fn lab_report() -> LabReportView {
    let result = |name: &str, value: &str, unit: &str| LabResultView {
        name: name.to_owned(),
        value: value.to_owned(),
        unit: unit.to_owned(),
        low: "3.8".to_owned(),
        high: "6.0".to_owned(),
        ..LabResultView::default()
    };
    LabReportView {
        performer: "釜石中央病院 検査科".to_owned(),
        results: vec![
            result("HbA1c（NGSP）", "7.2", "%"),
            result("アルブミン", "3.1", "g/dL"),
            result("CRP", "<0.1", "mg/dL"),
        ],
        conclusion: LONG_TEXT.to_owned(),
    }
}

/// Medicines: a short name, and one that must not be cut.
pub fn medicines() -> Vec<MedicineView> {
    let names = [
        "ワーファリン錠0.5mg",
        "レボドパ100mg・カルビドパ水和物10.8mg配合剤錠（長い名前でも途中で切れないことを確かめるための例）",
    ];
    let medicines = names.map(|name| MedicineView {
        key: name.to_owned(),
        name: name.to_owned(),
        general_name: None,
        dose: dose("2.5", DoseBasis::PerDay),
        usage: USAGE.to_owned(),
        timings: vec![Timing::Morning, Timing::Evening],
        form: "内服".to_owned(),
        since: Some("2026-05-14".to_owned()),
        until: None,
        prescriber: None,
        source: Source::Notebook,
        note: None,
        written: Some(written(0)),
        conflict: false,
        warnings: warnings(),
    });
    medicines.to_vec()
}

fn entry(hours_ago: i64, profession: Profession, body: EntryBody) -> TimelineEntry {
    let at = Millis(NOW - hours_ago * HOUR);
    TimelineEntry {
        id: EntryId(format!("{hours_ago:032x}")),
        at,
        recorded_at: at,
        clock_offset_ms: None,
        author: author(profession, false),
        sent: Sent::Acked,
        new: false,
        read_by: Vec::new(),
        reason: None,
        earlier: Vec::new(),
        body,
        files: Vec::new(),
    }
}

fn visit(note: &str) -> EntryBody {
    EntryBody::Visit(VisitView {
        purpose: Some("定期訪問".to_owned()),
        vitals: vitals(368, 168),
        care: vec!["observation".to_owned(), "bed-bath".to_owned()],
        note: note.to_owned(),
        sections: vec![NoteSection { name: "assessment".to_owned(), text: "脱水の徴候なし。".to_owned() }],
    })
}

/// Entries of every kind, and a visit in every state: new, late, not sent, corrected.
pub fn entries() -> Vec<TimelineEntry> {
    use Profession::*;
    let mut fresh = entry(1, Nurse, visit(LONG_TEXT));
    (fresh.new, fresh.sent) = (true, Sent::Pending);
    let mut late = entry(40, Helper, visit("お昼は八割。"));
    (late.recorded_at, late.sent) = (Millis(NOW), Sent::Sealed);
    let mut corrected = entry(50, Helper, visit("入浴後も気分よし。"));
    corrected.reason = Some("体温の打ち間違い".to_owned());
    corrected.earlier = vec![EarlierVersion {
        id: EntryId("22".repeat(16)),
        recorded_at: Millis(NOW - 51 * HOUR),
        author: author(Helper, false),
        body: visit("入浴後も気分よし。"),
    }];
    let to = Addressee::Profession(Nurse);
    let mut said =
        entry(60, Pharmacist, EntryBody::HandOver { to, urgent: true, text: LONG_TEXT.to_owned(), answers: None });
    said.read_by = vec![ReadBy { author: author(Nurse, false), at: Millis(NOW) }];
    let change = MedicineChangeView {
        key: String::new(),
        name: "ワーファリン錠0.5mg".to_owned(),
        action: MedicineAction::Changed,
        before: Some(Regimen { dose: dose("2", DoseBasis::PerDay), usage: "1日1回 夕食後".to_owned() }),
        after: Some(Regimen { dose: dose("2.5", DoseBasis::PerDay), usage: "1日1回 夕食後".to_owned() }),
        reason: "検査値にあわせて増量".to_owned(),
    };
    let given = DispensingView {
        dispensed_on: "2026-11-11".to_owned(),
        pharmacy: Some("みなと薬局 大町店".to_owned()),
        prescriber: Some("釜石中央病院 及川 徹".to_owned()),
        drugs: vec![DispensedDrugView {
            name: "ワーファリン錠0.5mg".to_owned(),
            dose: dose("2.5", DoseBasis::PerDay),
            usage: USAGE.to_owned(),
            quantity: Some("28日分".to_owned()),
            product: String::new(),
            notes: vec!["納豆を避ける".to_owned()],
        }],
        source: Source::Notebook,
        notes: vec!["残薬 6錠".to_owned()],
    };
    let photo = AttachmentView {
        media_type: "image/jpeg".to_owned(),
        file_name: "photo.jpg".to_owned(),
        size: 184_320,
        thumbnail: None,
        caption: "仙骨部".to_owned(),
        part_of: None,
    };
    let comes = |profession: Profession, me: bool| {
        let one = author(profession, me);
        ParticipantView { member: one.member, name: one.name, profession: one.profession, me }
    };
    let plan = PlanText {
        participants: vec![comes(Nurse, true), comes(Therapist, false)],
        weekdays: vec![2, 5],
        time: "09:30".to_owned(),
        minutes: 40,
        purpose: "歩行と血圧の確認".to_owned(),
        from: "2026-11-01".to_owned(),
        until: None,
    };
    let goal = GoalDraft {
        description: "転ばずに、毎日庭に出られる".to_owned(),
        note: LONG_TEXT.to_owned(),
        due_date: Some("2027-03-31".to_owned()),
    };
    let behaviour = BehaviourDraft {
        behaviours: vec!["going-home".to_owned(), "wandering".to_owned()],
        description: "「家に帰る」と玄関へ出られた".to_owned(),
        antecedent: "夕方、家族が買い物に出たあと".to_owned(),
        response: "縁側で一緒にお茶を飲む".to_owned(),
        outcome: Some("helped".to_owned()),
    };
    let mut measured = entry(85, Physician, EntryBody::LabReport(lab_report()));
    measured.files = papers::files();
    vec![
        fresh,
        late,
        corrected,
        said,
        entry(70, Nurse, EntryBody::Note { text: "サービス担当者会議に出席。".to_owned() }),
        entry(80, Physician, EntryBody::MedicineChange(change)),
        measured,
        entry(90, Pharmacist, EntryBody::Dispensing(given)),
        entry(100, Nurse, EntryBody::Attachment(photo)),
        entry(
            110,
            Pharmacist,
            EntryBody::NotebookImport { file_name: "okusuri.csv".to_owned(), text: "JAHISTC08,1".to_owned() },
        ),
        entry(120, Physician, EntryBody::SiteAccess { reason: "consultation".to_owned() }),
        entry(122, Nurse, EntryBody::VisitPlan(plan)),
        entry(124, CareManager, EntryBody::TeamGoal(goal)),
        entry(126, Helper, EntryBody::Behaviour(behaviour)),
        entry(130, Nurse, EntryBody::Withdrawal),
        entry(140, Other("傾聴ボランティア".to_owned()), EntryBody::Unknown { kind: "photo-album".to_owned() }),
    ]
}

/// One that waits for me, one that I wrote and nobody has read, one that was answered.
pub fn hand_overs() -> Vec<HandOverView> {
    let line = |mine: bool| HandOverView {
        entry: EntryId("33".repeat(16)),
        patient: rows().remove(1).patient,
        at: Millis(NOW - HOUR),
        author: author(Profession::Pharmacist, mine),
        to: Addressee::Team,
        urgent: !mine,
        text: LONG_TEXT.to_owned(),
        sent: Sent::Acked,
        answered: None,
        answers: Vec::new(),
        read_by: Vec::new(),
        waits: !mine,
    };
    let mut answered = line(false);
    answered.waits = false;
    answered.answers = vec![Remark {
        author: author(Profession::Nurse, true),
        at: Millis(NOW),
        text: "五日分ありました。".to_owned(),
    }];
    answered.read_by = vec![ReadBy { author: author(Profession::Nurse, true), at: Millis(NOW) }];
    vec![line(false), line(true), answered]
}
