//! What clinicians rely on when tablets were apart, told one case at a time.

mod support;

use support::*;
use tendenko_crdt::*;

const DRUG: &str = "アムロジピン錠5mg";

/// Two cards that agree on one medicine.
fn agreeing_cards() -> (Card, Card) {
    let (mut nurse, mut pharmacist) = (Card::new(actor(0)), Card::new(actor(1)));
    nurse.put_medicine(DRUG, medicine(DRUG, "1"), &stamp(0, 1), None).unwrap();
    exchange(&mut nurse, &mut pharmacist);
    (nurse, pharmacist)
}

fn amounts(card: &Card) -> Vec<String> {
    card.medicine(DRUG).present().map(|(medicine, _)| medicine.amount.clone()).collect()
}

#[test]
fn two_concurrent_doses_stand_on_both_sides_until_a_write_that_follows_both() {
    let (mut nurse, mut pharmacist) = agreeing_cards();
    nurse.put_medicine(DRUG, medicine(DRUG, "2"), &stamp(0, 2), Some("血圧高値")).unwrap();
    // A clock that is a year ahead wins nothing.
    pharmacist.put_medicine(DRUG, medicine(DRUG, "0.5"), &stamp(1, 31_536_000_000), Some("ふらつき")).unwrap();
    exchange(&mut nurse, &mut pharmacist);
    for card in [&nurse, &pharmacist] {
        let item = card.medicine(DRUG);
        assert_eq!(amounts(card), ["2", "0.5"]);
        assert!(item.is_conflict() && !item.is_clash());
        assert_eq!(item.presence.settled(), None);
        let authors: Vec<_> =
            item.presence.values.iter().map(|w| (w.stamp.author.name.as_str(), w.reason.as_deref())).collect();
        assert_eq!(authors, [("職員0", Some("血圧高値")), ("職員1", Some("ふらつき"))]);
        let key = format!("s/medicine/{DRUG}");
        assert_eq!(card.conflicts(), [ConflictRef { key, kind: ConflictKind::Values }]);
    }

    // A third tablet that saw only one side does not settle it by writing.
    let mut physician = Card::new(actor(2));
    physician.put_medicine(DRUG, medicine(DRUG, "3"), &stamp(2, 3), None).unwrap();
    exchange(&mut physician, &mut nurse);
    assert_eq!(amounts(&nurse).len(), 3);

    assert_eq!(
        nurse.put_medicine(DRUG, medicine(DRUG, "1"), &stamp(0, 4), Some("  ")),
        Err(DocumentError::ReasonMissing)
    );
    nurse.put_medicine(DRUG, medicine(DRUG, "1"), &stamp(0, 4), Some("主治医に確認")).unwrap();
    exchange(&mut nurse, &mut pharmacist);
    exchange(&mut nurse, &mut physician);
    for card in [&mut nurse, &mut pharmacist, &mut physician] {
        assert_eq!(amounts(card), ["1"]);
        assert_eq!(card.conflicts(), []);
        // Nothing anybody wrote is gone.
        let reasons: Vec<_> = card.medicine_history(DRUG).into_iter().filter_map(|written| written.reason).collect();
        assert_eq!(reasons.len(), 3);
        assert_eq!(reasons.last().map(String::as_str), Some("主治医に確認"));
    }
}

#[test]
fn one_of_the_conflicting_values_can_be_confirmed() {
    let (mut nurse, mut pharmacist) = agreeing_cards();
    nurse.put_medicine(DRUG, medicine(DRUG, "2"), &stamp(0, 2), Some("a")).unwrap();
    pharmacist.put_medicine(DRUG, medicine(DRUG, "3"), &stamp(1, 2), Some("b")).unwrap();
    exchange(&mut nurse, &mut pharmacist);
    assert_eq!(nurse.put_medicine(DRUG, medicine(DRUG, "2"), &stamp(0, 3), Some("c")), Ok(true));
    assert_eq!(amounts(&nurse), ["2"]);
    assert_eq!(nurse.medicine(DRUG).presence.settled().and_then(|w| w.reason.as_deref()), Some("c"));
}

