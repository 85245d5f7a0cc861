//! Why a relay does not let a tablet in.

use crate::wire_codes::wire_codes;

wire_codes! {
    /// Why a relay refuses a device.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Refusal {
        /// No version in common; both sides name theirs.
        Versions = 1 "versions",
        /// The device belongs to another region.
        OtherRegion = 2 "other-region",
        /// The device is not the one whose key it authenticated with.
        WrongKey = 3 "wrong-key",
        /// The device has no certificate that this relay can verify.
        UnknownDevice = 4 "unknown-device",
        /// The device was revoked.
        Revoked = 5 "revoked",
        /// The relay has no room or is shutting down; try again later.
        Busy = 6 "busy",
        /// What the tablet said was not according to protocol.
        Protocol = 7 "protocol",
    }
}
