//! One tablet: its connection, its lanes, and the session that decides what is said on them.
//!
//! The session is a state machine of `tendenko-protocol`; here its actions are done, in order. Reading the store (once at a time for each
//! lane), committing, and writing to the lanes run beside each other, so that a large page does not hold up an ack, nor a chart a card.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use quinn::{Connection, Incoming, SendStream, VarInt, ZeroRttAccepted};
use rustls::pki_types::CertificateDer;
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{ArrivalNo, ChunkId, DeviceId, RelayIncarnation};
use tendenko_protocol::messages::{ClientMessage, Item, Lane, PerLane, Refusal};
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::relay::{Outcome, RelayAction, RelayConfig, RelayEvent, Session};
use tendenko_protocol::tls;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use super::admit::{self, Claimed};
use super::flood::Flood;
use super::frames::FrameEnd;
use super::lanes::{Lanes, Told};
use super::present::Presence;
use super::quic;
use super::shared::{Forwarded, Shared};
use crate::clock::now;
use crate::store::{Source, Submission};
use crate::writer::CommitError;

/// From the first packet to the tablet's hello.
const HELLO: Duration = Duration::from_secs(15);
/// For the tablet to take in the last message.
const LINGER: Duration = Duration::from_secs(2);
/// Batches waiting for the one before them; their bytes are bounded by the session.
const BATCHES: usize = 64;

/// QUIC's error code for a refusal.
pub(super) fn code(refusal: Refusal) -> VarInt {
    VarInt::from_u32(u32::from(refusal.number()))
}

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

/// A connection whose peer is known.
struct Opened {
    connection: Connection,
    peer_key: [u8; 32],
    lanes: Lanes,
    /// The end of the handshake, if that is still to come: until then only keys of an earlier connection speak for the peer.
    confirmed: Option<ZeroRttAccepted>,
}

/// The peer's key, and the lanes it opens. A peer that has been here before shows its key with its first packet, and may say hello
/// in it; whoever comes new shows it at the end of the handshake.
async fn open(
    incoming: Incoming,
    stopping: &watch::Receiver<bool>,
) -> Result<Opened, Box<dyn std::error::Error + Send + Sync>> {
    let (connection, confirmed) = incoming.accept()?.into_0rtt().map_err(|_| "it cannot be answered early")?;
    let mut confirmed = Some(confirmed);
    if connection.peer_identity().is_none()
        && let Some(confirmed) = confirmed.take()
    {
        // The value means nothing on this side.
        let _ = confirmed.await;
        if let Some(lost) = connection.close_reason() {
            return Err(lost.into());
        }
    }
    let identity = connection.peer_identity().ok_or("it showed no key")?;
    let certificates =
        identity.downcast::<Vec<CertificateDer<'static>>>().map_err(|_| "it showed no key of a known kind")?;
    let peer_key = tls::peer_key(&certificates)?;
    let lanes = Lanes::accept(&connection, stopping).await?;
    Ok(Opened { connection, peer_key, lanes, confirmed })
}

/// Lets the last message arrive, then closes.
async fn linger(connection: &Connection, cards: Option<SendStream>, reason: &CloseReason) {
    // An error means that there is no last message to wait for.
    if let Some(mut send) = cards
        && send.finish().is_ok()
    {
        // Either way the tablet has it, or will not have it.
        let _taken = tokio::time::timeout(LINGER, send.stopped()).await.is_ok();
    }
    let code = match reason {
        CloseReason::Refused { reason, .. } => code(*reason),
        CloseReason::Mismatch(_) | CloseReason::Protocol(_) => code(Refusal::Protocol),
        CloseReason::Bye => VarInt::from_u32(0),
    };
    connection.close(code, reason.code().as_bytes());
}

