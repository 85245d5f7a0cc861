//! The card: ミニマム連携診療情報項目, what an evacuation site needs first.

use serde::{Deserialize, Serialize};

use crate::document::{ConflictRef, Document, DocumentError, Problem};
use crate::event::{Event, EventBody, corrected_by};
use crate::ids::{Actor, EntryId};
use crate::key;
use crate::medicine::{Dispensing, Medicine};
use crate::person::{Allergy, Contact, Diagnosis, Identity, Physician, SpecialNeed, Wishes};
use crate::register::{Item, Presence, Register, Written};
use crate::stamp::Stamp;
use crate::store::{ReasonRule, Store, Stored};

const IDENTITY: &str = "identity";
const WISHES: &str = "wishes";
const PRIMARY_PHYSICIAN: &str = "primary-physician";

const CONTACTS: &str = "contact";
const ALLERGIES: &str = "allergy";
const DIAGNOSES: &str = "diagnosis";
const MEDICINES: &str = "medicine";
const SPECIAL_NEEDS: &str = "special-need";

/// The card of one patient.
///
/// Setters and removers give `true` when they wrote something, `false` when the card says exactly that already. A
/// conflict is resolved by writing: the new value follows, and replaces, every value visible on this tablet.
#[derive(Clone, Debug)]
pub struct Card(Store);

impl Stored for Card {
    fn store(&self) -> &Store {
        &self.0
    }

    fn store_mut(&mut self) -> &mut Store {
        &mut self.0
    }
}

impl Document for Card {
    fn new(actor: Actor) -> Self {
        Self(Store::new(actor))
    }

    fn load(actor: Actor, snapshot: &[u8]) -> Result<Self, DocumentError> {
        Store::load(actor, snapshot).map(Self)
    }
}

/// Identity, wishes, physician.
impl Card {
    /// Who the patient is.
    pub fn identity(&self) -> Register<Identity> {
        self.0.register(&key::register(IDENTITY), &mut Vec::new())
    }

    /// Writes who the patient is.
    pub fn set_identity(
        &mut self,
        identity: Identity,
        stamp: &Stamp,
        reason: Option<&str>,
    ) -> Result<bool, DocumentError> {
        self.0.set(key::register(IDENTITY), identity, stamp, reason, ReasonRule::Free)
    }

    /// The patient's wishes (DNAR).
    pub fn wishes(&self) -> Register<Wishes> {
        self.0.register(&key::register(WISHES), &mut Vec::new())
    }

    /// Writes the wishes. Changing them needs a reason.
    pub fn set_wishes(&mut self, wishes: Wishes, stamp: &Stamp, reason: Option<&str>) -> Result<bool, DocumentError> {
        self.0.set(key::register(WISHES), wishes, stamp, reason, ReasonRule::ToChange)
    }

    /// かかりつけ医
    pub fn primary_physician(&self) -> Register<Physician> {
        self.0.register(&key::register(PRIMARY_PHYSICIAN), &mut Vec::new())
    }

    /// Writes the かかりつけ医.
    pub fn set_primary_physician(
        &mut self,
        physician: Physician,
        stamp: &Stamp,
        reason: Option<&str>,
    ) -> Result<bool, DocumentError> {
        self.0.set(key::register(PRIMARY_PHYSICIAN), physician, stamp, reason, ReasonRule::Free)
    }
}

/// Medicines.
impl Card {
    /// The current medicines.
    pub fn medicines(&self) -> Vec<Item<Medicine>> {
        self.0.items(MEDICINES, &mut Vec::new())
    }

    /// One medicine, also a stopped one; empty when it never was there.
    pub fn medicine(&self, item: &str) -> Item<Medicine> {
        Item { key: item.to_owned(), presence: self.0.register(&key::item(MEDICINES, item), &mut Vec::new()) }
    }

    /// Adds a medicine, or changes it, which needs a reason. `item` is from [`crate::item_key::medicine`].
    pub fn put_medicine(
        &mut self,
        item: &str,
        medicine: Medicine,
        stamp: &Stamp,
        reason: Option<&str>,
    ) -> Result<bool, DocumentError> {
        self.0.put_item(MEDICINES, item, medicine, stamp, reason, ReasonRule::ToChange)
    }

    /// Takes a medicine off the list; needs a reason.
    pub fn stop_medicine(&mut self, item: &str, stamp: &Stamp, reason: Option<&str>) -> Result<bool, DocumentError> {
        self.0.remove_item::<Medicine>(MEDICINES, item, stamp, reason, ReasonRule::Always)
    }

    /// Everything that was ever written about a medicine, oldest first: who changed what, and why.
    pub fn medicine_history(&mut self, item: &str) -> Vec<Written<Presence<Medicine>>> {
        self.0.history(&key::item(MEDICINES, item))
    }

