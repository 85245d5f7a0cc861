//! The state all screens share, and the root that picks the screen.

mod frame;

use crate::{
    api,
    dates::Day,
    document_drafts::DocumentKey,
    drafts::DraftKey,
    i18n::Words,
    keeping::Kept as _,
    prefs::Prefs,
    screens::{self, PatientTab},
    sheet_drafts::SheetKey,
};
use frame::Frame;
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// Where a person is.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// 今日
    Today,
    /// 患者
    Patients,
    /// One patient's page.
    Patient(PatientId, PatientTab),
    /// One patient's page, going on with a sheet that was begun.
    Sheet(PatientId, SheetName),
    /// Writing a visit, or correcting one.
    Visit(PatientId, Option<EntryId>),
    /// Registering a patient.
    Register,
    /// Changing the card.
    CardEdit(PatientId),
    /// Taking over a medicine notebook.
    Notebook(PatientId),
    /// 書類, one of its versions.
    Document(PatientId, EntryId),
    /// Writing a document.
    Writing(PatientId, DocumentDraftName),
    /// 救急搬送
    Transport(PatientId),
    /// A medicine notebook to carry.
    NotebookOut(PatientId),
    /// 予定, mine or a patient's.
    Schedule(Option<PatientId>),
    /// 申し送り
    HandOvers,
    /// 要確認, of one patient or of all.
    Conflicts(Option<PatientId>),
    /// 救護所
    Site,
    /// A card opened at the site, with its reason.
    SiteCard(PatientId, SiteReason),
    /// 資源
    Resources,
    /// 回線がないとき
    Nearby,
    /// 設定
    Settings,
    /// Every component in every state, in a demonstration only.
    Gallery,
}

/// A visit that was just saved: taken back, it is a draft again with its photos, and the record says that it was taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// About whom.
    pub patient: PatientId,
    /// What stood in it.
    pub form: VisitForm,
    /// The entry it became.
    pub entry: EntryId,
}

/// What all screens share.
#[derive(Clone, PartialEq)]
pub struct Session {
    /// What the shell says about the tablet; none = not heard yet.
    pub status: Option<Rc<AppStatus>>,
    /// Why the shell could not be asked.
    pub failed: Option<ApiError>,
    /// State of sync; none = not heard yet.
    pub sync: Option<Rc<SyncView>>,
    /// Who serves whom without a network; none = not heard yet.
    pub nearby: Option<Rc<Nearby>>,
    /// How far the work on a courier file is.
    pub courier: Option<CourierProgress>,
    /// How the screen looks.
    pub prefs: Prefs,
    /// The words of the chosen language.
    pub words: Words,
    /// The way here; the last is shown.
    pub stack: Vec<Route>,
    /// Grows whenever records changed: what depends on records asks again.
    pub revision: u32,
    /// What was just done, in one sentence, with a number that makes each new.
    pub toast: Option<(u32, String)>,
    /// That can be taken back while its sentence is there.
    pub undo: Option<Rc<Undo>>,
    /// The sheet behind the sync line is open.
    pub sync_sheet: bool,
    /// What was last looked for among the patients, so that coming back shows the same rows.
    pub query: String,
    /// The shell's clock minus the page's.
    skew_ms: i64,
    toasts: u32,
}

/// What all screens share, and the way to change it.
pub type App = UseReducerHandle<Session>;

/// A change of what all screens share.
pub enum Act {
    /// The shell answered about the tablet.
    Status(AppStatus),
    /// The shell could not be asked.
    Failed(ApiError),
    /// Somebody unlocked.
    Unlocked(Me),
    /// The store is locked.
    Locked,
    /// Further in.
    Go(Route),
    /// In the place of this one.
    Replace(Route),
    /// Back where we were.
    Back,
    /// To one of the places of the rail.
    Root(Route),
    /// Sync moved.
    Sync(SyncView),
    /// Who serves nearby moved.
    Nearby(Nearby),
    /// The work on a courier file moved.
    Courier(CourierProgress),
    /// Records changed.
    Changed,
    /// Something was done.
    Toast(String),
    /// A visit was saved, and can be taken back for a while.
    SavedWithUndo(String, Box<Undo>),
    /// That sentence was there long enough.
    ToastOver(u32),
    /// The screen should look different.
    Prefs(Prefs),
    /// Opens or closes the sheet behind the sync line.
    SyncSheet(bool),
    /// Something else is looked for among the patients.
    Query(String),
}

fn page_now() -> i64 {
    js_sys::Date::now() as i64
}

impl Session {
    fn new() -> Self {
        let prefs = Prefs::load();
        prefs.apply();
        Self {
            status: None,
            failed: None,
            sync: None,
            nearby: None,
            courier: None,
            prefs,
            words: Words::new(prefs.lang),
            stack: vec![Route::Today],
            revision: 0,
            toast: None,
            undo: None,
            sync_sheet: false,
            query: String::new(),
            skew_ms: 0,
            toasts: 0,
        }
    }

    /// The moment now, by the shell's clock.
    pub fn now(&self) -> Millis {
        Millis(page_now() + self.skew_ms)
    }

    /// The day today in Asia/Tokyo.
    pub fn today(&self) -> Day {
        Day::of(self.now())
    }

    /// The person at work.
    pub fn me(&self) -> Option<&Me> {
        self.status.as_ref()?.me.as_ref()
    }

    /// Where we are.
    pub fn route(&self) -> &Route {
        self.stack.last().unwrap_or(&Route::Today)
    }
}

impl Reducible for Session {
    type Action = Act;

