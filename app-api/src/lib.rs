//! The typed commands and view types that the interface and the shell share.
//!
//! A [`Command`] is one struct: its fields are what the screen asks, its [`Command::Output`] is what the shell
//! answers, [`Command::NAME`] is the name it travels under. The interface calls `invoke(NAME, { args: command })`;
//! the shell has one handler per name. What goes wrong comes back as [`ApiError`]: a code and its values, never a
//! sentence, because the sentence is the screen's (Fluent) and exists in every language of the interface.
//!
//! Rules of everything in here:
//! - It crosses a JSON boundary: enums are externally tagged in `snake_case`, identifiers are lower-case hex
//!   strings, moments are [`Millis`], calendar days are ISO strings (`2026-11-20`), bytes are arrays of numbers.
//! - Numbers that matter (doses) are strings exactly as they were dispensed: `0.5` and `0.50` are not ours to unify.
//! - A dose never travels without its unit and its [`DoseBasis`], so no screen can show one without the other.
//! - No dependency on the record's own crates: the interface must build for WebAssembly in seconds.

mod card_edit;
mod care;
mod care_plan;
mod care_team;
mod conflicts;
mod courier;
mod documents;
mod drafts;
mod error;
mod files;
mod hand_overs;
mod labs;
mod medicines;
mod nearby;
mod notebook;
mod notebook_out;
mod observations;
mod papers;
mod patients;
mod resources;
mod room;
mod schedule;
mod session;
mod sheets;
mod site;
mod sync;
mod timeline;
mod today;
mod values;
mod visit;
mod vitals;
mod warnings;

pub use card_edit::*;
pub use care::*;
pub use care_plan::*;
pub use care_team::*;
pub use conflicts::*;
pub use courier::*;
pub use documents::*;
pub use drafts::*;
pub use error::*;
pub use files::*;
pub use hand_overs::*;
pub use labs::*;
pub use medicines::*;
pub use nearby::*;
pub use notebook::*;
pub use notebook_out::*;
pub use observations::*;
pub use papers::*;
pub use patients::*;
pub use resources::*;
pub use room::*;
pub use schedule::*;
pub use session::*;
pub use sheets::*;
pub use site::*;
pub use sync::*;
pub use timeline::*;
pub use today::*;
pub use values::*;
pub use visit::*;
pub use vitals::*;
pub use warnings::*;

use serde::{Serialize, de::DeserializeOwned};

/// Something the screen asks of the shell.
pub trait Command: Serialize + DeserializeOwned {
    /// The name it travels under; also the name of the shell's handler.
    const NAME: &'static str;
    /// What a successful answer holds.
    type Output: Serialize + DeserializeOwned;
}

/// Ties each command to its name and output, and lists all names once.
macro_rules! commands {
    ($($command:ident = $name:literal -> $output:ty;)*) => {
        $(impl Command for $command {
            const NAME: &'static str = $name;
            type Output = $output;
        })*

        /// The name of every command, in the order of the screens.
        pub const COMMANDS: &[&str] = &[$($name),*];
    };
}

