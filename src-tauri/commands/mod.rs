//! One handler per command of `app-api`, under its name.
//!
//! A handler finds the open store, calls the room its screen belongs to, and answers a view or a code. The table below
//! is the whole of it; `capabilities/default.json` lets the interface call these and nothing else.

mod card;
mod card_edit;
mod care_plan;
mod care_team;
mod conflicts;
pub(crate) mod courier;
mod documents;
mod draft_names;
mod drafts;
pub(crate) mod files;
mod hand_overs;
mod labs;
mod medicine_add;
mod medicines;
pub(crate) mod nearby;
pub(crate) mod notebook;
mod notebook_out;
mod observations;
mod patients;
mod planning;
mod printing;
mod resources;
mod room;
mod schedule;
mod session;
mod sheets;
mod site;
mod sync;
#[cfg(test)]
mod testing;
mod timeline;
mod today;
mod visit;

use tauri::State;
use tendenko_app_api::{self as api, ApiError, Command, ErrorCode};
use tendenko_protocol::ids::PatientId;

use crate::tablet::Tablet;

/// What a command answers.
type Answer<C> = Result<<C as Command>::Output, ApiError>;

/// Makes a handler per line, and the list of them for Tauri.
macro_rules! handlers {
    (
        at any time { $($free_name:ident($free_command:ident) = $free_work:path;)* }
        at work { $($name:ident($command:ident) = $work:path;)* }
    ) => {
        $(
            #[tauri::command]
            async fn $free_name(tablet: State<'_, Tablet>, args: api::$free_command) -> Answer<api::$free_command> {
                $free_work(&tablet, args).await
            }
        )*
        $(
            #[tauri::command]
            async fn $name(tablet: State<'_, Tablet>, args: api::$command) -> Answer<api::$command> {
                tablet.work(move |desk| $work(desk, args)).await
            }
        )*

        /// What the window may call.
        pub fn handler() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($free_name,)* $($name,)*]
        }

        #[cfg(test)]
        const HANDLED: &[(&str, &str)] = &[
            $((stringify!($free_name), <api::$free_command as Command>::NAME),)*
            $((stringify!($name), <api::$command as Command>::NAME),)*
        ];
    };
}

