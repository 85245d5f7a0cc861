//! What a newly enrolled device or relay is handed.

use std::collections::BTreeSet;

use tendenko_protocol::ids::{DeviceId, RelayId, StatementId};
use tendenko_protocol::limits::{MAX_BUNDLE_STATEMENTS, MAX_ENROLMENT_BUNDLE};
use tendenko_protocol::trust::{Claim, EnrolmentBundle, RelayAddress, TrustStore};

use crate::directory::Config;

/// Room left for names, addresses and the encoding.
const MARGIN: usize = 64 * 1024;

/// The certificates needed to begin (a relay: those of relays), then as many of the region's others as fit; the rest comes with the first sync.
pub(super) fn make(set: &TrustStore, device: Option<DeviceId>, config: &Config, relay: RelayId) -> EnrolmentBundle {
    let facility = device.and_then(|device| set.device(device)).map(|device| device.facility);
    let needed = |claim: &Claim| match claim {
        Claim::Facility(claim) => facility == Some(claim.id),
        Claim::Member(claim) => facility == Some(claim.facility),
        Claim::Device(claim) => Some(claim.id) == device,
        Claim::Relay(_) => true,
        Claim::Grant(_) | Claim::Revocation(_) | Claim::Directory(_) => false,
    };
    // Of the directories, the one that holds.
    let outdated = |claim: &Claim| matches!(claim, Claim::Directory(found) if set.directory().is_some_and(|now| now.serial > found.serial));
    let other = |claim: &Claim| !needed(claim) && !matches!(claim, Claim::Grant(_)) && !outdated(claim);

    let mut room = MAX_ENROLMENT_BUNDLE - MARGIN;
    let mut taken: BTreeSet<&StatementId> = BTreeSet::new();
    for wanted in [&needed as &dyn Fn(&Claim) -> bool, &other] {
        for (id, bytes) in set.statements() {
            let fits = bytes.len() + 8 <= room && taken.len() < MAX_BUNDLE_STATEMENTS;
            if fits && set.statement(id).is_some_and(|statement| wanted(&statement.claim)) {
                room -= bytes.len() + 8;
                taken.insert(id);
            }
        }
    }
    // In the set's own order again: issuers first.
    let statements = set.statements().filter(|(id, _)| taken.contains(id)).map(|(_, bytes)| bytes.to_vec()).collect();
    let addresses = RelayAddress { relay, addresses: config.addresses.clone() };
    EnrolmentBundle::new(*set.region_key(), config.region_name.clone(), statements, vec![addresses])
}
