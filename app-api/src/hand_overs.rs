//! 申し送り: what somebody must know before they go, to whom it was said, and who has read it.

use crate::{
    Addressee, AuthorView, EntryId, HandOverDraft, MemberId, Millis, PatientId, PatientName, Profession, Sent,
};
use serde::{Deserialize, Serialize};

/// Asks for hand-overs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetHandOvers {
    /// Which.
    pub which: HandOverBox,
    /// At most so many.
    pub limit: u16,
}

/// Which hand-overs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandOverBox {
    /// To me, my profession or the team, and not confirmed by me; urgent first.
    #[default]
    Waiting,
    /// Written by me, newest first.
    Written,
    /// Confirmed by me, newest first.
    Confirmed,
}

impl HandOverBox {
    /// All, in the order of the screen.
    pub const ALL: [HandOverBox; 3] = [HandOverBox::Waiting, HandOverBox::Written, HandOverBox::Confirmed];
}

/// One hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverView {
    /// The entry.
    pub entry: EntryId,
    /// Whom it is about.
    pub patient: PatientName,
    /// When it was said.
    pub at: Millis,
    /// Who said it.
    pub author: AuthorView,
    /// To whom.
    pub to: Addressee,
    /// To be read before anything else.
    pub urgent: bool,
    /// All of it.
    pub text: String,
    /// How far it has come.
    pub sent: Sent,
    /// What it answers, where that is known here.
    pub answered: Option<Remark>,
    /// What answers it, oldest first.
    pub answers: Vec<Remark>,
    /// Who has confirmed it, in the order in which they did.
    pub read_by: Vec<ReadBy>,
    /// I have not confirmed it.
    pub waits: bool,
}

/// What somebody said, in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Who.
    pub author: AuthorView,
    /// When.
    pub at: Millis,
    /// What.
    pub text: String,
}

/// 確認: somebody has read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadBy {
    /// Who.
    pub author: AuthorView,
    /// When, by the clock of the reader's tablet.
    pub at: Millis,
}

/// Says that I have read a hand-over or a letter: whoever wrote it will see that. Saying it twice is saying it once.
/// Errors: `no-such-entry`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmHandOver {
    /// About whom.
    pub patient: PatientId,
    /// Which.
    pub entry: EntryId,
}

/// Hands something over, without a visit. What it answers is confirmed in the same step.
/// Errors: `nothing-to-save`, `no-such-entry`, `too-long`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// About whom.
    pub patient: PatientId,
    /// What, and to whom.
    pub draft: HandOverDraft,
    /// The hand-over that this one answers.
    pub answers: Option<EntryId>,
}

/// Asks who is around a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTeam {
    /// Whom.
    pub patient: PatientId,
}

/// Somebody around a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamMember {
    /// Who.
    pub member: MemberId,
    /// Their name as certified.
    pub name: String,
    /// Their profession as certified.
    pub profession: Profession,
    /// The name of their facility.
    pub facility: String,
}
