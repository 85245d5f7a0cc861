//! A connection to a relay on which a test can say anything.

use std::net::SocketAddr;
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use tendenko_protocol::domains::{SERVER_NAME, SESSION_VERSIONS};
use tendenko_protocol::ids::{DeviceId, Millis, RegionId, RelayId};
use tendenko_protocol::keys::DeviceKeys;
use tendenko_protocol::messages::{ClientMessage, FrameDecoder, Item, RelayMessage, encode_frame};
use tendenko_protocol::tls;

use super::anywhere;

pub struct Line {
    pub connection: quinn::Connection,
    pub send: quinn::SendStream,
    pub receive: quinn::RecvStream,
    _endpoint: quinn::Endpoint,
}

impl Line {
    /// Connects; panics when it cannot, or when the relay is not this one.
    pub async fn open(keys: &DeviceKeys, relay: RelayId, to: SocketAddr) -> Self {
        Self::try_open(keys, relay, to).await.unwrap()
    }

    pub async fn try_open(keys: &DeviceKeys, relay: RelayId, to: SocketAddr) -> Result<Self, quinn::ConnectionError> {
        let crypto = tls::client_config(keys, Arc::new(move |key| RelayId::of_key(key) == relay)).unwrap();
        let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(crypto).unwrap()));
        let endpoint = quinn::Endpoint::client(anywhere()).unwrap();
        let connection = endpoint.connect_with(config, to, SERVER_NAME).unwrap().await?;
        let (send, receive) = connection.open_bi().await?;
        Ok(Self { connection, send, receive, _endpoint: endpoint })
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        self.write(&encode_frame(&message.encode())).await;
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        // A relay that has refused stops reading; what it said is then to be heard.
        let _stopped = self.send.write_all(bytes).await;
    }

    /// The next message; `None` when the relay has ended the stream or the connection is gone.
    pub async fn hear(&mut self) -> Option<RelayMessage> {
        let mut prefix = [0; 4];
        self.receive.read_exact(&mut prefix).await.ok()?;
        let mut content = vec![0; FrameDecoder::content_length(prefix).unwrap()];
        self.receive.read_exact(&mut content).await.ok()?;
        Some(RelayMessage::decode(&content).unwrap())
    }

    /// Says hello as `device` with a chain, and gives the answer.
    pub async fn hello(&mut self, region: RegionId, device: DeviceId, chain: Vec<Vec<u8>>) -> RelayMessage {
        let versions = SESSION_VERSIONS.to_vec();
        self.say(&ClientMessage::Hello { versions, region, device, chain, cursor: None, clock: Millis(0) }).await;
        self.hear().await.expect("an answer to the hello")
    }

    /// Pushes items and gives the answer; what else the relay says before is passed over.
    pub async fn push(&mut self, items: Vec<Item>) -> RelayMessage {
        self.say(&ClientMessage::Push { items }).await;
        loop {
            let heard = self.hear().await.expect("an answer to the push");
            if matches!(heard, RelayMessage::Ack { .. } | RelayMessage::Refused { .. }) {
                return heard;
            }
        }
    }
}
