//! What the engine tells its host: plain values, read from the read models.

use serde::{Deserialize, Serialize};
use tendenko_crdt::{EntryId, Event, Profession, Sex, Stamp, Timestamp};
use tendenko_protocol::document::{DocumentId, Scope};
use tendenko_protocol::ids::{DeviceId, MemberId, PatientId};

/// The person this replica is unlocked for, and the device: the author of what is written now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Member.
    pub member: MemberId,
    /// Name.
    pub name: String,
    /// Profession.
    pub profession: Profession,
    /// Facility name.
    pub facility: String,
    /// Device.
    pub device: DeviceId,
}

/// One row of the patient list.
#[derive(Debug, Clone, PartialEq)]
pub struct PatientSummary {
    /// Who.
    pub patient: PatientId,
    /// Name, as on the card. With two concurrent identities, one of them; the conflict is counted below.
    pub name: String,
    /// Kana.
    pub kana: String,
    /// Sex.
    pub sex: Sex,
    /// Birth date, ISO 8601, possibly only its beginning.
    pub birth_date: Option<String>,
    /// Address.
    pub address: String,
    /// Allergies and adverse reactions, in the words of the card.
    pub allergies: Vec<String>,
    /// Special needs: oxygen, dialysis … in the words of the card.
    pub special_needs: Vec<String>,
    /// True if any current value of the wishes says DNAR.
    pub dnar: bool,
    /// Registers and items with more than one current value.
    pub conflicts: u32,
    /// Another patient on this tablet has the same name or the same kana (同姓同名).
    pub same_name: bool,
    /// This tablet holds the chart, not only the card.
    pub chart: bool,
    /// What others changed since this member last looked.
    pub news: u32,
    /// Saved here, not yet acknowledged by a relay.
    pub unsent: u32,
    /// Newest entry.
    pub last_entry: Option<Timestamp>,
}

/// How far an entry has travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Sent {
    /// Saved here.
    Pending,
    /// Sealed into a record, not yet acknowledged.
    Sealed,
    /// A relay has it durably (or it came from one).
    Acked,
}

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// The entry.
    pub event: Event,
    /// How far it has travelled.
    pub sent: Sent,
    /// Entries that correct this one, oldest first.
    pub corrected_by: Vec<EntryId>,
    /// Arrived from elsewhere since this member last looked.
    pub new: bool,
    /// Who has confirmed it, in the order in which they did.
    pub read_by: Vec<Stamp>,
}

/// A place in a timeline: when an entry happened, and which one it is.
pub type Place = (Timestamp, EntryId);

/// Which entries of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimelineFilter {
    /// Of this profession, as it is stored; none: of all.
    pub profession: Option<String>,
    /// Of these kinds, as they are stored; none: of all.
    pub kinds: Vec<String>,
    /// That say this. Nothing to look for: any.
    pub words: String,
    /// Or that tell of care of one of these codes: what was typed, in the words of the screen.
    pub care: Vec<String>,
}

/// Where a page of a timeline begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimelineStart {
    /// At the newest entry, back in time.
    Newest,
    /// With what happened before a moment, back in time.
    Before(Timestamp),
    /// At this place and with it, back in time.
    At(Place),
    /// Behind this place, back in time.
    Older(Place),
    /// Before this place, forward in time.
    Newer(Place),
}

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelinePage {
    /// Newest first, whichever way the page was read.
    pub entries: Vec<TimelineEntry>,
    /// There are more, the way the page was read.
    pub more: bool,
}

/// Where a member stands with a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The newest news of this patient.
    pub newest: i64,
    /// What came later is unread.
    pub since: i64,
    /// Unread entries that stand, newest first.
    pub unread: Vec<Place>,
}

/// Somebody around a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamMember {
    /// Who.
    pub member: MemberId,
    /// Name.
    pub name: String,
    /// Profession.
    pub profession: Profession,
    /// Name of the facility.
    pub facility: String,
}

/// Which part of a record disagrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConflictKind {
    /// Name, birth date, address …
    Identity,
    /// Wishes, DNAR.
    Wishes,
    /// Primary physician.
    Physician,
    /// A medicine's dose or use.
    Medicine,
    /// An allergy or adverse reaction.
    Allergy,
    /// A diagnosis.
    Diagnosis,
    /// An emergency contact.
    Contact,
    /// A special need.
    SpecialNeed,
    /// The team's goal.
    TeamGoal,
    /// The rhythm of the day.
    DayRhythm,
}

impl ConflictKind {
    /// Whether the choice needs a reason.
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Medicine | Self::Wishes)
    }
}

/// One of the values that disagree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictValue {
    /// The value.
    pub value: crate::conflicts::Value,
    /// Who wrote it and when; none when this version cannot read it.
    pub stamp: Option<Stamp>,
    /// Why, where a reason was given.
    pub reason: Option<String>,
}

/// Concurrent values of one register, waiting for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// Whose.
    pub patient: PatientId,
    /// Card or volume.
    pub document: DocumentId,
    /// Key within the document: what [`crate::Replica::resolve`] takes.
    pub key: String,
    /// What it is about.
    pub kind: ConflictKind,
    /// The values, in the same order on every tablet.
    pub values: Vec<ConflictValue>,
}

/// A hand-over, with its patient.
#[derive(Debug, Clone, PartialEq)]
pub struct HandOverEntry {
    /// Whose.
    pub patient: PatientId,
    /// The entry; its body is a hand-over.
    pub entry: TimelineEntry,
    /// What it answers, where that is here.
    pub answered: Option<Event>,
    /// What answers it, oldest first.
    pub answers: Vec<Event>,
    /// This member has not confirmed it.
    pub waits: bool,
}

/// What others changed on one patient since this member last looked.
#[derive(Debug, Clone, PartialEq)]
pub struct PatientNews {
    /// The patient, as in the list.
    pub patient: PatientSummary,
    /// New entries, oldest first, at most [`crate::MAX_NEWS_ENTRIES`].
    pub entries: Vec<Event>,
    /// Keys of registers and items of the card that changed.
    pub changed: Vec<String>,
}

/// What has not left this tablet, for one patient.
#[derive(Debug, Clone, PartialEq)]
pub struct UnsentItem {
    /// Whose.
    pub patient: PatientId,
    /// Name of the patient.
    pub name: String,
    /// Number of saves.
    pub saves: u32,
    /// Oldest of them.
    pub since: Timestamp,
    /// Bytes: sealed size where sealed, size of the changes before.
    pub bytes: u64,
    /// Names of the devices (label, facility) that will get it.
    pub recipients: Vec<String>,
}

/// A device known to this region, for granting access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Device.
    pub device: DeviceId,
    /// Label given at enrolment.
    pub label: String,
    /// Facility name.
    pub facility: String,
    /// Evacuation-site tablet.
    pub evacuation_site: bool,
    /// Revoked: nothing can be granted to it.
    pub revoked: bool,
}

/// Who may read a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The device.
    pub device: KnownDevice,
    /// Scopes granted.
    pub scopes: Vec<Scope>,
}

/// Counts of what could not be used, for the sync detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Troubles {
    /// Records kept that wait for a key.
    pub waiting_for_key: u64,
    /// Records kept that could not be read or applied.
    pub unreadable: u64,
    /// Records set aside: forks, or nobody vouches for them.
    pub quarantined: u64,
}
