//! A region that has certified one facility and one tablet of it.

use ring::rand::SystemRandom;
use tendenko_protocol::ids::{FacilityId, Millis};
use tendenko_protocol::keys::{DeviceKeys, RegionKeys};
use tendenko_protocol::trust::{Claim, Device, Facility, TrustStore, sign};

/// The region, who knows of both, and the tablet's keys.
pub fn region_with_a_tablet(facility: &str, kind: &str, label: &str) -> (RegionKeys, TrustStore, DeviceKeys) {
    let rng = SystemRandom::new();
    let region = RegionKeys::generate(&rng).unwrap();
    let keys = DeviceKeys::generate(&rng).unwrap();
    let mut trust = TrustStore::new(region.public());
    let id = FacilityId([1; 16]);
    for claim in [
        Claim::Facility(Facility { id, name: facility.to_owned(), kind: kind.to_owned() }),
        Claim::Device(Device {
            id: keys.device_id(),
            facility: id,
            label: label.to_owned(),
            signing: keys.public().signing,
            hpke: keys.public().hpke,
            administrator: false,
            evacuation_site: false,
        }),
    ] {
        trust.add(sign(&region, Millis(1), claim).unwrap().bytes()).unwrap();
    }
    (region, trust, keys)
}
