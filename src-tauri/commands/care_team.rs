//! チーム: who is around a patient on what consent, and adding a facility.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_protocol::ids::FacilityId;
use tendenko_replica::{SaveError, TeamMember};

use super::{Answer, patient};
use crate::error::{field_required, saving, too_long};
use crate::tablet::Desk;
use crate::views::people::{millis, profession};
use crate::views::sync::count;

pub fn team(desk: &Desk, args: api::GetCareTeam) -> Answer<api::GetCareTeam> {
    let team = desk.replica.care_team(patient(&args.patient)?);
    let facilities = team
        .facilities
        .into_iter()
        .map(|facility| api::TeamFacility {
            facility: facility.facility.to_string(),
            name: facility.name,
            kind: facility.kind,
            members: facility.members.iter().map(member).collect(),
            tablets: count(facility.tablets.len() as u64),
            tablets_without: count(facility.tablets.iter().filter(|tablet| !tablet.has_access).count() as u64),
            since: millis(facility.since),
            consent: (!facility.registered_here).then_some(facility.consent),
            added_by: facility.added_by,
        })
        .collect();
    Ok(api::CareTeam { facilities, may_add: team.may_add })
}

pub fn colleagues(desk: &Desk, args: api::GetColleagues) -> Answer<api::GetColleagues> {
    let colleagues = desk.replica.colleagues(patient(&args.patient)?).into_iter();
    Ok(colleagues
        .map(|facility| api::ColleagueFacility {
            facility: facility.facility.to_string(),
            name: facility.name,
            kind: facility.kind,
            members: facility.members.iter().map(member).collect(),
            tablets: facility.tablets,
        })
        .collect())
}

pub fn add(desk: &Desk, args: api::AddToTeam) -> Answer<api::AddToTeam> {
    let patient = patient(&args.patient)?;
    let facility: FacilityId = args.facility.parse().map_err(|_| ApiError::new(ErrorCode::NoTablet))?;
    let consent = args.consent.trim();
    if consent.is_empty() {
        return Err(field_required("consent"));
    }
    desk.replica.add_to_team(patient, facility, consent).map_err(|error| match error {
        SaveError::UnknownDevice => ApiError::new(ErrorCode::NoTablet),
        SaveError::Trust(_) => too_long("consent"),
        other => saving(&other),
    })?;
    Ok(api::Saved { entry: None, at: millis(desk.clock.now()) })
}

fn member(member: &TeamMember) -> api::TeamMember {
    api::TeamMember {
        member: api::MemberId(member.member.to_string()),
        name: member.name.clone(),
        profession: profession(&member.profession),
        facility: member.facility.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{Office, admit};

    #[test]
    fn a_consent_is_needed_and_a_facility_without_a_tablet_cannot_be_added() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let team = team(&desk, api::GetCareTeam { patient: patient.clone() }).unwrap();
        assert!(team.may_add);
        assert_eq!(team.facilities.len(), 1);
        assert_eq!((team.facilities[0].consent.as_deref(), team.facilities[0].members.len()), (None, 2));
        assert!(colleagues(&desk, api::GetColleagues { patient: patient.clone() }).unwrap().is_empty());
        let add_with = |facility: &str, consent: &str| {
            let command =
                api::AddToTeam { patient: patient.clone(), facility: facility.to_owned(), consent: consent.to_owned() };
            add(&desk, command).unwrap_err().code
        };
        assert_eq!(add_with(&"00".repeat(16), " "), ErrorCode::FieldRequired);
        assert_eq!(add_with(&"00".repeat(16), "口頭で同意"), ErrorCode::NoTablet);
        assert_eq!(add_with("はまなす", "口頭で同意"), ErrorCode::NoTablet);
    }
}
