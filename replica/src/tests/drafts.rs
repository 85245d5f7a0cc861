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
    let name = DraftName { patient, corrects: None };
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
fn what_cannot_be_saved_stays_a_draft() {
    let (a, _, patient) = pair();
    let name = DraftName { patient, corrects: None };
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
    let name = DraftName { patient, corrects: None };
    save(&a, &name, "食欲あり。本日は晴れ。");
    assert!(a.phrases(8).unwrap().is_empty());
    save(&a, &name, "食欲あり。夜間良眠。");
    save(&a, &name, "夜間良眠。食欲あり");
    assert_eq!(a.phrases(8).unwrap(), ["食欲あり", "夜間良眠"]);
    a.forget_phrase("食欲あり").unwrap();
    assert_eq!(a.phrases(8).unwrap(), ["夜間良眠"]);
}
