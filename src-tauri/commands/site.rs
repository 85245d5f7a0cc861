//! 救護所: every card this tablet holds, each look with a reason.

use tendenko_app_api::{self as api, ApiError, ErrorCode};

use super::{Answer, patient, patients};
use crate::error::{reading, saving};
use crate::tablet::Desk;
use crate::views::card::sex;

/// Matches that are looked through for the sex that was asked for.
const MOST_MATCHES: usize = 300;

pub fn search(desk: &Desk, args: api::SearchSite) -> Answer<api::SearchSite> {
    let mut found = desk.replica.search_cards(&args.query, MOST_MATCHES).map_err(|error| reading(&error))?;
    if let Some(wanted) = args.sex {
        found.retain(|summary| sex(&summary.sex) == wanted);
    }
    patients::found_list(desk, &found, args.limit)
}

pub fn open(desk: &Desk, args: api::OpenSiteCard) -> Answer<api::OpenSiteCard> {
    let patient = patient(&args.patient)?;
    let reason = match &args.reason {
        api::SiteReason::Consultation => "consultation",
        api::SiteReason::Emergency => "emergency",
        api::SiteReason::Medicines => "medicines",
        api::SiteReason::Identification => "identification",
        api::SiteReason::Other(words) => words.trim(),
    };
    if reason.is_empty() {
        return Err(ApiError::new(ErrorCode::ReasonRequired));
    }
    let site = desk.replica.me().facility.clone();
    let card = desk.replica.open_at_site(patient, reason, &site).map_err(|error| saving(&error))?;
    patients::page(desk, patient, &card)
}
