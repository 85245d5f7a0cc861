//! Reading one lane of the tablet: one frame ahead of the session, no more.

use quinn::{ReadExactError, RecvStream};
use tendenko_protocol::cbor::CborError;
use tendenko_protocol::messages::{ClientMessage, FrameDecoder, FrameError};
use tokio::sync::mpsc;

/// Why no further message can be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameEnd {
    /// The tablet closed its side between two frames.
    #[error("the tablet closed the stream")]
    Finished,
    /// The connection is gone, or ended within a frame.
    #[error("the stream broke off")]
    Broken,
    /// The framing is lost.
    #[error("{0}")]
    Frame(#[from] FrameError),
    /// A frame that is no message.
    #[error("not a message: {0}")]
    Message(#[from] CborError),
}

/// Reads messages into a channel that holds one, until an end.
pub(super) async fn read(mut stream: RecvStream, messages: mpsc::Sender<Result<ClientMessage, FrameEnd>>) {
    loop {
        let message = next(&mut stream).await;
        let ended = message.is_err();
        // A session that has ended reads no more.
        if messages.send(message).await.is_err() || ended {
            return;
        }
    }
}

async fn next(stream: &mut RecvStream) -> Result<ClientMessage, FrameEnd> {
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).await.map_err(|error| match error {
        ReadExactError::FinishedEarly(0) => FrameEnd::Finished,
        _ => FrameEnd::Broken,
    })?;
    let length = FrameDecoder::content_length(prefix)?;
    // Grows with what has come, not with what was announced.
    let mut content = Vec::new();
    while content.len() < length {
        let chunk = stream.read_chunk(length - content.len(), true).await;
        let Ok(Some(chunk)) = chunk else { return Err(FrameEnd::Broken) };
        content.extend_from_slice(&chunk.bytes);
    }
    Ok(ClientMessage::decode(&content)?)
}
