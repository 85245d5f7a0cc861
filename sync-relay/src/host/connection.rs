//! One tablet: its connection, its lanes, and the session that decides what is said on them.
//!
//! The session is a state machine of `tendenko-protocol`; here its actions are done, in order. Reading the store (once at a time for each
//! lane), committing, and writing to the lanes run beside each other, so that a large page does not hold up an ack, nor a chart a card.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use quinn::{Connection, Incoming, ZeroRttAccepted};
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{ArrivalNo, DeviceId, RelayIncarnation};
use tendenko_protocol::messages::{ClientMessage, Item, Lane, PerLane, Refusal};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::relay::{RelayAction, RelayConfig, RelayEvent, Session};
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use super::flood::Flood;
use super::frames::FrameEnd;
use super::lanes::{Lanes, Told};
use super::opening::{Opened, linger, open};
use super::present::Presence;
use super::quic;
use super::shared::{Forwarded, Shared};
use super::work::{self, Pending};
use crate::clock::now;
use crate::store::Submission;

/// From the first packet to the tablet's hello.
const HELLO: Duration = Duration::from_secs(15);
/// Batches waiting for the one before them; their bytes are bounded by the session.
const BATCHES: usize = 64;

/// Serves one tablet until it leaves, is refused, or the relay stops.
///
/// It is a stranger, and has one of the strangers' places, until it is admitted.
pub(super) async fn serve(
    shared: Arc<Shared>,
    incoming: Incoming,
    stopping: watch::Receiver<bool>,
    stranger: OwnedSemaphorePermit,
) {
    let from = incoming.remote_address();
    let opened = tokio::time::timeout(HELLO, open(incoming, &stopping)).await;
    let Opened { connection, peer_key, lanes, confirmed } = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(problem)) => {
            tracing::info!(%from, %problem, "no session");
            return;
        }
        Err(_) => {
            tracing::info!(%from, problem = "it said nothing", "no session");
            return;
        }
    };
    let session = Session::new(RelayConfig { region: shared.region, versions: SESSION_VERSIONS.to_vec(), peer_key });
    let life = shared.life.subscribe();
    let served_in = *life.borrow();
    let host = Host {
        connection: connection.clone(),
        newest: shared.newest.subscribe(),
        live: shared.live.subscribe(),
        number: shared.number(),
        life,
        served_in,
        minting: false,
        shared,
        stopping,
        session,
        admitted: None,
        stranger: Some(stranger),
        confirmed,
        presence: None,
        peer_key,
        lanes,
        flood: Flood::default(),
        committing: None,
        waiting: VecDeque::new(),
        reading: PerLane::default(),
    };
    let (device, reason, lanes) = host.run().await;
    let device = device.map(|device| device.to_string()).unwrap_or_default();
    tracing::info!(%from, device, code = reason.code(), "session ended");
    linger(&connection, lanes.finish().await, &reason).await;
}

/// What a session waits for.
enum Wake {
    Event(RelayEvent),
    Committed(RelayEvent),
    Confirmed,
    Renewed,
    Arrived,
    Verified(Arc<Forwarded>),
    Told(Option<Told>),
    Message(Lane, Option<Result<ClientMessage, FrameEnd>>),
}

struct Host {
    connection: Connection,
    shared: Arc<Shared>,
    stopping: watch::Receiver<bool>,
    newest: watch::Receiver<ArrivalNo>,
    /// What other sessions are about to commit.
    live: broadcast::Receiver<Arc<Forwarded>>,
    /// This session's number among them.
    number: u64,
    life: watch::Receiver<RelayIncarnation>,
    /// The life the tablet was welcomed in.
    served_in: RelayIncarnation,
    /// This session is beginning a new life itself.
    minting: bool,
    session: Session,
    /// The device, from when it was admitted on.
    admitted: Option<DeviceId>,
    /// Its place among the strangers, until then.
    stranger: Option<OwnedSemaphorePermit>,
    /// The end of the handshake, while that is still to come.
    confirmed: Option<ZeroRttAccepted>,
    /// Shows it as connected for as long as this lasts.
    presence: Option<Presence>,
    peer_key: [u8; 32],
    lanes: Lanes,
    flood: Flood,
    committing: Option<Pending>,
    waiting: VecDeque<(u64, Vec<Item>)>,
    reading: PerLane<Option<Pending>>,
}