    /// Everything that was ever written as the patient's wishes, oldest first.
    pub fn wishes_history(&mut self) -> Vec<Written<Wishes>> {
        self.0.history(&key::register(WISHES))
    }

    /// Everything that was ever written under an entry id. More than one only if somebody broke the rule that entries
    /// are written once.
    pub fn entry_history(&mut self, id: EntryId) -> Vec<Event> {
        self.0.entry_history(id)
    }
}

/// Declares the reader, the writer and the remover of a set.
macro_rules! set {
    ($name:literal, $set:ident, $type:ty, $read:ident, $put:ident, $remove:ident, $removal:expr) => {
        impl Card {
            #[doc = concat!("The ", $name, " on the card.")]
            pub fn $read(&self) -> Vec<Item<$type>> {
                self.0.items($set, &mut Vec::new())
            }

            #[doc = concat!("Adds to the ", $name, ", or changes what is there; `item` is from [`crate::item_key`].")]
            pub fn $put(
                &mut self,
                item: &str,
                value: $type,
                stamp: &Stamp,
                reason: Option<&str>,
            ) -> Result<bool, DocumentError> {
                self.0.put_item($set, item, value, stamp, reason, ReasonRule::Free)
            }

            #[doc = concat!("Takes one out of the ", $name, ".")]
            pub fn $remove(&mut self, item: &str, stamp: &Stamp, reason: Option<&str>) -> Result<bool, DocumentError> {
                self.0.remove_item::<$type>($set, item, stamp, reason, $removal)
            }
        }
    };
}

set!("emergency contacts", CONTACTS, Contact, contacts, add_contact, remove_contact, ReasonRule::Free);
// Whoever forgets an allergy gives the next one a reason to harm: say why.
set!("allergies and adverse reactions", ALLERGIES, Allergy, allergies, add_allergy, remove_allergy, ReasonRule::Always);
set!("diagnoses", DIAGNOSES, Diagnosis, diagnoses, add_diagnosis, remove_diagnosis, ReasonRule::Free);
set!(
    "special needs",
    SPECIAL_NEEDS,
    SpecialNeed,
    special_needs,
    add_special_need,
    remove_special_need,
    ReasonRule::Free
);

/// The whole card as read at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CardView {
    /// Who the patient is.
    pub identity: Register<Identity>,
    /// Emergency contacts.
    pub contacts: Vec<Item<Contact>>,
    /// Allergies and adverse reactions.
    pub allergies: Vec<Item<Allergy>>,
    /// Diagnoses.
    pub diagnoses: Vec<Item<Diagnosis>>,
    /// Current medicines.
    pub medicines: Vec<Item<Medicine>>,
    /// Needs that cannot wait.
    pub special_needs: Vec<Item<SpecialNeed>>,
    /// Wishes (DNAR).
    pub wishes: Register<Wishes>,
    /// かかりつけ医
    pub primary_physician: Register<Physician>,
    /// Events on the card (dispensings, look-ups at evacuation sites, their corrections), by when they happened.
    pub events: Vec<Event>,
    /// Places with concurrent values.
    pub conflicts: Vec<ConflictRef>,
    /// What was read around.
    pub problems: Vec<Problem>,
}

impl CardView {
    /// The dispensings that no other event corrects or withdraws, oldest first.
    pub fn dispensings(&self) -> Vec<(&Event, &Dispensing)> {
        let corrected = corrected_by(&self.events);
        self.events
            .iter()
            .filter(|event| !corrected.contains_key(&event.id))
            .filter_map(|event| match &event.body {
                EventBody::Dispensing(dispensing) => Some((event, dispensing)),
                _ => None,
            })
            .collect()
    }
}

impl Card {
    /// Reads everything at once.
    pub fn view(&self) -> CardView {
        let mut problems = Vec::new();
        let store = &self.0;
        let mut view = CardView {
            identity: store.register(&key::register(IDENTITY), &mut problems),
            contacts: store.items(CONTACTS, &mut problems),
            allergies: store.items(ALLERGIES, &mut problems),
            diagnoses: store.items(DIAGNOSES, &mut problems),
            medicines: store.items(MEDICINES, &mut problems),
            special_needs: store.items(SPECIAL_NEEDS, &mut problems),
            wishes: store.register(&key::register(WISHES), &mut problems),
            primary_physician: store.register(&key::register(PRIMARY_PHYSICIAN), &mut problems),
            events: store.events(&mut problems),
            conflicts: store.conflicts(),
            problems: Vec::new(),
        };
        problems.sort_unstable();
        problems.dedup();
        view.problems = problems;
        view
    }
}
