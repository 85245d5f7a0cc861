//! The team of a patient, as grants and certificates say it, and adding a facility to it.
//!
//! Access is given to tablets: staff of a facility share them, so whoever works at a facility of whose tablets one may read
//! the chart is in the team. Adding a colleague is therefore adding the colleague's facility: card and chart are granted to
//! each of its tablets that is in office, with the consent it rests on. A tablet that is enrolled later is shown as one that has nothing
//! yet, and gets it when somebody adds it. Evacuation-site tablets are no colleague's; they have their own way to the card.
//!
//! Nobody is taken out here. The region can only distrust a tablet as a whole; taking one patient away from a facility needs a new
//! epoch of that patient's keys and a statement that names the old one as ended, which the protocol does not have.

use std::collections::{BTreeMap, BTreeSet};

use tendenko_crdt::{Profession, Timestamp};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{DeviceId, FacilityId, PatientId};
use tendenko_protocol::trust::{DeviceCert, TrustStore};

use crate::error::SaveError;
use crate::replica::Replica;
use crate::views::TeamMember;

/// Facilities around a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareTeam {
    /// The one where the patient was registered, then by when they joined.
    pub facilities: Vec<TeamFacility>,
    /// This tablet can add others.
    pub may_add: bool,
}

/// A facility in a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamFacility {
    /// Which.
    pub facility: FacilityId,
    /// Its name.
    pub name: String,
    /// Its kind, as the region names it.
    pub kind: String,
    /// Who works there, by name.
    pub members: Vec<TeamMember>,
    /// Its tablets that are in office, by label.
    pub tablets: Vec<TeamTablet>,
    /// When the first of them was given access, by the giver's clock.
    pub since: Timestamp,
    /// The consent that rests on; as the giver wrote it.
    pub consent: String,
    /// The facility of whoever gave it, where it is another.
    pub added_by: Option<String>,
    /// The patient was registered here.
    pub registered_here: bool,
}

/// A tablet of a facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamTablet {
    /// What people call it.
    pub label: String,
    /// It was given card and chart.
    pub has_access: bool,
}

/// A facility of the region that could be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColleagueFacility {
    /// Which.
    pub facility: FacilityId,
    /// Its name.
    pub name: String,
    /// Its kind, as the region names it.
    pub kind: String,
    /// Who works there, by name.
    pub members: Vec<TeamMember>,
    /// Its tablets that would be given access.
    pub tablets: u32,
}

impl Replica {
    /// The facilities around a patient, with what their access rests on.
    pub fn care_team(&self, patient: PatientId) -> CareTeam {
        let trust = self.trust();
        let mut facilities: BTreeMap<FacilityId, TeamFacility> = BTreeMap::new();
        let mut may_add = false;
        let mut grants: Vec<_> = trust.grants_of(patient, Scope::Chart).collect();
        grants.sort_by_key(|grant| (grant.issued_at, grant.statement));
        for found in grants {
            let Some(device) = trust.device(found.grant.device) else { continue };
            let origin = found.grant.origin.device;
            may_add |= device.id == self.device_id() && (found.grant.may_share || device.id == origin);
            facilities.entry(device.facility).or_insert_with(|| {
                let giver = match found.issuer {
                    tendenko_protocol::trust::Issuer::Device(giver) => trust.device(giver),
                    tendenko_protocol::trust::Issuer::Region => None,
                };
                TeamFacility {
                    facility: device.facility,
                    name: facility_name(&trust, device.facility),
                    kind: facility_kind(&trust, device.facility),
                    members: members(&trust, device.facility),
                    tablets: tablets(&trust, device.facility, patient),
                    since: Timestamp(found.issued_at.0),
                    consent: found.grant.consent.clone(),
                    added_by: giver
                        .filter(|giver| giver.facility != device.facility)
                        .map(|giver| facility_name(&trust, giver.facility)),
                    registered_here: trust.device(origin).is_some_and(|first| first.facility == device.facility),
                }
            });
        }
        let mut facilities: Vec<TeamFacility> = facilities.into_values().collect();
        let place = |one: &TeamFacility| (!one.registered_here, one.since, one.name.clone(), one.facility);
        facilities.sort_by_key(place);
        CareTeam { facilities, may_add }
    }