handlers! {
    at any time {
        get_status(GetStatus) = session::status;
        unlock(Unlock) = session::unlock;
        lock(Lock) = session::lock;
        get_room(GetRoom) = room::get;
        sync_now(SyncNow) = sync::now;
        get_courier_places(GetCourierPlaces) = courier::places;
        export_courier(ExportCourier) = courier::export;
        import_courier(ImportCourier) = courier::import;
        cancel_courier(CancelCourier) = courier::cancel;
        get_nearby(GetNearby) = nearby::status;
        start_serving(StartServing) = nearby::start;
        stop_serving(StopServing) = nearby::stop;
        scan_server(ScanServer) = nearby::scan;
        save_pdf(SavePdf) = printing::save_pdf;
        save_file(SaveFile) = printing::save_file;
    }
    at work {
        get_today(GetToday) = today::today;
        search_patients(SearchPatients) = patients::search;
        get_patient_header(GetPatientHeader) = patients::header;
        get_card(GetCard) = patients::card;
        get_timeline(GetTimeline) = timeline::page;
        get_timeline_head(GetTimelineHead) = timeline::head;
        mark_seen(MarkSeen) = timeline::mark_seen;
        read_date(ReadDate) = timeline::read_date;
        get_hand_overs(GetHandOvers) = hand_overs::all;
        confirm_hand_over(ConfirmHandOver) = hand_overs::confirm;
        hand_over(HandOver) = hand_overs::say;
        get_team(GetTeam) = hand_overs::team;
        get_care_team(GetCareTeam) = care_team::team;
        get_colleagues(GetColleagues) = care_team::colleagues;
        add_to_team(AddToTeam) = care_team::add;
        get_care_plan(GetCarePlan) = care_plan::plan;
        set_goal(SetGoal) = care_plan::set_goal;
        set_rhythm(SetRhythm) = care_plan::set_rhythm;
        record_behaviour(RecordBehaviour) = care_plan::record_behaviour;
        get_schedule(GetSchedule) = schedule::schedule;
        get_plans(GetPlans) = schedule::plans;
        plan_visit(PlanVisit) = planning::plan;
        change_plan(ChangePlan) = planning::change;
        end_plan(EndPlan) = planning::end;
        change_visit_day(ChangeVisitDay) = planning::change_day;
        settle_plan(SettlePlan) = planning::settle;
        get_resources(GetResources) = resources::list;
        get_vitals(GetVitals) = timeline::vitals;
        get_last_vitals(GetLastVitals) = timeline::last_vitals;
        record_visit(RecordVisit) = visit::record;
        correct_visit(CorrectVisit) = visit::correct;
        withdraw_entry(WithdrawEntry) = visit::withdraw;
        undo_visit(UndoVisit) = visit::undo;
        get_draft(GetDraft) = drafts::get;
        put_draft(PutDraft) = drafts::put;
        drop_draft(DropDraft) = drafts::discard;
        get_drafts(GetDrafts) = drafts::all;
        add_file(AddFile) = files::add;
        remove_file(RemoveFile) = files::remove;
        get_sheet_draft(GetSheetDraft) = sheets::draft;
        put_sheet_draft(PutSheetDraft) = sheets::put;
        drop_sheet_draft(DropSheetDraft) = sheets::discard;
        get_phrases(GetPhrases) = drafts::phrases;
        forget_phrase(ForgetPhrase) = drafts::forget_phrase;
        open_attachment(OpenAttachment) = files::open;
        get_medicines(GetMedicines) = medicines::all;
        change_dose(ChangeDose) = medicines::change_dose;
        stop_medicine(StopMedicine) = medicines::stop;
        add_medicine(AddMedicine) = medicine_add::add;
        check_medicine(CheckMedicine) = medicine_add::check;
        observe_medicine(ObserveMedicine) = observations::observe;
        get_labs(GetLabs) = labs::all;
        record_labs(RecordLabs) = labs::record;
        request_tests(RequestTests) = labs::request_tests;
        add_allergy(AddAllergy) = card::add_allergy;
        remove_allergy(RemoveAllergy) = card::remove_allergy;
        set_wishes(SetWishes) = card::set_wishes;
        register_patient(RegisterPatient) = card_edit::register;
        get_card_draft(GetCardDraft) = card_edit::draft;
        change_card(ChangeCard) = card_edit::change;
        get_conflicts(GetConflicts) = conflicts::all;
        resolve_conflict(ResolveConflict) = conflicts::resolve;
        preview_notebook(PreviewNotebook) = notebook::preview;
        import_notebook(ImportNotebook) = notebook::import;
        scan_notebook(ScanNotebook) = notebook_out::scan;
        export_notebook(ExportNotebook) = notebook_out::export;
        save_notebook(SaveNotebook) = notebook_out::save;
        search_site(SearchSite) = site::search;
        open_site_card(OpenSiteCard) = site::open;
        get_documents(GetDocuments) = documents::all;
        get_document(GetDocument) = documents::one;
        get_document_draft(GetDocumentDraft) = documents::writing::draft;
        put_document_draft(PutDocumentDraft) = documents::writing::put;
        drop_document_draft(DropDocumentDraft) = documents::writing::discard;
        save_document(SaveDocument) = documents::writing::save;
        answer_question(AnswerQuestion) = documents::answer;
        sign_paper(SignPaper) = documents::paper::sign;
        check_paper(CheckPaper) = documents::paper::check;
        get_sync(GetSync) = sync::status;
        get_sync_detail(GetSyncDetail) = sync::detail;
        set_data_saver(SetDataSaver) = sync::set_data_saver;
        get_data_use(GetDataUse) = sync::data_use;
    }
}

/// The patient a command names.
fn patient(id: &api::PatientId) -> Result<PatientId, ApiError> {
    id.0.parse().map_err(|_| ApiError::new(ErrorCode::NoSuchPatient))
}

/// The entry a command names.
fn entry(id: &api::EntryId) -> Result<tendenko_crdt::EntryId, ApiError> {
    id.0.parse().map_err(|_| ApiError::new(ErrorCode::NoSuchEntry))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_has_a_handler_of_its_name() {
        assert!(HANDLED.iter().all(|(handler, command)| handler == command), "{HANDLED:?}");
        let handled: BTreeSet<_> = HANDLED.iter().map(|(handler, _)| *handler).collect();
        assert_eq!(handled, api::COMMANDS.iter().copied().collect());
    }

    #[test]
    fn the_interface_may_call_exactly_these_commands() {
        let capability: serde_json::Value =
            serde_json::from_str(include_str!("../../capabilities/default.json")).unwrap();
        let permitted =
            capability["permissions"].as_array().unwrap().iter().map(|permission| permission.as_str().unwrap());
        let wanted = ["core:event:allow-listen", "core:event:allow-unlisten"].map(str::to_owned).into_iter();
        let wanted = wanted.chain(api::COMMANDS.iter().map(|name| format!("allow-{}", name.replace('_', "-"))));
        assert_eq!(permitted.collect::<BTreeSet<_>>(), wanted.collect::<Vec<_>>().iter().map(String::as_str).collect());
    }
}
