//! The relay above this one: an edge relay at an evacuation site is a client of its hub, as a tablet would be.
//!
//! It runs the protocol's own client session over the relay's store. What arrives here from anyone but the upstream is in the store's
//! outbox until the upstream sent it or acked it; what the upstream has is pulled, cards before charts, and stored with the
//! cursor that covers it. Both ways work for as long as there is a link, and wait, durably, while there is none.
//!
//! | room | concern |
//! |---|---|
//! | here | the loop: one link at a time, and patience between two |
//! | `link` | sockets and streams around one session |
//! | `carrier` | the store's side: what the session asks of it |
//!
//! What holds:
//! - An item leaves the outbox only when the upstream has it durably, or names itself as having it. A refused one is kept, counted, and
//!   offered again after the next start. What the upstream forwards before it has stored it goes into the outbox like anybody's: its
//!   author may come here before it goes there again, and is acked here.
//! - Loops are harmless: an item that is known is acked, not stored again, and so not sent on. With A above B above A each item crosses
//!   each link at most once in each direction.
//! - One upstream at a time and one cursor, whichever relay it is of: what one acked has left the outbox, so going to another
//!   means comparing everything (see the client session). A hub that was rolled back or emptied is refilled in the same way.
//! - The identity is a parameter: a relay's key sees everything, a device's key only what the device is granted. Either way all that
//!   is carried is offered.

mod carrier;
mod link;

use std::sync::Arc;
use std::time::Duration;

use ring::rand::SystemRandom;
use tendenko_protocol::Random;
use tendenko_protocol::ids::RelayId;
use tendenko_protocol::keys::Identity;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::host::shared::Shared;
use carrier::Carrier;

/// Keys to authenticate with, as a relay or as a device.
pub type ClientIdentity = Arc<dyn Identity + Send + Sync>;

/// Which relay is above this one, and how patiently it is tried.
#[derive(Clone)]
pub struct UpstreamConfig {
    /// `host:port` of the relay above, tried in turn.
    pub addresses: Vec<String>,
    /// Who this side is.
    pub identity: ClientIdentity,
    /// Wait after the first failure; doubled after each further one.
    pub shortest_wait: Duration,
    /// Longest wait between two tries.
    pub longest_wait: Duration,
    /// How long to try one address.
    pub connect_timeout: Duration,
}

impl UpstreamConfig {
    /// The usual patience.
    pub fn new(addresses: Vec<String>, identity: ClientIdentity) -> Self {
        Self {
            addresses,
            identity,
            shortest_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// How things stand with the upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamState {
    /// The relay that let this one in, while the link holds.
    pub connected: Option<RelayId>,
    /// Connected, all it had is here, and nothing is on its way up.
    pub idle: bool,
    /// Why the last link ended, as a code.
    pub trouble: Option<String>,
}

/// A running link to the upstream. Dropping it stops it without waiting.
pub struct UpstreamHandle {
    stop: watch::Sender<bool>,
    state: watch::Receiver<UpstreamState>,
    task: Option<JoinHandle<()>>,
}

impl UpstreamHandle {
    /// How things stand, now and whenever they change.
    pub fn state(&self) -> watch::Receiver<UpstreamState> {
        self.state.clone()
    }

    /// Ends the session cleanly and waits until the loop has ended.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // A panic in the loop was reported when it happened.
            let _ended = task.await;
        }
    }
}

impl Drop for UpstreamHandle {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Starts the loop; needs a tokio runtime. It ends with its handle, or with the relay.
pub(crate) fn start(
    shared: Arc<Shared>,
    config: UpstreamConfig,
    mut relay_stops: watch::Receiver<bool>,
) -> UpstreamHandle {
    let (stop, stopped) = watch::channel(false);
    let (tell, state) = watch::channel(UpstreamState::default());
    let ends = stop.clone();
    let task = tokio::spawn(async move {
        let keeping_up = keep_up(shared, config, tell, stopped);
        tokio::pin!(keeping_up);
        tokio::select! {
            () = &mut keeping_up => {}
            // An error means that the relay is gone.
            () = told_to_stop(&mut relay_stops) => {
                ends.send_replace(true);
                let _ended = tokio::time::timeout(GOODBYE, keeping_up).await;
            }
        }
    });
    UpstreamHandle { stop, state, task: Some(task) }
}

/// How long the end of the relay waits for a farewell to the upstream.
const GOODBYE: Duration = Duration::from_secs(4);

async fn keep_up(
    shared: Arc<Shared>,
    config: UpstreamConfig,
    tell: watch::Sender<UpstreamState>,
    mut stopped: watch::Receiver<bool>,
) {
    let carrier = Arc::new(Carrier::new(shared, config.identity.clone()));
    let mut patience = Patience::new(&config);
    let mut begun = false;
    while !*stopped.borrow() {
        // Without its outbox nothing may be sent up: what is not in it would be taken for acked.
        if !begun {
            begun = carrier.begin().await;
        }
        if begun {
            for address in &config.addresses {
                let ended = link::run(&carrier, &config, address, &tell, &mut stopped).await;
                let trouble = ended.result.as_ref().err().map(|error| error.code().to_owned());
                if let Err(error) = &ended.result {
                    tracing::info!(code = error.code(), %error, "the link to the upstream ended");
                }
                tell.send_replace(UpstreamState { trouble, ..UpstreamState::default() });
                if ended.result.as_ref().is_err_and(link::LinkError::asks_for_patience) {
                    patience.lose();
                } else if ended.was_welcome {
                    patience.recover();
                }
                if *stopped.borrow() {
                    return;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(patience.next()) => {}
            () = told_to_stop(&mut stopped) => return,
        }
    }
}

/// Resolves when the loop is to end, or nobody is left who could say so.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _either_way = stopped.wait_for(|stop| *stop).await.is_ok();
}

/// How long to wait before the next try: doubled each time, with jitter, so that the edges of a region do not come back at one instant.
struct Patience {
    next: Duration,
    shortest: Duration,
    longest: Duration,
}

impl Patience {
    fn new(config: &UpstreamConfig) -> Self {
        Self { next: config.shortest_wait, shortest: config.shortest_wait, longest: config.longest_wait }
    }

    fn recover(&mut self) {
        self.next = self.shortest;
    }

    fn lose(&mut self) {
        self.next = self.longest;
    }

    fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        let mut random = [0; 1];
        // Without randomness there is no jitter, and nothing else is lost.
        let _filled = SystemRandom::new().fill(&mut random);
        wait.mul_f64(0.75 + f64::from(random[0]) / 512.0)
    }
}
