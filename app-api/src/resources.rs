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
    /// When it was published; none = there is none yet.
    pub published: Option<Millis>,
    /// Every kind in it, by name.
    pub kinds: Vec<String>,
    /// The entries, by kind and name; with a place of my own facility, the nearest first.
    pub found: Vec<ResourceView>,
    /// Lines of the map.
    pub outline: Vec<Vec<MapPlace>>,
}

/// A place, in hundred-thousandths of a degree: latitude, longitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapPlace(pub i32, pub i32);

/// Somebody who offers something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceView {
    /// Its name.
    pub name: String,
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
    /// Anything else.
    pub comment: String,
    /// Where it is.
    pub place: Option<MapPlace>,
    /// How far it is from my own facility as the crow flies, in metres.
    pub metres: Option<u32>,
}