commands! {
    GetStatus = "get_status" -> AppStatus;
    Unlock = "unlock" -> Me;
    Lock = "lock" -> ();
    GetToday = "get_today" -> Today;
    SearchPatients = "search_patients" -> PatientList;
    GetPatientHeader = "get_patient_header" -> PatientHeader;
    GetCard = "get_card" -> CardPage;
    GetTimeline = "get_timeline" -> Timeline;
    GetTimelineHead = "get_timeline_head" -> TimelineHead;
    MarkSeen = "mark_seen" -> ();
    ReadDate = "read_date" -> Option<IsoDate>;
    GetHandOvers = "get_hand_overs" -> Vec<HandOverView>;
    ConfirmHandOver = "confirm_hand_over" -> ();
    HandOver = "hand_over" -> Saved;
    GetTeam = "get_team" -> Vec<TeamMember>;
    GetCareTeam = "get_care_team" -> CareTeam;
    GetColleagues = "get_colleagues" -> Vec<ColleagueFacility>;
    AddToTeam = "add_to_team" -> Saved;
    GetCarePlan = "get_care_plan" -> CarePlan;
    SetGoal = "set_goal" -> Saved;
    SetRhythm = "set_rhythm" -> Saved;
    RecordBehaviour = "record_behaviour" -> Saved;
    GetSchedule = "get_schedule" -> Schedule;
    GetPlans = "get_plans" -> Vec<PlanView>;
    PlanVisit = "plan_visit" -> Saved;
    ChangePlan = "change_plan" -> Saved;
    EndPlan = "end_plan" -> Saved;
    ChangeVisitDay = "change_visit_day" -> Saved;
    SettlePlan = "settle_plan" -> Saved;
    GetResources = "get_resources" -> Resources;
    GetVitals = "get_vitals" -> VitalsHistory;
    GetLastVitals = "get_last_vitals" -> LastVitals;
    RecordVisit = "record_visit" -> Saved;
    CorrectVisit = "correct_visit" -> Saved;
    WithdrawEntry = "withdraw_entry" -> Saved;
    UndoVisit = "undo_visit" -> ();
    GetDraft = "get_draft" -> Draft;
    PutDraft = "put_draft" -> ();
    DropDraft = "drop_draft" -> ();
    GetDrafts = "get_drafts" -> Vec<DraftLine>;
    AddFile = "add_file" -> DraftFile;
    RemoveFile = "remove_file" -> ();
    GetSheetDraft = "get_sheet_draft" -> SheetDraft;
    PutSheetDraft = "put_sheet_draft" -> ();
    DropSheetDraft = "drop_sheet_draft" -> ();
    GetPhrases = "get_phrases" -> Vec<String>;
    ForgetPhrase = "forget_phrase" -> ();
    OpenAttachment = "open_attachment" -> AttachmentContent;
    GetMedicines = "get_medicines" -> Medicines;
    ChangeDose = "change_dose" -> Saved;
    StopMedicine = "stop_medicine" -> Saved;
    AddMedicine = "add_medicine" -> Saved;
    CheckMedicine = "check_medicine" -> Vec<WarningView>;
    ObserveMedicine = "observe_medicine" -> Saved;
    GetLabs = "get_labs" -> Labs;
    RecordLabs = "record_labs" -> Saved;
    RequestTests = "request_tests" -> Saved;
    AddAllergy = "add_allergy" -> Saved;
    RemoveAllergy = "remove_allergy" -> Saved;
    SetWishes = "set_wishes" -> Saved;
    RegisterPatient = "register_patient" -> Registered;
    GetCardDraft = "get_card_draft" -> CardDraft;
    ChangeCard = "change_card" -> Saved;
    GetConflicts = "get_conflicts" -> Vec<Conflict>;
    ResolveConflict = "resolve_conflict" -> Saved;
    PreviewNotebook = "preview_notebook" -> NotebookPreview;
    ImportNotebook = "import_notebook" -> NotebookImported;
    ScanNotebook = "scan_notebook" -> ScannedNotebook;
    ExportNotebook = "export_notebook" -> NotebookExport;
    SaveNotebook = "save_notebook" -> String;
    SearchSite = "search_site" -> PatientList;
    OpenSiteCard = "open_site_card" -> CardPage;
    GetRoom = "get_room" -> Room;
    GetDocuments = "get_documents" -> Vec<DocumentLine>;
    GetDocument = "get_document" -> DocumentPage;
    GetDocumentDraft = "get_document_draft" -> DocumentDraft;
    PutDocumentDraft = "put_document_draft" -> ();
    DropDocumentDraft = "drop_document_draft" -> ();
    SaveDocument = "save_document" -> Saved;
    AnswerQuestion = "answer_question" -> Saved;
    SignPaper = "sign_paper" -> PaperSigned;
    CheckPaper = "check_paper" -> PaperChecked;
    SaveFile = "save_file" -> PdfSaved;
    SavePdf = "save_pdf" -> PdfSaved;
    GetSync = "get_sync" -> SyncView;
    GetSyncDetail = "get_sync_detail" -> SyncDetail;
    SyncNow = "sync_now" -> SyncView;
    SetDataSaver = "set_data_saver" -> SyncView;
    GetDataUse = "get_data_use" -> Vec<MonthOfUse>;
    GetNearby = "get_nearby" -> Nearby;
    StartServing = "start_serving" -> Nearby;
    StopServing = "stop_serving" -> Nearby;
    ScanServer = "scan_server" -> FoundTablet;
    GetCourierPlaces = "get_courier_places" -> Vec<CourierPlace>;
    ExportCourier = "export_courier" -> CourierWritten;
    ImportCourier = "import_courier" -> CourierReport;
    CancelCourier = "cancel_courier" -> ();
}

/// Event: records changed, by this tablet or by another one. Payload: [`Changed`].
pub const EVENT_CHANGED: &str = "tendenko://changed";
/// Event: the state of sync moved. Payload: [`SyncView`].
pub const EVENT_SYNC: &str = "tendenko://sync";
/// Event: who serves nearby moved. Payload: [`Nearby`].
pub const EVENT_NEARBY: &str = "tendenko://nearby";
/// Event: how far the work on a courier file is. Payload: [`CourierProgress`].
pub const EVENT_COURIER: &str = "tendenko://courier";
/// Event: the store was locked by the shell (idle time, lid closed). Payload: `null`.
pub const EVENT_LOCKED: &str = "tendenko://locked";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_has_its_own_name() {
        let names: BTreeSet<_> = COMMANDS.iter().collect();
        assert_eq!(names.len(), COMMANDS.len());
    }
}