#[test]
fn a_medicine_stopped_here_and_changed_there_stays_and_shows_the_clash() {
    let (mut nurse, mut pharmacist) = agreeing_cards();
    nurse.stop_medicine(DRUG, &stamp(0, 9), Some("低血圧")).unwrap();
    pharmacist.put_medicine(DRUG, medicine(DRUG, "2"), &stamp(1, 2), Some("増量")).unwrap();
    assert!(nurse.medicines().is_empty());
    exchange(&mut nurse, &mut pharmacist);
    for card in [&nurse, &pharmacist] {
        let [item] = card.medicines().try_into().expect("it stays");
        assert!(item.is_present() && item.is_clash());
        assert_eq!(item.any().map(|medicine| medicine.amount.as_str()), Some("2"));
        assert_eq!(card.conflicts()[0].kind, ConflictKind::Presence);
    }
    pharmacist.stop_medicine(DRUG, &stamp(1, 10), Some("低血圧を確認")).unwrap();
    exchange(&mut nurse, &mut pharmacist);
    assert!(nurse.medicines().is_empty() && nurse.conflicts().is_empty());
    assert!(!nurse.medicine(DRUG).presence.is_empty(), "it is known to have been stopped");
}

#[test]
fn the_same_allergy_noted_on_two_tablets_is_one_allergy_and_no_conflict() {
    let (mut nurse, mut pharmacist) = (Card::new(actor(0)), Card::new(actor(1)));
    for (n, card, text) in [(0, &mut nurse, "ペニシリン"), (1, &mut pharmacist, "ﾍﾟﾆｼﾘﾝ")] {
        let allergy = allergy(text);
        let item = item_key::allergy(&allergy);
        card.add_allergy(&item, Allergy { substance: "ペニシリン".into(), ..allergy }, &stamp(n, i64::from(n)), None)
            .unwrap();
    }
    exchange(&mut nurse, &mut pharmacist);
    let [item] = nurse.allergies().try_into().expect("one");
    assert!(!item.is_conflict());
    assert_eq!(item.presence.settled().map(|written| written.stamp.at), Some(Timestamp(0)));
    assert_eq!(nurse.conflicts(), []);
    assert_eq!(nurse.view(), pharmacist.view());
}

#[test]
fn concurrent_wishes_are_never_settled_by_the_program() {
    let (mut nurse, mut physician) = (Card::new(actor(0)), Card::new(actor(2)));
    nurse.set_wishes(wishes(true, "延命は望まない"), &stamp(0, 5), None).unwrap();
    physician.set_wishes(wishes(false, ""), &stamp(2, 6), None).unwrap();
    exchange(&mut nurse, &mut physician);
    assert_eq!(nurse.wishes(), physician.wishes());
    assert!(nurse.wishes().is_conflict() && nurse.wishes().settled().is_none());
    assert_eq!(nurse.set_wishes(wishes(true, "延命は望まない"), &stamp(0, 7), None), Err(DocumentError::ReasonMissing));
    nurse.set_wishes(wishes(true, "延命は望まない"), &stamp(0, 7), Some("家族と本人に再確認")).unwrap();
    exchange(&mut nurse, &mut physician);
    assert_eq!(physician.wishes().settled().map(|written| written.value.dnar), Some(true));
    assert_eq!(physician.wishes_history().len(), 3);
}

#[test]
fn an_edit_that_says_nothing_new_writes_nothing() {
    let (mut nurse, _) = agreeing_cards();
    nurse.take_changes();
    assert_eq!(nurse.put_medicine(DRUG, medicine(DRUG, "1"), &stamp(0, 8), None), Ok(false));
    assert_eq!(nurse.take_local(), LocalEdits::default());
}

#[test]
fn removing_needs_an_item_and_for_allergies_a_reason() {
    let mut card = Card::new(actor(0));
    let contact = Contact { name: "長女".into(), ..Contact::default() };
    assert_eq!(card.remove_contact("長女", &stamp(0, 1), None), Err(DocumentError::NoSuchItem));
    card.add_contact("長女", contact, &stamp(0, 1), None).unwrap();
    assert_eq!(card.remove_contact("長女", &stamp(0, 2), None), Ok(true));
    assert_eq!(card.remove_contact("長女", &stamp(0, 3), None), Ok(false));
    card.add_allergy("えび", allergy("えび"), &stamp(0, 1), None).unwrap();
    assert_eq!(card.remove_allergy("えび", &stamp(0, 2), None), Err(DocumentError::ReasonMissing));
    for bad in ["", "a\nb", &"長".repeat(60)] {
        assert_eq!(card.add_allergy(bad, allergy("えび"), &stamp(0, 1), None), Err(DocumentError::BadItemKey));
    }
}

