//! The signature on paper: made when a document is shown as a page, checked from a picture of its code. What it proves is said in
//! `tendenko_protocol::paper`.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_protocol::paper::PaperError;
use tendenko_replica::CheckPaperError;

use super::link;
use crate::commands::nearby::codes_in;
use crate::commands::patients::Rows;
use crate::commands::{Answer, entry, patient};
use crate::error::{reading, saving};
use crate::tablet::Desk;

pub fn sign(desk: &Desk, args: api::SignPaper) -> Answer<api::SignPaper> {
    let signed =
        desk.replica.sign_paper(patient(&args.patient)?, entry(&args.entry)?).map_err(|error| saving(&error))?;
    let device = desk.replica.trust().device(desk.replica.device_id()).cloned();
    Ok(api::PaperSigned {
        code: signed.to_text(),
        tablet: device.map(|device| device.label).unwrap_or_default(),
        at: api::Millis(signed.printed().at.0),
    })
}

pub fn check(desk: &Desk, args: api::CheckPaper) -> Answer<api::CheckPaper> {
    let mut refusal = ApiError::new(ErrorCode::NoQrCode);
    for text in codes_in(&args.picture)? {
        match desk.replica.check_paper(&text) {
            Ok(checked) => {
                let held = match &checked.held {
                    Some(event) => link(desk, event).zip(Some(name(desk, checked.printed.patient)?)),
                    None => None,
                };
                return Ok(api::PaperChecked {
                    tablet: checked.device.label,
                    facility: checked.device.facility_name,
                    revoked: checked.device.revoked,
                    at: api::Millis(checked.printed.at.0),
                    held: held.map(|(document, patient)| api::HeldPaper { patient, document, same: checked.same }),
                });
            }
            Err(CheckPaperError::Read(error)) => return Err(reading(&error)),
            Err(CheckPaperError::Paper(error)) => refusal = refused(error),
        }
    }
    Err(refusal)
}

fn name(desk: &Desk, patient: tendenko_protocol::ids::PatientId) -> Result<api::PatientName, ApiError> {
    let summary = desk.replica.patient(patient).map_err(|error| reading(&error))?;
    Ok(Rows::new(desk)?.name(&summary))
}

fn refused(error: PaperError) -> ApiError {
    tracing::info!(%error, "a paper was not verified");
    ApiError::new(match error {
        PaperError::NotAPaper | PaperError::Version | PaperError::Malformed => ErrorCode::NotAPaper,
        PaperError::UnknownDevice => ErrorCode::PaperUnknownTablet,
        PaperError::Forged => ErrorCode::PaperForged,
    })
}
