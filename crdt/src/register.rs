//! Registers: places that hold one value once everybody agrees, and until then every concurrent value.

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::stamp::Stamp;

/// A value with who wrote it, when, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// Author and time.
    pub stamp: Stamp,
    /// Why it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// What a place holds: nothing, one settled value, or the values of a conflict.
///
/// Equal on every tablet that has the same changes: values are sorted, and the same content written by two people at
/// once is one value (the earlier stamp is shown), not a conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Register<T> {
    /// None: never set. One: settled. More: a conflict, all to be shown. Sorted by recorded time, for display only.
    pub values: Vec<Written<T>>,
    /// Further values that this version cannot read. They count as a conflict: what is not readable here may well be
    /// the truth.
    pub unreadable: usize,
}

impl<T> Default for Register<T> {
    fn default() -> Self {
        Self { values: Vec::new(), unreadable: 0 }
    }
}

impl<T> Register<T> {
    /// True while several people's values stand side by side.
    pub fn is_conflict(&self) -> bool {
        self.values.len() + self.unreadable > 1
    }

    /// True when nothing was ever written.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.unreadable == 0
    }

    /// The value, when there is exactly one.
    pub fn settled(&self) -> Option<&Written<T>> {
        if self.is_conflict() { None } else { self.values.first() }
    }

    /// A value to display where there is room for only one: the one written last by its author's clock. Whoever uses
    /// it shows the conflict beside it.
    pub fn any(&self) -> Option<&Written<T>> {
        self.values.last()
    }
}

impl<T: PartialEq> Register<T> {
    /// From values as read, each with its stored bytes (which break ties in the order).
    pub(crate) fn from_read(mut read: Vec<(Written<T>, &[u8])>, unreadable: usize) -> Self {
        read.sort_by(|(a, a_bytes), (b, b_bytes)| {
            (a.stamp.at, &a.stamp.author.device, a_bytes).cmp(&(b.stamp.at, &b.stamp.author.device, b_bytes))
        });
        let mut values: Vec<Written<T>> = Vec::with_capacity(read.len());
        for (written, _) in read {
            if !values.iter().any(|earlier| earlier.value == written.value) {
                values.push(written);
            }
        }
        Self { values, unreadable }
    }
}

/// Whether a set holds an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence<T> {
    /// In the set, as this.
    Present(T),
    /// Taken out of the set.
    Removed,
}

impl<T> Presence<T> {
    /// The value, when present.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Removed => None,
        }
    }
}

/// One item of a set (allergies, medicines …).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item<T> {
    /// Its key within the set, see [`crate::item_key`].
    pub key: String,
    /// What was written about it.
    pub presence: Register<Presence<T>>,
}

impl<T> Item<T> {
    /// True if any value says so: adding wins over a concurrent removal. An unreadable value counts as present.
    pub fn is_present(&self) -> bool {
        self.presence.unreadable > 0 || self.present().next().is_some()
    }

    /// True while concurrent values differ, in content or on whether the item is there at all.
    pub fn is_conflict(&self) -> bool {
        self.presence.is_conflict()
    }

    /// True when somebody removed it while somebody else wrote it.
    pub fn is_clash(&self) -> bool {
        self.is_conflict() && self.presence.values.iter().any(|written| matches!(written.value, Presence::Removed))
    }

    /// Every value that says the item is there, with author and time.
    pub fn present(&self) -> impl Iterator<Item = (&T, &Written<Presence<T>>)> {
        self.presence.values.iter().filter_map(|written| Some((written.value.value()?, written)))
    }

    /// A value to display where there is room for only one, see [`Register::any`].
    pub fn any(&self) -> Option<&T> {
        self.present().last().map(|(value, _)| value)
    }
}
