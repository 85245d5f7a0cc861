//! A sync that finds nothing new: what it costs on the wire, with a full handshake and resumed, layer by layer.
//!
//! - *said*: the frames of the session itself, counted from the two state machines: all that is ours to make small.
//! - *UDP payload*: with TLS and QUIC. QUIC pads every datagram that opens a connection to 1,200 bytes, both ways (RFC 9000, 14.1), so
//!   that nobody can be flooded by a small question with a forged address: below that no new connection can be.
//! - *IP*: with 28 bytes of headers a datagram.
//!
//! The relay is 200 ms away there and back, so that round trips can be counted off the clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ring::rand::SystemRandom;
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{ArrivalNo, Millis, RegionId, RelayIncarnation};
use tendenko_protocol::keys::{DeviceKeys, RelayKeys};
use tendenko_protocol::messages::{Cursor, Lane, encode_frame};
use tendenko_protocol::session::Standing;
use tendenko_protocol::session::client::{self, ClientAction, ClientConfig, ClientEvent};
use tendenko_protocol::session::relay::{self, RelayAction, RelayConfig, RelayEvent};
use tendenko_relay::Relay;
use tendenko_replica::sync::{self, SyncConfig};
use tendenko_replica::{Replica, SyncState};
use tendenko_tests::forwarder::link::HEADERS;
use tendenko_tests::forwarder::{Counts, Direction, Forwarder, Link, Traffic};
use tendenko_tests::scene::Scene;
use tendenko_tests::waiting::{exchange, is_synced, until};
use tokio::runtime::Runtime;

use crate::Failure;
use crate::figures::Sheet;

const ROUND_TRIP: Duration = Duration::from_millis(200);
/// Nothing was sent for so long: it is over. Longer than QUIC delays any acknowledgement here, shorter than the link is kept alive by.
const SILENCE: Duration = Duration::from_millis(1_500);

pub fn measure(sheet: &mut Sheet) -> Result<(), Failure> {
    let (up, down) = said()?;
    println!("  said by the session itself: {up} bytes up, {down} bytes down; aimed at 400 or less each");
    sheet.number("nothing.said.up", "frames of the session, up", up as f64);
    sheet.number("nothing.said.down", "frames of the session, down", down as f64);
    let scene = Scene::set()?;
    let nurse = Arc::new(scene.unlock(&scene.nurse)?);
    Runtime::new()?.block_on(async {
        let serving = Relay::open(scene.region.relay_dir())?.serve(None)?;
        // What there is to exchange is exchanged, and the cursor stands where the relay does.
        exchange(&nurse).await;
        exchange(&nurse).await;
        let far = Link::both(Direction { delay: ROUND_TRIP / 2, ..Direction::clear() });
        let wire = Forwarder::start(scene.region.listen, far.clone())?;
        let config = SyncConfig {
            relays: vec![wire.address().to_string()],
            keep_alive: Duration::from_secs(4),
            idle_timeout: Duration::from_secs(8),
            longest_wait: Duration::from_secs(30),
            shortest_wait: Duration::from_secs(30),
            ..SyncConfig::default()
        };
        let syncing = sync::start(Arc::clone(&nurse), config);
        note(sheet, "full", observe(&nurse, &wire, Counts::default()).await);
        // The link is lost without a word, and comes back: the next connection is resumed.
        wire.set_link(Link::gone());
        until(&nurse, |replica| replica.sync_status().next_try.is_some()).await;
        wire.set_link(far);
        let before = wire.counts();
        syncing.wake();
        note(sheet, "resumed", observe(&nurse, &wire, before).await);
        syncing.stop().await;
        serving.shutdown().await;
        Ok(())
    })
}

/// What passed until the link was silent, and how long it took to know that nothing is new.
async fn observe(tablet: &Arc<Replica>, wire: &Forwarder, before: Counts) -> (Counts, Duration) {
    let begin = Instant::now();
    until(tablet, |replica| is_synced(replica) && replica.sync_status().state == SyncState::Idle).await;
    let knew = begin.elapsed();
    let mut last = (wire.counts(), Instant::now());
    while last.1.elapsed() < SILENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if wire.counts() != last.0 {
            last = (wire.counts(), Instant::now());
        }
    }
    (last.0.since(&before), knew)
}

