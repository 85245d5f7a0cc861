//! A UDP socket that counts what goes through it: every datagram, also of connections that never come about.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

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

/// A socket on a port of the system's choice, fit to reach an address.
pub(super) fn towards(address: SocketAddr, counter: &Arc<Counter>) -> io::Result<Arc<dyn AsyncUdpSocket>> {
    let (any, headers): (SocketAddr, u64) = match address {
        SocketAddr::V4(_) => ((std::net::Ipv4Addr::UNSPECIFIED, 0).into(), HEADERS_V4),
        SocketAddr::V6(_) => ((std::net::Ipv6Addr::UNSPECIFIED, 0).into(), HEADERS_V6),
    };
    let inner = TokioRuntime.wrap_udp_socket(std::net::UdpSocket::bind(any)?)?;
    Ok(Arc::new(Counting { inner, headers, counter: Arc::clone(counter) }))
}

#[derive(Debug)]
struct Counting {
    inner: Arc<dyn AsyncUdpSocket>,
    headers: u64,
    counter: Arc<Counter>,
}

impl Counting {
    /// Bytes on the wire of so much payload, cut into datagrams of one size.
    fn charged(&self, payload: usize, datagram: usize) -> u64 {
        let datagrams = payload.div_ceil(datagram.max(1)).max(1);
        payload as u64 + datagrams as u64 * self.headers
    }
}

impl AsyncUdpSocket for Counting {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.inner.try_send(transmit)?;
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
        let count = ready!(self.inner.poll_recv(context, buffers, meta))?;
        let bytes = meta.iter().take(count).map(|meta| self.charged(meta.len, meta.stride)).sum();
        self.counter.received.fetch_add(bytes, Ordering::Relaxed);
        Poll::Ready(Ok(count))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}