    fn reduce(self: Rc<Self>, act: Act) -> Rc<Self> {
        let mut next = (*self).clone();
        match act {
            Act::Status(status) => {
                next.skew_ms = status.now.0 - page_now();
                if let (None, Some(me)) = (self.me(), &status.me) {
                    next.stack = vec![first_route(me)];
                }
                next.status = Some(Rc::new(status));
                next.failed = None;
            }
            Act::Failed(error) => next.failed = Some(error),
            Act::Unlocked(me) => {
                next.stack = vec![first_route(&me)];
                if let Some(status) = &self.status {
                    let mut status = (**status).clone();
                    status.state = AppState::Unlocked;
                    status.me = Some(me);
                    next.status = Some(Rc::new(status));
                }
                next.revision += 1;
            }
            Act::Locked => {
                if let Some(status) = &self.status {
                    let mut status = (**status).clone();
                    status.state = AppState::Locked { wait_seconds: 0 };
                    status.me = None;
                    next.status = Some(Rc::new(status));
                }
                next.stack = vec![Route::Today];
                next.toast = None;
                next.undo = None;
                DraftKey::all().clear();
                DocumentKey::all().clear();
                SheetKey::all().clear();
                next.sync_sheet = false;
                next.nearby = None;
                next.courier = None;
                next.query.clear();
            }
            Act::Go(route) => further(&mut next.stack, route),
            Act::Replace(route) => {
                next.stack.pop();
                next.stack.push(route);
            }
            Act::Back => {
                next.stack.pop();
                if next.stack.is_empty() {
                    next.stack.push(Route::Today);
                }
            }
            Act::Root(route) => next.stack = vec![route],
            Act::Sync(sync) => {
                // What waits has changed, so the marks beside the entries have too.
                if self.sync.as_ref().is_some_and(|before| before.unsent != sync.unsent) {
                    next.revision += 1;
                }
                next.sync = Some(Rc::new(sync));
            }
            Act::Nearby(nearby) => next.nearby = Some(Rc::new(nearby)),
            Act::Courier(progress) => next.courier = Some(progress),
            Act::Changed => next.revision += 1,
            Act::Toast(text) => {
                next.toasts += 1;
                next.toast = Some((next.toasts, text));
                next.undo = None;
            }
            Act::SavedWithUndo(text, undo) => {
                next.toasts += 1;
                next.toast = Some((next.toasts, text));
                next.undo = Some(Rc::from(undo));
            }
            Act::ToastOver(number) => {
                if self.toast.as_ref().is_some_and(|(shown, _)| *shown == number) {
                    next.toast = None;
                    next.undo = None;
                }
            }
            Act::Prefs(prefs) => {
                prefs.keep();
                if prefs.lang != self.prefs.lang {
                    next.words = Words::new(prefs.lang);
                }
                next.prefs = prefs;
            }
            Act::SyncSheet(open) => next.sync_sheet = open,
            Act::Query(text) => next.query = text,
        }
        Rc::new(next)
    }
}

/// Further in; touched twice before the screen has changed, it is one step all the same.
fn further(stack: &mut Vec<Route>, route: Route) {
    if stack.last() != Some(&route) {
        stack.push(route);
    }
}

fn first_route(me: &Me) -> Route {
    if me.evacuation_site { Route::Site } else { Route::Today }
}

/// What all screens share. Only below [`Root`].
#[hook]
pub fn use_app() -> App {
    use_context::<App>().expect("every screen is below the root, which provides it")
}

/// The whole interface.
#[component]
pub fn Root() -> Html {
    let app = use_reducer(Session::new);
    {
        let app = app.clone();
        use_effect_with((), move |()| begin(app));
    }
    let inside = match (&app.status, &app.failed) {
        (None, None) => html! {},
        (None, Some(error)) => html! { <screens::Stopped error={error.clone()} /> },
        (Some(status), _) => match status.state {
            AppState::Unlocked => html! { <Frame /> },
            AppState::Locked { .. } => html! { <screens::Unlock status={status.clone()} /> },
            AppState::NotEnrolled => html! { <screens::NotEnrolled /> },
            AppState::Damaged { copy_kept, recovered } => html! { <screens::Damaged {copy_kept} {recovered} /> },
        },
    };
    html! { <ContextProvider<App> context={app}>{ inside }</ContextProvider<App>> }
}

/// Asks for the first state and listens from then on.
fn begin(app: App) {
    let dispatch = app.dispatcher();
    api::listen(EVENT_CHANGED, {
        let dispatch = dispatch.clone();
        move |_: Changed| dispatch.dispatch(Act::Changed)
    });
    api::listen(EVENT_SYNC, {
        let dispatch = dispatch.clone();
        move |sync: SyncView| dispatch.dispatch(Act::Sync(sync))
    });
    api::listen(EVENT_NEARBY, {
        let dispatch = dispatch.clone();
        move |nearby: Nearby| dispatch.dispatch(Act::Nearby(nearby))
    });
    api::listen(EVENT_COURIER, {
        let dispatch = dispatch.clone();
        move |progress: CourierProgress| dispatch.dispatch(Act::Courier(progress))
    });
    api::listen(EVENT_LOCKED, {
        let dispatch = dispatch.clone();
        move |_: Option<bool>| dispatch.dispatch(Act::Locked)
    });
    spawn_local(async move {
        match api::call(&GetStatus {}).await {
            Ok(status) => dispatch.dispatch(Act::Status(status)),
            Err(error) => dispatch.dispatch(Act::Failed(error)),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_touched_twice_leads_one_step_further() {
        let mut stack = vec![Route::Today];
        for route in [Route::HandOvers, Route::HandOvers, Route::Today, Route::HandOvers] {
            further(&mut stack, route);
        }
        assert_eq!(stack, [Route::Today, Route::HandOvers, Route::Today, Route::HandOvers]);
    }
}
