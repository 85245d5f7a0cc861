//! Moving the bytes: sockets, and a heap of datagrams that wait for their time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::link::{Counts, Link};
use super::pipe::Pipe;

/// Tablets (source addresses) known at a time; the one longest silent is forgotten first.
const TABLETS: usize = 256;
/// Datagrams from the relay that wait to be taken up.
const ANSWERS: usize = 1024;
/// Largest datagram.
const DATAGRAM: usize = 65_535;

pub(super) enum Command {
    Link(Link),
    Target(SocketAddr),
    Rebind,
    End,
}

pub(super) struct Shared {
    pub(super) counts: Mutex<Counts>,
    pub(super) heard: Mutex<Option<Vec<u8>>>,
}

/// A tablet, and its port towards the relay.
struct Behind {
    socket: Arc<UdpSocket>,
    reading: AbortHandle,
    last: Instant,
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Up,
    Down,
}

/// On its way; the earliest first, of equally early ones the one sent first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct InFlight {
    due: Instant,
    number: u64,
    way: Way,
    tablet: SocketAddr,
    bytes: Vec<u8>,
}

struct Running<'a> {
    front: UdpSocket,
    to: SocketAddr,
    link: Link,
    began: Instant,
    up: Pipe,
    down: Pipe,
    tablets: HashMap<SocketAddr, Behind>,
    in_flight: BinaryHeap<Reverse<InFlight>>,
    number: u64,
    answers: mpsc::Sender<(SocketAddr, Vec<u8>)>,
    shared: &'a Shared,
}

/// Forwards until told to end.
pub(super) async fn forward(
    front: std::net::UdpSocket,
    to: SocketAddr,
    link: Link,
    mut orders: mpsc::UnboundedReceiver<Command>,
    shared: &Shared,
) -> std::io::Result<()> {
    let (answers, mut answered) = mpsc::channel(ANSWERS);
    let (up, down) = pipes(&link);
    let front = UdpSocket::from_std(front)?;
    let began = Instant::now();
    let (tablets, in_flight) = (HashMap::new(), BinaryHeap::new());
    let mut running = Running { front, to, link, began, up, down, tablets, in_flight, number: 0, answers, shared };
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let due = running.in_flight.peek().map(|Reverse(first)| first.due);
        // Orders first: what is sent after an order was given meets its effect.
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Command::Link(link)) => running.become_link(link),
                Some(Command::Target(to)) => running.to = to,
                Some(Command::Rebind) => running.tablets.clear(),
                Some(Command::End) | None => return Ok(()),
            },
            () = until(due) => running.deliver().await?,
            Some((tablet, bytes)) = answered.recv() => running.take_down(tablet, bytes),
            // An error here is an earlier datagram's ICMP answer.
            Ok((length, tablet)) = running.front.recv_from(&mut buffer) => running.take_up(tablet, &buffer[..length]),
        }
    }
}

fn pipes(link: &Link) -> (Pipe, Pipe) {
    (Pipe::new(link.up.clone(), link.seed), Pipe::new(link.down.clone(), link.seed.rotate_left(32) ^ 1))
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

impl Running<'_> {
    fn become_link(&mut self, link: Link) {
        (self.up, self.down) = pipes(&link);
        self.link = link;
        self.began = Instant::now();
    }

    fn is_up(&self, at: Instant) -> bool {
        self.link.schedule.is_up(at.saturating_duration_since(self.began))
    }

    fn take_up(&mut self, tablet: SocketAddr, bytes: &[u8]) {
        self.shared.count(|counts| counts.sent_up(bytes));
        self.shared.overhear(bytes);
        let now = Instant::now();
        if self.is_up(now) {
            let arrivals = self.up.send(now, bytes.len());
            self.put(arrivals, Way::Up, tablet, bytes);
        }
    }

    fn take_down(&mut self, tablet: SocketAddr, bytes: Vec<u8>) {
        self.shared.count(|counts| counts.down.add(bytes.len()));
        self.shared.overhear(&bytes);
        let now = Instant::now();
        if self.is_up(now) {
            let arrivals = self.down.send(now, bytes.len());
            self.put(arrivals, Way::Down, tablet, &bytes);
        }
    }

    fn put(&mut self, arrivals: [Option<Instant>; 2], way: Way, tablet: SocketAddr, bytes: &[u8]) {
        for due in arrivals.into_iter().flatten() {
            self.number += 1;
            self.in_flight.push(Reverse(InFlight { due, number: self.number, way, tablet, bytes: bytes.to_vec() }));
        }
    }

    /// Hands over what is due.
    async fn deliver(&mut self) -> std::io::Result<()> {
        let now = Instant::now();
        while self.in_flight.peek().is_some_and(|Reverse(first)| first.due <= now) {
            let Some(Reverse(datagram)) = self.in_flight.pop() else { break };
            if !self.is_up(datagram.due) {
                continue;
            }
            // Counted first, so that whoever has it finds it counted. A send that fails is a datagram that is lost.
            match datagram.way {
                Way::Up => {
                    let socket = self.meet(datagram.tablet).await?;
                    self.shared.count(|counts| counts.up_arrived.add(datagram.bytes.len()));
                    let _ = socket.send_to(&datagram.bytes, self.to).await;
                }
                Way::Down => {
                    self.shared.count(|counts| counts.down_arrived.add(datagram.bytes.len()));
                    let _ = self.front.send_to(&datagram.bytes, datagram.tablet).await;
                }
            }
        }
        Ok(())
    }

    /// The tablet's port towards the relay; a new one, if it has none.
    async fn meet(&mut self, tablet: SocketAddr) -> std::io::Result<Arc<UdpSocket>> {
        let now = Instant::now();
        if let Some(known) = self.tablets.get_mut(&tablet) {
            known.last = now;
            return Ok(Arc::clone(&known.socket));
        }
        if self.tablets.len() >= TABLETS {
            let silent = self.tablets.iter().min_by_key(|(_, behind)| behind.last).map(|(tablet, _)| *tablet);
            self.tablets.retain(|tablet, _| Some(*tablet) != silent);
        }
        let any: SocketAddr = match self.to {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = Arc::new(UdpSocket::bind(any).await?);
        let reading = tokio::spawn(read(Arc::clone(&socket), tablet, self.answers.clone())).abort_handle();
        self.tablets.insert(tablet, Behind { socket: Arc::clone(&socket), reading, last: now });
        Ok(socket)
    }
}

/// Takes what the relay says to one tablet.
async fn read(socket: Arc<UdpSocket>, tablet: SocketAddr, answers: mpsc::Sender<(SocketAddr, Vec<u8>)>) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        // An error is an ICMP answer: the relay is not there at the moment.
        let Ok((length, _)) = socket.recv_from(&mut buffer).await else { continue };
        if answers.send((tablet, buffer[..length].to_vec())).await.is_err() {
            return;
        }
    }
}
