//! What follows from certificates and revocations: a pure function of the set of statements, so order cannot matter.
//!
//! - Facility, member, device, relay, revocation, directory by the region: always count.
//! - Member and device by an administrator device, for its own facility: count. They never make administrators or evacuation sites.
//! - Revocation by an administrator device: counts for devices of its own facility.
//!
//! Several certificates for one id: the region's win over an administrator's, then the later one, then the greater statement id.
//! What an administrator issued stays valid when it is revoked, or losing one tablet would lock out its whole facility; new
//! enrolments by a revoked administrator are stopped at the relay's door (`admission::admit_statement`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Claim, Device, DeviceCert, Facility, Issuer, Member, Relay, Statement};
use crate::document::LogId;
use crate::ids::{DeviceId, FacilityId, LogSeq, MemberId, Millis, RelayId, StatementId};

/// Certificates that count, by id.
#[derive(Debug, Clone, Default)]
pub(super) struct Certificates {
    pub(super) facilities: BTreeMap<FacilityId, (StatementId, Facility)>,
    pub(super) members: BTreeMap<MemberId, (StatementId, Member)>,
    pub(super) devices: BTreeMap<DeviceId, DeviceCert>,
    pub(super) relays: BTreeMap<RelayId, (StatementId, Relay)>,
    /// Relays, by the id their key would have as a device's.
    pub(super) relays_as_peers: BTreeMap<DeviceId, RelayId>,
    /// Revoked devices, with the last valid position of each log that a revocation names.
    pub(super) revoked: BTreeMap<DeviceId, BTreeMap<LogId, LogSeq>>,
    /// The directory that holds.
    pub(super) directory: Option<StatementId>,
    /// Statements whose issuer had the right to them.
    pub(super) effective: BTreeSet<StatementId>,
}

/// Greater wins.
type Rank = (bool, Millis, StatementId);

fn place<'a, K: Ord, T>(map: &mut BTreeMap<K, (Rank, &'a T)>, key: K, rank: Rank, value: &'a T) {
    let winner = map.entry(key).or_insert((rank, value));
    if rank > winner.0 {
        *winner = (rank, value);
    }
}

fn settle<K: Ord, T: Clone>(map: BTreeMap<K, (Rank, &T)>) -> BTreeMap<K, (StatementId, T)> {
    map.into_iter().map(|(key, (rank, value))| (key, (rank.2, value.clone()))).collect()
}

impl Certificates {
    pub(super) fn of<'a>(statements: impl Iterator<Item = (StatementId, &'a Statement)> + Clone) -> Self {
        let administrators: BTreeSet<(DeviceId, FacilityId)> = statements
            .clone()
            .filter_map(|(_, statement)| match (statement.issuer, &statement.claim) {
                (Issuer::Region, Claim::Device(device)) if device.administrator => Some((device.id, device.facility)),
                _ => None,
            })
            .collect();
        let may = |issuer: Issuer, facility: FacilityId| match issuer {
            Issuer::Region => true,
            Issuer::Device(device) => administrators.contains(&(device, facility)),
        };

        let mut effective = BTreeSet::new();
        let mut directory: Option<((u64, Millis), StatementId)> = None;
        let (mut facilities, mut members) = (BTreeMap::new(), BTreeMap::new());
        let (mut devices, mut relays) = (BTreeMap::<DeviceId, (Rank, &Device)>::new(), BTreeMap::new());
        for (id, statement) in statements.clone() {
            let by_region = statement.issuer == Issuer::Region;
            let rank = (by_region, statement.issued_at, id);
            let counts = match &statement.claim {
                Claim::Facility(_) | Claim::Relay(_) | Claim::Directory(_) => by_region,
                Claim::Member(member) => may(statement.issuer, member.facility),
                Claim::Device(device) => {
                    may(statement.issuer, device.facility)
                        && (by_region || !(device.administrator || device.evacuation_site))
                }
                Claim::Grant(_) | Claim::Revocation(_) => false,
            };
            if !counts {
                continue;
            }
            effective.insert(id);
            match &statement.claim {
                Claim::Facility(facility) => place(&mut facilities, facility.id, rank, facility),
                Claim::Member(member) => place(&mut members, member.id, rank, member),
                Claim::Device(device) => place(&mut devices, device.id, rank, device),
                Claim::Relay(relay) => place(&mut relays, relay.id, rank, relay),
                Claim::Directory(found) => {
                    directory = directory.max(Some(((found.serial, statement.issued_at), id)));
                }
                Claim::Grant(_) | Claim::Revocation(_) => {}
            }
        }

        let mut revoked: BTreeMap<DeviceId, BTreeMap<LogId, LogSeq>> = BTreeMap::new();
        for (id, statement) in statements {
            let Claim::Revocation(revocation) = &statement.claim else { continue };
            let facility = devices.get(&revocation.device).map(|(_, device)| device.facility);
            let counts =
                statement.issuer == Issuer::Region || facility.is_some_and(|facility| may(statement.issuer, facility));
            if !counts {
                continue;
            }
            effective.insert(id);
            let logs = revoked.entry(revocation.device).or_default();
            for (log, last) in &revocation.logs {
                logs.entry(*log).and_modify(|known| *known = (*known).min(*last)).or_insert(*last);
            }
        }

        let facilities = settle(facilities);
        let devices = devices
            .into_iter()
            .map(|(id, (rank, device))| {
                let cert = DeviceCert {
                    id,
                    facility: device.facility,
                    facility_name: facilities
                        .get(&device.facility)
                        .map(|(_, facility): &(_, Facility)| facility.name.clone()),
                    label: device.label.clone(),
                    signing: device.signing,
                    hpke: device.hpke,
                    administrator: device.administrator,
                    evacuation_site: device.evacuation_site,
                    revoked: revoked.contains_key(&id),
                    issued_at: rank.1,
                    statement: rank.2,
                };
                (id, cert)
            })
            .collect();
        let relays = settle(relays);
        let relays_as_peers = relays.iter().map(|(id, (_, relay))| (DeviceId::of_key(&relay.signing), *id)).collect();
        let directory = directory.map(|(_, id)| id);
        Self { facilities, members: settle(members), devices, relays, relays_as_peers, revoked, directory, effective }
    }
}
