//! Versions and domain separation: every string that keeps one use of a hash, key or signature apart from another.
//!
//! Changing any of these is a new protocol version. They live here together so that two uses can never share one by accident.

/// Protocol version of sessions spoken by this build. Negotiated in hello.
pub const SESSION_VERSION: u16 = 1;

/// All session versions this build can speak, best first.
pub const SESSION_VERSIONS: &[u16] = &[SESSION_VERSION];

/// Version of the record header.
pub const RECORD_VERSION: u8 = 1;

/// Version of the header of checkpoints.
pub const CHECKPOINT_VERSION: u8 = 1;

/// Version of the chunk header.
pub const CHUNK_VERSION: u8 = 1;

/// Version of the statement body.
pub const STATEMENT_VERSION: u8 = 1;

/// Version of enrolment requests and bundles.
pub const ENROLMENT_VERSION: u8 = 1;

/// Version of courier files.
pub const COURIER_VERSION: u8 = 1;

/// ALPN protocol of the QUIC connection.
pub const ALPN: &[u8] = b"tendenko/1";

/// Server name put into the TLS hello. It is not checked: the relay's key is.
pub const SERVER_NAME: &str = "relay.tendenko.invalid";

pub(crate) const DEVICE_ID: &[u8] = b"tendenko device\0";
pub(crate) const RELAY_ID: &[u8] = b"tendenko relay\0";
pub(crate) const REGION_ID: &[u8] = b"tendenko region\0";
pub(crate) const PATIENT_ID: &[u8] = b"tendenko patient\0";
pub(crate) const RECORD_KEY: &[u8] = b"tendenko record v1";
pub(crate) const RECORD_SIGNATURE: &[u8] = b"tendenko record v1\0";
pub(crate) const CHECKPOINT_KEY: &[u8] = b"tendenko checkpoint v1";
pub(crate) const CHECKPOINT_SIGNATURE: &[u8] = b"tendenko checkpoint v1\0";
pub(crate) const CHUNK_KEY: &[u8] = b"tendenko chunk v1";
pub(crate) const CHUNK_SIGNATURE: &[u8] = b"tendenko chunk v1\0";
pub(crate) const SUM: &[u8] = b"tendenko sum v1\0";
pub(crate) const STATEMENT_SIGNATURE: &[u8] = b"tendenko statement v1\0";
pub(crate) const ENROLMENT_SIGNATURE: &[u8] = b"tendenko enrolment v1\0";
pub(crate) const RELAY_ENROLMENT_SIGNATURE: &[u8] = b"tendenko relay enrolment v1\0";
pub(crate) const PAPER_SIGNATURE: &[u8] = b"tendenko paper v1\0";
pub(crate) const WRAPPED_KEY: &[u8] = b"tendenko epoch key v1\0";
pub(crate) const COURIER_TAG: &[u8] = b"tendenko courier v1\0";