    /// The facilities of the region that have people and are not in a patient's team yet, by kind and name.
    pub fn colleagues(&self, patient: PatientId) -> Vec<ColleagueFacility> {
        let in_team: BTreeSet<FacilityId> =
            self.care_team(patient).facilities.into_iter().map(|facility| facility.facility).collect();
        let trust = self.trust();
        let site: BTreeSet<FacilityId> =
            trust.devices().filter(|device| device.evacuation_site).map(|device| device.facility).collect();
        let mut found: Vec<ColleagueFacility> = trust
            .facilities()
            .filter(|facility| !in_team.contains(&facility.id) && !site.contains(&facility.id))
            .map(|facility| ColleagueFacility {
                facility: facility.id,
                name: facility.name.clone(),
                kind: facility.kind.clone(),
                members: members(&trust, facility.id),
                tablets: u32::try_from(in_office(&trust, facility.id).count()).unwrap_or(u32::MAX),
            })
            .filter(|facility| !facility.members.is_empty())
            .collect();
        found.sort_by(|a, b| (&a.kind, &a.name, a.facility).cmp(&(&b.kind, &b.name, b.facility)));
        found
    }

    /// Gives every tablet of a facility that is in office access to card and chart, resting on a consent. How many tablets that
    /// were which had none.
    pub fn add_to_team(&self, patient: PatientId, facility: FacilityId, consent: &str) -> Result<usize, SaveError> {
        let devices: Vec<DeviceId> = {
            let trust = self.trust();
            in_office(&trust, facility).map(|device| device.id).collect()
        };
        if devices.is_empty() {
            return Err(SaveError::UnknownDevice);
        }
        let mut added = 0;
        for device in devices {
            let had = self.trust().granted(device, patient, Scope::Chart);
            for scope in Scope::ALL {
                self.grant(patient, scope, device, consent)?;
            }
            added += usize::from(!had);
        }
        Ok(added)
    }
}

/// The tablets of a facility that staff work with.
fn in_office(trust: &TrustStore, facility: FacilityId) -> impl Iterator<Item = &DeviceCert> {
    trust.devices().filter(move |device| device.facility == facility && !device.revoked && !device.evacuation_site)
}

fn tablets(trust: &TrustStore, facility: FacilityId, patient: PatientId) -> Vec<TeamTablet> {
    let mut tablets: Vec<TeamTablet> = in_office(trust, facility)
        .map(|device| TeamTablet {
            label: device.label.clone(),
            has_access: Scope::ALL.iter().all(|scope| trust.granted(device.id, patient, *scope)),
        })
        .collect();
    tablets.sort_by(|a, b| a.label.cmp(&b.label));
    tablets
}

fn facility_name(trust: &TrustStore, facility: FacilityId) -> String {
    trust.facility(facility).map(|facility| facility.name.clone()).unwrap_or_default()
}

fn facility_kind(trust: &TrustStore, facility: FacilityId) -> String {
    trust.facility(facility).map(|facility| facility.kind.clone()).unwrap_or_default()
}

/// Who works at a facility, by name.
pub(crate) fn members(trust: &TrustStore, facility: FacilityId) -> Vec<TeamMember> {
    let name = facility_name(trust, facility);
    let mut members: Vec<TeamMember> = trust
        .members()
        .filter(|member| member.facility == facility)
        .map(|member| TeamMember {
            member: member.id,
            name: member.name.clone(),
            profession: Profession::from(member.profession.as_str()),
            facility: name.clone(),
        })
        .collect();
    members.sort_by(|a, b| (&a.name, a.member).cmp(&(&b.name, b.member)));
    members
}