#[test]
fn an_entry_is_written_once_and_corrected_by_another() {
    let (mut nurse, mut helper) = (Volume::new(actor(0)), Volume::new(actor(1)));
    let id = EntryId::new([1; 16]);
    let entry = event(id, stamp(0, 1), visit(210, "測り間違い"));
    nurse.record(entry.clone()).unwrap();
    assert_eq!(nurse.record(entry.clone()), Ok(id), "recording it again does nothing");
    assert_eq!(nurse.take_changes().len(), 1);
    let changed = Event { body: visit(120, ""), ..entry.clone() };
    assert_eq!(nurse.record(changed), Err(DocumentError::EntryExists(id)));
    assert!(nurse.take_changes().is_empty());

    exchange(&mut nurse, &mut helper);
    let mut correction = event(EntryId::new([2; 16]), stamp(1, 2), visit(120, "再検"));
    correction.corrects = Some(id);
    assert_eq!(helper.record(correction.clone()), Err(DocumentError::ReasonMissing));
    correction.reason = Some("カフの位置".into());
    helper.record(correction.clone()).unwrap();
    exchange(&mut nurse, &mut helper);
    assert_eq!(nurse.events(), [entry.clone(), correction.clone()]);
    assert_eq!(nurse.event(id), Some(entry));
    assert_eq!(corrected_by(&nurse.events())[&id], [correction.id]);
}

#[test]
fn a_withdrawn_dispensing_leaves_the_list_and_stays_readable() {
    let mut card = Card::new(actor(1));
    let dispensing = Dispensing {
        dispensed_on: "2026-03-11".into(),
        pharmacy: Some(Institution { name: "大町薬局".into(), ..Institution::default() }),
        pharmacist: None,
        prescriber: None,
        drugs: vec![],
        source: Source::Notebook,
        notes: vec![],
        newer: Newer::default(),
    };
    let entry = event(EntryId::new([1; 16]), stamp(1, 1), EventBody::Dispensing(dispensing));
    card.record(entry.clone()).unwrap();
    assert_eq!(card.view().dispensings().len(), 1);
    let mut withdrawal = event(EntryId::new([2; 16]), stamp(1, 2), EventBody::Withdrawal(Withdrawal::default()));
    withdrawal.corrects = Some(entry.id);
    withdrawal.reason = Some("別の患者の手帳".into());
    card.record(withdrawal).unwrap();
    assert_eq!(card.view().dispensings().len(), 0);
    assert_eq!(card.event(entry.id), Some(entry));
}

#[test]
fn two_contents_under_one_id_are_both_shown_and_reported() {
    let (mut a, mut b) = (Volume::new(actor(0)), Volume::new(actor(1)));
    let id = EntryId::new([1; 16]);
    a.record(event(id, stamp(0, 1), note("a"))).unwrap();
    b.record(event(id, stamp(1, 1), note("b"))).unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(a.events().len(), 2);
    assert_eq!(a.events(), b.events());
    assert_eq!(a.conflicts(), [ConflictRef { key: format!("e/{id}"), kind: ConflictKind::Event }]);
}

#[test]
fn rolled_back_edits_leave_no_trace_and_do_not_disturb_the_next() {
    let mut card = Card::new(actor(0));
    card.add_allergy("えび", allergy("えび"), &stamp(0, 1), None).unwrap();
    card.rollback();
    assert_eq!(card.view(), CardView::default());
    assert_eq!(card.take_local(), LocalEdits::default());
    card.add_allergy("かに", allergy("かに"), &stamp(0, 2), None).unwrap();
    let local = card.take_local();
    assert_eq!((local.changes.len(), local.changed_keys), (1, vec!["s/allergy/かに".to_owned()]));
    card.add_allergy("そば", allergy("そば"), &stamp(0, 3), None).unwrap();
    card.rollback();
    let mut other = Card::new(actor(1));
    other.apply(&card.save()).unwrap();
    assert_eq!(other.view(), card.view());
    assert_eq!(other.allergies().len(), 1);
}

#[test]
fn edits_between_two_takes_are_one_change() {
    let mut card = Card::new(actor(0));
    card.add_allergy("えび", allergy("えび"), &stamp(0, 1), None).unwrap();
    card.set_wishes(wishes(false, ""), &stamp(0, 1), None).unwrap();
    let local = card.take_local();
    assert_eq!((local.changes.len(), local.changed_keys.len()), (1, 2));
    card.save();
    assert_eq!(card.take_local(), LocalEdits::default());
}

