//! A tablet's and a relay's QUIC over a bad link, in virtual time: minutes of a thin link in milliseconds, and again from the same seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn_proto::{
    Connection, ConnectionHandle, DatagramEvent, Dir, Endpoint, EndpointConfig, Event, ReadError, StreamEvent,
    StreamId, Transmit, WriteError,
};
use tendenko_protocol::domains::SERVER_NAME;
use tendenko_tests::forwarder::pipe::Pipe;
use tendenko_tests::forwarder::{Counts, Link, Schedule};

use crate::Failure;

/// What is asked and answered over one stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exchange {
    /// Bytes from the tablet.
    pub request: usize,
    /// Bytes from the relay, once it has the request.
    pub answer: usize,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Until the tablet's handshake was complete.
    pub handshake: Duration,
    /// Until the first 8 KiB of the answer were here: a medication list and what comes before it.
    pub first: Duration,
    /// Until everything was here.
    pub done: Duration,
    /// What went over the link.
    pub counts: Counts,
    /// Connections after the first: the host begins again, and asks for what it does not have yet.
    pub again: u32,
}

/// The beginning of an answer whose arrival is noted.
const FIRST: usize = 8 * 1024;
/// How long the host tries one connection, and how long it waits before the next.
const CONNECT: Duration = Duration::from_secs(8);
const WAIT: Duration = Duration::from_millis(750);
/// What the host has stored when a connection is lost: whole items.
const ITEM: usize = 4 * 1024;
/// Longer than anybody waits.
const GIVE_UP: Duration = Duration::from_secs(3_600);

struct Side {
    endpoint: Endpoint,
    connection: Option<(ConnectionHandle, Connection)>,
    address: SocketAddr,
}

struct InFlight {
    to_server: bool,
    /// The tablet's address when it was sent.
    tablet: SocketAddr,
    bytes: Vec<u8>,
}

/// The tablet's host: after so much silence it moves to a new port, and again after as much.
pub type Poke = Option<Duration>;

/// Plays one exchange; nothing, when it did not come to its end within an hour.
pub fn play(
    client: &quinn_proto::ClientConfig,
    server: &quinn_proto::ServerConfig,
    link: &Link,
    exchange: Exchange,
    poke: Poke,
) -> Result<Option<Outcome>, Failure> {
    let began = Instant::now();
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&link.seed.to_le_bytes());
    let endpoint = |server| Endpoint::new(Arc::new(EndpointConfig::default()), server, true, Some(seed));
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut tablet = Side { endpoint: endpoint(None), connection: None, address: at(1) };
    let mut relay = Side { endpoint: endpoint(Some(Arc::new(server.clone()))), connection: None, address: at(2) };

    let mut wire = Wire::new(link, began);
    let mut app = App { exchange, ..App::default() };
    let mut now = began;
    let mut heard = began;
    let mut attempt = began;
    let mut stored = 0;
    loop {
        loop {
            let before = wire.number;
            let from = tablet.address;
            tablet.drive(now, |_, bytes| wire.send(now, true, from, bytes));
            relay.drive(now, |to, bytes| wire.send(now, false, to, bytes));
            let moved = app.tablet(&mut tablet, now - began)? | app.relay(&mut relay)?;
            let handshaking = tablet.connection.as_ref().is_some_and(|(_, connection)| connection.is_handshaking());
            if app.lost || (handshaking && now - attempt >= CONNECT) {
                // What was stored is not asked for again.
                stored += app.received / ITEM * ITEM;
                attempt = now + WAIT;
                let left = Exchange { answer: exchange.answer - stored, ..exchange };
                let outcome = Outcome { again: app.outcome.again + 1, ..app.outcome };
                app = App { exchange: left, outcome, ..App::default() };
                tablet.address.set_port(tablet.address.port() + 2);
                tablet.connection = None;
            }
            if tablet.connection.is_none() && now >= attempt {
                attempt = now;
                tablet.connection = Some(tablet.endpoint.connect(now, client.clone(), relay.address, SERVER_NAME)?);
                continue;
            }
            if !moved && wire.number == before {
                break;
            }
        }
        if stored + app.received == exchange.answer {
            return Ok(Some(Outcome { done: now - began, counts: wire.counts, ..app.outcome }));
        }
        let poke_at = poke.map(|silence| heard + silence);
        let again = if tablet.connection.is_none() { attempt } else { attempt + CONNECT };
        let again = (again > now).then_some(again);
        let next = [tablet.timeout(), relay.timeout(), wire.next(), poke_at, again].into_iter().flatten().min();
        match next {
            Some(next) if next - began < GIVE_UP => now = next.max(now),
            _ => return Ok(None),
        }
        if poke_at.is_some_and(|due| due <= now) {
            heard = now;
            tablet.address.set_port(tablet.address.port() + 2);
            if let Some((_, connection)) =
                tablet.connection.as_mut().filter(|(_, connection)| !connection.is_handshaking())
            {
                connection.local_address_changed();
            }
        }
        for side in [&mut tablet, &mut relay] {
            if let Some((_, connection)) = &mut side.connection
                && connection.poll_timeout().is_some_and(|due| due <= now)
            {
                connection.handle_timeout(now);
            }
        }
        while let Some(datagram) = wire.arrived(now) {
            let answers_to = !datagram.to_server;
            let (to, from) = if datagram.to_server {
                (&mut relay, datagram.tablet)
            } else {
                heard = now;
                (&mut tablet, relay.address)
            };
            to.receive(now, from, &datagram.bytes, &mut |bytes| wire.send(now, answers_to, datagram.tablet, bytes))?;
        }
    }
}