fn note(sheet: &mut Sheet, how: &str, (counts, knew): (Counts, Duration)) {
    let round_trips = (knew.as_secs_f64() / ROUND_TRIP.as_secs_f64()).floor();
    let payload = |traffic: Traffic| traffic.bytes - HEADERS * traffic.packets;
    println!(
        "  {how:<8} UDP payload {:>5} up {:>5} down   IP {:>5} up {:>5} down   {} + {} datagrams   knows after {:.0} ms, {round_trips} round trips",
        payload(counts.up),
        payload(counts.down),
        counts.up.bytes,
        counts.down.bytes,
        counts.up.packets,
        counts.down.packets,
        knew.as_secs_f64() * 1e3,
    );
    for (way, traffic) in [("up", counts.up), ("down", counts.down)] {
        sheet.number(&format!("nothing.{how}.udp.{way}"), "UDP payload", payload(traffic) as f64);
        sheet.number(&format!("nothing.{how}.ip.{way}"), "IP packets", traffic.bytes as f64);
        sheet.number(&format!("nothing.{how}.packets.{way}"), "datagrams", traffic.packets as f64);
    }
    sheet.number(&format!("nothing.{how}.round_trips"), "round trips until it knows", round_trips);
}

/// Bytes of the frames of both sides, lanes' names included, between two state machines that have nothing for each other.
fn said() -> Result<(usize, usize), Failure> {
    let rng = SystemRandom::new();
    let (device, relay_keys) = (DeviceKeys::generate(&rng)?, RelayKeys::generate(&rng)?);
    let region = RegionId::of_key(&[7; 32]);
    let now = Millis(1_793_415_600_000);
    let (relay, incarnation) = (relay_keys.relay_id(), RelayIncarnation::generate(&rng)?);
    let newest = ArrivalNo(1_000_000);
    let mut tablet = client::Session::new(ClientConfig {
        region,
        device: device.device_id(),
        relay,
        chain: Vec::new(),
        cursor: Some(Cursor { relay, incarnation, after: newest, charts: newest, acked: newest }),
        versions: SESSION_VERSIONS.to_vec(),
        backfill: Vec::new(),
        first: Vec::new(),
        long_away: true,
        wanted: Vec::new(),
        offer: true,
        checkpoints: None,
        suspects: Vec::new(),
    });
    let mut server = relay::Session::new(RelayConfig {
        region,
        versions: SESSION_VERSIONS.to_vec(),
        peer_key: device.public().signing,
    });
    let (mut up, mut down) = (Lane::ALL.len(), 0);
    let mut to_tablet = VecDeque::from([ClientEvent::Connected { now }]);
    let mut to_server = VecDeque::new();
    while !(to_tablet.is_empty() && to_server.is_empty()) {
        if let Some(event) = to_tablet.pop_front() {
            for action in tablet.handle(event) {
                match action {
                    ClientAction::Send { lane, message } => {
                        up += encode_frame(&message.encode()).len();
                        to_server.push_back(RelayEvent::Received { lane, message });
                    }
                    ClientAction::Store { batch, .. } => {
                        let (new_grants, gaps, forks) = (Vec::new(), Vec::new(), Vec::new());
                        to_tablet.push_back(ClientEvent::Stored { batch, new_grants, gaps, forks });
                    }
                    ClientAction::Depart { lane, .. } => {
                        to_tablet.push_back(ClientEvent::Departing { lane, items: Vec::new(), more: false });
                    }
                    ClientAction::Close { reason } => return Err(format!("it ended: {reason:?}").into()),
                    _ => {}
                }
            }
        }
        if let Some(event) = to_server.pop_front() {
            for action in server.handle(event) {
                match action {
                    RelayAction::Send { lane, message } => {
                        down += encode_frame(&message.encode()).len();
                        to_tablet.push_back(ClientEvent::Received { now, lane, message });
                        to_server.push_back(RelayEvent::Written { lane });
                    }
                    RelayAction::CheckDevice { .. } => {
                        let standing = Standing { relay, incarnation, newest, past: Vec::new() };
                        to_server.push_back(RelayEvent::Admitted { standing, now });
                    }
                    other => return Err(format!("it wants something: {other:?}").into()),
                }
            }
        }
    }
    if !tablet.is_idle() {
        return Err("the session did not come to its end".into());
    }
    Ok((up, down))
}
