//! Announcing a tablet that serves, and sighting others: the contract, whoever fulfils it.
//!
//! Nothing that is sighted is believed. An announcement holds a tag of the region (so that neighbours of another region stay quiet),
//! the device's id, what the tablet is called, and where it listens.

use std::net::SocketAddr;

use ring::digest;
use tendenko_protocol::ids::{DeviceId, RegionId};
use tokio::sync::{mpsc, watch};

/// What the local network is told of the region: enough to pass others by, too little to find out which it is.
pub type RegionTag = [u8; 8];

/// The tag of a region.
pub fn region_tag(region: RegionId) -> RegionTag {
    let hash = digest::digest(&digest::SHA256, &[&b"tendenko announcement\0"[..], &region.0].concat());
    let mut tag = RegionTag::default();
    tag.copy_from_slice(&hash.as_ref()[..8]);
    tag
}

/// What a tablet that serves says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Which region.
    pub region: RegionTag,
    /// Who.
    pub device: DeviceId,
    /// What it is called.
    pub label: String,
    /// UDP port.
    pub port: u16,
}

/// What was noticed of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// A tablet serves.
    Here {
        /// Which region.
        region: RegionTag,
        /// Who, as it says.
        device: DeviceId,
        /// What it calls itself.
        label: String,
        /// Where, best first.
        addresses: Vec<SocketAddr>,
    },
    /// It serves no longer.
    Gone {
        /// Who.
        device: DeviceId,
    },
}

/// The local network cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DiscoveryError(
    /// What the system says.
    pub String,
);

/// Announces and looks.
pub trait Discovery: Send {
    /// Begins. `announce`: what to say of this tablet now, if anything. `seen`: where sightings go; full means that they are dropped, and
    /// seen again later. Ends when what is returned is dropped. Called within a tokio runtime.
    fn start(
        self: Box<Self>,
        announce: watch::Receiver<Option<Announcement>>,
        seen: mpsc::Sender<Sighting>,
    ) -> Result<Box<dyn Send + Sync>, DiscoveryError>;
}