impl Side {
    fn timeout(&mut self) -> Option<Instant> {
        self.connection.as_mut().and_then(|(_, connection)| connection.poll_timeout())
    }

    fn drive(&mut self, now: Instant, mut send: impl FnMut(SocketAddr, &[u8])) {
        let Some((handle, connection)) = &mut self.connection else { return };
        let mut buffer = Vec::new();
        while let Some(Transmit { size, destination, .. }) = connection.poll_transmit(now, 1, &mut buffer) {
            send(destination, &buffer[..size]);
            buffer.clear();
        }
        while let Some(event) = connection.poll_endpoint_events() {
            if let Some(event) = self.endpoint.handle_event(*handle, event) {
                connection.handle_event(event);
            }
        }
    }

    fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        bytes: &[u8],
        send: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        let mut buffer = Vec::new();
        match self.endpoint.handle(now, from, None, None, bytes.into(), &mut buffer) {
            Some(DatagramEvent::NewConnection(incoming)) => {
                let accepted = self.endpoint.accept(incoming, now, &mut buffer, None);
                self.connection = Some(accepted.map_err(|error| error.cause)?);
            }
            Some(DatagramEvent::ConnectionEvent(of, event)) => {
                if let Some((_, connection)) = self.connection.as_mut().filter(|(handle, _)| *handle == of) {
                    connection.handle_event(event);
                }
            }
            Some(DatagramEvent::Response(Transmit { size, .. })) => send(&buffer[..size]),
            None => {}
        }
        Ok(())
    }
}

/// Both directions, and what is on its way.
struct Wire {
    up: Pipe,
    down: Pipe,
    link: Link,
    began: Instant,
    order: BinaryHeap<Reverse<(Instant, u64)>>,
    in_flight: BTreeMap<u64, InFlight>,
    number: u64,
    counts: Counts,
}

impl Wire {
    fn new(link: &Link, began: Instant) -> Self {
        Self {
            up: Pipe::new(link.up.clone(), link.seed),
            down: Pipe::new(link.down.clone(), !link.seed),
            link: link.clone(),
            // Somewhere in the time it is there, if it comes and goes.
            began: match link.schedule {
                Schedule::Flapping { up, .. } => began - up.mul_f64((link.seed % 97) as f64 / 97.0),
                _ => began,
            },
            order: BinaryHeap::new(),
            in_flight: BTreeMap::new(),
            number: 0,
            counts: Counts::default(),
        }
    }

