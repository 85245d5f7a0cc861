//! The three streams of a session: opened here, each read and written by a task of its own, so that a page of a chart that the network
//! does not take holds up no card. What is queued for a lane is bounded by the session's window.

use quinn::{Connection, RecvStream, SendStream};
use tendenko_protocol::messages::{ClientMessage, FrameDecoder, Lane, PerLane, RelayMessage, encode_frame};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::error::LinkError;

/// Messages read ahead of the session: what came while it was storing is stored together.
const AHEAD: usize = 8;

/// Messages of one lane, until it ends.
pub(super) type Arriving = mpsc::Receiver<Result<RelayMessage, LinkError>>;

/// The streams of one session. Dropping it ends them soon; [`Lanes::end`] waits for that.
pub(super) struct Lanes {
    /// What the relay says.
    pub(super) arriving: PerLane<Arriving>,
    /// What is still to be written, lane by lane.
    saying: PerLane<mpsc::UnboundedSender<Vec<u8>>>,
    writing: PerLane<JoinHandle<Option<SendStream>>>,
    reading: PerLane<JoinHandle<()>>,
}

impl Lanes {
    /// Opens the lanes, each named by its first byte.
    pub(super) async fn open(connection: &Connection) -> Result<Self, LinkError> {
        let lanes = [Lane::Cards, Lane::Charts, Lane::Attachments].map(|lane| open(connection, lane));
        let [cards, charts, attachments] = lanes;
        let lanes = PerLane::from([cards.await?, charts.await?, attachments.await?]);
        let (reads, writes) = lanes.unzip();
        let ((arriving, reading), (saying, writing)) = (reads.unzip(), writes.unzip());
        Ok(Self { arriving, saying, writing, reading })
    }

    /// Has a message written, behind those before it on its lane.
    pub(super) fn say(&self, lane: Lane, message: &ClientMessage) {
        // A stream that is gone ends the reading, too, and with it the session.
        let _gone = self.saying[lane].send(encode_frame(&message.encode()));
    }

    /// Ends the session's first lane when all that was said on it is written, and waits until the relay has it.
    pub(super) async fn finish(mut self) {
        self.saying = PerLane::new(|_| mpsc::unbounded_channel().0);
        if let Ok(Some(mut cards)) = (&mut self.writing[Lane::Cards]).await {
            // An error means that the relay is gone, and does not need it.
            let _gone = cards.finish();
            let _gone = cards.stopped().await;
        }
    }

    /// Ends the streams, and waits until they are gone.
    ///
    /// After early data was refused, the streams that are opened next have the numbers of those before, and quinn wakes readers and writers by
    /// number: a stream that goes away after its successor has begun to wait takes its successor's waker with it.
    pub(super) async fn end(mut self) {
        self.abort();
        for lane in Lane::ALL {
            // Either way it is over.
            let _over = (&mut self.reading[lane]).await;
            let _over = (&mut self.writing[lane]).await;
        }
    }

    fn abort(&self) {
        for lane in Lane::ALL {
            self.reading[lane].abort();
            self.writing[lane].abort();
        }
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.abort();
    }
}

type Opened = ((Arriving, JoinHandle<()>), (mpsc::UnboundedSender<Vec<u8>>, JoinHandle<Option<SendStream>>));

async fn open(connection: &Connection, lane: Lane) -> Result<Opened, LinkError> {
    let lost = |error: &dyn std::fmt::Display| LinkError::Connection(error.to_string());
    let (mut send, receive) = connection.open_bi().await.map_err(|error| lost(&error))?;
    send.set_priority(lane.priority()).map_err(|error| lost(&error))?;
    send.write_all(&[lane.byte()]).await.map_err(|error| lost(&error))?;
    let (messages, arriving) = mpsc::channel(AHEAD);
    let reading = tokio::spawn(read(receive, messages));
    let (saying, said) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write(send, said));
    Ok(((arriving, reading), (saying, writing)))
}

async fn write(mut stream: SendStream, mut said: mpsc::UnboundedReceiver<Vec<u8>>) -> Option<SendStream> {
    while let Some(frame) = said.recv().await {
        if let Err(error) = stream.write_all(&frame).await {
            tracing::debug!(%error, "a lane cannot be written to any more");
            return None;
        }
    }
    Some(stream)
}

async fn read(mut stream: RecvStream, messages: mpsc::Sender<Result<RelayMessage, LinkError>>) {
    loop {
        let message = next(&mut stream).await;
        let ended = message.is_err();
        // A session that has ended reads no more.
        if messages.send(message).await.is_err() || ended {
            return;
        }
    }
}

async fn next(stream: &mut RecvStream) -> Result<RelayMessage, LinkError> {
    let lost = |error: quinn::ReadExactError| LinkError::Connection(error.to_string());
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).await.map_err(lost)?;
    let mut content = vec![0; FrameDecoder::content_length(prefix)?];
    stream.read_exact(&mut content).await.map_err(lost)?;
    Ok(RelayMessage::decode(&content)?)
}
