//! 患者: finding one, the header and the card.

use std::collections::{BTreeMap, BTreeSet};

use tendenko_app_api::{self as api, ApiError};
use tendenko_crdt::{CardView, Item};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::PatientSummary;

use super::{Answer, patient};
use crate::error::{reading, storing};
use crate::tablet::Desk;
use crate::views::people::millis;
use crate::views::{card as views, medicines};

/// Matches that are counted; beyond, nobody reads the list anyway.
const MOST_MATCHES: usize = 300;
/// Rows a screen can ask for.
const MOST_ROWS: u16 = 100;
/// Hand-overs looked through for marks.
const MOST_HAND_OVERS: usize = 500;

pub fn search(desk: &Desk, args: api::SearchPatients) -> Answer<api::SearchPatients> {
    if args.query.trim().chars().count() < 2 {
        let (first, all) = desk.replica.recent_patients(rows_of(args.limit)).map_err(|error| reading(&error))?;
        return list(desk, &first, all, true);
    }
    let found = desk.replica.search(&args.query, MOST_MATCHES).map_err(|error| reading(&error))?;
    found_list(desk, &found, args.limit)
}

/// The first rows of what was found.
pub fn found_list(desk: &Desk, found: &[PatientSummary], limit: u16) -> Result<api::PatientList, ApiError> {
    list(desk, &found[..found.len().min(rows_of(limit))], found.len(), false)
}

fn list(desk: &Desk, first: &[PatientSummary], all: usize, recent: bool) -> Result<api::PatientList, ApiError> {
    let rows = Rows::new(desk)?;
    let rows = first.iter().map(|summary| rows.row(summary)).collect::<Result<_, _>>()?;
    Ok(api::PatientList { rows, total: u32::try_from(all).unwrap_or(u32::MAX), recent })
}

fn rows_of(limit: u16) -> usize {
    usize::from(limit.clamp(1, MOST_ROWS))
}

/// Makes rows, with what is the same for all of them read once.
pub struct Rows<'a> {
    desk: &'a Desk,
    today: String,
    unread_hand_overs: BTreeMap<PatientId, u16>,
    incomplete: BTreeSet<PatientId>,
}

impl<'a> Rows<'a> {
    pub fn new(desk: &'a Desk) -> Result<Self, ApiError> {
        let mut unread_hand_overs = BTreeMap::new();
        let waiting = desk.replica.waiting_by_patient(MOST_HAND_OVERS).map_err(|error| reading(&error))?;
        for (patient, _) in waiting {
            *unread_hand_overs.entry(patient).or_default() += 1;
        }
        let incomplete = desk.replica.incomplete_patients().map_err(|error| storing(&error))?;
        Ok(Self { desk, today: desk.today().to_string(), unread_hand_overs, incomplete })
    }

    /// A patient as one row of a list.
    pub fn row(&self, summary: &PatientSummary) -> Result<api::PatientRow, ApiError> {
        let special_needs = if summary.special_needs.is_empty() {
            Vec::new()
        } else {
            views::special_needs(&card_of(self.desk, summary.patient)?.special_needs)
        };
        Ok(api::PatientRow {
            patient: self.name(summary),
            sex: views::sex(&summary.sex),
            birth_date: summary.birth_date.clone(),
            address: summary.address.clone(),
            allergies: u16::try_from(summary.allergies.len()).unwrap_or(u16::MAX),
            special_needs,
            dnar: summary.dnar,
            conflicts: u16::try_from(summary.conflicts).unwrap_or(u16::MAX),
            unread: u16::try_from(summary.news).unwrap_or(u16::MAX),
            unread_hand_overs: self.unread_hand_overs.get(&summary.patient).copied().unwrap_or_default(),
            incomplete: self.incomplete.contains(&summary.patient),
        })
    }

    /// A patient by name.
    pub fn name(&self, summary: &PatientSummary) -> api::PatientName {
        api::PatientName {
            id: api::PatientId(summary.patient.to_string()),
            name: summary.name.clone(),
            kana: summary.kana.clone(),
            age: summary.birth_date.as_deref().and_then(|birth| views::age(birth, &self.today)),
            same_name: summary.same_name,
        }
    }
}

pub fn header(desk: &Desk, args: api::GetPatientHeader) -> Answer<api::GetPatientHeader> {
    let patient = patient(&args.patient)?;
    header_of(desk, patient, &card_of(desk, patient)?)
}

pub fn card(desk: &Desk, args: api::GetCard) -> Answer<api::GetCard> {
    let patient = patient(&args.patient)?;
    page(desk, patient, &card_of(desk, patient)?)
}

/// The card as read now.
pub fn card_of(desk: &Desk, patient: PatientId) -> Result<CardView, ApiError> {
    desk.replica.card(patient).map_err(|error| reading(&error))
}

/// The card on one page.
pub fn page(desk: &Desk, patient: PatientId, card: &CardView) -> Result<api::CardPage, ApiError> {
    let identity = card.identity.any().map(|written| written.value.clone()).unwrap_or_default();
    let filled = |text: String| (!text.is_empty()).then_some(text);
    Ok(api::CardPage {
        header: header_of(desk, patient, card)?,
        postal_code: filled(identity.postal_code),
        phone: filled(identity.phone),
        blood_type: identity.blood_type,
        contacts: card.contacts.iter().filter_map(Item::any).map(views::contact).collect(),
        diagnoses: card.diagnoses.iter().filter_map(Item::any).map(views::diagnosis).collect(),
        medicines: card.medicines.iter().filter_map(|item| medicines::current(&desk.viewer, item)).collect(),
        last_dispensed: card.dispensings().iter().map(|(_, dispensing)| dispensing.dispensed_on.clone()).max(),
        physician: card.primary_physician.any().map(|written| views::physician(&written.value)),
        numbers: identity
            .numbers
            .into_iter()
            .map(|number| api::LocalNumberView { facility: number.facility, number: number.number })
            .collect(),
    })
}

fn header_of(desk: &Desk, patient: PatientId, card: &CardView) -> Result<api::PatientHeader, ApiError> {
    let summary = desk.replica.patient(patient).map_err(|error| reading(&error))?;
    Ok(api::PatientHeader {
        row: Rows::new(desk)?.row(&summary)?,
        allergies: views::allergies(&card.allergies),
        wishes: card.wishes.any().map(|written| views::wishes(&desk.viewer, written)),
        wishes_conflict: card.wishes.is_conflict(),
        as_of: desk.replica.sync_status().last_contact.map(millis),
        chart: summary.chart,
    })
}
