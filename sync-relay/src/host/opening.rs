//! How a connection begins and ends: whose key it is, which lanes there are, and the last message before it is closed.

use std::time::Duration;

use quinn::{Connection, Incoming, SendStream, VarInt, ZeroRttAccepted};
use rustls::pki_types::CertificateDer;
use tendenko_protocol::messages::Refusal;
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::tls;
use tokio::sync::watch;

use super::lanes::Lanes;

/// For the tablet to take in the last message.
const LINGER: Duration = Duration::from_secs(2);

/// QUIC's error code for a refusal.
pub(super) fn code(refusal: Refusal) -> VarInt {
    VarInt::from_u32(u32::from(refusal.number()))
}

/// A connection whose peer is known.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) peer_key: [u8; 32],
    pub(super) lanes: Lanes,
    /// The end of the handshake, if that is still to come: until then only keys of an earlier connection speak for the peer.
    pub(super) confirmed: Option<ZeroRttAccepted>,
}

/// The peer's key, and the lanes it opens. A peer that has been here before shows its key with its first packet, and may say hello
/// in it; whoever comes new shows it at the end of the handshake.
pub(super) async fn open(
    incoming: Incoming,
    stopping: &watch::Receiver<bool>,
) -> Result<Opened, Box<dyn std::error::Error + Send + Sync>> {
    let (connection, confirmed) = incoming.accept()?.into_0rtt().map_err(|_| "it cannot be answered early")?;
    let mut confirmed = Some(confirmed);
    if connection.peer_identity().is_none()
        && let Some(confirmed) = confirmed.take()
    {
        // The value means nothing on this side.
        let _ = confirmed.await;
        if let Some(lost) = connection.close_reason() {
            return Err(lost.into());
        }
    }
    let identity = connection.peer_identity().ok_or("it showed no key")?;
    let certificates =
        identity.downcast::<Vec<CertificateDer<'static>>>().map_err(|_| "it showed no key of a known kind")?;
    let peer_key = tls::peer_key(&certificates)?;
    let lanes = Lanes::accept(&connection, stopping).await?;
    Ok(Opened { connection, peer_key, lanes, confirmed })
}

/// Lets the last message arrive, then closes.
pub(super) async fn linger(connection: &Connection, cards: Option<SendStream>, reason: &CloseReason) {
    // An error means that there is no last message to wait for.
    if let Some(mut send) = cards
        && send.finish().is_ok()
    {
        // Either way the tablet has it, or will not have it.
        let _taken = tokio::time::timeout(LINGER, send.stopped()).await.is_ok();
    }
    let code = match reason {
        CloseReason::Refused { reason, .. } => code(*reason),
        CloseReason::Mismatch(_) | CloseReason::Protocol(_) => code(Refusal::Protocol),
        CloseReason::Bye => VarInt::from_u32(0),
    };
    connection.close(code, reason.code().as_bytes());
}
