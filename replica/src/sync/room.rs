//! Congestion control that lets a silent link be prodded.
//!
//! What was sent into an outage fills the window until something is acknowledged, and a full window lets nothing out but QUIC's own
//! probes, ever rarer. [`Room`] lets out a packet more each time the host asks, until an acknowledgement comes; then the losses are seen and
//! the window is as Cubic has it.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use quinn::congestion::{Controller, ControllerFactory, ControllerMetrics, CubicConfig};
use quinn_proto::RttEstimator;

/// Room beyond the window: two packets a time.
const MORE: u64 = 2 * 1200;

/// Room that the host gives beyond the window of one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Room(Arc<AtomicU64>);

impl Room {
    /// Lets a little more out.
    pub(super) fn prod(&self) {
        self.0.fetch_add(MORE, Ordering::Relaxed);
    }
}

impl ControllerFactory for Room {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        let inner = Arc::new(CubicConfig::default()).build(now, current_mtu);
        Box::new(Prodded { inner, room: Room::clone(&self) })
    }
}

/// Cubic, and room beyond it.
struct Prodded {
    inner: Box<dyn Controller>,
    room: Room,
}

impl Controller for Prodded {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.inner.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool, rtt: &RttEstimator) {
        self.room.0.store(0, Ordering::Relaxed);
        self.inner.on_ack(now, sent, bytes, app_limited, rtt);
    }

    fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, largest: Option<u64>) {
        self.inner.on_end_acks(now, in_flight, app_limited, largest);
    }

    fn on_congestion_event(&mut self, now: Instant, sent: Instant, is_persistent: bool, lost_bytes: u64) {
        self.inner.on_congestion_event(now, sent, is_persistent, lost_bytes);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.inner.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.inner.window().saturating_add(self.room.0.load(Ordering::Relaxed))
    }

    fn metrics(&self) -> ControllerMetrics {
        self.inner.metrics()
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self { inner: self.inner.clone_box(), room: self.room.clone() })
    }

    fn initial_window(&self) -> u64 {
        self.inner.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
