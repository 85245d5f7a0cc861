//! A courier file over [`std::io`]: whatever can be read from or written to.

use std::io::{self, ErrorKind, Read, Write};

use super::{Header, Part, Reader, ReaderError, Totals, Writer};
use crate::messages::Item;

/// Bytes read from, and gathered before they are written to, a stick at a time.
const PIECE: usize = 256 << 10;

/// A file being written somewhere. Whether it is durable is the caller's business.
pub struct Outgoing<W> {
    to: W,
    writer: Writer,
    gathered: Vec<u8>,
}

impl<W: Write> Outgoing<W> {
    /// Begins a file.
    pub fn begin(to: W, header: &Header) -> Self {
        let (writer, gathered) = Writer::begin(header);
        Self { to, writer, gathered }
    }

    /// Adds an item.
    pub fn put(&mut self, item: &Item) -> io::Result<()> {
        self.writer.item(item, &mut self.gathered);
        if self.gathered.len() >= PIECE { self.pour() } else { Ok(()) }
    }

    /// What is in it so far.
    pub fn totals(&self) -> Totals {
        self.writer.totals()
    }

    /// Ends the file; gives back what it was written to.
    pub fn finish(mut self) -> io::Result<(Totals, W)> {
        self.pour()?;
        let (totals, last) = self.writer.end();
        self.to.write_all(&last)?;
        self.to.flush()?;
        Ok((totals, self.to))
    }

    fn pour(&mut self) -> io::Result<()> {
        self.to.write_all(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }
}

/// A file being read from somewhere, as far as it verifies.
pub struct Incoming<R> {
    from: R,
    reader: Reader,
    piece: Vec<u8>,
}

impl<R: Read> Incoming<R> {
    /// Nothing read yet.
    pub fn new(from: R) -> Self {
        Self { from, reader: Reader::new(), piece: vec![0; PIECE] }
    }

    /// The next verified frame; `None` where the file ends without [`Part::End`]. A stick that can be read no further (pulled out, a
    /// bad block) ends the file there.
    pub fn next_part(&mut self) -> Result<Option<Part>, ReaderError> {
        loop {
            if let Some(part) = self.reader.next_part()? {
                return Ok(Some(part));
            }
            let length = loop {
                match self.from.read(&mut self.piece) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Ok(length) => break length,
                    Err(_) => break 0,
                }
            };
            if length == 0 {
                return Ok(None);
            }
            self.reader.feed(&self.piece[..length]);
        }
    }

    /// Bytes that verified.
    pub fn verified(&self) -> u64 {
        self.reader.verified()
    }

    /// What was read so far.
    pub fn totals(&self) -> Totals {
        self.reader.totals()
    }
}
