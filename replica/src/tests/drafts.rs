//! Drafts: kept at every keystroke, their writer's alone, and forgotten in the very step that saves them.

use super::*;

fn photo(byte: u8) -> NewPhoto {
    NewPhoto { media_type: "image/jpeg".into(), bytes: vec![byte; 50_000], thumbnail: vec![byte; 100] }
}

fn save(tablet: &Tablet, name: &DraftName, text: &str) -> EntryId {
    tablet
        .save_draft(name, &[text], |edit| {
            let event = edit.event(EventBody::Note(Note { text: text.to_owned(), ..Note::default() }))?;
            let (id, at) = (event.id, event.occurred_at);
            edit.volume_at(at)?.record(event)?;
            Ok((id, id, at))
        })
        .unwrap()
}

#[test]
fn a_draft_outlives_the_program_and_is_gone_once_saved() {
    let (mut a, b, patient) = pair();
    let name = DraftName::visit(patient, None);
    assert_eq!(a.draft(&name).unwrap(), None);
    a.put_draft(&name, b"first").unwrap();
    a.put_draft(&name, b"second").unwrap();
    let id = a.add_photo(&name, &photo(1)).unwrap();
    a.add_photo(&name, &photo(2)).unwrap();
    a.remove_photo(&name, id).unwrap();
    a.reopen();
    let draft = a.draft(&name).unwrap().unwrap();
    assert_eq!((draft.form.as_deref(), draft.photos.len()), (Some(&b"second"[..]), 1));
    assert_eq!(a.drafts().unwrap().len(), 1);

    let entry = save(&a, &name, "発赤あり。");
    assert_eq!((a.draft(&name).unwrap(), a.drafts().unwrap().len()), (None, 0));
    let attached: Vec<_> = a
        .timeline(patient, None, 10)
        .unwrap()
        .into_iter()
        .filter_map(|entry| match entry.event.body {
            EventBody::Attachment(mentioned) => Some((entry.event.id, mentioned.part_of)),
            _ => None,
        })
        .collect();
    let [(mention, part_of)] = attached.as_slice() else { panic!("one photo: {attached:?}") };
    assert_eq!(*part_of, Some(entry));
    assert_eq!(a.read_attachment(patient, *mention).unwrap(), vec![2; 50_000]);
    // Nothing of a draft leaves.
    b.receive(a.departing());
    assert_eq!(b.drafts().unwrap().len(), 0);
}

#[test]
fn an_entry_that_is_taken_back_takes_its_photos_with_it() {
    let (a, _, patient) = pair();
    let of_visit = DraftName::visit(patient, None);
    a.add_photo(&of_visit, &photo(1)).unwrap();
    let first = save(&a, &of_visit, "別の方の記録");
    a.add_photo(&of_visit, &photo(2)).unwrap();
    let other = save(&a, &of_visit, "この方の記録");
    // Corrected with another photo, which is the correction's.
    let of_correction = DraftName::visit(patient, Some(first));
    a.add_photo(&of_correction, &photo(3)).unwrap();
    let correction = a
        .save_draft(&of_correction, &[], |edit| {
            let mut event = edit.event(EventBody::Note(Note::default()))?;
            event.corrects = Some(first);
            event.reason = Some("写真を足す".into());
            let (id, at) = (event.id, event.occurred_at);
            edit.volume_at(at)?.record(event)?;
            Ok((id, id, at))
        })
        .unwrap();
    let standing = || {
        let files = a.standing(patient, "attachment").unwrap();
        files.into_iter().map(|file| (file.id, file.body)).collect::<Vec<_>>()
    };
    assert_eq!(standing().len(), 3);

    a.withdraw(patient, correction, "別の方だった").unwrap();
    let left = standing();
    let [(photo, EventBody::Attachment(kept))] = left.as_slice() else { panic!("one photo stays: {left:?}") };
    assert_eq!(kept.part_of, Some(other));
    assert!(matches!(a.withdraw(patient, EntryId::new([9; 16]), "ない"), Err(SaveError::NoSuchEntry)));
    // Corrected, or taken back: whoever would take it back now has not seen that.
    for changed in [first, correction] {
        assert!(matches!(a.withdraw(patient, changed, "もう一度"), Err(SaveError::ChangedMeanwhile)));
    }

    // A photo that was taken back by itself is not taken back twice.
    a.withdraw(patient, *photo, "ぼけている").unwrap();
    let before = a.timeline(patient, None, 99).unwrap().len();
    a.withdraw(patient, other, "訪問していない").unwrap();
    assert_eq!(a.timeline(patient, None, 99).unwrap().len(), before + 1);
}

