//! What entries say, as an inverted index: search within a patient's timeline.
//!
//! Japanese has no spaces to split at, and what people look for is often two characters (浮腫, 転倒). So the *folded*
//! text of an entry ([`fold_text`]: kana or katakana, width, voiced marks make no difference) is kept as its overlapping
//! **pairs** of characters, and what was typed is looked for as the same pairs in a row: exactly the substrings, without
//! reading any entry. No pair reaches from one part of an entry into the next, so no match does. The last character of each
//! part stands alone behind its pairs: a single character is found wherever it is.
//!
//! Each pair carries the beginning of its patient's id: the lists that are walked are this patient's alone. Rows are
//! numbered by the day of their entry, then as they came, so that walking them backwards is walking back in time and ends
//! with the page. Only the pairs are kept (SQLite's FTS5 without content), no text a second time.
//!
//! Taking the words of an entry costs more than everything else that is written for it, and nobody looks for words while records are
//! still coming. So what comes is only *noted* ([`note`]), in the same transaction; [`index_some`] takes the words later, when
//! nothing comes, or for one patient when somebody looks. Nothing that is noted may be left out of an answer: who asks takes in first.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tendenko_crdt::{Behaviour, EntryId, Event, EventBody, Timestamp};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::PatientId;

use super::read::unpacked;
use crate::search::fold_text;
use crate::store::{StoreError, fixed};

/// Characters of one part that are looked at: an imported file is found by its beginning.
const MAX_PART: usize = 4_000;
/// Characters of what was typed that are looked at.
const MAX_TYPED: usize = 60;
/// Words of what was typed that are looked at.
const MAX_TERMS: usize = 8;
const DAY: i64 = 86_400_000;
/// Japan is nine hours ahead, all year round.
const JAPAN: i64 = 9 * 3_600_000;
/// Entries whose words are taken in one transaction.
const AT_ONCE: u32 = 128;
/// Rows of one day.
const DAY_BITS: u32 = 32;

/// An entry is here, or says something else than before: its words are to be taken.
pub(super) fn note(connection: &Connection, patient: PatientId, entry: EntryId) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO m_unindexed (patient, entry) VALUES (?1, ?2)")?
        .execute(params![patient.0, entry.as_bytes()])?;
    Ok(())
}

/// Whether words of a patient are still to be taken.
pub(crate) fn waits(connection: &Connection, patient: PatientId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM m_unindexed WHERE patient = ?1)")?;
    Ok(statement.query_row([patient.0], |row| row.get(0))?)
}

/// Takes the words of some of the entries that are noted, of one patient or of all. True while there are more.
pub(crate) fn index_some(connection: &Connection, patient: Option<PatientId>) -> Result<bool, StoreError> {
    let of = if patient.is_some() { "WHERE u.patient = ?2" } else { "" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT u.patient, u.entry, t.event FROM m_unindexed u
         LEFT JOIN m_timeline t ON t.patient = u.patient AND t.entry = u.entry {of} LIMIT ?1"
    ))?;
    let row = |row: &Row<'_>| Ok((PatientId(fixed(row, 0)?), EntryId::new(fixed(row, 1)?), row.get(2)?));
    let noted: Vec<(PatientId, EntryId, Option<Vec<u8>>)> = match patient {
        Some(patient) => statement.query_map(params![AT_ONCE, patient.0], row)?.collect::<Result<_, _>>()?,
        None => statement.query_map(params![AT_ONCE], row)?.collect::<Result<_, _>>()?,
    };
    for (patient, entry, event) in &noted {
        remove(connection, *patient, *entry)?;
        if let Some(event) = event {
            insert(connection, *patient, &unpacked(event)?)?;
        }
        connection
            .prepare_cached("DELETE FROM m_unindexed WHERE patient = ?1 AND entry = ?2")?
            .execute(params![patient.0, entry.as_bytes()])?;
    }
    Ok(noted.len() == AT_ONCE as usize)
}

