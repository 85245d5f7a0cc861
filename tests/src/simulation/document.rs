//! What documents say: registers that keep every concurrent value, as the cards do, in a form that costs nothing to compare.
//!
//! A change names the values it replaces and the changes it follows, like an Automerge change. It cannot be applied before what it
//! follows is there; two different changes under one name can never be in one document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tendenko_protocol::ids::{DeviceId, Incarnation};

/// A save, as the person who made it knows it. It stays the same when its change is written again under another name.
pub type Save = u32;

/// From here on names are of saves that nobody made: inventions.
pub const INVENTED: Save = 1 << 30;

/// Who a change is by (a device's life), and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// A device's life.
    pub actor: u64,
    /// Its number in the document, from 1.
    pub number: u32,
    /// The save it was: two lives of one device may use a number twice, and what follows one does not follow the other.
    pub save: Save,
}

/// The actor that a device writes as in one life.
pub fn actor(device: DeviceId, incarnation: Incarnation) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&device.0[..8]);
    u64::from_le_bytes(first) ^ incarnation.0.rotate_left(17)
}

/// One save of one register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Name,
    /// The register.
    pub register: u8,
    /// Values that the author saw in the register, and replaced.
    pub replaces: Vec<Name>,
    /// The last changes the author knew.
    pub follows: Vec<Name>,
}

/// A change was not taken: another one has its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash;

/// A document: all changes, and what they say together.
#[derive(Debug, Clone, Default)]
pub struct Document {
    changes: BTreeMap<Name, Arc<Change>>,
    /// Changes whose predecessors are not here.
    waiting: BTreeMap<Name, Arc<Change>>,
    heads: BTreeSet<Name>,
    replaced: BTreeSet<Name>,
    values: BTreeMap<u8, BTreeSet<Name>>,
    numbers: BTreeMap<u64, u32>,
}

impl Document {
    /// Writes a register as `actor`, seeing everything that is here.
    pub fn write(&mut self, actor: u64, register: u8, save: Save) -> Arc<Change> {
        let change = Arc::new(Change {
            name: Name { actor, number: self.numbers.get(&actor).map_or(1, |number| number + 1), save },
            register,
            replaces: self.values.get(&register).into_iter().flatten().copied().collect(),
            follows: self.heads.iter().copied().collect(),
        });
        self.admit(change.clone());
        change
    }

    /// Takes a change, now or when what it follows has come.
    pub fn apply(&mut self, change: &Arc<Change>) -> Result<(), Clash> {
        if self.has(&change.name) {
            return Ok(());
        }
        let (first, last) = (Name { save: 0, ..change.name }, Name { save: Save::MAX, ..change.name });
        if self.changes.range(first..=last).chain(self.waiting.range(first..=last)).next().is_some() {
            return Err(Clash);
        }
        self.waiting.insert(change.name, change.clone());
        while let Some(ready) = self.waiting.values().find(|change| self.is_ready(change)).cloned() {
            self.waiting.remove(&ready.name);
            self.admit(ready);
        }
        Ok(())
    }

    fn is_ready(&self, change: &Change) -> bool {
        change.follows.iter().all(|name| self.changes.contains_key(name))
    }

    fn admit(&mut self, change: Arc<Change>) {
        for name in &change.follows {
            self.heads.remove(name);
        }
        self.heads.insert(change.name);
        let values = self.values.entry(change.register).or_default();
        for name in &change.replaces {
            values.remove(name);
            self.replaced.insert(*name);
        }
        if !self.replaced.contains(&change.name) {
            values.insert(change.name);
        }
        let number = self.numbers.entry(change.name.actor).or_default();
        *number = change.name.number.max(*number);
        self.changes.insert(change.name, change);
    }

    /// Is this change here, applied or waiting?
    pub fn has(&self, name: &Name) -> bool {
        self.changes.contains_key(name) || self.waiting.contains_key(name)
    }

    /// Every save that is here, applied or waiting.
    pub fn saves(&self) -> impl Iterator<Item = Save> + '_ {
        self.changes.values().chain(self.waiting.values()).map(|change| change.name.save)
    }

    /// Every change that is applied.
    pub fn changes(&self) -> impl Iterator<Item = &Arc<Change>> {
        self.changes.values()
    }

    /// Changes that cannot be applied yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What waiting changes wait for and is not here at all.
    pub fn missing(&self) -> BTreeSet<Name> {
        let follows = self.waiting.values().flat_map(|change| &change.follows).copied();
        follows.filter(|name| !self.has(name)).collect()
    }

    /// What the registers say: several saves in one register are a conflict that is shown.
    pub fn values(&self) -> BTreeMap<u8, BTreeSet<Save>> {
        let save = |name: &Name| self.changes.get(name).map(|change| change.name.save);
        let values = self.values.iter().map(|(register, names)| (*register, names.iter().filter_map(save).collect()));
        values.filter(|(_, saves): &(u8, BTreeSet<Save>)| !saves.is_empty()).collect()
    }

    /// The same question answered from the changes alone, for checking.
    pub fn values_from_scratch(&self) -> BTreeMap<u8, BTreeSet<Save>> {
        let replaced: BTreeSet<Name> = self.changes.values().flat_map(|change| change.replaces.clone()).collect();
        let mut values: BTreeMap<u8, BTreeSet<Save>> = BTreeMap::new();
        for change in self.changes.values().filter(|change| !replaced.contains(&change.name)) {
            values.entry(change.register).or_default().insert(change.name.save);
        }
        values
    }
}

/// Writes changes again under another name: what they replace and follow among themselves keeps its sense.
pub fn rewrite(changes: &[Arc<Change>], actor: u64, numbers_after: u32) -> Vec<Arc<Change>> {
    let mut names: BTreeMap<Name, Name> = BTreeMap::new();
    let mut new = Vec::new();
    for (number, change) in (numbers_after + 1..).zip(changes) {
        let name = Name { actor, number, save: change.name.save };
        let renamed = |old: &Name| names.get(old).copied().unwrap_or(*old);
        new.push(Arc::new(Change {
            name,
            replaces: change.replaces.iter().map(renamed).collect(),
            follows: change.follows.iter().map(renamed).collect(),
            ..(**change).clone()
        }));
        names.insert(change.name, name);
    }
    new
}
