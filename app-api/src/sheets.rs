//! Sheets that are filled in: medicines and 検査. A draft of one is the command that it will send, kept in the sealed store at every keystroke
//! as a visit is.

use crate::{AddMedicine, ChangeDose, DraftFile, ObserveMedicine, PatientId, RecordLabs, RequestTests, StopMedicine};
use serde::{Deserialize, Serialize};

/// Which sheet is filled in. Each has a draft of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SheetName {
    /// お薬を加える
    AddMedicine,
    /// 用量を変える, of the medicine of this key.
    ChangeDose(String),
    /// 中止する
    StopMedicine(String),
    /// 残薬・服薬の様子
    ObserveMedicine(String),
    /// 検査結果を書く
    RecordLabs,
    /// 検査を依頼する
    RequestTests,
}

/// A sheet as it stands on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SheetForm {
    /// お薬を加える
    AddMedicine(AddMedicine),
    /// 用量を変える
    ChangeDose(ChangeDose),
    /// 中止する
    StopMedicine(StopMedicine),
    /// 残薬・服薬の様子
    ObserveMedicine(ObserveMedicine),
    /// 検査結果を書く
    RecordLabs(RecordLabs),
    /// 検査を依頼する
    RequestTests(RequestTests),
}

impl SheetForm {
    /// Which sheet it is.
    pub fn sheet(&self) -> SheetName {
        match self {
            Self::AddMedicine(_) => SheetName::AddMedicine,
            Self::ChangeDose(form) => SheetName::ChangeDose(form.key.clone()),
            Self::StopMedicine(form) => SheetName::StopMedicine(form.key.clone()),
            Self::ObserveMedicine(form) => SheetName::ObserveMedicine(form.key.clone()),
            Self::RecordLabs(_) => SheetName::RecordLabs,
            Self::RequestTests(_) => SheetName::RequestTests,
        }
    }

    /// About whom.
    pub fn patient(&self) -> &PatientId {
        match self {
            Self::AddMedicine(form) => &form.patient,
            Self::ChangeDose(form) => &form.patient,
            Self::StopMedicine(form) => &form.patient,
            Self::ObserveMedicine(form) => &form.patient,
            Self::RecordLabs(form) => &form.patient,
            Self::RequestTests(form) => &form.patient,
        }
    }
}

/// A command that a sheet sends.
pub trait SheetCommand: Into<SheetForm> {
    /// The command, where that sheet sends this one.
    fn of(form: SheetForm) -> Option<Self>;
}

macro_rules! sheet_commands {
    ($($command:ident),* $(,)?) => {
        $(
            impl From<$command> for SheetForm {
                fn from(command: $command) -> Self {
                    Self::$command(command)
                }
            }

            impl SheetCommand for $command {
                fn of(form: SheetForm) -> Option<Self> {
                    match form {
                        SheetForm::$command(command) => Some(command),
                        _ => None,
                    }
                }
            }
        )*
    };
}

sheet_commands!(AddMedicine, ChangeDose, StopMedicine, ObserveMedicine, RecordLabs, RequestTests);

/// Asks for the draft of a sheet as it was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSheetDraft {
    /// About whom.
    pub patient: PatientId,
    /// Which.
    pub sheet: SheetName,
}

/// A sheet that is being filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetDraft {
    /// As it was left; none = nothing yet.
    pub form: Option<SheetForm>,
    /// Its files.
    pub files: Vec<DraftFile>,
}

/// Keeps a draft, durably.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutSheetDraft {
    /// All of it.
    pub form: SheetForm,
}

/// Throws a draft away, with its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropSheetDraft {
    /// About whom.
    pub patient: PatientId,
    /// Which.
    pub sheet: SheetName,
}