fn insert(connection: &Connection, patient: PatientId, event: &Event) -> Result<(), StoreError> {
    let (first, last) = rows_of(day(event.occurred_at));
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(place) FROM m_places WHERE place BETWEEN ?1 AND ?2")?
        .query_row(params![first, last], |row| row.get(0))?;
    let place = newest.map_or(first, |newest| newest + 1);
    if place > last {
        // Four thousand million entries of one day: somebody made them up, and they are not searched.
        return Ok(());
    }
    connection
        .prepare_cached("INSERT INTO m_places (place, patient, entry, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![place, patient.0, event.id.as_bytes(), event.occurred_at.0])?;
    connection
        .prepare_cached("INSERT INTO m_words (rowid, pairs) VALUES (?1, ?2)")?
        .execute(params![place, pairs_of(patient, event)])?;
    Ok(())
}

fn remove(connection: &Connection, patient: PatientId, entry: EntryId) -> Result<(), StoreError> {
    let place: Option<i64> = connection
        .prepare_cached("SELECT place FROM m_places WHERE patient = ?1 AND entry = ?2")?
        .query_row(params![patient.0, entry.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(place) = place {
        connection.prepare_cached("DELETE FROM m_words WHERE rowid = ?1")?.execute([place])?;
        connection.prepare_cached("DELETE FROM m_places WHERE place = ?1")?.execute([place])?;
    }
    Ok(())
}

/// Takes out the words of every entry that one document brought; its rows of the timeline are still there.
pub(super) fn forget(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM m_unindexed WHERE EXISTS (SELECT 1 FROM m_timeline t
            WHERE t.patient = m_unindexed.patient AND t.entry = m_unindexed.entry AND t.document = ?1)",
        [document.to_bytes()],
    )?;
    let places = "SELECT p.place FROM m_timeline t JOIN m_places p ON p.patient = t.patient AND p.entry = t.entry
                  WHERE t.document = ?1";
    connection.execute(&format!("DELETE FROM m_words WHERE rowid IN ({places})"), [document.to_bytes()])?;
    connection.execute(&format!("DELETE FROM m_places WHERE place IN ({places})"), [document.to_bytes()])?;
    Ok(())
}

/// Empties the index.
pub(super) fn clear(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("INSERT INTO m_words (m_words) VALUES ('delete-all')", [])?;
    connection.execute("DELETE FROM m_places", [])?;
    connection.execute("DELETE FROM m_unindexed", [])?;
    Ok(())
}

/// What was typed, as the index is asked; none while there is nothing to look for. Every word must be found, or one of the
/// codes of `care`.
pub(crate) fn query(patient: PatientId, typed: &str, care: &[String]) -> Option<String> {
    let mark = mark_of(patient);
    let typed: String = typed.chars().take(MAX_TYPED).collect();
    let terms: Vec<String> = typed
        .split(|c: char| c.is_whitespace() || matches!(c, '、' | ',' | '，'))
        .map(fold_text)
        .filter(|word| !word.is_empty())
        .take(MAX_TERMS)
        .map(|word| phrase(&mark, &word))
        .collect();
    if terms.is_empty() {
        return None;
    }
    let codes = care.iter().map(|code| fold_text(code)).filter(|code| !code.is_empty()).take(MAX_TERMS);
    let said = std::iter::once(format!("({})", terms.join(" AND ")));
    Some(said.chain(codes.map(|code| phrase(&mark, &code))).collect::<Vec<_>>().join(" OR "))
}

/// A word as its pairs in a row; a single character as everything that begins with it.
fn phrase(mark: &str, word: &str) -> String {
    let pairs: Vec<String> = pairs(word).iter().map(|pair| format!("{mark}{pair}")).collect();
    if pairs.is_empty() { format!("\"{mark}{word}\"*") } else { format!("\"{}\"", pairs.join(" ")) }
}

/// The rows of the day of a moment, first and last.
pub(crate) fn rows_around(at: Timestamp) -> (i64, i64) {
    rows_of(day(at))
}

fn rows_of(day: i64) -> (i64, i64) {
    let first = day << DAY_BITS;
    (first, first + ((1 << DAY_BITS) - 1))
}

/// The day in Japan, within what a row can name.
fn day(at: Timestamp) -> i64 {
    at.0.saturating_add(JAPAN).div_euclid(DAY).clamp(-(1 << 30), 1 << 30)
}

fn pairs_of(patient: PatientId, event: &Event) -> String {
    let mark = mark_of(patient);
    let mut text = String::new();
    for part in parts(event) {
        let part: String = part.chars().take(MAX_PART).collect();
        let folded = fold_text(&part);
        let last = folded.chars().next_back().map(String::from);
        for token in pairs(&folded).into_iter().chain(last) {
            text.push_str(&mark);
            text.push_str(&token);
            text.push(' ');
        }
    }
    text
}

fn pairs(folded: &str) -> Vec<String> {
    let characters: Vec<char> = folded.chars().collect();
    characters.windows(2).map(String::from_iter).collect()
}

/// What a patient's pairs begin with. Two patients with the same beginning are told apart by the entry itself.
fn mark_of(patient: PatientId) -> String {
    patient.to_string().chars().take(8).collect()
}

/// What somebody may look for in an entry.
fn parts(event: &Event) -> Vec<&str> {
    let author = &event.stamp.author;
    let mut parts = vec![author.name.as_str(), author.facility.as_str()];
    parts.extend(event.reason.as_deref());
    match &event.body {
        EventBody::Visit(visit) => {
            parts.extend(visit.purpose.as_deref());
            parts.extend(visit.care.iter().map(String::as_str));
            parts.push(&visit.note);
        }
        EventBody::Note(note) => parts.push(&note.text),
        EventBody::HandOver(hand_over) => parts.push(&hand_over.text),
        EventBody::Dispensing(dispensing) => {
            parts.extend(dispensing.pharmacy.as_ref().map(|pharmacy| pharmacy.name.as_str()));
            parts.extend(dispensing.drugs.iter().map(|drug| drug.drug.name.as_str()));
            parts.extend(dispensing.notes.iter().map(String::as_str));
        }
        EventBody::MedicationChange(change) => {
            parts.extend(change.after.iter().chain(&change.before).map(|medicine| medicine.drug.name.as_str()));
        }
        EventBody::MedicineObservation(seen) => parts.extend([seen.name.as_str(), &seen.text]),
        EventBody::LabReport(report) => {
            parts.extend([report.performer.as_str(), &report.conclusion]);
            parts.extend(report.results.iter().map(|result| result.name.as_str()));
        }
        EventBody::TestRequest(request) => {
            parts.push(&request.reason);
            parts.extend(request.tests.iter().map(String::as_str));
        }
        EventBody::VisitPlan(plan) => {
            parts.extend(plan.participants.iter().map(|participant| participant.name.as_str()));
            parts.push(&plan.purpose);
        }
        EventBody::TeamGoal(goal) => parts.extend([goal.description.as_str(), goal.note.as_str()]),
        EventBody::DayRhythm(rhythm) => {
            parts.extend(rhythm.items.iter().flat_map(|item| [item.activity.as_str(), item.note.as_str()]));
        }
        EventBody::Behaviour(event) => {
            parts.extend(event.behaviours.iter().map(Behaviour::as_str));
            parts.extend([event.description.as_str(), event.antecedent.as_str(), event.response.as_str()]);
        }
        EventBody::WishesChange(change) => {
            let all = change.before.iter().chain([&change.after]);
            parts.extend(all.flat_map(|wishes| [Some(wishes.text.as_str()), wishes.decided_with.as_deref()]).flatten());
        }
        EventBody::NotebookText(notebook) => parts.extend([notebook.file_name.as_str(), notebook.text.as_str()]),
        EventBody::SiteAccess(access) => parts.extend([access.reason.as_str(), access.site.as_str()]),
        EventBody::Attachment(attachment) => parts.extend([attachment.file_name.as_str(), &attachment.caption]),
        EventBody::Document(document) => {
            parts.push(&document.title);
            parts.extend(document.to.iter().flat_map(|to| [to.facility.as_str(), to.name.as_str()]));
            parts.extend(document.sections.iter().map(|section| section.text.as_str()));
            parts.extend(document.checklist.iter().map(String::as_str));
        }
        EventBody::ChecklistAnswer(answer) => parts.extend([answer.question.as_str(), answer.text.as_str()]),
        EventBody::VisitChange(_) | EventBody::Withdrawal(_) | EventBody::Unknown { .. } => {}
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_asked_for_pair_by_pair() {
        let patient = PatientId([0xab; 16]);
        let asked = |typed| query(patient, typed, &[]);
        assert_eq!(asked("浮腫").as_deref(), Some("(\"abababab浮腫\")"));
        assert_eq!(asked("ﾌｼｭ　軽度").as_deref(), Some("(\"ababababふし ababababしゆ\" AND \"abababab軽度\")"));
        assert_eq!(asked("痛").as_deref(), Some("(\"abababab痛\"*)"));
        let care = ["bed-bath".to_owned()];
        assert!(query(patient, "清拭", &care).unwrap().contains(") OR \"ababababbe "));
        for nothing in ["", "  ", "\"*", "ー", "。、"] {
            assert_eq!(asked(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn rows_are_in_the_order_of_days_however_wrong_a_clock_is() {
        let moments = [i64::MIN, -1, 0, 1_795_102_200_000, i64::MAX].map(|at| rows_around(Timestamp(at)));
        assert!(moments.is_sorted());
        assert!(moments.iter().all(|(first, last)| first < last));
        // 23:59 and 00:00 in Japan.
        assert_ne!(rows_around(Timestamp(1_795_100_399_999)), rows_around(Timestamp(1_795_100_400_000)));
    }
}
