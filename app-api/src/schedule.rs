//! 予定: who goes to whom and when, planned and changed; what gets in each other's way is told and never settled.

use crate::{EntryId, IsoDate, MemberId, PatientId, PatientName, Profession, WrittenView};
use serde::{Deserialize, Serialize};

/// Asks for the visits of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSchedule {
    /// The first day; none = today in Asia/Tokyo by the shell's clock.
    pub from: Option<IsoDate>,
    /// So many days, at most 31.
    pub days: u8,
    /// Of one patient; none = my own round.
    pub patient: Option<PatientId>,
}

/// The visits of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Each day, also those without a visit.
    pub days: Vec<ScheduleDay>,
}

/// A day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleDay {
    /// Which.
    pub date: IsoDate,
    /// By time.
    pub visits: Vec<ScheduledVisit>,
}

/// A visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledVisit {
    /// To whom.
    pub patient: PatientName,
    /// The plan it comes from.
    pub plan: PlanView,
    /// The day by the plan: what [`ChangeVisitDay`] takes.
    pub planned_on: IsoDate,
    /// The day it is on.
    pub date: IsoDate,
    /// When it begins, `09:30`.
    pub time: String,
    /// When it ends.
    pub until: String,
    /// This one day was moved or left out.
    pub change: Option<DayChangeView>,
    /// It is recorded.
    pub done: bool,
    /// What gets in its way.
    pub clashes: Vec<ClashView>,
}

/// One day of a plan that is otherwise than planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayChangeView {
    /// The entry that says so; withdrawn, the day is as planned again.
    pub entry: EntryId,
    /// It is left out.
    pub dropped: bool,
    /// What others said otherwise of the same day, apart from this: what [`SettlePlan`] takes back.
    pub against: Vec<EntryId>,
    /// Who, when and why.
    pub written: WrittenView,
}

/// A plan as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    /// The entry: what [`ChangePlan`] takes.
    pub entry: EntryId,
    /// Its first version: what [`ChangeVisitDay`] takes.
    pub first: EntryId,
    /// What it says.
    pub said: PlanText,
    /// Its last day is over.
    pub ended: bool,
    /// Who wrote this version, when and why.
    pub written: WrittenView,
    /// What others said of the plan apart from this version.
    pub rivals: Vec<PlanRival>,
}

/// What a plan says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanText {
    /// Who comes; two or more come together.
    pub participants: Vec<ParticipantView>,
    /// 1 = Monday … 7 = Sunday; empty = once, on the first day.
    pub weekdays: Vec<u8>,
    /// `09:30`.
    pub time: String,
    /// How long.
    pub minutes: u16,
    /// Why.
    pub purpose: String,
    /// First day.
    pub from: IsoDate,
    /// Last day.
    pub until: Option<IsoDate>,
}

/// Somebody who comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantView {
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Their profession.
    pub profession: Profession,
    /// It is me.
    pub me: bool,
}

/// What somebody said of a plan apart from the version that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRival {
    /// The entry.
    pub entry: EntryId,
    /// The plan as they would have it; none = it is cancelled.
    pub said: Option<PlanText>,
    /// Who, when and why.
    pub written: WrittenView,
}

/// A visit that gets in the way of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClashView {
    /// To whom.
    pub patient: PatientId,
    /// Name of that patient.
    pub name: String,
    /// When it begins, `09:30`.
    pub time: String,
    /// When it ends.
    pub until: String,
    /// Names of those who come there.
    pub participants: Vec<String>,
    /// Names of those who are expected in both houses; empty = both visits are to the same patient.
    pub members: Vec<String>,
}

/// Asks for the plans of a patient, also those to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPlans {
    /// Whose.
    pub patient: PatientId,
}

/// A plan as it is typed. Days are read in any form that [`crate::ReadDate`] reads, those without a year as days to come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDraft {
    /// Who comes, of the patient's team.
    pub members: Vec<MemberId>,
    /// 1 = Monday … 7 = Sunday; empty = once, on the first day.
    pub weekdays: Vec<u8>,
    /// `09:30`.
    pub time: String,
    /// How long.
    pub minutes: u16,
    /// Why.
    pub purpose: String,
    /// First day; empty = today.
    pub from: String,
    /// Last day; empty = none.
    pub until: String,
}

/// Makes a plan. Errors: `field-required`, `date-unreadable`, `out-of-range`, `not-granted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanVisit {
    /// Whose.
    pub patient: PatientId,
    /// The plan.
    pub draft: PlanDraft,
}

/// Changes a plan: from the first day of the new one on, and the days before stay as they were.
/// Errors: as [`PlanVisit`], `reason-required`, `changed-meanwhile`, `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePlan {
    /// Whose.
    pub patient: PatientId,
    /// [`PlanView::entry`].
    pub plan: EntryId,
    /// The plan from now on.
    pub draft: PlanDraft,
    /// Why.
    pub reason: String,
}

/// Ends a plan: nobody comes from today on. Errors: `reason-required`, `changed-meanwhile`, `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndPlan {
    /// Whose.
    pub patient: PatientId,
    /// [`PlanView::entry`].
    pub plan: EntryId,
    /// Why.
    pub reason: String,
}

/// Moves one day of a plan, or leaves it out; the others stay. What was said of the day before is corrected by it.
/// Errors: `reason-required`, `field-required`, `date-unreadable`, `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeVisitDay {
    /// Whose.
    pub patient: PatientId,
    /// [`PlanView::first`].
    pub plan: EntryId,
    /// [`ScheduledVisit::planned_on`].
    pub date: IsoDate,
    /// When instead: a day in any form, and `09:30`; none = not at all.
    pub moved_to: Option<(String, String)>,
    /// Why.
    pub reason: String,
}

/// Settles what was said of a plan, or of one of its days, by several people apart from each other: this one holds, the others are
/// taken back. Errors: `reason-required`, `changed-meanwhile`, `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlePlan {
    /// Whose.
    pub patient: PatientId,
    /// The entry that holds.
    pub keep: EntryId,
    /// The others, as they were on the screen.
    pub against: Vec<EntryId>,
    /// Why.
    pub reason: String,
}

/// A change of one day, in the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitChangeView {
    /// The day as it was planned.
    pub date: IsoDate,
    /// The day and time instead; none = left out.
    pub moved_to: Option<(IsoDate, String)>,
}