impl Host {
    async fn run(mut self) -> (Option<DeviceId>, CloseReason, Lanes) {
        let hello = tokio::time::sleep(HELLO);
        tokio::pin!(hello);
        loop {
            let ready = PerLane::new(|lane| self.may_receive(lane));
            let [first, second, third] = self.reading.each_mut();
            let [cards, charts, attachments] = self.lanes.messages.each_mut();
            let wake = tokio::select! {
                biased;
                // An error means that the sender is gone, and with it the relay.
                _ = self.stopping.wait_for(|stop| *stop) => Wake::Event(RelayEvent::Stop { reason: Refusal::Busy }),
                () = &mut hello, if self.admitted.is_none() => {
                    Wake::Event(RelayEvent::Stop { reason: Refusal::Protocol })
                }
                Ok(()) = self.life.changed() => Wake::Renewed,
                () = replaced(&self.presence) => Wake::Event(RelayEvent::Stop { reason: Refusal::Busy }),
                () = confirmed(&mut self.confirmed), if self.admitted.is_some() => Wake::Confirmed,
                event = ended(&mut self.committing) => Wake::Committed(event),
                event = ended(first) => Wake::Event(event),
                event = ended(second) => Wake::Event(event),
                event = ended(third) => Wake::Event(event),
                told = self.lanes.told.recv() => Wake::Told(told),
                // Before what is forwarded: that may follow what has just arrived.
                Ok(()) = self.newest.changed() => Wake::Arrived,
                // One that has fallen behind goes on with what is forwarded next.
                Ok(forwarded) = self.live.recv() => Wake::Verified(forwarded),
                message = cards.recv(), if ready[Lane::Cards] => Wake::Message(Lane::Cards, message),
                message = charts.recv(), if ready[Lane::Charts] => Wake::Message(Lane::Charts, message),
                message = attachments.recv(), if ready[Lane::Attachments] => Wake::Message(Lane::Attachments, message),
            };
            let event = match wake {
                Wake::Event(event) => Some(event),
                Wake::Confirmed => {
                    self.note_contact();
                    None
                }
                Wake::Committed(event) => {
                    if let (RelayEvent::Committed { outcomes, .. }, Some(device)) = (&event, self.admitted)
                        && self.flood.answered(device, outcomes)
                    {
                        self.note(Submission::flood(device, now()));
                    }
                    self.commit_next();
                    Some(event)
                }
                Wake::Renewed => self.renewed(),
                Wake::Arrived => self.arrived(),
                Wake::Verified(forwarded) => self.verified(&forwarded),
                Wake::Told(Some(Told::Written(lane))) => Some(RelayEvent::Written { lane }),
                Wake::Told(Some(Told::Unwritable) | None) => return self.finish(CloseReason::Bye).await,
                Wake::Message(lane, Some(Ok(message))) => Some(RelayEvent::Received { lane, message }),
                Wake::Message(_, Some(Err(end @ (FrameEnd::Frame(_) | FrameEnd::Message(_))))) => {
                    tracing::warn!(device = ?self.admitted, problem = %end, code = "frame", "refused");
                    Some(RelayEvent::Stop { reason: Refusal::Protocol })
                }
                Wake::Message(_, Some(Err(FrameEnd::Finished | FrameEnd::Broken)) | None) => {
                    return self.finish(CloseReason::Bye).await;
                }
            };
            let Some(event) = event else { continue };
            if let Some(reason) = self.handle(event) {
                return self.finish(reason).await;
            }
        }
    }

    /// What was given to the writer is finished; there is nobody left to tell.
    async fn finish(mut self, reason: CloseReason) -> (Option<DeviceId>, CloseReason, Lanes) {
        if let Some(committing) = self.committing.take() {
            committing.await;
        }
        (self.admitted, reason, self.lanes)
    }

    fn may_receive(&self, lane: Lane) -> bool {
        self.session.ready_to_receive(lane) && self.waiting.len() < BATCHES
    }

    fn renewed(&mut self) -> Option<RelayEvent> {
        let life = *self.life.borrow_and_update();
        (life != self.served_in && !self.minting && self.admitted.is_some())
            .then_some(RelayEvent::Stop { reason: Refusal::Busy })
    }

    fn verified(&self, forwarded: &Forwarded) -> Option<RelayEvent> {
        let items = self.shared.forwarded_to(self.number, self.admitted?, forwarded);
        (!items.is_empty()).then_some(RelayEvent::Verified { items })
    }

    fn arrived(&mut self) -> Option<RelayEvent> {
        let newest = *self.newest.borrow_and_update();
        let device = self.admitted?;
        Some(match self.shared.revoked(device) {
            Some(reason) => RelayEvent::Stop { reason },
            None => RelayEvent::Arrived { newest },
        })
    }

