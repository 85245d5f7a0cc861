//! A site without a hub: one tablet serves as the relay, the others find it, and nothing has to be configured.
//!
//! A [`Site`] belongs to one unlocked tablet. It always listens for colleagues that serve, and hands them to the tablet's sync loop as
//! candidates behind the region's relays. When told to ([`Site::open`]), it serves: a relay inside this tablet, with the tablet's own
//! key and an encrypted store in its folder, announced in the local network and by a QR code. The tablet's own replica talks to it over
//! loopback like to any relay. It stops by itself when nobody needs it any more.
//!
//! | room | concern |
//! |---|---|
//! | here | the site: what is found, scanned, opened and closed |
//! | [`discovery`] | announcing and sighting, whoever does it |
//! | `mdns` | discovery by multicast DNS |
//! | `serving` | the relay inside this tablet, from opening to its end |
//! | `addresses` | where this tablet can be reached |
//!
//! Invariants, and what breaks without them:
//! - **Finding is not trusting.** What is announced or scanned only says where to knock. Whoever answers is believed by the region's
//!   signature on its certificate; a code brings that certificate along, an announcement does not.
//! - **At home is not elsewhere.** What only the relay inside this tablet has stays unsent here. Otherwise a lost tablet would have told
//!   its nurse that all was safe.
//! - **It opens nothing.** The relay inside a tablet carries records of patients this tablet may not read; they stay sealed.

mod addresses;
pub mod discovery;
#[cfg(feature = "mdns")]
mod mdns;
mod serving;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tendenko_protocol::ids::DeviceId;
use tendenko_protocol::invitation::{Invitation, InvitationError};
use tendenko_relay::RelayError;
use tendenko_replica::{Replica, StoreError};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use discovery::{Announcement, Discovery, Sighting, region_tag};
#[cfg(feature = "mdns")]
pub use mdns::Mdns;
use serving::Open;
pub use serving::{Ending, Guest, ServingStatus};

/// Sightings that may wait.
const SIGHTINGS: usize = 64;
/// Colleagues remembered at once. More in one network is noise.
const MAX_FOUND: usize = 64;

/// How a site behaves.
pub struct SiteConfig {
    /// Who announces and looks; `None`: only codes are scanned.
    pub discovery: Option<Box<dyn Discovery>>,
    /// UDP port to serve on; 0: any.
    pub port: u16,
    /// Nobody there and nothing new for so long: it stops by itself.
    pub idle: Duration,
    /// The region's relay has had everything for so long: it stops by itself.
    pub settle: Duration,
    /// How often it looks at itself.
    pub look: Duration,
    /// `host:port` of the region's relays; empty: those of its certificates.
    pub hubs: Vec<String>,
}

impl Default for SiteConfig {
    fn default() -> Self {
        Self {
            discovery: None,
            port: 0,
            idle: Duration::from_secs(60 * 60),
            settle: Duration::from_secs(60),
            look: Duration::from_secs(5),
            hubs: Vec::new(),
        }
    }
}

/// A colleague's tablet that serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub device: DeviceId,
    /// What it calls itself; certified only if `certified`.
    pub label: String,
    /// Its certificate is known here. If not: scan its code.
    pub certified: bool,
}

/// How a site stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteStatus {
    /// This tablet serves.
    pub serving: Option<ServingStatus>,
    /// Colleagues that serve nearby.
    pub found: Vec<Found>,
    /// Why this tablet ceased to serve, after it did.
    pub ended: Option<Ending>,
    /// The local network cannot be listened to: codes still work.
    pub deaf: bool,
}

/// This tablet could not begin to serve.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The relay.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The work was interrupted.
    #[error("the work was interrupted: try again")]
    Interrupted,
}

/// A scanned code leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Not a code of ours, or unreadable.
    #[error(transparent)]
    Code(#[from] InvitationError),
    /// Of another region.
    #[error("the code is of another region")]
    OtherRegion,
    /// The certificates in it do not hold, or the device was revoked.
    #[error("the tablet that shows this code is not, or no longer, certified in this region")]
    NotCertified,
    /// It is this tablet's own.
    #[error("this is this tablet's own code")]
    Own,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was interrupted.
    #[error("the work was interrupted: scan again")]
    Interrupted,
}

