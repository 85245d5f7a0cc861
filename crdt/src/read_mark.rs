//! 確認: who has read a hand-over.
//!
//! A read mark is an item of the set `read` of the volume that holds the hand-over, under `<entry>.<member>`, and says
//! no more than its stamp: who, and when. Why an item and not an event: one person reads one hand-over once. Whoever
//! confirms it on two tablets apart from each other, or taps twice, writes the same item, and the two are one mark (the
//! earlier stamp is shown). Nobody takes a mark away, so marks only grow and merge in any order to the same set. It stands
//! beside the hand-over, so whoever can read the one gets the other, and no list of readers is ever rewritten.
//!
//! A mark that names another person than its author is not believed.

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::document::DocumentError;
use crate::ids::EntryId;
use crate::key::{self, Key};
use crate::register::{Item, Presence};
use crate::stamp::Stamp;
use crate::store::{ReasonRule, Stored as _};
use crate::volume::Volume;

/// The set's name.
const READ: &str = "read";

/// That somebody has read an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadMark {
    /// Which entry.
    pub entry: EntryId,
    /// Who, and when.
    pub stamp: Stamp,
}

/// What is stored: all that matters is in the stamp.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    newer: Newer,
}

impl ReadMark {
    /// Whether a key of the root map is a read mark's.
    pub fn is_key(key: &str) -> bool {
        matches!(Key::parse(key), Key::Item { set: READ, .. })
    }
}

impl Volume {
    /// The person of `stamp` has read `entry`. False when that is known already; then nothing is written.
    pub fn mark_read(&mut self, entry: EntryId, stamp: &Stamp) -> Result<bool, DocumentError> {
        let item = format!("{entry}.{}", stamp.author.member);
        let key = key::item(READ, &item);
        if self.read_mark(&key).is_some() {
            return Ok(false);
        }
        if !self.store().register::<Presence<Stored>>(&key, &mut Vec::new()).is_empty() {
            // Somebody else wrote it, so it counts for nothing; and to say the same again would be to say nothing.
            self.store_mut().remove_item::<Stored>(READ, &item, stamp, None, ReasonRule::Free)?;
        }
        self.store_mut().put_item(READ, &item, Stored::default(), stamp, None, ReasonRule::Free)
    }

    /// The mark under a key of the root map; none when the key is another's, or nobody to believe wrote it.
    pub fn read_mark(&self, key: &str) -> Option<ReadMark> {
        let Key::Item { set: READ, item } = Key::parse(key) else { return None };
        let item: Item<Stored> = Item { key: item.to_owned(), presence: self.store().register(key, &mut Vec::new()) };
        believed(&item)
    }

    /// Every mark, by entry, then by member.
    pub fn read_marks(&self) -> Vec<ReadMark> {
        self.store().items::<Stored>(READ, &mut Vec::new()).iter().filter_map(believed).collect()
    }
}

fn believed(item: &Item<Stored>) -> Option<ReadMark> {
    let (entry, member) = item.key.split_once('.')?;
    let (_, written) = item.present().find(|(_, written)| written.stamp.author.member == member)?;
    Some(ReadMark { entry: entry.parse().ok()?, stamp: written.stamp.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, Author, Document as _, Profession, Timestamp};

    fn stamp(member: &str) -> Stamp {
        let author = Author {
            member: member.to_owned(),
            name: String::new(),
            profession: Profession::Nurse,
            facility: String::new(),
            device: String::new(),
            newer: Newer::default(),
        };
        Stamp { author, at: Timestamp(1), clock_offset_ms: None, newer: Newer::default() }
    }

    #[test]
    fn nobody_reads_for_another() {
        let entry = EntryId::new([7; 16]);
        let mut volume = Volume::new(Actor::of([1; 16], 1));
        let item = format!("{entry}.theirs");
        volume.store_mut().put_item(READ, &item, Stored::default(), &stamp("mine"), None, ReasonRule::Free).unwrap();
        let key = key::item(READ, &item);
        assert!(ReadMark::is_key(&key));
        assert_eq!((volume.read_mark(&key), volume.read_marks()), (None, Vec::new()));
        // They can still say so themselves.
        assert!(volume.mark_read(entry, &stamp("theirs")).unwrap());
        assert_eq!(volume.read_mark(&key).unwrap().stamp, stamp("theirs"));
    }

    #[test]
    fn other_keys_are_no_marks() {
        let volume = Volume::new(Actor::of([1; 16], 1));
        for key in ["e/07070707070707070707070707070707", "s/allergy/x.y", "r/identity", "s/read/nonsense"] {
            assert_eq!(volume.read_mark(key), None, "{key}");
        }
    }
}