    /// Does what the session wants; says why when it is over.
    fn handle(&mut self, event: RelayEvent) -> Option<CloseReason> {
        match &event {
            RelayEvent::Admitted { standing, .. } | RelayEvent::Minted { standing, .. } => {
                self.served_in = standing.incarnation;
                self.minting = false;
                if *self.life.borrow() != self.served_in {
                    // It ended between the reading and now.
                    self.life.mark_changed();
                }
            }
            _ => {}
        }
        let actions = self.session.handle(event);
        if let (None, Some(device)) = (self.admitted, self.session.device()) {
            tracing::info!(%device, "session began");
            self.admitted = Some(device);
            self.stranger = None;
            self.presence = Some(self.shared.present.arrive(device));
            quic::admit(&self.connection);
            if self.confirmed.is_none() {
                self.note_contact();
            }
        }
        for action in actions {
            match action {
                RelayAction::Send { lane, message } => self.lanes.say(lane, message),
                RelayAction::CheckDevice { device, chain } => {
                    self.read(Lane::Cards, Box::pin(work::check(self.shared.clone(), device, chain, self.peer_key)))
                }
                RelayAction::Commit { batch, items } => {
                    self.waiting.push_back((batch, items));
                    self.commit_next();
                }
                RelayAction::ReadPage { lane, after, through, select, limit_bytes } => {
                    self.ask(lane, move |shared, device| {
                        shared.page(device, lane, after, through, select, limit_bytes)
                    });
                }
                RelayAction::ReadVectors { lane, coverage, listed, max_documents, max_logs } => {
                    self.ask(lane, move |shared, device| {
                        shared.vectors(device, lane, coverage, &listed, max_documents, max_logs)
                    });
                }
                RelayAction::ReadMissing { lane, documents, limit_bytes } => {
                    self.ask(lane, move |shared, device| shared.missing(device, lane, documents, limit_bytes));
                }
                RelayAction::ReadPrints { lane, log } => {
                    self.ask(lane, move |shared, device| shared.prints(device, lane, &log));
                }
                RelayAction::ReadTwins { lane, log, prints, limit_bytes } => {
                    self.ask(lane, move |shared, device| shared.twins(device, lane, &log, &prints, limit_bytes));
                }
                RelayAction::ReadCards { patients, after, since, through, limit_bytes } => {
                    self.ask(Lane::Cards, move |shared, device| {
                        shared.cards(device, patients, after, (since, through), limit_bytes)
                    });
                }
                RelayAction::ReadCheckpoints { patients, after, limit_bytes } => {
                    self.ask(Lane::Charts, move |shared, device| {
                        shared.checkpoints(device, patients, after, limit_bytes)
                    });
                }
                RelayAction::ReadChunks { chunks, limit_bytes } => {
                    if let Some(device) = self.admitted {
                        let fetching = work::fetch(self.shared.clone(), device, chunks, limit_bytes);
                        self.read(Lane::Attachments, Box::pin(fetching));
                    }
                }
                RelayAction::ReadLacking { offered } => {
                    self.ask(Lane::Attachments, move |shared, _| shared.lacking(&offered));
                }
                RelayAction::MintIncarnation => {
                    let judged_in = self.served_in;
                    self.minting = true;
                    self.ask(Lane::Cards, move |shared, device| {
                        let standing = shared.mint(judged_in, device)?;
                        Ok::<_, super::RelayError>(RelayEvent::Minted { standing, now: now() })
                    });
                }
                RelayAction::Close { reason } => return Some(reason),
            }
        }
        None
    }

    /// Starts a reading; the session asks for one at a time on each lane.
    fn read(&mut self, lane: Lane, reading: Pending) {
        self.reading[lane] = Some(reading);
    }

    /// Reads the store on a thread that may wait.
    fn ask<E: std::fmt::Display>(
        &mut self,
        lane: Lane,
        ask: impl FnOnce(&Shared, DeviceId) -> Result<RelayEvent, E> + Send + 'static,
    ) {
        let shared = self.shared.clone();
        let device = self.admitted;
        let ask = async move {
            let Some(device) = device else {
                return RelayEvent::Stop { reason: Refusal::Protocol };
            };
            work::blocking(move || ask(&shared, device)).await
        };
        self.read(lane, Box::pin(ask));
    }

    /// Starts the next batch when none is on its way: batches of one tablet build on each other.
    fn commit_next(&mut self) {
        if self.committing.is_some() {
            return;
        }
        let (Some((batch, items)), Some(device)) = (self.waiting.pop_front(), self.admitted) else {
            return;
        };
        let (shared, session) = (self.shared.clone(), self.number);
        let (pause, mut stopping) = (self.flood.pause(), self.stopping.clone());
        self.committing = Some(Box::pin(async move {
            if !pause.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = stopping.wait_for(|stop| *stop) => {}
                }
            }
            work::commit(shared, session, device, batch, items).await
        }));
    }

    /// Remembers that the device was here. Nothing waits for it.
    fn note_contact(&self) {
        if let Some(device) = self.admitted {
            self.note(Submission::contact(device, now()));
        }
    }

    /// Has something remembered. Nothing waits for it.
    fn note(&self, submission: Submission) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            if let Err(error) = shared.writer.commit(submission).await {
                tracing::debug!(%error, "something about a device was not noted");
            }
        });
    }
}

/// The end of the handshake; never, when it is over.
async fn confirmed(handshake: &mut Option<ZeroRttAccepted>) {
    match handshake {
        Some(under_way) => {
            // The value means nothing on this side.
            let _ = under_way.await;
            *handshake = None;
        }
        None => std::future::pending().await,
    }
}

/// The end of this session for newer ones of the same device; never, before it is admitted.
async fn replaced(presence: &Option<Presence>) {
    match presence {
        Some(presence) => presence.replaced().await,
        None => std::future::pending().await,
    }
}

/// The end of something under way; never, when there is nothing.
async fn ended(pending: &mut Option<Pending>) -> RelayEvent {
    match pending {
        Some(under_way) => {
            let event = under_way.await;
            *pending = None;
            event
        }
        None => std::future::pending().await,
    }
}