#[test]
fn what_was_just_saved_is_a_draft_again_with_all_that_was_saved_with_it() {
    let (mut a, b, patient) = pair();
    let name = DraftName::visit(patient, None);
    let before = save(&a, &name, "前の訪問");
    a.clock.set(Timestamp(a.clock.now().0 + 60_000));
    for number in 1..=4 {
        a.add_photo(&name, &photo(number)).unwrap();
    }
    let entry = a
        .save_draft(&name, &[], |edit| {
            let mut ids = Vec::new();
            for text in ["訪問", "申し送り"] {
                let event = edit.event(EventBody::Note(Note { text: text.to_owned(), ..Note::default() }))?;
                let at = event.occurred_at;
                ids.push((edit.volume_at(at)?.record(event)?, at));
            }
            Ok((ids[0].0, ids[0].0, ids[0].1))
        })
        .unwrap();
    assert_eq!(a.standing(patient, "note").unwrap().len(), 3);
    // Nobody undoes what somebody else wrote.
    b.receive(a.departing());
    assert!(b.undo(patient, entry, "間違い", &name, b"form").is_err());
    assert_eq!(b.draft(&name).unwrap(), None);

    a.undo(patient, entry, "間違い", &name, b"as it was typed").unwrap();
    a.reopen();
    let draft = a.draft(&name).unwrap().unwrap();
    assert_eq!((draft.form.as_deref(), draft.photos.len()), (Some(&b"as it was typed"[..]), 4));
    let small = |photo: &DraftPhoto| photo.thumbnail[0];
    assert_eq!(draft.photos.iter().map(small).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let left = a.standing(patient, "note").unwrap();
    assert_eq!(left.iter().map(|event| event.id).collect::<Vec<_>>(), [before]);
    assert!(a.standing(patient, "attachment").unwrap().is_empty());
    // A draft is not written over, and what was taken back is not taken back again.
    assert!(matches!(a.undo(patient, entry, "間違い", &name, b"again"), Err(UndoError::DraftBegun)));
    assert_eq!(a.draft(&name).unwrap(), Some(draft));
    a.drop_draft(&name).unwrap();
    assert!(matches!(a.undo(patient, entry, "間違い", &name, b"again"), Err(UndoError::Save(SaveError::NoSuchEntry))));
    assert_eq!(a.draft(&name).unwrap(), None);
}

#[test]
fn an_edit_from_a_draft_forgets_it_and_one_that_fails_does_not() {
    let (mut a, _, patient) = pair();
    let name = DraftName { slot: "add-medicine".into(), ..DraftName::visit(patient, None) };
    a.put_draft(&name, b"half a medicine").unwrap();
    assert!(a.edit_from_draft(&name, |_| -> Result<(), SaveError> { Err(SaveError::DiskFull) }).is_err());
    a.reopen();
    assert_eq!(a.draft(&name).unwrap().unwrap().form.as_deref(), Some(&b"half a medicine"[..]));
    let entry = a
        .edit_from_draft(&name, |edit| {
            let event = edit.event(note("ふらつきのため減量"))?;
            let (id, at) = (event.id, event.occurred_at);
            edit.volume_at(at)?.record(event)?;
            Ok(id)
        })
        .unwrap();
    a.reopen();
    assert_eq!(a.draft(&name).unwrap(), None);
    assert!(a.entry(patient, entry).unwrap().is_some());
}

#[test]
fn what_cannot_be_saved_stays_a_draft() {
    let (a, _, patient) = pair();
    let name = DraftName::visit(patient, None);
    a.put_draft(&name, b"kept").unwrap();
    a.add_photo(&name, &photo(1)).unwrap();
    let refused =
        a.save_draft(&name, &[], |_| -> Result<((), EntryId, Timestamp), SaveError> { Err(SaveError::DiskFull) });
    assert!(refused.is_err());
    assert_eq!(a.draft(&name).unwrap().unwrap().photos.len(), 1);
    assert!(a.put_draft(&name, &[0; MAX_FORM + 1]).is_err());
    assert_eq!(a.draft(&name).unwrap().unwrap().form.as_deref(), Some(&b"kept"[..]));
}

#[test]
fn sentences_are_offered_once_they_are_written_again_until_they_are_forgotten() {
    let (a, _, patient) = pair();
    let name = DraftName::visit(patient, None);
    save(&a, &name, "食欲あり。本日は晴れ。");
    assert!(a.phrases(8).unwrap().is_empty());
    save(&a, &name, "食欲あり。夜間良眠。");
    save(&a, &name, "夜間良眠。食欲あり");
    assert_eq!(a.phrases(8).unwrap(), ["食欲あり", "夜間良眠"]);
    a.forget_phrase("食欲あり").unwrap();
    assert_eq!(a.phrases(8).unwrap(), ["夜間良眠"]);
}

#[test]
fn each_form_has_a_draft_of_its_own_and_names_its_files_itself() {
    let (mut a, _, patient) = pair();
    let visit = DraftName::visit(patient, None);
    let letter = DraftName { slot: "new:referral".into(), ..visit.clone() };
    let version = DraftName { slot: "version".into(), corrects: Some(EntryId::new([3; 16])), patient };
    for (name, form) in [(&visit, b"visit"), (&letter, b"lettr"), (&version, b"versn")] {
        a.put_draft(name, form).unwrap();
    }
    let pdf = NewPhoto { media_type: "application/pdf".into(), bytes: b"%PDF-1.7".to_vec(), thumbnail: Vec::new() };
    let id = a.add_photo(&letter, &pdf).unwrap();
    a.reopen();
    let mut names: Vec<_> = a.drafts().unwrap().into_iter().map(|(name, _)| name).collect();
    names.sort_by_key(|name| name.slot.clone());
    assert_eq!(names, [visit.clone(), letter.clone(), version]);
    assert_eq!(a.draft(&letter).unwrap().unwrap().photos[0].media_type, "application/pdf");
    assert_eq!(a.draft(&visit).unwrap().unwrap().photos.len(), 0);
    assert!(a.put_draft(&DraftName { slot: "x".repeat(MAX_SLOT + 1), ..visit.clone() }, b"").is_err());

    let called = std::collections::BTreeMap::from([(id, "退院時サマリ.pdf".to_owned())]);
    let (told, entry) = a
        .save_draft_with_files(&letter, &[], &called, |edit, files| {
            let event = edit.event(note("同封"))?;
            let (id, at) = (event.id, event.occurred_at);
            edit.volume_at(at)?.record(event)?;
            Ok(((files.to_vec(), id), id, at))
        })
        .unwrap();
    let [file] = told[..] else { panic!("one file: {told:?}") };
    let Some(EventBody::Attachment(mentioned)) = a.entry(patient, file).unwrap().map(|event| event.body) else {
        panic!("the file's entry");
    };
    assert_eq!((mentioned.file_name.as_str(), mentioned.part_of), ("退院時サマリ.pdf", Some(entry)));
    assert!(mentioned.thumbnail.is_none());
    assert_eq!(a.read_attachment(patient, file).unwrap(), b"%PDF-1.7");
    assert_eq!((a.draft(&letter).unwrap(), a.drafts().unwrap().len()), (None, 2));
}
