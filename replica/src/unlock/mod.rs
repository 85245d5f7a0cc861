//! From a staff member's secret to the store's key.
//!
//! The store key is random. Each staff member of the tablet has a *slot*: the store key wrapped by
//! Argon2id of that person's PIN or passphrase. A wrong secret costs a wait that doubles each time; the wait is on
//! disk **before** the try is answered, so pulling the battery gains nothing.
//!
//! Beside the slots lies the *vault*: the device's own keys and its enrolment bundle, sealed by the store
//! key, so that a tablet whose database is wholly destroyed is still the same device and fetches
//! everything again.
//!
//! If this broke: a weaker derivation lets a thief try PINs quickly; a lost slot file loses the store.

mod slots;
mod tries;

pub use slots::{KdfParams, NewStaff, StaffTile};
pub(crate) use slots::{SlotError, SlotFile, StoreKey, Vault};
pub(crate) use tries::Tries;
