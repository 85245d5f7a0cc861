//! The invitation of a tablet that serves as a relay: a text short enough for a QR code on its screen.
//!
//! ```text
//! text       = "TENDENKO:1:" ‖ base45(CBOR invitation)
//! invitation = [ region: bstr .size 16, device: bstr .size 16, addresses: ≤ 8 × [ip: bstr .size 4 / 16, port: u16], chain: ≤ 3 × bstr ]
//! ```
//! Digits, capitals and `:` only, so that QR codes take 5.5 bits for each (alphanumeric mode). The chain is what verifies the
//! device's certificate: whoever never heard of the tablet believes it by the region's signature, not by the picture.

use std::net::{IpAddr, SocketAddr};

use serde_bytes::{ByteArray, ByteBuf};

use crate::ids::{DeviceId, RegionId};
use crate::limits::{MAX_INVITATION, MAX_INVITATION_ADDRESSES, MAX_INVITATION_CHAIN};
use crate::trust::{Claim, TrustStore, UnverifiedStatement};
use crate::{base45, cbor};

/// What every invitation begins with, before its version.
const PREFIX: &str = "TENDENKO:";
const VERSION: &str = "1";

/// Why a text is no invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// Something else was scanned.
    #[error("this is not the code of a Tendenko tablet")]
    NotAnInvitation,
    /// Of a later version.
    #[error("the code is of a later version of Tendenko: update this one")]
    Version,
    /// It begins like one and is none.
    #[error("the code cannot be read: show it again, larger")]
    Malformed,
}

/// "This tablet serves as a relay; here is where, and why you may believe it."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The region it belongs to.
    pub region: RegionId,
    /// Who serves.
    pub device: DeviceId,
    /// Where, best first.
    pub addresses: Vec<SocketAddr>,
    /// Its certificate and what verifies it, in the order to add them. Not verified yet.
    pub chain: Vec<Vec<u8>>,
}

type Wire = (ByteArray<16>, ByteArray<16>, Vec<(ByteBuf, u16)>, Vec<ByteBuf>);

impl Invitation {
    /// The invitation of a certified device. Addresses beyond the bound are left out.
    pub fn new(trust: &TrustStore, device: DeviceId, addresses: &[SocketAddr]) -> Self {
        let needed = |bytes: &Vec<u8>| {
            // A facility's name verifies nothing, and costs modules.
            UnverifiedStatement::parse(bytes).is_ok_and(|said| !matches!(said.claim(), Claim::Facility(_)))
        };
        let chain = trust.chain_of(device).into_iter().filter(needed).take(MAX_INVITATION_CHAIN).collect();
        let addresses = addresses.iter().take(MAX_INVITATION_ADDRESSES).copied().collect();
        Self { region: trust.region(), device, addresses, chain }
    }

    /// The text of the QR code.
    pub fn to_text(&self) -> String {
        let ip = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ByteBuf::from(ip.octets()),
            IpAddr::V6(ip) => ByteBuf::from(ip.octets()),
        };
        let wire: Wire = (
            ByteArray::new(self.region.0),
            ByteArray::new(self.device.0),
            self.addresses.iter().map(|address| (ip(address.ip()), address.port())).collect(),
            self.chain.iter().cloned().map(ByteBuf::from).collect(),
        );
        format!("{PREFIX}{VERSION}:{}", base45::encode(&cbor::encode(&wire)))
    }

    /// Reads a scanned text. Verifies nothing.
    pub fn from_text(text: &str) -> Result<Self, InvitationError> {
        let text = text.trim_matches(['\r', '\n']);
        let rest = text.strip_prefix(PREFIX).ok_or(InvitationError::NotAnInvitation)?;
        let (version, code) = rest.split_once(':').ok_or(InvitationError::Malformed)?;
        if version != VERSION {
            return Err(InvitationError::Version);
        }
        if code.len() > MAX_INVITATION {
            return Err(InvitationError::Malformed);
        }
        let bytes = base45::decode(code).ok_or(InvitationError::Malformed)?;
        let (region, device, places, chain): Wire =
            cbor::decode(&bytes, MAX_INVITATION).map_err(|_| InvitationError::Malformed)?;
        if places.len() > MAX_INVITATION_ADDRESSES || chain.len() > MAX_INVITATION_CHAIN {
            return Err(InvitationError::Malformed);
        }
        let addresses = places.iter().map(|(ip, port)| Some(SocketAddr::new(address(ip)?, *port)));
        Ok(Self {
            region: RegionId(region.into_array()),
            device: DeviceId(device.into_array()),
            addresses: addresses.collect::<Option<_>>().ok_or(InvitationError::Malformed)?,
            chain: chain.into_iter().map(ByteBuf::into_vec).collect(),
        })
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}
