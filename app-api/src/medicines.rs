//! お薬: what is taken now, what was handed over, who changed what and why.

use crate::{
    AuthorView, Dose, EntryId, IsoDate, Millis, ObservationEntry, PatientId, Sent, Source, Timing, WarningView,
    WrittenView,
};
use serde::{Deserialize, Serialize};

/// Asks for everything about a patient's medicines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMedicines {
    /// Whose.
    pub patient: PatientId,
}

/// A patient's medicines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medicines {
    /// Taken now. The screen groups them by [`MedicineView::timings`].
    pub current: Vec<MedicineView>,
    /// Not taken any more, last stopped first.
    pub stopped: Vec<StoppedMedicine>,
    /// What was dispensed, newest first.
    pub dispensings: Vec<DispensingEntry>,
    /// Changes with who and why, newest first.
    pub changes: Vec<MedicineChangeEntry>,
    /// What was seen of them, newest first.
    pub observations: Vec<ObservationEntry>,
}

/// A medicine that is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicineView {
    /// Names it in later commands; empty in a proposal.
    pub key: String,
    /// Name as dispensed.
    pub name: String,
    /// General name, where known.
    pub general_name: Option<String>,
    /// Dose, unit and basis: one value.
    pub dose: Dose,
    /// Usage as dispensed: `1日1回朝食後`.
    pub usage: String,
    /// When it is taken, read off the usage.
    pub timings: Vec<Timing>,
    /// Dosage form as dispensed: `内服`.
    pub form: String,
    /// Since when.
    pub since: Option<IsoDate>,
    /// Until when what was handed over lasts.
    pub until: Option<IsoDate>,
    /// Who prescribed it.
    pub prescriber: Option<String>,
    /// Where it is known from.
    pub source: Source,
    /// Anything else.
    pub note: Option<String>,
    /// Who wrote this version and why; none in a proposal.
    pub written: Option<WrittenView>,
    /// More than one version waits for a decision: show that beside it.
    pub conflict: bool,
    /// What the record says against it, the gravest first.
    pub warnings: Vec<WarningView>,
}

/// A medicine that was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedMedicine {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its last dose, where known.
    pub dose: Option<Dose>,
    /// Who stopped it and why.
    pub stopped: WrittenView,
}

/// What a pharmacy or hospital handed over in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispensingView {
    /// The day.
    pub dispensed_on: IsoDate,
    /// Where.
    pub pharmacy: Option<String>,
    /// Who prescribed: institution and doctor in one line.
    pub prescriber: Option<String>,
    /// What.
    pub drugs: Vec<DispensedDrugView>,
    /// Where it is known from.
    pub source: Source,
    /// Cautions and remarks.
    pub notes: Vec<String>,
}

/// One drug of a dispensing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispensedDrugView {
    /// Name as dispensed.
    pub name: String,
    /// Dose, unit and basis.
    pub dose: Dose,
    /// Usage as dispensed.
    pub usage: String,
    /// For how long or how many: `28日分`, as dispensed.
    pub quantity: Option<String>,
    /// What the key of a medicine of this product begins with.
    pub product: String,
    /// Supplements and cautions.
    pub notes: Vec<String>,
}

/// A dispensing in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispensingEntry {
    /// The entry.
    pub entry: EntryId,
    /// Who recorded it.
    pub author: AuthorView,
    /// When it was recorded.
    pub recorded_at: Millis,
    /// How far it has come.
    pub sent: Sent,
    /// What it says.
    pub dispensing: DispensingView,
}

/// A change of a medicine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicineChangeView {
    /// Which medicine.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What was done.
    pub action: MedicineAction,
    /// What it was; none = it was not there.
    pub before: Option<Regimen>,
    /// What it became; none = stopped.
    pub after: Option<Regimen>,
    /// Why.
    pub reason: String,
}

/// What was done to a medicine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MedicineAction {
    /// 開始
    Started,
    /// 用量・用法の変更
    Changed,
    /// 中止
    Stopped,
    /// 要確認の決定
    Resolved,
}

/// Dose and usage belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regimen {
    /// Dose, unit and basis.
    pub dose: Dose,
    /// Usage.
    pub usage: String,
}

/// A change in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicineChangeEntry {
    /// The entry.
    pub entry: EntryId,
    /// When it happened.
    pub at: Millis,
    /// Who did it.
    pub author: AuthorView,
    /// How far it has come.
    pub sent: Sent,
    /// What.
    pub change: MedicineChangeView,
}

/// Changes dose and usage as one value. Errors: `reason-required`, `field-required`, `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeDose {
    /// Whose.
    pub patient: PatientId,
    /// [`MedicineView::key`].
    pub key: String,
    /// What it becomes.
    pub regimen: Regimen,
    /// Why.
    pub reason: String,
}

/// Stops a medicine. Errors: `reason-required`, `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopMedicine {
    /// Whose.
    pub patient: PatientId,
    /// [`MedicineView::key`].
    pub key: String,
    /// Why.
    pub reason: String,
}

/// Puts a medicine on the list by hand. Nothing that the record says against it ([`CheckMedicine`](crate::CheckMedicine)) keeps it from being added.
/// Errors: `reason-required`, `field-required` (`drug`, `amount`, `unit`, `usage`), `date-unreadable`, `too-long`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddMedicine {
    /// Whose.
    pub patient: PatientId,
    /// What.
    pub medicine: MedicineDraft,
    /// Why.
    pub reason: String,
}

/// A medicine as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicineDraft {
    /// Its name.
    pub name: String,
    /// 一般名; empty = not known.
    pub general_name: String,
    /// Dose and usage as one value.
    pub regimen: Regimen,
    /// 剤形
    pub form: MedicineForm,
    /// Where it is known from. A notebook is imported, not typed.
    pub source: Source,
    /// Since when, in any form a day is written; empty = not known.
    pub since: String,
    /// Who prescribed it; empty = not known.
    pub prescriber: String,
    /// Anything else.
    pub note: String,
}

/// 剤形, by the words of the medicine notebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MedicineForm {
    /// 内服
    Internal,
    /// 頓服
    AsNeeded,
    /// 外用
    External,
    /// 注射
    Injection,
}

impl MedicineForm {
    /// In the order of the form.
    pub const ALL: [MedicineForm; 4] =
        [MedicineForm::Internal, MedicineForm::AsNeeded, MedicineForm::External, MedicineForm::Injection];
}
