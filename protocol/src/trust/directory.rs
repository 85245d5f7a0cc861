//! 資源リスト: the region's directory of who offers what, where.
//!
//! It is one statement of the region's root key, so it travels as certificates do: over relays, by courier file, from tablet to tablet,
//! and is there without a network. The one with the greatest serial number holds. Statements are never taken back, so
//! older directories stay where they are held: a region publishes one when something has changed, not every day. The whole of it is
//! bounded by [`crate::limits::MAX_STATEMENT`], like any statement.
//!
//! Who may read a record does not depend on it: it is a telephone book and not a certificate. Names of fields follow FHIR's
//! HealthcareService and Location.

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_DIRECTORY_POINTS, MAX_DIRECTORY_SERIAL, MAX_DIRECTORY_SERVICES, MAX_SERVICE_TYPES, MAX_TEXT};

/// Who offers what in a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDirectory {
    /// The greatest holds.
    pub serial: u64,
    /// Those who offer something.
    pub services: Vec<HealthcareService>,
    /// Lines of a map, such as the coast.
    #[serde(default)]
    pub outline: Vec<MapLine>,
}

/// A line of the map. One of a single place is no line, only its name is written there: a town, a station.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapLine {
    /// What it is called.
    pub name: String,
    /// Where it goes along, in order.
    pub places: Vec<Place>,
}

/// Somebody who offers something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthcareService {
    /// Name of the facility.
    pub name: String,
    /// Its kind, in the region's words: 訪問看護ステーション, 薬局 …
    pub kind: String,
    /// What it offers, in the region's words.
    #[serde(default)]
    pub types: Vec<String>,
    /// Address.
    #[serde(default)]
    pub address: String,
    /// Telephone.
    #[serde(default)]
    pub phone: String,
    /// When it is open, in words.
    #[serde(default)]
    pub hours: String,
    /// How many it takes, in words: 定員25名, 9床 …
    #[serde(default)]
    pub capacity: String,
    /// Anything else.
    #[serde(default)]
    pub comment: String,
    /// Where it is.
    #[serde(default)]
    pub place: Option<Place>,
}

/// A place, in hundred-thousandths of a degree (about a metre): latitude, longitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place(
    /// Latitude.
    pub i32,
    /// Longitude.
    pub i32,
);

impl Place {
    /// Whether there is such a place on the earth.
    pub fn exists(self) -> bool {
        self.0.unsigned_abs() <= 9_000_000 && self.1.unsigned_abs() <= 18_000_000
    }
}

impl ServiceDirectory {
    /// Whether every part of it is within its bounds.
    pub(super) fn holds(&self) -> bool {
        let points: usize = self.outline.iter().map(|line| line.places.len()).sum();
        self.serial <= MAX_DIRECTORY_SERIAL
            && self.services.len() <= MAX_DIRECTORY_SERVICES
            && points <= MAX_DIRECTORY_POINTS
            && self.outline.iter().all(MapLine::holds)
            && self.services.iter().all(HealthcareService::holds)
    }
}

impl MapLine {
    fn holds(&self) -> bool {
        self.name.len() <= MAX_TEXT && !self.places.is_empty() && self.places.iter().all(|place| place.exists())
    }
}

