//! Which pieces of an attachment somebody holds, or lacks: one bit a piece.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::ids::{AttachmentId, DeviceId};
use crate::limits::MAX_ATTACHMENT_CHUNKS;

/// Pieces of one attachment. Named by its author, too, who signed them: nobody else can pretend to hold pieces of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Who sealed it.
    pub device: DeviceId,
    /// The attachment.
    pub attachment: AttachmentId,
    /// Bit `n % 8` of byte `n / 8` stands for piece `n`.
    places: Places,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ByteBuf", into = "ByteBuf")]
struct Places(Vec<u8>);

impl TryFrom<ByteBuf> for Places {
    type Error = &'static str;

    fn try_from(bytes: ByteBuf) -> Result<Self, Self::Error> {
        let mut places = bytes.into_vec();
        if places.len() > MAX_ATTACHMENT_CHUNKS.div_ceil(8) {
            return Err("more pieces than attachments have");
        }
        while places.last() == Some(&0) {
            places.pop();
        }
        Ok(Self(places))
    }
}

impl From<Places> for ByteBuf {
    fn from(places: Places) -> ByteBuf {
        ByteBuf::from(places.0)
    }
}

impl Holding {
    /// These pieces. Places that no attachment has are left out.
    pub fn new(device: DeviceId, attachment: AttachmentId, places: &[u32]) -> Self {
        let mut bits = Vec::new();
        for place in places.iter().map(|place| *place as usize).filter(|place| *place < MAX_ATTACHMENT_CHUNKS) {
            if bits.len() <= place / 8 {
                bits.resize(place / 8 + 1, 0);
            }
            bits[place / 8] |= 1 << (place % 8);
        }
        Self { device, attachment, places: Places(bits) }
    }

    /// The pieces, in order.
    pub fn places(&self) -> impl Iterator<Item = u32> + '_ {
        let bits = self.places.0.iter().enumerate();
        bits.flat_map(|(at, byte)| (0..8).filter(move |bit| byte & (1 << bit) != 0).map(move |bit| at as u32 * 8 + bit))
    }

    /// The first piece.
    pub fn first(&self) -> Option<u32> {
        self.places().next()
    }

    /// Takes a piece off.
    pub fn remove(&mut self, place: u32) {
        if let Some(byte) = self.places.0.get_mut(place as usize / 8) {
            *byte &= !(1 << (place % 8));
        }
    }

    /// What of these pieces is not among `held`.
    pub fn without(mut self, held: impl IntoIterator<Item = u32>) -> Self {
        held.into_iter().for_each(|place| self.remove(place));
        self
    }

    /// No piece at all.
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_round_trip_and_are_bounded() {
        let places = [0, 7, 8, 63, 508, 509, 5_000];
        let holding = Holding::new(DeviceId([1; 16]), AttachmentId([2; 16]), &places);
        assert_eq!(holding.places().collect::<Vec<_>>(), [0, 7, 8, 63, 508]);
        let bytes = serde_cbor::to_vec(&holding).unwrap();
        assert_eq!(serde_cbor::from_slice::<Holding>(&bytes).unwrap(), holding);
        let lacking = holding.clone().without([0, 8, 9]);
        assert_eq!(lacking.places().collect::<Vec<_>>(), [7, 63, 508]);
        assert!(holding.clone().without(0..509).is_empty());
        let long = Places(vec![1; 65]);
        let bytes = serde_cbor::to_vec(&Holding { places: long, ..holding }).unwrap();
        assert!(serde_cbor::from_slice::<Holding>(&bytes).is_err());
    }
}
