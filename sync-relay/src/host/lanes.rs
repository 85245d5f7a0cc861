//! The three streams of a session: opened by the tablet, each read and written by a task of its own.
//!
//! A lane that is full holds up itself and nothing else: what is said is queued here (the session bounds how much), and the session
//! hears of each message that QUIC has taken.

use std::time::Duration;

use quinn::{Connection, RecvStream, SendStream};
use tendenko_protocol::messages::{ClientMessage, Lane, PerLane, RelayMessage, encode_frame};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::frames::{self, FrameEnd};

/// For one message to be written: a page at the pace of a very thin link.
const WRITE: Duration = Duration::from_secs(300);
/// For the last message to be written while the relay stops.
const LAST_WORD: Duration = Duration::from_secs(2);

/// What a lane's stream says of a message it was given.
pub(super) enum Told {
    /// QUIC has taken it.
    Written(Lane),
    /// The tablet cannot be written to any more.
    Unwritable,
}

/// The streams of one session.
pub(super) struct Lanes {
    /// Messages from the tablet, one ahead of the session on each lane.
    pub(super) messages: PerLane<mpsc::Receiver<Result<ClientMessage, FrameEnd>>>,
    /// What became of what was said.
    pub(super) told: mpsc::UnboundedReceiver<Told>,
    saying: PerLane<mpsc::UnboundedSender<RelayMessage>>,
    writing: PerLane<JoinHandle<Option<SendStream>>>,
    reading: PerLane<JoinHandle<()>>,
}

impl Lanes {
    /// Waits until the tablet has opened all three.
    pub(super) async fn accept(
        connection: &Connection,
        stopping: &watch::Receiver<bool>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut opened: PerLane<Option<(SendStream, RecvStream)>> = PerLane::default();
        for _ in Lane::ALL {
            let (send, mut receive) = connection.accept_bi().await?;
            let mut name = [0];
            receive.read_exact(&mut name).await?;
            let lane = Lane::from_byte(name[0]).ok_or("it opened a lane that is not known")?;
            if opened[lane].replace((send, receive)).is_some() {
                return Err("it opened a lane twice".into());
            }
        }
        let [Some(cards), Some(charts), Some(attachments)] = opened.into_array() else {
            return Err("it left out a lane".into());
        };
        let (tell, told) = mpsc::unbounded_channel();
        let lanes = PerLane::from([cards, charts, attachments]).map(|lane, (send, receive)| {
            // An error means that the stream is gone, which its reading and writing will say.
            let _gone = send.set_priority(lane.priority());
            let (read, messages) = mpsc::channel(1);
            let reading = tokio::spawn(frames::read(receive, read));
            let (saying, said) = mpsc::unbounded_channel();
            let writing = tokio::spawn(write(lane, send, said, tell.clone(), stopping.clone()));
            ((messages, reading), (saying, writing))
        });
        let (reads, writes) = lanes.unzip();
        let ((messages, reading), (saying, writing)) = (reads.unzip(), writes.unzip());
        Ok(Self { messages, told, saying, writing, reading })
    }

    /// Has a message written, behind those before it on its lane.
    pub(super) fn say(&self, lane: Lane, message: RelayMessage) {
        // A stream that is gone has said so.
        let _gone = self.saying[lane].send(message);
    }

    /// Lets what was said on the cards lane be written, and gives its stream back, if it can still be written to.
    pub(super) async fn finish(self) -> Option<SendStream> {
        drop(self.saying);
        for (_, reading) in self.reading.iter() {
            reading.abort();
        }
        let [cards, charts, attachments] = self.writing.into_array();
        charts.abort();
        attachments.abort();
        cards.await.ok().flatten()
    }
}

async fn write(
    lane: Lane,
    mut stream: SendStream,
    mut said: mpsc::UnboundedReceiver<RelayMessage>,
    tell: mpsc::UnboundedSender<Told>,
    mut stopping: watch::Receiver<bool>,
) -> Option<SendStream> {
    while let Some(message) = said.recv().await {
        let frame = encode_frame(&message.encode());
        let written = tokio::select! {
            written = tokio::time::timeout(WRITE, stream.write_all(&frame)) => matches!(written, Ok(Ok(()))),
            // A tablet that does not read must not hold up the relay's end; one that does hears why it ends.
            () = stopped_for(&mut stopping, LAST_WORD) => false,
        };
        // A session that has ended waits for nothing but the end.
        let _ended = tell.send(if written { Told::Written(lane) } else { Told::Unwritable });
        if !written {
            return None;
        }
    }
    Some(stream)
}

/// Resolves some time after the relay began to stop.
async fn stopped_for(stopping: &mut watch::Receiver<bool>, time: Duration) {
    let _stopping = stopping.wait_for(|stop| *stop).await.is_ok();
    tokio::time::sleep(time).await;
}
