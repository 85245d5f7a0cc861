//! お薬手帳: looked at first, then taken over in one step, all of it or nothing.

use jiff::civil::Date;
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Document as _, Event, EventBody};
use tendenko_interop::notebook::{self, ImportPlan, Notebook};
use tendenko_replica::{Edit, SaveError};

use super::{Answer, medicines, patient, patients};
use crate::error::saving;
use crate::tablet::Desk;
use crate::views;

pub fn preview(desk: &Desk, args: api::PreviewNotebook) -> Answer<api::PreviewNotebook> {
    let notebook = read(&args.files)?;
    let card = patients::card_of(desk, patient(&args.patient)?)?;
    let plan = plan(&notebook, &card, desk.today())?;
    Ok(views::notebook::preview(&notebook, &plan, &card))
}

pub fn import(desk: &Desk, args: api::ImportNotebook) -> Answer<api::ImportNotebook> {
    let notebook = read(&args.files)?;
    let today = desk.today();
    // Planned against the card as it is inside the edit, so that nothing can come in between.
    let imported = desk.replica.edit(patient(&args.patient)?, |edit| {
        let card = edit.card()?.view();
        let plan = match plan(&notebook, &card, today) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if views::notebook::is_blocked(&notebook, &plan) {
            return Ok(Err(ApiError::new(ErrorCode::NotebookBlocked)));
        }
        if !args.same_patient_confirmed && plan.identity_match != notebook::Match::Same {
            return Ok(Err(ApiError::new(ErrorCode::NotebookOtherPatient)));
        }
        take_over(edit, &plan, &args).map(Ok)
    });
    imported.map_err(|error| saving(&error))?
}

/// Reads one notebook from its file or the parts of a set.
fn read(files: &[api::NotebookFile]) -> Result<Notebook, ApiError> {
    if files.iter().map(|file| file.bytes.len()).sum::<usize>() > api::MAX_NOTEBOOK_BYTES {
        return Err(too_large());
    }
    let mut read =
        files.iter().map(|file| notebook::read(&file.bytes)).collect::<Result<Vec<_>, _>>().map_err(refused)?;
    match (read.len(), read.first().is_some_and(|only| only.part().is_none())) {
        (1, true) => Ok(read.remove(0)),
        _ => notebook::join(read).map_err(incomplete),
    }
}

fn plan(notebook: &Notebook, card: &tendenko_crdt::CardView, today: Date) -> Result<ImportPlan, ApiError> {
    notebook::plan(notebook, card, today).map_err(|error| match error {
        notebook::PlanError::PartOfSet { part, parts } => {
            missing(&(1..=parts).filter(|number| *number != part).collect::<Vec<_>>(), parts)
        }
    })
}

fn take_over(
    edit: &mut Edit<'_, '_>,
    plan: &ImportPlan,
    args: &api::ImportNotebook,
) -> Result<api::NotebookImported, SaveError> {
    let stamp = edit.stamp();
    let taken = plan.take_over(edit.card()?, &stamp, |key| args.allergies.iter().any(|agreed| agreed == key))?;
    for (change, reason) in taken.changed {
        medicines::told(edit, change, &reason)?;
    }
    let known = plan.dispensings.iter().filter(|planned| planned.already_there || planned.overlaps.is_some());
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let done = api::NotebookImported {
        dispensings: count(taken.dispensings),
        already_there: count(known.filter(|planned| !planned.is_suggested()).count()),
        medicines: count(taken.medicines),
        allergies: count(taken.allergies),
    };
    if done.dispensings + done.medicines + done.allergies > 0 {
        keep_texts(edit, &args.files)?;
    }
    Ok(done)
}

/// Keeps the text as it came, as evidence of what was taken over; once, however often it is taken over.
fn keep_texts(edit: &mut Edit<'_, '_>, files: &[api::NotebookFile]) -> Result<(), SaveError> {
    for file in files {
        let Ok(Notebook { raw, .. }) = notebook::read(&file.bytes) else { continue };
        for (id, text) in raw.iter().flat_map(|raw| raw.evidence(&file.name)) {
            let event = Event { id, ..edit.event(EventBody::NotebookText(text))? };
            let known = match edit.volume_at(event.occurred_at) {
                Ok(volume) => volume.event(id).is_some(),
                Err(SaveError::NotGranted { .. }) => edit.card()?.event(id).is_some(),
                Err(other) => return Err(other),
            };
            if !known {
                medicines::record(edit, event)?;
            }
        }
    }
    Ok(())
}

fn refused(error: notebook::NotebookError) -> ApiError {
    use notebook::NotebookError;
    match error {
        NotebookError::TooLarge { .. } | NotebookError::TooManyLines | NotebookError::LineTooLong { .. } => too_large(),
        NotebookError::Empty | NotebookError::NotANotebook | NotebookError::Prescription { .. } => {
            ApiError::new(ErrorCode::NotANotebook)
        }
        NotebookError::Several { line } => {
            ApiError::new(ErrorCode::NotebookBlocked).with("line", line).with("record", "JAHISTC").with("field", "-")
        }
        NotebookError::Cut { line } => ApiError::new(ErrorCode::NotebookCut).with("line", line),
    }
}

fn incomplete(error: notebook::JoinError) -> ApiError {
    use notebook::JoinError;
    match error {
        JoinError::Notebook(error) => refused(error),
        JoinError::Missing { missing: numbers, parts } => missing(&numbers, parts),
        _ => ApiError::new(ErrorCode::NotebookMixed),
    }
}

/// Which parts of a set are still to be read.
fn missing(numbers: &[u16], parts: u16) -> ApiError {
    let named: Vec<_> = numbers.iter().map(u16::to_string).collect();
    ApiError::new(ErrorCode::NotebookIncomplete)
        .with("have", usize::from(parts).saturating_sub(numbers.len()))
        .with("of", parts)
        .with("missing", named.join(", "))
}

fn too_large() -> ApiError {
    ApiError::new(ErrorCode::NotebookTooLarge).with("max_kib", api::MAX_NOTEBOOK_BYTES / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_notebook_is_said_to_be_none() {
        let file = |bytes: &[u8]| api::NotebookFile { name: "a.txt".into(), bytes: bytes.to_vec() };
        assert_eq!(read(&[file(b"hello\r\n")]).unwrap_err().code, ErrorCode::NotANotebook);
        assert_eq!(
            read(&[file(&vec![b'x'; api::MAX_NOTEBOOK_BYTES + 1])]).unwrap_err().code,
            ErrorCode::NotebookTooLarge
        );
    }
}
