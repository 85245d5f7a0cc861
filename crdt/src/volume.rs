//! The chart of one patient and one calendar year: visits, notes, hand-overs, plans.

use crate::document::{Document, DocumentError, Problem};
use crate::event::Event;
use crate::ids::{Actor, EntryId};
use crate::store::{Store, Stored};

/// One yearly volume of a chart. Everything in it is an event.
#[derive(Clone, Debug)]
pub struct Volume(Store);

impl Stored for Volume {
    fn store(&self) -> &Store {
        &self.0
    }

    fn store_mut(&mut self) -> &mut Store {
        &mut self.0
    }
}

impl Document for Volume {
    fn new(actor: Actor) -> Self {
        Self(Store::new(actor))
    }

    fn load(actor: Actor, snapshot: &[u8]) -> Result<Self, DocumentError> {
        Store::load(actor, snapshot).map(Self)
    }
}

impl Volume {
    /// What reading the volume found wrong.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.0.events(&mut problems);
        problems
    }

    /// Everything that was ever written under an entry id. More than one only if somebody broke the rule that entries
    /// are written once.
    pub fn entry_history(&mut self, id: EntryId) -> Vec<Event> {
        self.0.entry_history(id)
    }
}
