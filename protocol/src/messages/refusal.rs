//! Why a relay does not let a tablet in.

use serde::{Deserialize, Serialize};

/// Why a relay refuses a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No version in common; both sides name theirs.
    Versions,
    /// The device belongs to another region.
    OtherRegion,
    /// The device is not the one whose key it authenticated with.
    WrongKey,
    /// The device has no certificate that this relay can verify.
    UnknownDevice,
    /// The device was revoked.
    Revoked,
    /// The relay has no room or is shutting down; try again later.
    Busy,
    /// What the tablet said was not according to protocol.
    Protocol,
    /// A code from a later version.
    Other(u8),
}

impl Refusal {
    const CODES: [(u8, Refusal, &'static str); 7] = [
        (1, Refusal::Versions, "versions"),
        (2, Refusal::OtherRegion, "other-region"),
        (3, Refusal::WrongKey, "wrong-key"),
        (4, Refusal::UnknownDevice, "unknown-device"),
        (5, Refusal::Revoked, "revoked"),
        (6, Refusal::Busy, "busy"),
        (7, Refusal::Protocol, "protocol"),
    ];

    /// The code for logs and screens.
    pub fn code(self) -> &'static str {
        Self::CODES.iter().find(|(_, refusal, _)| *refusal == self).map_or("other", |(_, _, code)| code)
    }

    /// The code on the wire.
    pub fn number(self) -> u8 {
        match self {
            Refusal::Other(number) => number,
            known => Self::CODES.iter().find(|(_, refusal, _)| *refusal == known).map_or(0, |(number, _, _)| *number),
        }
    }

    /// The refusal with this code on the wire.
    pub fn from_number(number: u8) -> Self {
        Self::CODES.iter().find(|(n, _, _)| *n == number).map_or(Refusal::Other(number), |(_, refusal, _)| *refusal)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Refusal {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        u8::deserialize(d).map(Self::from_number)
    }
}
