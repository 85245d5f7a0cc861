//! The tablet's engine: encrypted local store, read models, search, sync over quinn.
//!
//! A [`Replica`] is everything one tablet knows, in one directory, opened by a staff member's secret. It works alone for as long as
//! it must; [`sync`] exchanges sealed records with a relay whenever there is one.
//!
//! | room | concern |
//! |---|---|
//! | [`Replica`] | enrolment and unlocking, the shared engine |
//! | [`Edit`], [`Replica::edit`] | saving: one durable transaction |
//! | [`views`] and the reading methods of [`Replica`] | what the screens show |
//! | [`search`] | folding of Japanese text, birth dates, queries |
//! | `chart` | the timeline's pages, hand-overs and who has read them |
//! | `attachments` | photos and documents: attaching, fetching, releasing |
//! | [`conflicts`] | concurrent values, and the write that resolves them |
//! | [`courier`] | courier files, written and taken |
//! | [`recovery`] | what can be saved from a damaged store |
//! | [`sync`] | the loop that talks to relays |
//!
//! Invariants, and what breaks without them:
//! - What [`Replica::edit`] returned is on disk. Otherwise a flat battery loses what a nurse saw saved.
//! - Memory follows the disk: a document is changed in memory only by a committed transaction.
//! - Sealed bytes are stored before they leave and never made again. Otherwise one log position could carry two records.
//! - A restored or copied store takes a new incarnation before it writes.
//! - The cursor moves in the transaction that stores what it covers.
//! - No file of the directory holds plaintext of a record. Staff names stand in the slot file, because the unlock screen
//!   shows them.

mod attachments;
mod care_documents;
mod chart;
mod checkpoints;
mod clock;
pub mod conflicts;
pub mod courier;
mod documents;
mod drafts;
mod edit;
mod enrolment;
mod error;
mod files;
mod first;
mod guard;
mod merging;
mod metering;
mod models;
mod read;
mod receive;
pub mod recovery;
mod renewal;
mod replica;
mod schedule;
mod seal;
pub mod search;
mod statements;
mod status;
mod store;
pub mod sync;
mod team;
#[cfg(test)]
mod tests;
mod unlock;
pub mod views;
mod withdrawing;

pub use attachments::{
    AttachError, AttachmentError, AttachmentPresence, AttachmentState, AttachmentStorage, NewAttachment,
};
pub use care_documents::{CheckPaperError, CheckedPaper, DocumentFile, LETTER_WAITS};
pub use chart::HAND_OVER_WAITS;
pub use clock::{Clock, FixedClock, SystemClock};
pub use drafts::{Draft, DraftName, DraftPhoto, MAX_FORM, MAX_SLOT, NewPhoto};
pub use edit::{Edit, MAX_CHANGE, year_in_japan};
pub use error::{Damage, EnrolError, ReadError, SaveError, UnlockError};
pub use metering::{DataUse, MonthOfUse, Network};
pub use read::{MAX_NEWS_ENTRIES, date_in_japan, day_in_japan};
pub use replica::{Replica, ReplicaEvent, ServingIdentity};
pub use schedule::{
    Clash, MAX_DAYS, Occurrence, ScheduledVisit, StandingPlan, Whose, falls_on, minutes_of, occurrences, time_of,
    weekday_number,
};
pub use statements::Statements;
pub use status::{LaneProgress, Lanes, SyncPath, SyncState, SyncStatus};
pub use store::StoreError;
pub use team::{CareTeam, ColleagueFacility, TeamFacility, TeamTablet};
pub use unlock::{KdfParams, NewStaff, StaffTile};
pub use views::*;
pub use withdrawing::UndoError;
