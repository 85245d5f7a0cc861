//! Frames: u32 big-endian length, then that many bytes of CBOR. The length is checked before anything is allocated.

use crate::limits::MAX_FRAME;

/// The stream cannot go on: its framing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame claims more than [`MAX_FRAME`], or nothing.
    #[error("a frame of {0} bytes; 1 to {MAX_FRAME} are allowed")]
    Length(u32),
}

/// A frame with this content.
///
/// # Panics
/// If the content is empty or larger than [`MAX_FRAME`]; sessions never make such a message.
pub fn encode_frame(content: &[u8]) -> Vec<u8> {
    assert!((1..=MAX_FRAME).contains(&content.len()), "sessions keep their messages within a frame");
    let mut frame = Vec::with_capacity(4 + content.len());
    frame.extend_from_slice(&(content.len() as u32).to_be_bytes());
    frame.extend_from_slice(content);
    frame
}

/// Cuts a stream of bytes into frames. Holds at most one incomplete frame and what was fed after it.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    start: usize,
}

impl FrameDecoder {
    /// Nothing received yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks a frame's length prefix; for hosts that read exactly as many bytes as they need.
    pub fn content_length(prefix: [u8; 4]) -> Result<usize, FrameError> {
        let length = u32::from_be_bytes(prefix);
        match usize::try_from(length) {
            Ok(n) if (1..=MAX_FRAME).contains(&n) => Ok(n),
            _ => Err(FrameError::Length(length)),
        }
    }

    /// More bytes from the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The content of the next complete frame, if there is one.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let Some((prefix, rest)) = self.buffer[self.start..].split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = Self::content_length(*prefix)?;
        let Some(content) = rest.get(..length) else {
            return Ok(None);
        };
        self.start += 4 + length;
        Ok(Some(content.to_vec()))
    }
}