impl ScanError {
    /// A short stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Code(InvitationError::NotAnInvitation) => "not-an-invitation",
            Self::Code(InvitationError::Version) => "invitation-version",
            Self::Code(InvitationError::Malformed) => "invitation-damaged",
            Self::OtherRegion => "other-region",
            Self::NotCertified => "not-certified",
            Self::Own => "own-code",
            Self::Store(_) => "store",
            Self::Interrupted => "interrupted",
        }
    }
}

struct Sighted {
    found: Found,
    addresses: Vec<SocketAddr>,
}

/// What the site and its tasks share.
struct Shared {
    replica: Arc<Replica>,
    announce: watch::Sender<Option<Announcement>>,
    sighted: Mutex<BTreeMap<DeviceId, Sighted>>,
    open: tokio::sync::Mutex<Option<Open>>,
    shown: Mutex<SiteStatus>,
    changes: watch::Sender<u64>,
    port: u16,
    idle: Duration,
    settle: Duration,
    look: Duration,
    hubs: Vec<String>,
}

/// A tablet's site. Dropping it ends everything at once; [`Site::stop`] does it properly.
pub struct Site {
    shared: Arc<Shared>,
    tasks: Vec<AbortHandle>,
    /// Ends the announcing and looking when dropped.
    _discovery: Option<Box<dyn Send + Sync>>,
}

impl Site {
    /// Begins to look for colleagues. Call within a tokio runtime.
    pub fn start(replica: Arc<Replica>, config: SiteConfig) -> Self {
        let (announce, announced) = watch::channel(None);
        let (seen, sightings) = mpsc::channel(SIGHTINGS);
        let (discovery, deaf) = match config.discovery.map(|discovery| discovery.start(announced, seen)) {
            Some(Ok(running)) => (Some(running), false),
            Some(Err(error)) => {
                tracing::warn!(%error, "colleagues cannot be found by the network");
                (None, true)
            }
            None => (None, true),
        };
        let shared = Arc::new(Shared {
            replica,
            announce,
            sighted: Mutex::default(),
            open: tokio::sync::Mutex::default(),
            shown: Mutex::new(SiteStatus { deaf, ..SiteStatus::default() }),
            changes: watch::Sender::new(0),
            port: config.port,
            idle: config.idle,
            settle: config.settle,
            look: config.look,
            hubs: config.hubs,
        });
        let watching = tokio::spawn(watch_out(shared.clone(), sightings)).abort_handle();
        let attending = tokio::spawn(attend(shared.clone())).abort_handle();
        Self { shared, tasks: vec![watching, attending], _discovery: discovery }
    }

    /// Makes this tablet the relay. Already open: nothing happens.
    pub async fn open(&self) -> Result<(), SiteError> {
        let mut open = self.shared.open.lock().await;
        if open.is_none() {
            let opened = Open::begin(self.shared.replica.clone(), self.shared.port, &self.shared.hubs).await?;
            self.shared.replica.servers().serve_own(Some(opened.loopback()));
            self.shared.announce.send_replace(Some(opened.announcement(&self.shared.replica)));
            let status = opened.status(&self.shared.replica);
            *open = Some(opened);
            self.shared.show(|shown| {
                shown.serving = status;
                shown.ended = None;
            });
        }
        Ok(())
    }

    /// Ceases to be the relay: tells every guest, and goes back to the region's relays.
    pub async fn close(&self) {
        self.shared.close(Ending::Told).await;
    }

    /// How it stands.
    pub fn status(&self) -> SiteStatus {
        self.shared.shown().clone()
    }