    fn send(&mut self, now: Instant, to_server: bool, tablet: SocketAddr, bytes: &[u8]) {
        self.number += 1;
        let (pipe, count) =
            if to_server { (&mut self.up, &mut self.counts.up) } else { (&mut self.down, &mut self.counts.down) };
        count.add(bytes.len());
        if !self.link.schedule.is_up(now - self.began) {
            return;
        }
        for due in pipe.send(now, bytes.len()).into_iter().flatten() {
            self.number += 1;
            self.order.push(Reverse((due, self.number)));
            self.in_flight.insert(self.number, InFlight { to_server, tablet, bytes: bytes.to_vec() });
        }
    }

    fn next(&self) -> Option<Instant> {
        self.order.peek().map(|Reverse((due, _))| *due)
    }

    fn arrived(&mut self, now: Instant) -> Option<InFlight> {
        while self.next().is_some_and(|due| due <= now) {
            let Reverse((due, number)) = self.order.pop()?;
            let datagram = self.in_flight.remove(&number)?;
            if self.link.schedule.is_up(due - self.began) {
                return Some(datagram);
            }
        }
        None
    }
}

/// Both ends of the stream.
#[derive(Default)]
struct App {
    exchange: Exchange,
    stream: Option<StreamId>,
    asked: usize,
    heard: usize,
    answered: usize,
    received: usize,
    serving: Option<StreamId>,
    lost: bool,
    outcome: Outcome,
}

impl App {
    fn tablet(&mut self, side: &mut Side, elapsed: Duration) -> Result<bool, Failure> {
        let Some((_, connection)) = &mut side.connection else { return Ok(false) };
        let mut moved = false;
        while let Some(event) = connection.poll() {
            match event {
                Event::Connected => {
                    if self.outcome.handshake.is_zero() {
                        self.outcome.handshake = elapsed;
                    }
                    self.stream = connection.streams().open(Dir::Bi);
                    moved = true;
                }
                Event::ConnectionLost { .. } => self.lost = true,
                _ => {}
            }
        }
        let Some(stream) = self.stream else { return Ok(moved) };
        moved |= write(connection, stream, &mut self.asked, self.exchange.request)?;
        let count = read(connection, stream)?;
        self.received += count;
        if self.received >= FIRST && self.outcome.first.is_zero() {
            self.outcome.first = elapsed;
        }
        Ok(moved | (count > 0))
    }

    fn relay(&mut self, side: &mut Side) -> Result<bool, Failure> {
        let Some((_, connection)) = &mut side.connection else { return Ok(false) };
        let mut moved = false;
        while let Some(event) = connection.poll() {
            if let Event::Stream(StreamEvent::Opened { dir: Dir::Bi }) = event {
                self.serving = connection.streams().accept(Dir::Bi);
                moved = true;
            }
        }
        let Some(stream) = self.serving else { return Ok(moved) };
        if connection.is_closed() {
            return Ok(false);
        }
        let count = read(connection, stream)?;
        self.heard += count;
        if self.heard == self.exchange.request {
            moved |= write(connection, stream, &mut self.answered, self.exchange.answer)?;
        }
        Ok(moved | (count > 0))
    }
}

fn write(connection: &mut Connection, stream: StreamId, done: &mut usize, of: usize) -> Result<bool, Failure> {
    const PIECE: [u8; 4096] = [7; 4096];
    let before = *done;
    while *done < of {
        match connection.send_stream(stream).write(&PIECE[..PIECE.len().min(of - *done)]) {
            Ok(count) => *done += count,
            Err(WriteError::Blocked) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(*done > before)
}

fn read(connection: &mut Connection, stream: StreamId) -> Result<usize, Failure> {
    let mut receive = connection.recv_stream(stream);
    let mut chunks = receive.read(true)?;
    let mut count = 0;
    loop {
        match chunks.next(usize::MAX) {
            Ok(Some(chunk)) => count += chunk.bytes.len(),
            Ok(None) | Err(ReadError::Blocked) => break,
            Err(error) => return Err(error.into()),
        }
    }
    // What is to be said about it is said with the next packet.
    let _transmit = chunks.finalize();
    Ok(count)
}