impl HealthcareService {
    fn holds(&self) -> bool {
        let texts = [&self.name, &self.kind, &self.address, &self.phone, &self.hours, &self.capacity, &self.comment];
        texts.into_iter().chain(&self.types).all(|text| text.len() <= MAX_TEXT)
            && !self.name.trim().is_empty()
            && self.types.len() <= MAX_SERVICE_TYPES
            && self.place.is_none_or(Place::exists)
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::ids::{FacilityId, Millis};
    use crate::keys::{DeviceKeys, RegionKeys};
    use crate::trust::{Claim, Device, TrustError, TrustStore, sign};

    fn listing(serial: u64, name: &str) -> Claim {
        let service = HealthcareService {
            name: name.into(),
            kind: "薬局".into(),
            place: Some(Place(3_927_000, 14_188_000)),
            ..HealthcareService::default()
        };
        Claim::Directory(ServiceDirectory { serial, services: vec![service], outline: Vec::new() })
    }

    fn names(set: &TrustStore) -> Vec<&str> {
        set.directory().into_iter().flat_map(|found| &found.services).map(|service| service.name.as_str()).collect()
    }

    #[test]
    fn the_greatest_serial_holds_in_whatever_order_they_come_and_only_the_regions_word_counts() {
        let rng = SystemRandom::new();
        let (region, device) = (RegionKeys::generate(&rng).unwrap(), DeviceKeys::generate(&rng).unwrap());
        let said = |serial, at, name: &str| sign(&region, Millis(at), listing(serial, name)).unwrap().into_bytes();
        // The later one by the clock is not the newer one.
        let all = [said(1, 9, "古い薬局"), said(3, 1, "はまかぜ薬局"), said(2, 5, "途中の薬局")];
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let mut set = TrustStore::new(region.public());
            assert!(set.directory().is_none());
            for place in order {
                set.add(&all[place]).unwrap();
            }
            assert_eq!(names(&set), ["はまかぜ薬局"]);
        }
        let mut set = TrustStore::new(region.public());
        set.add(&all[0]).unwrap();
        let public = device.public();
        let certified = Claim::Device(Device {
            id: device.device_id(),
            facility: FacilityId([1; 16]),
            label: "t".into(),
            signing: public.signing,
            hpke: public.hpke,
            administrator: true,
            evacuation_site: false,
        });
        set.add(sign(&region, Millis(1), certified).unwrap().bytes()).unwrap();
        set.add(sign(&device, Millis(1), listing(9, "偽の薬局")).unwrap().bytes()).unwrap();
        assert_eq!(names(&set), ["古い薬局"]);
    }

    #[test]
    fn another_regions_directory_is_refused_and_an_older_one_takes_no_place() {
        let rng = SystemRandom::new();
        let (ours, theirs) = (RegionKeys::generate(&rng).unwrap(), RegionKeys::generate(&rng).unwrap());
        let mut set = TrustStore::new(ours.public());
        set.add(sign(&ours, Millis(1), listing(4, "はまかぜ薬局")).unwrap().bytes()).unwrap();
        let foreign = sign(&theirs, Millis(2), listing(9, "よその薬局")).unwrap();
        assert_eq!(set.add(foreign.bytes()), Err(TrustError::Signature));
        set.add(sign(&ours, Millis(3), listing(3, "古い薬局")).unwrap().bytes()).unwrap();
        assert_eq!(names(&set), ["はまかぜ薬局"]);
        assert_eq!(set.directory_published(), Some(Millis(1)));
    }

    #[test]
    fn what_is_out_of_bounds_is_not_signed() {
        let region = RegionKeys::generate(&SystemRandom::new()).unwrap();
        let refused = |directory: ServiceDirectory| {
            sign(&region, Millis(1), Claim::Directory(directory)).err() == Some(TrustError::Content)
        };
        let service = HealthcareService { name: "はまかぜ薬局".into(), ..HealthcareService::default() };
        let of =
            |service: HealthcareService| ServiceDirectory { services: vec![service], ..ServiceDirectory::default() };
        assert!(!refused(of(service.clone())));
        assert!(refused(ServiceDirectory { serial: MAX_DIRECTORY_SERIAL + 1, ..of(service.clone()) }));
        assert!(refused(of(HealthcareService { name: " ".into(), ..service.clone() })));
        assert!(refused(of(HealthcareService { hours: "あ".repeat(200), ..service.clone() })));
        assert!(refused(of(HealthcareService { place: Some(Place(9_000_001, 0)), ..service.clone() })));
        assert!(refused(of(HealthcareService { types: vec!["x".into(); MAX_SERVICE_TYPES + 1], ..service.clone() })));
        assert!(refused(of(HealthcareService { capacity: "あ".repeat(200), ..service.clone() })));
        let line =
            |places: usize| MapLine { name: "海岸線".into(), places: vec![Place(3_927_000, 14_188_000); places] };
        let drawn = |outline: Vec<MapLine>| ServiceDirectory { outline, ..ServiceDirectory::default() };
        assert!(!refused(drawn(vec![line(MAX_DIRECTORY_POINTS - 1), line(1)])));
        assert!(refused(drawn(vec![line(MAX_DIRECTORY_POINTS), line(1)])));
        assert!(refused(drawn(vec![line(0)])), "a line of nothing");
        let long = HealthcareService { comment: "あ".repeat(160), ..service };
        let many = ServiceDirectory { services: vec![long; 200], ..ServiceDirectory::default() };
        assert!(refused(many), "more than a statement may take");
    }
}
