//! Documents, logs, and how far somebody knows them.
//!
//! A document's id is known before any network: two tablets that open the same yearly volume offline mean the same document.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::{DeviceId, Incarnation, LogSeq, PatientId, Print};
use crate::limits::MAX_LOGS;

/// What kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// The minimum shared items.
    Card = 0,
    /// A yearly volume of everything else.
    Chart = 1,
    /// A photo or file, sealed in chunks.
    Attachment = 2,
}

/// What a grant opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The card.
    Card,
    /// Chart volumes and attachments.
    Chart,
}

impl Class {
    /// The scope a device must be granted to read or write documents of this class.
    pub fn scope(self) -> Scope {
        match self {
            Class::Card => Scope::Card,
            Class::Chart | Class::Attachment => Scope::Chart,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Class::Card, Class::Chart, Class::Attachment].into_iter().find(|class| *class as u8 == byte)
    }
}

impl Scope {
    /// Both scopes.
    pub const ALL: [Scope; 2] = [Scope::Card, Scope::Chart];
}

/// A patient's card, or one volume of the chart. Ordered by its 19-byte form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// Whose.
    pub patient: PatientId,
    /// Which kind.
    pub class: Class,
    /// 0 for the card, the calendar year for a chart volume.
    pub volume: u16,
}

impl DocumentId {
    /// Length of the byte form.
    pub const LEN: usize = 19;

    /// The patient's card.
    pub fn card(patient: PatientId) -> Self {
        Self { patient, class: Class::Card, volume: 0 }
    }

    /// The patient's chart of a calendar year.
    pub fn chart(patient: PatientId, year: u16) -> Self {
        Self { patient, class: Class::Chart, volume: year }
    }

    /// What a device must be granted to read or write it.
    pub fn scope(&self) -> Scope {
        self.class.scope()
    }

    /// The documents of the patient's chart lie behind the first of these (the card), and up to the second.
    pub fn bounds_of_chart(patient: PatientId) -> (Self, Self) {
        (Self::card(patient), Self { patient, class: Class::Attachment, volume: u16::MAX })
    }

    /// patient ‖ class ‖ volume (big-endian). Sorts as the id does.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..16].copy_from_slice(&self.patient.0);
        bytes[16] = self.class as u8;
        bytes[17..].copy_from_slice(&self.volume.to_be_bytes());
        bytes
    }

    /// The inverse of [`Self::to_bytes`]; `None` for another length, an unknown class, or a card with a volume.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().ok()?;
        let id = Self {
            patient: PatientId::from_slice(&bytes[..16])?,
            class: Class::from_byte(bytes[16])?,
            volume: u16::from_be_bytes([bytes[17], bytes[18]]),
        };
        (id.class != Class::Card || id.volume == 0).then_some(id)
    }
}

impl Serialize for DocumentId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        crate::ids::fixed_bytes::serialize(&self.to_bytes(), s)
    }
}

impl<'de> Deserialize<'de> for DocumentId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bytes: [u8; Self::LEN] = crate::ids::fixed_bytes::deserialize(d)?;
        Self::from_bytes(&bytes).ok_or_else(|| de::Error::custom("not a document id"))
    }
}

/// One append-only, hash-chained sequence of records: one life of one device, within one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogId {
    /// Document the records belong to.
    pub document: DocumentId,
    /// Device that wrote and signed them.
    pub device: DeviceId,
    /// Life of that device's store.
    pub incarnation: Incarnation,
}

/// How far one log is known, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// Up to here without holes.
    pub seq: LogSeq,
    /// [`Print::of_log`]: two logs of one name and length need not be the same, when a store was copied.
    pub print: Print,
}

/// How far each log of one document is known: contiguous prefixes only, so one number per log says it all, and one print that they
/// are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vector(pub BTreeMap<(DeviceId, Incarnation), Known>);

impl Vector {
    /// How far this log is known; [`LogSeq::NONE`] when it is not.
    pub fn get(&self, device: DeviceId, incarnation: Incarnation) -> LogSeq {
        self.0.get(&(device, incarnation)).map(|known| known.seq).unwrap_or_default()
    }

    /// Raises a log's position; never lowers it.
    pub fn raise(&mut self, device: DeviceId, incarnation: Incarnation, seq: LogSeq, print: Print) {
        let known = self.0.entry((device, incarnation)).or_default();
        if seq >= known.seq {
            *known = Known { seq, print };
        }
    }

