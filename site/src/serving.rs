//! The relay inside this tablet, from opening to its end.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tendenko_protocol::ids::{ArrivalNo, DeviceId};
use tendenko_protocol::invitation::Invitation;
use tendenko_relay::store::{RelayStore, SqliteStore, StoreError};
use tendenko_relay::upstream::{UpstreamConfig, UpstreamHandle};
use tendenko_relay::{Relay, RelayError, Serving, TabletRelay};
use tendenko_replica::{Replica, ServingIdentity};

use crate::SiteError;
use crate::addresses;
use crate::discovery::{Announcement, region_tag};

/// Why this tablet ceased to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A relay of the region is back, and has everything that was carried here.
    HubIsBack,
    /// Nobody came, and nothing arrived, for long.
    Idle,
    /// It was told to.
    Told,
}

/// A colleague's tablet that is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// Which.
    pub device: DeviceId,
    /// What it is called.
    pub label: String,
}

/// How serving stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServingStatus {
    /// Where it can be reached.
    pub addresses: Vec<SocketAddr>,
    /// The text of its QR code.
    pub qr: String,
    /// Who is connected, without this tablet.
    pub connected: Vec<Guest>,
    /// Records and statements it holds for everyone.
    pub carried: u64,
    /// Of these, those that no relay of the region is known to have.
    pub waiting: u64,
    /// A relay of the region is reached from here, and what is carried goes on to it.
    pub hub: bool,
}

/// The open relay.
pub(crate) struct Open {
    serving: Serving,
    store: Arc<SqliteStore>,
    label: String,
    addresses: Vec<SocketAddr>,
    newest: ArrivalNo,
    waiting: u64,
    active: Instant,
    upstream: Option<UpstreamHandle>,
    /// Since when the region's relay has everything.
    safe_since: Option<Instant>,
}

impl Open {
    pub(crate) async fn begin(replica: Arc<Replica>, port: u16, hubs: &[String]) -> Result<Self, SiteError> {
        let ServingIdentity { dir, label, keys, device_keys, region, store_key } = replica.serving_identity();
        let name = label.clone();
        let statements = replica.trust().statements().map(|(_, bytes)| bytes.to_vec()).collect();
        let tablet = TabletRelay { dir, name, keys, region, store_key, statements };
        let opening = move || Relay::open_in_tablet(tablet);
        let relay = tokio::task::spawn_blocking(opening).await.map_err(|_| SiteError::Interrupted)??;
        let store = relay.store();
        let serving = listen(relay, port)?;
        let addresses = addresses::reachable(serving.local_addr().port()).await;
        // As a device: all that is carried is offered to the hub, and what this tablet is granted comes back.
        let hubs = if hubs.is_empty() { replica.hubs() } else { hubs.to_vec() };
        let upstream = (!hubs.is_empty()).then(|| serving.climb(UpstreamConfig::new(hubs, Arc::new(device_keys))));
        tracing::info!(port = serving.local_addr().port(), "this tablet serves as a relay");
        Ok(Self {
            serving,
            store,
            label,
            addresses,
            newest: ArrivalNo::NONE,
            waiting: 0,
            active: Instant::now(),
            upstream: upstream.flatten(),
            safe_since: None,
        })
    }

    /// Where this tablet itself finds it.
    pub(crate) fn loopback(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.serving.local_addr().port()).into()
    }

    pub(crate) fn announcement(&self, replica: &Replica) -> Announcement {
        Announcement {
            region: region_tag(replica.trust().region()),
            device: replica.device_id(),
            label: self.label.clone(),
            port: self.serving.local_addr().port(),
        }
    }

    pub(crate) fn status(&self, replica: &Replica) -> Option<ServingStatus> {
        let trust = replica.trust();
        let label = |device| trust.device(device).map(|cert| cert.label.clone()).unwrap_or_default();
        let guests = self.serving.present().into_iter().filter(|device| *device != replica.device_id());
        Some(ServingStatus {
            addresses: self.addresses.clone(),
            qr: Invitation::new(&trust, replica.device_id(), &self.addresses).to_text(),
            connected: guests.map(|device| Guest { device, label: label(device) }).collect(),
            carried: self.newest.0,
            waiting: self.waiting,
            hub: self.hub(),
        })
    }

    fn hub(&self) -> bool {
        self.upstream.as_ref().is_some_and(|upstream| upstream.state().borrow().connected.is_some())
    }

    /// Counts what is here, and says whether it is time to stop.
    pub(crate) async fn look(&mut self, replica: &Replica, idle: Duration, settle: Duration) -> Option<Ending> {
        let now = Instant::now();
        let store = self.store.clone();
        let counted = tokio::task::spawn_blocking(move || {
            let figures = store.figures()?;
            let waiting = figures.waiting.map_or(0, |lanes| lanes.iter().map(|lane| lane.items).sum());
            Ok::<_, StoreError>((figures.life.newest, waiting))
        });
        let Ok(Ok((newest, waiting))) = counted.await else { return None };
        let guests = self.serving.present().into_iter().any(|peer| peer != replica.device_id());
        if guests || newest != self.newest {
            self.active = now;
        }
        (self.newest, self.waiting) = (newest, waiting);
        let idle_above = self.upstream.as_ref().is_some_and(|upstream| upstream.state().borrow().idle);
        let safe = self.hub() && idle_above && waiting == 0;
        self.safe_since = if safe { self.safe_since.or(Some(now)) } else { None };
        if self.safe_since.is_some_and(|since| now.duration_since(since) >= settle) {
            return Some(Ending::HubIsBack);
        }
        (now.duration_since(self.active) >= idle).then_some(Ending::Idle)
    }

    pub(crate) async fn end(self) {
        let Self { serving, store, upstream, .. } = self;
        drop(store);
        if let Some(upstream) = upstream {
            upstream.stop().await;
        }
        serving.shutdown().await;
    }
}

/// Every address of this device, by IPv6 where the system has it (which takes IPv4 too), else by IPv4.
fn listen(relay: Relay, port: u16) -> Result<Serving, RelayError> {
    let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let address = match std::net::UdpSocket::bind(v6) {
        Ok(_) => v6,
        Err(_) => (Ipv4Addr::UNSPECIFIED, port).into(),
    };
    relay.serve(Some(address))
}
