//! Entries that scenarios write, in the one way the app writes them too.

use jiff::tz::{Offset, TimeZone};
use tendenko_crdt::{
    Addressee, ChecklistAnswer, Document as _, EntryId, EventBody, HandOver, MedicationChange, MedicationChangeKind,
    NoteSection, Presence, Profession, Timestamp, Verdict, Visit,
};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{
    AttachError, AttachmentError, AttachmentPresence, NewAttachment, ReadError, Replica, SaveError,
};

/// Japan: nine hours ahead of UTC, all year round.
pub fn japan() -> TimeZone {
    TimeZone::fixed(Offset::constant(9))
}

/// Records a visit, and a hand-over to the team if there is one; both in one save.
pub fn visit(
    replica: &Replica,
    patient: PatientId,
    at: Timestamp,
    visit: Visit,
    hand_over: Option<&str>,
) -> Result<EntryId, SaveError> {
    replica.edit(patient, |edit| {
        let mut event = edit.event(EventBody::Visit(visit))?;
        event.occurred_at = at;
        let id = edit.volume_at(at)?.record(event)?;
        if let Some(text) = hand_over {
            let text = text.to_owned();
            let to = Addressee::Team;
            let hand_over = HandOver { to, urgent: false, text, answers: None, newer: Default::default() };
            let mut event = edit.event(EventBody::HandOver(hand_over))?;
            event.occurred_at = at;
            edit.volume_at(at)?.record(event)?;
        }
        Ok(id)
    })
}

/// Records a visit that only has a note.
pub fn note(replica: &Replica, patient: PatientId, at: Timestamp, text: &str) -> Result<EntryId, SaveError> {
    visit(replica, patient, at, Visit { note: text.to_owned(), ..Visit::default() }, None)
}

/// Hands something over to everybody of a profession.
pub fn hand_over(replica: &Replica, patient: PatientId, to: Profession, text: &str) -> Result<EntryId, SaveError> {
    hand_over_as(replica, patient, to, text, false)
}

/// As [`hand_over`], urgent or not.
pub fn hand_over_as(
    replica: &Replica,
    patient: PatientId,
    to: Profession,
    text: &str,
    urgent: bool,
) -> Result<EntryId, SaveError> {
    replica.edit(patient, |edit| {
        let to = Addressee::Profession(to);
        let text = text.to_owned();
        let hand_over = HandOver { to, urgent, text, answers: None, newer: Default::default() };
        let event = edit.event(EventBody::HandOver(hand_over))?;
        let at = event.occurred_at;
        Ok(edit.volume_at(at)?.record(event)?)
    })
}

/// Answers a question of a document with yes, and some words.
pub fn answer_question(
    replica: &Replica,
    patient: PatientId,
    document: EntryId,
    question: &str,
    text: &str,
) -> Result<EntryId, SaveError> {
    replica.edit(patient, |edit| {
        let (question, text) = (question.to_owned(), text.to_owned());
        let answer = ChecklistAnswer { document, question, verdict: Verdict::Yes, text, newer: Default::default() };
        let event = edit.event(EventBody::ChecklistAnswer(answer))?;
        let at = event.occurred_at;
        Ok(edit.volume_at(at)?.record(event)?)
    })
}

/// Writes the next version of a document: the same with a remark.
pub fn next_version(
    replica: &Replica,
    patient: PatientId,
    document: EntryId,
    remark: &str,
) -> Result<EntryId, SaveError> {
    let before = replica.entry(patient, document).ok().flatten();
    let Some(EventBody::Document(mut next)) = before.map(|event| event.body) else {
        return Err(SaveError::NoSuchEntry);
    };
    next.sections.retain(|section| section.name != "remarks");
    let (name, text) = ("remarks".to_owned(), remark.to_owned());
    next.sections.push(NoteSection { name, text, newer: Default::default() });
    replica.edit(patient, |edit| {
        let mut event = edit.event(EventBody::Document(next))?;
        event.corrects = Some(document);
        event.reason = Some("備考を加えた".to_owned());
        let at = event.occurred_at;
        Ok(edit.volume_at(at)?.record(event)?)
    })
}

