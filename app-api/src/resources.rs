//! 資源リスト: who offers what in the region, where; kept on the tablet, so no network is needed to look somebody up.

use crate::Millis;
use serde::{Deserialize, Serialize};

/// Asks for the region's directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetResources {
    /// That say this, in whatever kana and width; empty = all.
    pub words: String,
    /// Of this kind; none = of all.
    pub kind: Option<String>,
}

/// The region's directory, as far as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Which one it is; none = none has arrived yet.
    pub edition: Option<Edition>,
    /// Every kind in it, in the directory's own order.
    pub kinds: Vec<ResourceKind>,
    /// The entries that were asked for, in the order of their numbers.
    pub found: Vec<ResourceView>,
    /// How many there are in all.
    pub total: u32,
    /// My own facility, where its place is known: distances are from there.
    pub from: Option<String>,
    /// Lines of the map.
    pub outline: Vec<MapOutline>,
}

/// Which directory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Its number; a greater one takes its place.
    pub serial: u64,
    /// When it was published, by the secretariat's clock.
    pub published: Millis,
}

/// A kind of facility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceKind {
    /// In the region's words.
    pub name: String,
    /// How many are of it.
    pub count: u32,
}

/// A line of the map, or a name on it where it has one place only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapOutline {
    /// What it is called.
    pub name: String,
    /// Where it goes along.
    pub places: Vec<MapPlace>,
}

/// A place, in hundred-thousandths of a degree: latitude, longitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapPlace(pub i32, pub i32);

/// Somebody who offers something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceView {
    /// Its number in the whole directory: my own facility first, then the nearest, those without a place last. It is the same
    /// whatever was asked for.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// It is my own facility.
    pub own: bool,
    /// Its kind.
    pub kind: String,
    /// What it offers.
    pub services: Vec<String>,
    /// Its address.
    pub address: String,
    /// Its telephone.
    pub phone: String,
    /// When it is open.
    pub hours: String,
    /// How many it takes.
    pub capacity: String,
    /// Anything else.
    pub comment: String,
    /// Where it is.
    pub place: Option<MapPlace>,
    /// How far another's is from my own facility as the crow flies, in metres.
    pub metres: Option<u32>,
}