    /// Told of every change of [`Site::status`].
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// A colleague's code was scanned: believes its certificates as far as they hold, and has the tablet tried at once.
    pub async fn scanned(&self, text: &str) -> Result<Found, ScanError> {
        let invitation = Invitation::from_text(text)?;
        let replica = self.shared.replica.clone();
        if invitation.region != replica.trust().region() {
            return Err(ScanError::OtherRegion);
        }
        if invitation.device == replica.device_id() {
            return Err(ScanError::Own);
        }
        let Invitation { device, addresses, chain, .. } = invitation;
        let believing = replica.clone();
        let believed = tokio::task::spawn_blocking(move || believing.introduce(&chain));
        believed.await.map_err(|_| ScanError::Interrupted)??;
        let label = certified(&replica, device).ok_or(ScanError::NotCertified)?;
        replica.servers().offer(device, addresses.clone());
        let found = Found { device, label, certified: true };
        self.shared.sighted().insert(device, Sighted { found: found.clone(), addresses });
        self.shared.show_found();
        Ok(found)
    }

    /// Ends everything, as it should be.
    pub async fn stop(self) {
        self.close().await;
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.shared.replica.servers().serve_own(None);
    }
}

impl Shared {
    async fn close(&self, ending: Ending) {
        let Some(open) = self.open.lock().await.take() else { return };
        self.announce.send_replace(None);
        // First the tablet's own link turns away, then the guests are told.
        self.replica.servers().serve_own(None);
        open.end().await;
        tracing::info!(?ending, "this tablet serves no longer");
        self.show(|shown| {
            shown.serving = None;
            shown.ended = Some(ending);
        });
    }

    fn sight(&self, sighting: Sighting) {
        match sighting {
            Sighting::Here { region, device, label, addresses } => {
                if region != region_tag(self.replica.trust().region()) || device == self.replica.device_id() {
                    return;
                }
                let known = certified(&self.replica, device);
                let found = Found { device, certified: known.is_some(), label: known.unwrap_or(label) };
                let mut sighted = self.sighted();
                if sighted.len() >= MAX_FOUND && !sighted.contains_key(&device) {
                    return;
                }
                if found.certified {
                    self.replica.servers().offer(device, addresses.clone());
                }
                sighted.insert(device, Sighted { found, addresses });
            }
            Sighting::Gone { device } => {
                self.replica.servers().withdraw(device);
                self.sighted().remove(&device);
            }
        }
        self.show_found();
    }

    /// Certificates may have come since a colleague was sighted.
    fn look_again(&self) {
        for sighted in self.sighted().values_mut().filter(|sighted| !sighted.found.certified) {
            if let Some(label) = certified(&self.replica, sighted.found.device) {
                sighted.found = Found { label, certified: true, ..sighted.found };
                self.replica.servers().offer(sighted.found.device, sighted.addresses.clone());
            }
        }
        self.show_found();
    }

    fn show_found(&self) {
        let found = self.sighted().values().map(|sighted| sighted.found.clone()).collect();
        self.show(|shown| shown.found = found);
    }

    fn show(&self, change: impl FnOnce(&mut SiteStatus)) {
        let mut shown = self.shown();
        let before = shown.clone();
        change(&mut shown);
        if *shown != before {
            self.changes.send_modify(|changes| *changes += 1);
        }
    }

    fn shown(&self) -> MutexGuard<'_, SiteStatus> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sighted(&self) -> MutexGuard<'_, BTreeMap<DeviceId, Sighted>> {
        self.sighted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a certified device that is not revoked is called.
fn certified(replica: &Replica, device: DeviceId) -> Option<String> {
    let trust = replica.trust();
    trust.device(device).filter(|cert| !cert.revoked).map(|cert| cert.label.clone())
}

async fn watch_out(shared: Arc<Shared>, mut sightings: mpsc::Receiver<Sighting>) {
    while let Some(sighting) = sightings.recv().await {
        shared.sight(sighting);
    }
}

/// Looks after the relay inside this tablet, and ends it when nobody needs it.
async fn attend(shared: Arc<Shared>) {
    let mut every = tokio::time::interval(shared.look);
    loop {
        every.tick().await;
        shared.look_again();
        let ending = match shared.open.lock().await.as_mut() {
            Some(open) => {
                let ending = open.look(&shared.replica, shared.idle, shared.settle).await;
                let status = open.status(&shared.replica);
                shared.show(|shown| shown.serving = status);
                ending
            }
            None => None,
        };
        if let Some(ending) = ending {
            shared.close(ending).await;
        }
    }
}