/// The names of those who have confirmed a hand-over, as this tablet knows it.
pub fn confirmed_by(replica: &Replica, patient: PatientId, entry: EntryId) -> Result<Vec<String>, ReadError> {
    let written = replica.written_hand_overs(500)?.into_iter();
    let found = written.filter(|found| found.patient == patient && found.entry.event.id == entry);
    Ok(found.flat_map(|found| found.entry.read_by).map(|stamp| stamp.author.name).collect())
}

/// Changes the amount of a medicine, with the reason, on the card and as an entry of the chart. While amounts stand
/// side by side this settles them. False if the card has no such medicine.
pub fn change_dose(
    replica: &Replica,
    patient: PatientId,
    key: &str,
    amount: &str,
    reason: &str,
) -> Result<bool, SaveError> {
    replica.edit(patient, |edit| {
        let stamp = edit.stamp();
        let item = edit.card()?.medicine(key);
        let before: Vec<_> = item.present().map(|(medicine, _)| medicine.clone()).collect();
        let Some(mut after) = before.last().cloned() else {
            return Ok(false);
        };
        after.amount = amount.to_owned();
        edit.card()?.put_medicine(key, after.clone(), &stamp, Some(reason))?;
        let change = if before.len() > 1 { MedicationChangeKind::Resolved } else { MedicationChangeKind::Changed };
        let change =
            MedicationChange { key: key.to_owned(), change, before, after: Some(after), newer: Default::default() };
        let mut event = edit.event(EventBody::MedicationChange(change))?;
        event.reason = Some(reason.to_owned());
        // As in the app: a tablet that holds the card only tells the change there.
        match edit.volume_at(stamp.at) {
            Ok(volume) => volume.record(event)?,
            Err(SaveError::NotGranted { .. }) => edit.card()?.record(event)?,
            Err(other) => return Err(other),
        };
        Ok(true)
    })
}

/// The amounts of each medicine that stand side by side now, by item key.
pub fn medicines(replica: &Replica, patient: PatientId) -> Vec<(String, Vec<String>)> {
    let Ok(card) = replica.card(patient) else {
        return Vec::new();
    };
    let amounts = |presence: Presence<tendenko_crdt::Medicine>| match presence {
        Presence::Present(medicine) => medicine.amount,
        Presence::Removed => "-".to_owned(),
    };
    card.medicines
        .into_iter()
        .map(|item| (item.key, item.presence.values.into_iter().map(|written| amounts(written.value)).collect()))
        .collect()
}

/// The amounts of one medicine that stand side by side now.
pub fn amounts(replica: &Replica, patient: PatientId, key: &str) -> Vec<String> {
    medicines(replica, patient)
        .into_iter()
        .find(|(item, _)| item == key)
        .map(|(_, amounts)| amounts)
        .unwrap_or_default()
}

/// Bytes like a photo's: nothing in them to compress, and the same every time.
pub fn photo(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..size).map(next).collect()
}

/// Attaches a photo of so many bytes.
pub fn attach(replica: &Replica, patient: PatientId, bytes: usize) -> Result<EntryId, AttachError> {
    let photo = photo(bytes);
    let about = NewAttachment {
        media_type: "image/jpeg".to_owned(),
        file_name: "褥瘡.jpg".to_owned(),
        thumbnail: Some(photo.iter().copied().take(2_000).collect()),
        ..NewAttachment::default()
    };
    replica.attach(patient, &mut photo.as_slice(), bytes as u64, about)
}

/// How many pieces of an attachment are here; `u32::MAX`: all. None of what is not mentioned yet.
pub fn pieces(replica: &Replica, patient: PatientId, entry: EntryId) -> Result<u32, AttachmentError> {
    match replica.attachment_state(patient, entry) {
        Ok(state) => Ok(match state.presence {
            AttachmentPresence::Here => u32::MAX,
            AttachmentPresence::Partly { here, .. } | AttachmentPresence::AbsentOnRelay { here, .. } => here,
            AttachmentPresence::NotHere => 0,
        }),
        Err(AttachmentError::NoAttachment) => Ok(0),
        Err(error) => Err(error),
    }
}

/// Whether a relay was asked for pieces of an attachment and has none of them.
pub fn is_absent(replica: &Replica, patient: PatientId, entry: EntryId) -> Result<bool, AttachmentError> {
    let state = replica.attachment_state(patient, entry)?;
    Ok(matches!(state.presence, AttachmentPresence::AbsentOnRelay { .. }))
}
