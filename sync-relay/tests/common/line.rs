//! A connection to a relay on which a test can say anything.

use std::net::SocketAddr;
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use tendenko_protocol::domains::{SERVER_NAME, SESSION_VERSIONS};
use tendenko_protocol::ids::{DeviceId, Millis, RegionId, RelayId};
use tendenko_protocol::keys::DeviceKeys;
use tendenko_protocol::messages::{ClientMessage, FrameDecoder, Item, Lane, PerLane, RelayMessage, encode_frame};
use tendenko_protocol::tls;
use tokio::sync::mpsc;

use super::anywhere;

pub struct Line {
    pub connection: quinn::Connection,
    pub send: PerLane<quinn::SendStream>,
    heard: mpsc::Receiver<(Lane, RelayMessage)>,
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
        // One message on its way from each lane, none kept: a line that is not heard is a slow one.
        let (hear, heard) = mpsc::channel(1);
        let mut streams = Vec::new();
        for lane in Lane::ALL {
            let (mut send, receive) = connection.open_bi().await?;
            // A relay that turns the tablet away may do so before this.
            let _stopped = send.write_all(&[lane.byte()]).await;
            streams.push(send);
            tokio::spawn(listen(lane, receive, hear.clone()));
        }
        let send = PerLane::from(<[_; 3]>::try_from(streams).unwrap());
        Ok(Self { connection, send, heard, _endpoint: endpoint })
    }

    pub async fn say(&mut self, lane: Lane, message: &ClientMessage) {
        self.write(lane, &encode_frame(&message.encode())).await;
    }

    pub async fn write(&mut self, lane: Lane, bytes: &[u8]) {
        // A relay that has refused stops reading; what it said is then to be heard.
        let _stopped = self.send[lane].write_all(bytes).await;
    }

    /// The next message of any lane; `None` when the relay has ended the lanes or the connection is gone.
    pub async fn hear(&mut self) -> Option<(Lane, RelayMessage)> {
        self.heard.recv().await
    }

    /// Says hello as `device` with a chain, and gives the answer; what overtakes it on other lanes is passed over.
    pub async fn hello(&mut self, region: RegionId, device: DeviceId, chain: Vec<Vec<u8>>) -> RelayMessage {
        let versions = SESSION_VERSIONS.to_vec();
        let hello = ClientMessage::Hello { versions, region, device, chain, cursor: None, clock: Millis(0) };
        self.say(Lane::Cards, &hello).await;
        loop {
            if let (Lane::Cards, answer) = self.hear().await.expect("an answer to the hello") {
                return answer;
            }
        }
    }

    /// Pushes items and gives the answer; what else the relay says before is passed over.
    pub async fn push(&mut self, items: Vec<Item>) -> RelayMessage {
        self.say(Lane::Cards, &ClientMessage::Push { behind: 0, items }).await;
        loop {
            let (_, heard) = self.hear().await.expect("an answer to the push");
            if matches!(heard, RelayMessage::Ack { .. } | RelayMessage::Refused { .. }) {
                return heard;
            }
        }
    }
}

async fn listen(lane: Lane, mut stream: quinn::RecvStream, hear: mpsc::Sender<(Lane, RelayMessage)>) {
    while let Some(message) = next(&mut stream).await {
        if hear.send((lane, message)).await.is_err() {
            return;
        }
    }
}

async fn next(stream: &mut quinn::RecvStream) -> Option<RelayMessage> {
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).await.ok()?;
    let mut content = vec![0; FrameDecoder::content_length(prefix).unwrap()];
    stream.read_exact(&mut content).await.ok()?;
    Some(RelayMessage::decode(&content).unwrap())
}
