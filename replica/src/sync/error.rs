//! Why a link ends.

use tendenko_protocol::cbor::CborError;
use tendenko_protocol::ids::RelayId;
use tendenko_protocol::messages::FrameError;
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::tls::TlsError;

use crate::store::StoreError;

/// Why a link could not be made or did not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("the address cannot be resolved: {0}")]
    Address(std::io::Error),
    #[error("nobody answers")]
    Unreachable,
    #[error("whoever answered is not a relay of this region ({0})")]
    UnknownRelay(RelayId),
    #[error("the connection failed: {0}")]
    Connection(String),
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] TlsError),
    #[error("the relay sent something unreadable: {0}")]
    Frame(#[from] FrameError),
    #[error("the relay sent something unreadable: {0}")]
    Message(#[from] CborError),
    #[error("{0}")]
    Closed(CloseReason),
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    #[error("another store goes on under this one's name; this one begins anew as another")]
    Renewed,
    #[error("the relay sends what nobody vouches for")]
    Bogus,
    #[error("the work was interrupted")]
    Interrupted,
    #[error("what was said early was not heard: the relay has forgotten the connection before")]
    TooEarly,
}

impl LinkError {
    /// The relay does what no honest one does: broken, or bad. It is named, and tried with more and more patience.
    pub(super) fn is_misbehaviour(&self) -> bool {
        match self {
            Self::Frame(_) | Self::Message(_) | Self::Bogus => true,
            Self::Closed(reason) => matches!(reason, CloseReason::Protocol(_) | CloseReason::Mismatch(_)),
            _ => false,
        }
    }

    /// A short stable code for screens and logs.
    pub(super) fn code(&self) -> String {
        match self {
            Self::Address(_) => "address".into(),
            Self::Unreachable => "unreachable".into(),
            Self::UnknownRelay(_) => "unknown-relay".into(),
            Self::Connection(_) => "connection".into(),
            Self::Tls(_) => "tls".into(),
            Self::Frame(_) | Self::Message(_) => "unreadable".into(),
            Self::Closed(reason) => reason.code().into(),
            Self::Store(StoreError::DiskFull) => "disk-full".into(),
            Self::Store(StoreError::Damaged) => "store-damaged".into(),
            Self::Store(_) => "store".into(),
            Self::Bogus => "bogus".into(),
            Self::Renewed => "renewed".into(),
            Self::Interrupted => "interrupted".into(),
            Self::TooEarly => "too-early".into(),
        }
    }
}