#[test]
fn changes_wait_for_those_they_follow_also_across_a_restart() {
    let mut nurse = Volume::new(actor(0));
    let mut changes = Vec::new();
    for n in 1..=3 {
        nurse.record(event(EntryId::new([n; 16]), stamp(0, i64::from(n)), note("x"))).unwrap();
        changes.extend(nurse.take_changes());
    }
    let mut other = Volume::new(actor(1));
    let applied = other.apply(&changes[2]).unwrap();
    assert_eq!((applied.new_changes, applied.waiting), (0, 1));
    assert_eq!(other.apply(&changes[2]).unwrap().waiting, 1, "twice is once");
    assert_eq!(other.apply(&changes[1]).unwrap().waiting, 2);
    let mut other = Volume::load(actor(1), &other.save()).unwrap();
    assert_eq!((other.waiting(), other.events().len()), (2, 0));
    let applied = other.apply(&changes[0]).unwrap();
    assert_eq!((applied.new_changes, applied.waiting, applied.changed_keys.len()), (3, 0, 3));
    assert_eq!(other.events(), nurse.events());
}

#[test]
fn a_second_tablet_under_one_incarnation_is_found_out_and_changes_nothing() {
    let (mut original, mut clone) = (Volume::new(actor(0)), Volume::new(actor(0)));
    original.record(event(EntryId::new([1; 16]), stamp(0, 1), note("a"))).unwrap();
    clone.record(event(EntryId::new([2; 16]), stamp(0, 1), note("b"))).unwrap();
    let mut other = Volume::new(actor(1));
    other.apply(&original.save()).unwrap();
    let before = other.events();
    assert_eq!(other.apply(&clone.save()), Err(DocumentError::ForkedActor));
    assert_eq!(other.events(), before);
}

#[test]
fn a_tablet_cannot_pass_off_changes_of_another_as_its_own() {
    let mut nurse = Volume::new(actor(0));
    nurse.record(event(EntryId::new([1; 16]), stamp(0, 1), note("a"))).unwrap();
    let changes = nurse.take_changes().concat();
    assert_eq!(actors_of(&changes).unwrap().into_iter().collect::<Vec<_>>(), [actor(0)]);
    let mut other = Volume::new(actor(1));
    assert_eq!(other.apply_from([1; 16], &changes), Err(DocumentError::ForeignChange));
    assert_eq!(other.apply_from([0; 16], &changes).map(|applied| applied.new_changes), Ok(1));
}

#[test]
fn an_author_that_is_not_the_writing_tablet_is_reported() {
    let mut card = Card::new(actor(0));
    card.add_allergy("えび", allergy("えび"), &stamp(1, 1), None).unwrap();
    let view = card.view();
    assert_eq!(view.allergies.len(), 1);
    assert_eq!(view.problems, [Problem { key: "s/allergy/えび".into(), kind: ProblemKind::AuthorMismatch }]);
    assert!(!view.problems[0].to_string().contains("えび"), "safe for logs");
}

#[test]
fn an_entry_that_is_too_long_is_refused_and_nothing_changes() {
    let mut volume = Volume::new(actor(0));
    let long = event(EntryId::new([1; 16]), stamp(0, 1), note(&"あ".repeat(MAX_VALUE / 3)));
    assert!(matches!(volume.record(long), Err(DocumentError::ValueTooLarge { limit: MAX_VALUE, .. })));
    assert!(volume.take_changes().is_empty() && volume.events().is_empty());
}

#[test]
fn a_bundle_needs_the_document_its_changes_are_in() {
    let mut nurse = Volume::new(actor(0));
    let mut changes = Vec::new();
    for n in 1..=3 {
        nurse.record(event(EntryId::new([n; 16]), stamp(0, i64::from(n)), note("x"))).unwrap();
        changes.extend(nurse.take_changes());
    }
    assert_eq!(Volume::new(actor(1)).bundle(&changes), Err(DocumentError::UnknownChange));
    assert_eq!(nurse.bundle(&[]), Ok(Vec::new()));
    let mut other = Volume::new(actor(1));
    assert_eq!(other.apply(&nurse.bundle(&changes).unwrap()).unwrap().new_changes, 3);
    assert_eq!(other.apply(&[]).unwrap(), Applied::default());
}

#[test]
fn documents_can_move_between_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<Card>();
    assert_send::<Volume>();
}