    /// True if nothing of `other` is missing here, as far as can be told: each of its logs is the same, or known further.
    pub fn covers(&self, other: &Vector) -> bool {
        other.0.iter().all(|(log, theirs)| {
            let ours = self.0.get(log).copied().unwrap_or_default();
            ours.seq > theirs.seq || ours.print == theirs.print
        })
    }

    /// Logs that are as long as in `other`, and not the same.
    pub fn twins<'a>(&'a self, other: &'a Vector) -> impl Iterator<Item = (DeviceId, Incarnation)> + 'a {
        self.0.iter().filter_map(|(log, ours)| {
            let theirs = other.0.get(log)?;
            (ours.seq == theirs.seq && ours.print != theirs.print).then_some(*log)
        })
    }

    /// Logs of which `ours` knows the same are known here as far as there: who keeps the shorter of two histories has the longer one aside.
    pub fn settle(&mut self, ours: &Vector) {
        for (log, known) in &mut self.0 {
            if let Some(same) = ours.0.get(log).filter(|ours| ours.print == known.print) {
                known.seq = known.seq.max(same.seq);
            }
        }
    }
}

impl Serialize for Vector {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(
            self.0.iter().map(|(&(device, incarnation), known)| (device, incarnation, known.seq, known.print)),
        )
    }
}

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Vector;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of [device, incarnation, seq, print]")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Vector, A::Error> {
                let mut vector = Vector::default();
                while let Some((device, incarnation, seq, print)) = items.next_element()? {
                    if vector.0.len() == MAX_LOGS {
                        return Err(de::Error::custom("too many logs"));
                    }
                    vector.raise(device, incarnation, seq, print);
                }
                Ok(vector)
            }
        }
        d.deserialize_seq(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_form_round_trips_and_sorts_alike() {
        let a = DocumentId::card(PatientId([1; 16]));
        let b = DocumentId::chart(PatientId([1; 16]), 2026);
        let c = DocumentId::chart(PatientId([2; 16]), 1999);
        for id in [a, b, c] {
            assert_eq!(DocumentId::from_bytes(&id.to_bytes()), Some(id));
        }
        assert!(a < b && b < c);
        assert!(a.to_bytes() < b.to_bytes() && b.to_bytes() < c.to_bytes());
    }

    #[test]
    fn a_card_has_no_volume_and_classes_are_known() {
        let mut bytes = DocumentId::card(PatientId([1; 16])).to_bytes();
        bytes[18] = 1;
        assert_eq!(DocumentId::from_bytes(&bytes), None);
        bytes[16] = 9;
        assert_eq!(DocumentId::from_bytes(&bytes), None);
        assert_eq!(DocumentId::from_bytes(&bytes[..18]), None);
    }

    const LOG: (DeviceId, Incarnation) = (DeviceId([1; 16]), Incarnation(1));

    fn vector(seq: u64, print: u64) -> Vector {
        let mut vector = Vector::default();
        vector.raise(LOG.0, LOG.1, LogSeq(seq), Print(print));
        vector
    }

    #[test]
    fn vectors_name_what_the_other_side_lacks() {
        let mut mine = vector(5, 50);
        mine.raise(LOG.0, LOG.1, LogSeq(3), Print(30));
        assert_eq!(mine, vector(5, 50));
        let theirs = vector(2, 20);
        assert!(mine.covers(&theirs) && !theirs.covers(&mine));
        assert!(mine.covers(&Vector::default()) && !Vector::default().covers(&mine));
        let bytes = serde_cbor::to_vec(&mine).unwrap();
        assert_eq!(serde_cbor::from_slice::<Vector>(&bytes).unwrap(), mine);
    }

    #[test]
    fn vectors_tell_twins_apart() {
        let (one, twin, longer) = (vector(5, 50), vector(5, 51), vector(6, 50));
        assert!(!one.covers(&twin) && !twin.covers(&one));
        assert_eq!(one.twins(&twin).collect::<Vec<_>>(), [LOG]);
        assert_eq!(one.twins(&longer).count() + one.twins(&one).count() + one.twins(&Vector::default()).count(), 0);
        assert!(one.covers(&longer) && longer.covers(&one), "they know the same, and keep another part of it");
        let mut settled = one.clone();
        settled.settle(&longer);
        assert_eq!(settled, longer);
        settled.settle(&vector(9, 51));
        assert_eq!(settled, longer);
    }
}
