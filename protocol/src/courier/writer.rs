//! Writing a courier file: items in, bytes to append out.

use super::{Chain, HEADER, Header, MAGIC, TOTALS, Totals, kind_of};
use crate::cbor;
use crate::messages::Item;

/// A file being written. What each call returns is appended to the file as it is.
pub struct Writer {
    chain: Chain,
    totals: Totals,
}

impl Writer {
    /// Begins a file; returns its first bytes. A header that names too many is not a file any reader takes.
    pub fn begin(header: &Header) -> (Self, Vec<u8>) {
        let mut writer = Self { chain: Chain::START, totals: Totals::default() };
        let mut bytes = MAGIC.to_vec();
        writer.frame(HEADER, &cbor::encode(header), &mut bytes);
        (writer, bytes)
    }

    /// Adds an item.
    pub fn item(&mut self, item: &Item, out: &mut Vec<u8>) {
        let kind = kind_of(item);
        self.totals.count(kind, item.bytes().len());
        self.frame(kind, item.bytes(), out);
    }

    /// What is in it so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Ends the file; returns its last bytes.
    pub fn end(mut self) -> (Totals, Vec<u8>) {
        let mut bytes = Vec::new();
        let totals = self.totals;
        self.frame(TOTALS, &cbor::encode(&totals), &mut bytes);
        (totals, bytes)
    }

    fn frame(&mut self, kind: u8, content: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&(1 + content.len() as u32).to_be_bytes());
        out.push(kind);
        out.extend_from_slice(content);
        out.extend_from_slice(&self.chain.next(kind, content));
    }
}
