//! The tablet behind the window: locked, or open for one person with sync running beside it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use tauri::{AppHandle, Emitter, Manager as _, WebviewWindow, async_runtime};
use tendenko_app_api::{self as api, ApiError, AppState, ErrorCode};
use tendenko_replica::sync::{self, SyncConfig, SyncHandle};
use tendenko_replica::{Clock, Replica, ReplicaEvent};
use tendenko_site::{Mdns, Site, SiteConfig};
use tokio::sync::broadcast::error::RecvError;

use crate::commands::{self, courier::CourierWork};
use crate::error::{internal, reading};
use crate::views;
use crate::views::people::Viewer;
use crate::window;

/// How long nothing comes before the words of what came are taken.
const QUIET: Duration = Duration::from_secs(2);
/// How long an unlock waits for a command that still holds the store of the person before.
const HAND_OVER: Duration = Duration::from_secs(5);

/// The one tablet of this program, shared by all commands.
pub struct Tablet {
    pub directory: PathBuf,
    pub clock: Arc<dyn Clock>,
    /// The work on a courier file.
    pub courier: CourierWork,
    app: AppHandle,
    open: Mutex<Option<Open>>,
    damage: Mutex<Option<AppState>>,
}

/// What exists only while somebody is at work.
struct Open {
    desk: Arc<Desk>,
    sync: SyncHandle,
    site: Arc<Site>,
    forwarding: async_runtime::JoinHandle<((), ())>,
}

/// What a command works with: the store, and who is looking.
pub struct Desk {
    pub replica: Arc<Replica>,
    pub viewer: Viewer,
    pub clock: Arc<dyn Clock>,
}

impl Desk {
    /// The moment it is in Japan, by this tablet's clock.
    pub fn now(&self) -> Zoned {
        let now = jiff::Timestamp::from_millisecond(self.clock.now().0).unwrap_or_default();
        now.to_zoned(TimeZone::fixed(Offset::constant(9)))
    }

    /// The day it is in Japan, by this tablet's clock.
    pub fn today(&self) -> Date {
        self.now().date()
    }
}

impl Tablet {
    /// A locked tablet whose store is in `directory`.
    pub fn new(directory: PathBuf, clock: impl Clock + 'static, app: AppHandle) -> Self {
        let courier = CourierWork::default();
        Self { directory, clock: Arc::new(clock), courier, app, open: Mutex::new(None), damage: Mutex::new(None) }
    }

    /// Runs `work` on the open store, on a thread that may block. `locked` where nobody is at work.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Desk) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let desk = self.desk().ok_or_else(|| ApiError::new(ErrorCode::Locked))?;
        blocking(move || work(&desk)).await
    }

    /// The open store, where somebody is at work.
    pub fn desk(&self) -> Option<Arc<Desk>> {
        self.lock().as_ref().map(|open| open.desk.clone())
    }

    /// Takes an unlocked store: from here on it syncs, and the window hears of changes.
    pub fn open(&self, replica: Replica) -> Arc<Desk> {
        let replica = Arc::new(replica);
        let viewer = Viewer { member: replica.me().member.to_string() };
        let desk = Arc::new(Desk { replica: replica.clone(), viewer, clock: self.clock.clone() });
        // The loops live on the runtime they are started on.
        let (sync, site) = {
            let runtime = async_runtime::handle();
            let _inside = runtime.inner().enter();
            let looking = SiteConfig { discovery: Some(Box::new(Mdns)), ..SiteConfig::default() };
            (sync::start(replica.clone(), SyncConfig::default()), Arc::new(Site::start(replica, looking)))
        };
        let (telling, words) = (forward(self.teller(), desk.clone(), site.clone()), take_words(desk.clone()));
        let forwarding = async_runtime::spawn(async { tokio::join!(telling, words) });
        *self.lock() = Some(Open { desk: desk.clone(), sync, site, forwarding });
        desk
    }

    /// Ends the work: sync stops and the keys leave memory as soon as the last running command is done.
    pub async fn close(&self) {
        let Some(open) = self.lock().take() else { return };
        open.forwarding.abort();
        let Open { desk, sync, site, forwarding } = open;
        // Being aborted is how it ends.
        let _ = forwarding.await;
        site.close().await;
        drop(site);
        sync.stop().await;
        let store = Arc::downgrade(&desk.replica);
        drop(desk);
        let deadline = tokio::time::Instant::now() + HAND_OVER;
        while store.strong_count() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Who serves nearby, while somebody is at work.
    pub fn site(&self) -> Result<Arc<Site>, ApiError> {
        self.lock().as_ref().map(|open| open.site.clone()).ok_or_else(|| ApiError::new(ErrorCode::Locked))
    }

    /// The program around it.
    pub fn app(&self) -> &AppHandle {
        &self.app
    }

    /// The window, while it is open.
    pub fn window(&self) -> Option<WebviewWindow> {
        self.app.get_webview_window(window::LABEL)
    }

    /// What tells the window how far something is.
    pub fn teller(&self) -> Teller {
        Teller(self.app.clone())
    }

    /// Looks for a relay now rather than later.
    pub fn wake_sync(&self) {
        if let Some(open) = self.lock().as_ref() {
            open.sync.wake();
        }
    }

    /// What was found when the store could not be opened, until it is open again.
    pub fn damage(&self) -> Option<AppState> {
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what was found and what could be done about it.
    pub fn set_damage(&self, damage: Option<AppState>) {
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the window something; a window that does not hear it asks again by itself.
#[derive(Clone)]
pub struct Teller(AppHandle);

impl Teller {
    /// Sends an event.
    pub fn tell(&self, event: &str, payload: impl serde::Serialize + Clone) {
        if let Err(error) = self.0.emit(event, payload) {
            tracing::warn!(%error, event, "the window did not hear");
        }
    }
}

/// Runs work that may block. A panic in it is this command's failure and nobody else's.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    async_runtime::spawn_blocking(work).await.unwrap_or_else(|_| Err(internal("panic")))
}

/// Tells the window what the replica and the site tell.
async fn forward(teller: Teller, desk: Arc<Desk>, site: Arc<Site>) {
    let mut events = desk.replica.events();
    let mut nearby = site.changes();
    let changed = |patients| teller.tell(api::EVENT_CHANGED, api::Changed { patients });
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(ReplicaEvent::Sync) => teller.tell(api::EVENT_SYNC, views::sync::status(&desk.replica.sync_status())),
                Ok(ReplicaEvent::Changed { patient } | ReplicaEvent::Attachment { patient, .. }) => {
                    changed(vec![api::PatientId(patient.to_string())]);
                }
                // Too many to follow one by one: read everything again.
                Err(RecvError::Lagged(_)) => changed(Vec::new()),
                Err(RecvError::Closed) => return,
            },
            // An error cannot be: the site is here.
            Ok(()) = nearby.changed() => teller.tell(api::EVENT_NEARBY, commands::nearby::nearby(site.status())),
        }
    }
}

/// Takes the words of what came into the index whenever nothing has come for a moment.
async fn take_words(desk: Arc<Desk>) {
    let mut events = desk.replica.events();
    loop {
        while let Ok(event) = tokio::time::timeout(QUIET, events.recv()).await {
            if let Err(RecvError::Closed) = event {
                return;
            }
        }
        loop {
            let replica = desk.replica.clone();
            match blocking(move || replica.take_words().map_err(|error| reading(&error))).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    // Who looks for words takes them, or hears why not.
                    tracing::warn!(code = error.code.as_str(), "words wait to be taken");
                    break;
                }
            }
        }
        if let Err(RecvError::Closed) = events.recv().await {
            return;
        }
    }
}
