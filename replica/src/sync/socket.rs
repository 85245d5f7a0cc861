//! A UDP socket that counts what goes through it (every datagram, also of connections that never come about), and that can move to a
//! new port under a connection.
//!
//! quinn can move an endpoint, too (`Endpoint::rebind`), but tells the connection to change its identifiers. Where a stateless reset has just
//! ended that connection, it tells the endpoint of the change after its end, and quinn-proto 0.11 panics. Here the connection hears of nothing:
//! the relay sees a known connection come from another port, as after a change of the NAT's mind.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Runtime as _, TokioRuntime, UdpPoller};

use crate::metering::DataUse;

/// IP and UDP headers of one datagram.
const HEADERS_V6: u64 = 48;
const HEADERS_V4: u64 = 28;

/// What went through a link's sockets since it was last asked.
#[derive(Debug, Default)]
pub(super) struct Counter {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Counter {
    pub(super) fn take(&self) -> DataUse {
        DataUse { sent: self.sent.swap(0, Ordering::Relaxed), received: self.received.swap(0, Ordering::Relaxed) }
    }
}

/// A socket on a port of the system's choice.
#[derive(Debug)]
pub(super) struct Socket {
    /// Any address of the family, any port.
    any: SocketAddr,
    headers: u64,
    counter: Arc<Counter>,
    at: Mutex<Place>,
}

/// Where a socket is now.
#[derive(Debug)]
struct Place {
    inner: Arc<dyn AsyncUdpSocket>,
    moves: u64,
    /// Who waits for datagrams at the place before must look here.
    reader: Option<Waker>,
}

impl Socket {
    /// A socket fit to reach an address.
    pub(super) fn towards(address: SocketAddr, counter: &Arc<Counter>) -> io::Result<Arc<Self>> {
        let (any, headers): (SocketAddr, u64) = match address {
            SocketAddr::V4(_) => ((std::net::Ipv4Addr::UNSPECIFIED, 0).into(), HEADERS_V4),
            SocketAddr::V6(_) => ((std::net::Ipv6Addr::UNSPECIFIED, 0).into(), HEADERS_V6),
        };
        let at = Mutex::new(Place { inner: bind(any)?, moves: 0, reader: None });
        Ok(Arc::new(Self { any, headers, counter: Arc::clone(counter), at }))
    }

    /// Goes on from a new port. What is on its way to the old one is lost.
    pub(super) fn move_on(&self) -> io::Result<()> {
        let inner = bind(self.any)?;
        let mut at = self.at();
        at.inner = inner;
        at.moves += 1;
        if let Some(reader) = at.reader.take() {
            reader.wake();
        }
        Ok(())
    }

    fn at(&self) -> MutexGuard<'_, Place> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner(&self) -> Arc<dyn AsyncUdpSocket> {
        Arc::clone(&self.at().inner)
    }

    /// Bytes on the wire of so much payload, cut into datagrams of one size.
    fn charged(&self, payload: usize, datagram: usize) -> u64 {
        let datagrams = payload.div_ceil(datagram.max(1)).max(1);
        payload as u64 + datagrams as u64 * self.headers
    }
}

fn bind(any: SocketAddr) -> io::Result<Arc<dyn AsyncUdpSocket>> {
    TokioRuntime.wrap_udp_socket(std::net::UdpSocket::bind(any)?)
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        let (inner, moves) = {
            let at = self.at();
            (Arc::clone(&at.inner).create_io_poller(), at.moves)
        };
        Box::pin(Poller { socket: self, inner, moves })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.inner().try_send(transmit)?;
        let payload = transmit.contents.len();
        let bytes = self.charged(payload, transmit.segment_size.unwrap_or(payload));
        self.counter.sent.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let inner = {
            let mut at = self.at();
            match &mut at.reader {
                Some(reader) => reader.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
            Arc::clone(&at.inner)
        };
        let count = ready!(inner.poll_recv(context, buffers, meta))?;
        let bytes = meta.iter().take(count).map(|meta| self.charged(meta.len, meta.stride)).sum();
        self.counter.received.fetch_add(bytes, Ordering::Relaxed);
        Poll::Ready(Ok(count))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner().local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner().max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner().max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner().may_fragment()
    }
}

/// Waits until the socket can be written to, wherever it is by then.
#[derive(Debug)]
struct Poller {
    socket: Arc<Socket>,
    inner: Pin<Box<dyn UdpPoller>>,
    moves: u64,
}

impl UdpPoller for Poller {
    fn poll_writable(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let moved = {
            let at = self.socket.at();
            (at.moves != self.moves).then(|| (Arc::clone(&at.inner).create_io_poller(), at.moves))
        };
        if let Some((inner, moves)) = moved {
            self.inner = inner;
            self.moves = moves;
        }
        self.inner.as_mut().poll_writable(context)
    }
}
