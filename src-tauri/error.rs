//! Refusals and failures as the screen's codes. What a code's sentence needs travels as values; nothing here is prose,
//! and nothing holds personal data.

use std::time::Duration;

use tendenko_app_api::{ApiError, ErrorCode};
use tendenko_crdt::DocumentError;
use tendenko_replica::conflicts::ResolveError;
use tendenko_replica::{AttachError, ReadError, SaveError, StoreError, UnlockError};

/// What a command that failed in a way nobody foresaw answers. `detail` is a word for the log.
pub fn internal(detail: &str) -> ApiError {
    tracing::error!(detail, "a command failed");
    ApiError::new(ErrorCode::Internal).with("detail", detail)
}

/// A field whose text is longer than it may be.
pub fn too_long(field: &str) -> ApiError {
    ApiError::new(ErrorCode::TooLong).with("field", field)
}

/// A field that has to say something, and does not.
pub fn field_required(field: &str) -> ApiError {
    ApiError::new(ErrorCode::FieldRequired).with("field", field)
}

/// A required reason, trimmed; `reason-required` where there is none.
pub fn reason(text: &str) -> Result<&str, ApiError> {
    match text.trim() {
        "" => Err(ApiError::new(ErrorCode::ReasonRequired)),
        reason => Ok(reason),
    }
}

/// Opening the store.
pub fn unlocking(error: &UnlockError) -> ApiError {
    match error {
        UnlockError::WrongSecret { wait } => ApiError::new(ErrorCode::WrongSecret).with("wait_seconds", seconds(*wait)),
        UnlockError::TooEarly { wait } => ApiError::new(ErrorCode::TooEarly).with("wait_seconds", seconds(*wait)),
        UnlockError::NotEnrolled | UnlockError::UnknownMember => ApiError::new(ErrorCode::NotEnrolled),
        UnlockError::Damaged(_) => ApiError::new(ErrorCode::StoreDamaged),
        UnlockError::Store(error) => storing(error),
        UnlockError::NewerSchema { .. } => internal("store-of-newer-version"),
        UnlockError::AlreadyOpen => internal("store-already-open"),
        UnlockError::Io(error) => io(error),
    }
}

/// Saving.
pub fn saving(error: &SaveError) -> ApiError {
    match error {
        SaveError::DiskFull => ApiError::new(ErrorCode::DiskFull),
        SaveError::Damaged => ApiError::new(ErrorCode::StoreDamaged),
        SaveError::NotGranted { .. } => ApiError::new(ErrorCode::NotGranted),
        SaveError::NoSuchEntry => ApiError::new(ErrorCode::NoSuchEntry),
        SaveError::ChangedMeanwhile => ApiError::new(ErrorCode::ChangedMeanwhile),
        SaveError::TooLarge { .. } => too_long("note"),
        SaveError::Document(error) => editing(error),
        SaveError::Resolve(error) => resolving(error),
        SaveError::Store(error) => storing(error),
        SaveError::UnknownDevice | SaveError::Key(_) | SaveError::Trust(_) => internal("keys"),
    }
}

/// Saving with files.
pub fn attaching(error: &AttachError) -> ApiError {
    match error {
        AttachError::Save(error) => saving(error),
        AttachError::TooLarge { .. } => ApiError::new(ErrorCode::PhotoTooLarge),
        AttachError::Empty | AttachError::Changed | AttachError::Read(_) => ApiError::new(ErrorCode::PhotoUnreadable),
        AttachError::TooLong(_) | AttachError::Seal(_) => internal("attachment"),
    }
}

/// Reading.
pub fn reading(error: &ReadError) -> ApiError {
    match error {
        ReadError::UnknownPatient => ApiError::new(ErrorCode::NoSuchPatient),
        ReadError::BadDate => field_required("date"),
        ReadError::Store(error) => storing(error),
    }
}

fn editing(error: &DocumentError) -> ApiError {
    match error {
        DocumentError::ValueTooLarge { .. } => too_long("note"),
        DocumentError::ReasonMissing => ApiError::new(ErrorCode::ReasonRequired),
        DocumentError::NoSuchItem => ApiError::new(ErrorCode::NoSuchEntry),
        DocumentError::BadItemKey => field_required("name"),
        DocumentError::Damaged(_) => ApiError::new(ErrorCode::StoreDamaged),
        other => {
            tracing::error!(error = %other, "a document refused an edit");
            ApiError::new(ErrorCode::SaveFailed)
        }
    }
}

fn resolving(error: &ResolveError) -> ApiError {
    match error {
        ResolveError::ReasonNeeded => ApiError::new(ErrorCode::ReasonRequired),
        ResolveError::WrongKind => ApiError::new(ErrorCode::NoSuchEntry),
    }
}

pub fn storing(error: &StoreError) -> ApiError {
    match error {
        StoreError::DiskFull => ApiError::new(ErrorCode::DiskFull),
        StoreError::Damaged => ApiError::new(ErrorCode::StoreDamaged),
        other => {
            tracing::error!(error = %other, "the store failed");
            ApiError::new(ErrorCode::SaveFailed)
        }
    }
}

fn io(error: &std::io::Error) -> ApiError {
    tracing::error!(kind = ?error.kind(), "a file of the store failed");
    match error.kind() {
        std::io::ErrorKind::StorageFull => ApiError::new(ErrorCode::DiskFull),
        _ => ApiError::new(ErrorCode::SaveFailed),
    }
}

/// Whole seconds, rounded up: nobody is told to try again too early.
fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up() {
        let refused = unlocking(&UnlockError::TooEarly { wait: Duration::from_millis(2001) });
        assert_eq!((refused.code, refused.number("wait_seconds")), (ErrorCode::TooEarly, Some(3)));
    }

    #[test]
    fn a_reason_of_spaces_is_none() {
        assert_eq!(reason(" 　 ").unwrap_err().code, ErrorCode::ReasonRequired);
        assert_eq!(reason(" 転記ミス ").unwrap(), "転記ミス");
    }
}
