//! Reading a courier file: bytes in, in pieces of any size; verified frames out, until the end or the first damage.

use super::{Chain, HEADER, Header, MAGIC, TAG, TOTALS, Totals, item_of};
use crate::cbor::{self, CborError};
use crate::domains::COURIER_VERSION;
use crate::limits::MAX_COURIER_FRAME;
use crate::messages::Item;

/// Why a file can be read no further. What was read before holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReaderError {
    /// Another kind of file.
    #[error("this is not a courier file")]
    NotACourierFile,
    /// Of a version this build does not know.
    #[error("courier file of version {0}, which this version of Tendenko does not know; update it")]
    Version(u8),
    /// The header is not one.
    #[error("the courier file's header cannot be read: {0}")]
    Header(CborError),
    /// A frame is not what was written.
    #[error("the courier file is damaged from byte {at} on")]
    Damaged {
        /// Where the first frame begins that does not verify.
        at: u64,
    },
}

/// A verified frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The file's header. First.
    Header(Header),
    /// A record or statement, to be admitted like any other.
    Item(Item),
    /// A kind of item from a later version: passed over.
    Unknown,
    /// The end: the file is whole. Nothing behind it is read.
    End(Totals),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Magic,
    Header,
    Items,
    Ended,
    Failed(ReaderError),
}

/// A file being read. Holds at most one incomplete frame and what was fed after it.
pub struct Reader {
    buffer: Vec<u8>,
    start: usize,
    /// Bytes of the file that verified.
    verified: u64,
    chain: Chain,
    totals: Totals,
    state: State,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            verified: 0,
            chain: Chain::START,
            totals: Totals::default(),
            state: State::Magic,
        }
    }

    /// More bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        if !matches!(self.state, State::Ended | State::Failed(_)) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next verified frame; `None`: feed more.
    pub fn next_part(&mut self) -> Result<Option<Part>, ReaderError> {
        let part = self.step();
        if let Err(error) = part {
            self.state = State::Failed(error);
        }
        part
    }

    /// Bytes that verified, from the first on. When the file ends and no [`Part::End`] came, it was cut there or later.
    pub fn verified(&self) -> u64 {
        self.verified
    }

    /// What was read so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn step(&mut self) -> Result<Option<Part>, ReaderError> {
        match self.state {
            State::Magic => {
                let given = &self.buffer[self.start..];
                let known = given.len().min(MAGIC.len());
                if given[..known] != MAGIC[..known] {
                    return Err(ReaderError::NotACourierFile);
                }
                if known < MAGIC.len() {
                    return Ok(None);
                }
                self.take(MAGIC.len());
                self.state = State::Header;
                self.step()
            }
            State::Header => {
                let Some((kind, content)) = self.frame()? else { return Ok(None) };
                if kind != HEADER {
                    return Err(ReaderError::NotACourierFile);
                }
                self.state = State::Items;
                header(&content).map(|header| Some(Part::Header(header)))
            }
            State::Items => {
                let at = self.verified;
                let Some((kind, content)) = self.frame()? else { return Ok(None) };
                self.totals.count(kind, content.len());
                if kind != TOTALS {
                    return Ok(Some(item_of(kind, content).map_or(Part::Unknown, Part::Item)));
                }
                let totals: Totals =
                    cbor::decode(&content, MAX_COURIER_FRAME).map_err(|_| ReaderError::Damaged { at })?;
                if totals != self.totals {
                    return Err(ReaderError::Damaged { at });
                }
                self.state = State::Ended;
                Ok(Some(Part::End(totals)))
            }
            State::Ended => Ok(None),
            State::Failed(error) => Err(error),
        }
    }

    /// The next frame, once it is complete and verified.
    fn frame(&mut self) -> Result<Option<(u8, Vec<u8>)>, ReaderError> {
        let damaged = ReaderError::Damaged { at: self.verified };
        let Some((prefix, rest)) = self.buffer[self.start..].split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*prefix) as usize;
        if !(1..=1 + MAX_COURIER_FRAME).contains(&length) {
            return Err(damaged);
        }
        let Some((body, tag)) = rest.get(..length + TAG).map(|frame| frame.split_at(length)) else { return Ok(None) };
        let (kind, content) = (body[0], &body[1..]);
        if self.chain.next(kind, content) != tag {
            return Err(damaged);
        }
        let content = content.to_vec();
        self.take(4 + length + TAG);
        Ok(Some((kind, content)))
    }

    fn take(&mut self, length: usize) {
        self.start += length;
        self.verified += length as u64;
    }
}

fn header(content: &[u8]) -> Result<Header, ReaderError> {
    /// What every version's header begins with.
    #[derive(serde::Deserialize)]
    struct AnyVersion {
        version: u8,
    }
    let any: AnyVersion = cbor::decode(content, MAX_COURIER_FRAME).map_err(ReaderError::Header)?;
    if any.version != COURIER_VERSION {
        return Err(ReaderError::Version(any.version));
    }
    let header: Header = cbor::decode(content, MAX_COURIER_FRAME).map_err(ReaderError::Header)?;
    if header.for_whom.is_bounded() { Ok(header) } else { Err(ReaderError::Header(CborError::TooMany)) }
}
