//! Care-record documents over Automerge: types, edits, merge, conflicts. No I/O, no crypto, no clock.
//!
//! A patient has one [`Card`] (what an evacuation site needs first) and one [`Volume`] of the chart per calendar year.
//! Each is one Automerge document. Tablets edit their own copy with no link, exchange changes in any order, any number
//! of times, and end with the same content.
//!
//! Three rules of merging, which clinicians rely on:
//! 1. *Events* ([`Event`]) are written once. A correction is a new event that names the one it corrects.
//! 2. *Registers* ([`Register`]) keep every concurrent value, with its author and time, until a person writes a value
//!    that follows them all. Nothing is settled by a clock or an id.
//! 3. *Sets* ([`Item`]) are registers of [`Presence`]: adding wins over a concurrent removal, and the clash is shown.
//!
//! Invariants, and what breaks without them:
//! - Every entry and every value is **one atomic Automerge value** in the root map
//!   (`docs/decisions/0002-atomic-values-flat-root.md`). If a dose and its unit were two values, a merge could pair
//!   the dose of one author with the unit of another.
//! - The [`Actor`] is unique to one incarnation of one tablet. If a restored backup went on under the same actor, two
//!   different changes would carry one number and one of them could never be merged ([`DocumentError::ForkedActor`]).
//! - Map keys inside values are text. Fields this version does not know are kept in [`Newer`] and written back.

mod attachment;
mod card;
mod care_document;
mod care_plan;
mod chunks;
mod codec;
mod columns;
mod document;
mod event;
mod follows;
pub mod fuzz;
mod ids;
mod key;
mod lab;
mod medicine;
mod merging;
mod observation;
mod person;
mod plan;
mod read_mark;
mod reading;
mod register;
mod stamp;
mod store;
mod stored_event;
mod vocabulary;
mod volume;

pub use attachment::{
    Attachment, AttachmentName, ChunkNames, Digest, FileName, MAX_CHUNKS, MAX_FILE_NAME, MAX_THUMBNAIL, MediaType,
    Thumbnail, TooLong,
};
pub use card::{Card, CardView};
pub use care_document::{
    CareDocument, ChecklistAnswer, DocumentKind, MAX_CHECKLIST, MAX_DOCUMENT_FILES, Recipient, Verdict,
};
pub use care_plan::{Activity, Behaviour, BehaviourEvent, DayRhythm, Outcome, RhythmItem, TeamGoal, WishesChange};
pub use chunks::{MAX_CHANGES_BYTES, actors_of};
pub use codec::{MAX_VALUE, Newer};
pub use document::{Applied, ConflictKind, ConflictRef, Document, DocumentError, LocalEdits, Problem, ProblemKind};
pub use event::{
    Addressee, Event, EventBody, HandOver, MedicationChange, MedicationChangeKind, Note, NoteSection, NotebookText,
    SiteAccess, Tenths, Visit, Vitals, Withdrawal, corrected_by,
};
pub use follows::{MAX_FOLLOWED, current, to_follow};
pub use ids::{Actor, EntryId, ParseIdError, Timestamp};
pub use key::{Key, item_key};
pub use lab::{LabReport, LabResult, TestRequest};
pub use medicine::{
    Code, DispensedDrug, Dispensing, DoseBasis, Drug, Institution, Medicine, Prescriber, Source, Timing,
};
pub use observation::{Effect, Leftover, MedicineObservation};
pub use person::{
    Allergy, AllergyKind, Contact, Diagnosis, Identity, LocalNumber, Physician, Sex, SpecialNeed, SpecialNeedKind,
    Wishes,
};
pub use plan::{MAX_VERSIONS, OtherTime, Participant, VisitChange, VisitPlan, earlier, rivals};
pub use read_mark::ReadMark;
pub use register::{Item, Presence, Register, Written};
pub use stamp::{Author, Profession, Stamp};
pub use volume::Volume;