/// Something under way that ends in an event for the session.
type Pending = Pin<Box<dyn Future<Output = RelayEvent> + Send>>;

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
                    self.read(Lane::Cards, Box::pin(check(self.shared.clone(), device, chain, self.peer_key)))
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
                RelayAction::ReadCheckpoints { patients, after, limit_bytes } => {
                    self.ask(Lane::Charts, move |shared, device| {
                        shared.checkpoints(device, patients, after, limit_bytes)
                    });
                }
                RelayAction::ReadChunks { chunks, limit_bytes } => {
                    if let Some(device) = self.admitted {
                        let fetching = fetch(self.shared.clone(), device, chunks, limit_bytes);
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
            blocking(move || ask(&shared, device)).await
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
            commit(shared, session, device, batch, items).await
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

async fn blocking<E: std::fmt::Display>(ask: impl FnOnce() -> Result<RelayEvent, E> + Send + 'static) -> RelayEvent {
    let asked = tokio::task::spawn_blocking(move || {
        ask().unwrap_or_else(|error| {
            tracing::error!(%error, "the store could not be read");
            RelayEvent::Stop { reason: Refusal::Busy }
        })
    });
    asked.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a reading ended badly");
        RelayEvent::Stop { reason: Refusal::Busy }
    })
}

/// Believes and stores the chain, then asks whether the device may come in.
async fn check(shared: Arc<Shared>, device: DeviceId, chain: Vec<Vec<u8>>, peer_key: [u8; 32]) -> RelayEvent {
    if !chain.is_empty() {
        let items = chain.into_iter().map(Item::Statement).collect();
        let believing = shared.clone();
        let checked = tokio::task::spawn_blocking(move || {
            let mut submission = admit::submission(&believing.trust, Source::Operator, now(), items);
            // What does not hold in a chain is no attack worth a count: the device is refused for it below.
            submission.items.retain(|item| matches!(item, crate::store::NewItem::Statement(_)));
            submission
        });
        let Ok(submission) = checked.await else {
            return RelayEvent::Stop { reason: Refusal::Busy };
        };
        let anything = !(submission.items.is_empty() && submission.again.is_empty());
        if anything && shared.writer.commit(submission).await.is_err() {
            shared.forget_unstored().await;
            return RelayEvent::Refused { reason: Refusal::Busy };
        }
    }
    blocking(move || shared.admitted(device, &peer_key)).await
}

/// The first of these chunks; what is not here is fetched from the upstream, while there is one.
async fn fetch(shared: Arc<Shared>, device: DeviceId, chunks: Vec<ChunkId>, limit_bytes: usize) -> RelayEvent {
    let read = |wanted: Vec<ChunkId>| {
        let shared = shared.clone();
        blocking(move || shared.chunks(device, wanted, limit_bytes))
    };
    let event = read(chunks.clone()).await;
    let RelayEvent::Chunks { chunks: mut found } = event else { return event };
    let here = found.iter().take_while(|(_, bytes)| bytes.is_some()).count();
    if here > 0 {
        found.truncate(here);
        return RelayEvent::Chunks { chunks: found };
    }
    let missing: Vec<_> = found.iter().take_while(|(_, bytes)| bytes.is_none()).map(|(id, _)| *id).collect();
    if shared.errands.fetch(&missing).await {
        return read(chunks.into_iter().take(1).collect()).await;
    }
    // Of the others it is not known yet.
    found.truncate(1);
    RelayEvent::Chunks { chunks: found }
}

/// Checks a batch and has it stored durably.
async fn commit(shared: Arc<Shared>, session: u64, device: DeviceId, batch: u64, items: Vec<Item>) -> RelayEvent {
    let checking = shared.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let submission = admit::submission(&checking.trust, Source::Peer(device), now(), items);
        let claimed: Vec<_> = submission.items.iter().map(Claimed::of).collect();
        checking.forward(session, &submission.items);
        (submission, claimed)
    });
    let Ok((submission, claimed)) = checked.await else {
        tracing::error!("checking a batch ended badly");
        return RelayEvent::Stop { reason: Refusal::Busy };
    };
    let pieces = admit::chunks(&submission.items);
    match shared.writer.commit(submission).await {
        Ok(stored) => {
            shared.errands.come(pieces);
            let outcomes = admit::outcomes(device, &claimed, &stored.fates);
            RelayEvent::Committed { batch, outcomes, newest: stored.newest }
        }
        Err(CommitError::Full) => {
            shared.clone().forget_unstored().await;
            let newest = *shared.newest.borrow();
            let outcomes = vec![Outcome::Rejected(RejectReason::Full); claimed.len()];
            RelayEvent::Committed { batch, outcomes, newest }
        }
        Err(CommitError::Failed | CommitError::Stopped) => {
            shared.forget_unstored().await;
            RelayEvent::Stop { reason: Refusal::Busy }
        }
    }
}
