//! 回線がないとき: one tablet becomes the relay of those around it.

use serde::{Deserialize, Serialize};

/// Asks whether this tablet serves others, and who serves nearby.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetNearby {}

/// Makes this tablet the relay of those around it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartServing {}

/// Stops being the relay. What was carried stays here and goes on when a relay is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopServing {}

/// Takes the photo of a serving tablet's QR code: its certificates are checked, and it is tried at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanServer {
    /// A JPEG or PNG file.
    pub picture: Vec<u8>,
}

/// Largest photo of a QR code that is read, in bytes.
pub const MAX_QR_PICTURE: usize = 12 * 1024 * 1024;

/// Who serves whom without a network. Also the payload of [`crate::EVENT_NEARBY`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearby {
    /// This tablet is the relay of those around it.
    pub serving: Option<Serving>,
    /// Tablets nearby that serve.
    pub found: Vec<FoundTablet>,
    /// Why it stopped serving the last time.
    pub ended: Option<Ending>,
    /// The local network cannot be listened to: only QR codes lead to other tablets.
    pub deaf: bool,
}

/// This tablet as the relay of those around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    /// What its QR code says.
    pub qr: String,
    /// Names of the tablets connected now.
    pub guests: Vec<String>,
    /// Records and certificates it holds for everyone.
    pub carried: u32,
    /// How many of these no relay of the region is known to have.
    pub waiting: u32,
    /// A relay of the region is reached from here, and what is carried goes on to it.
    pub hub: bool,
}

/// A tablet nearby that serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundTablet {
    /// Its name, or the beginning of its number where the name is not known.
    pub label: String,
    /// False: this tablet has never heard of it; its QR code shows who it is.
    pub certified: bool,
}

/// Why it stopped serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The region's relay is back and has everything.
    HubIsBack,
    /// Nobody came for an hour.
    Idle,
    /// Somebody said so.
    Told,
}
