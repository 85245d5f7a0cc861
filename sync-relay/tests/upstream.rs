//! A hub and an edge relay below it, in one process, over real QUIC.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use common::{Line, Tablet, Town, anywhere, play};
use ring::rand::SystemRandom;
use std::sync::Arc;
use tendenko_protocol::ids::{LogSeq, Millis};
use tendenko_protocol::messages::{Item, Lane, RelayMessage};
use tendenko_protocol::trust::Added;
use tendenko_relay::store::{Documents, Figures, PageLimit, RelayStore, Selection, SqliteStore};
use tendenko_relay::upstream::{UpstreamConfig, UpstreamHandle};
use tendenko_relay::{Directory, EdgeSetup, Relay, Serving, edge};

mod common;

/// An edge relay's directory, joined to the town's region.
fn join(town: &Town, name: &str) -> PathBuf {
    let directory = Directory::new(town.dir.path().join(name));
    let setup = EdgeSetup { name: name.into(), listen: "127.0.0.1:1".parse().unwrap(), addresses: Vec::new() };
    let request = edge::ask(&directory, &setup, &SystemRandom::new()).unwrap();
    let bundle = town.region.enrol_relay(&request, Millis(2)).unwrap();
    edge::join(&directory, &bundle, &SystemRandom::new(), Millis(3)).unwrap();
    directory.path().to_owned()
}

/// A serving relay and its store.
struct Served {
    serving: Serving,
    store: Arc<SqliteStore>,
}

impl Served {
    fn start(dir: PathBuf, upstream: &[SocketAddr]) -> Self {
        Self::start_on(dir, upstream, anywhere())
    }

    fn start_on(dir: PathBuf, upstream: &[SocketAddr], listen: SocketAddr) -> Self {
        let mut relay = Relay::open(dir).unwrap();
        relay.set_upstream(upstream.iter().map(ToString::to_string).collect());
        let store = relay.store();
        Self { serving: relay.serve(Some(listen)).unwrap(), store }
    }

    fn address(&self) -> SocketAddr {
        self.serving.local_addr()
    }

    fn figures(&self) -> Figures {
        self.store.figures().unwrap()
    }

    /// Items that are to go up, and were not refused there.
    fn waiting(&self) -> u64 {
        self.figures().waiting.unwrap().iter().map(|lane| lane.items - lane.refused).sum()
    }

    /// Waits until everything is up, and everything from above is here.
    async fn level(&self) {
        self.level_with(self.serving.upstream().unwrap()).await;
    }

    async fn level_with(&self, up: &UpstreamHandle) {
        let mut state = up.state();
        loop {
            if state.borrow_and_update().idle && self.waiting() == 0 {
                return;
            }
            // The last ack changes the outbox, and nothing that is told.
            let _told = tokio::time::timeout(Duration::from_millis(20), state.changed()).await;
        }
    }

    async fn sync(&self, tablet: &mut Tablet) {
        tablet.relay = self.serving.relay();
        tablet.sync(self.address()).await.unwrap();
    }
}

fn hashes(served: &Served) -> Vec<Vec<u8>> {
    let all = PageLimit { bytes: usize::MAX, looked_at: usize::MAX };
    let newest = served.store.newest().unwrap();
    let mut bytes: Vec<_> = Lane::ALL
        .into_iter()
        .flat_map(|lane| {
            let selection = Selection::Granted(Some(lane), &|_| true);
            served.store.page(selection, tendenko_protocol::ids::ArrivalNo::NONE, newest, all).unwrap().items
        })
        .map(|item| item.bytes)
        .collect();
    bytes.sort();
    bytes
}

#[test]
fn what_is_brought_to_one_relay_reaches_tablets_at_the_other() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let edge = join(&town, "edge");
        let hub = Served::start(town.relay_dir(), &[]);
        let edge = Served::start(edge, &[hub.address()]);
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        nurse.write(origin.patient(), "at the edge");
        edge.sync(&mut nurse).await;
        edge.level().await;
        hub.sync(&mut pharmacist).await;
        assert_eq!(pharmacist.has(), nurse.has());
        pharmacist.write(origin.patient(), "at the hub");
        hub.sync(&mut pharmacist).await;
        // What the hub has is pushed down; the nurse is told by the edge alone.
        let mut link = {
            nurse.relay = edge.serving.relay();
            nurse.begin(edge.address()).await.unwrap()
        };
        nurse.until(&mut link, |tablet, _| tablet.has().len() == 2).await.unwrap();
        drop(link);
        edge.level().await;
        assert_eq!(hashes(&hub), hashes(&edge));
        assert_eq!(hub.figures().quarantined + edge.figures().quarantined, 0);
        edge.serving.shutdown().await;
        hub.serving.shutdown().await;
    });
}

/// A tablet that serves is a device to the hub. What it is granted may come to it from below, and reaches the hub by it: then the hub does not
/// send the grant, and is asked for what it opens all the same.
#[test]
fn a_tablet_that_serves_asks_for_what_a_grant_opens_that_it_brings_itself() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut messenger, server) =
            (town.tablet("nurse"), town.tablet("messenger"), town.tablet("server"));
        let hub = Served::start(town.relay_dir(), &[]);
        let origin = nurse.patient();
        let written: Vec<_> =
            (0..3).map(|n| nurse.write(origin.patient(), &format!("visit {n}")).into_bytes()).collect();
        hub.sync(&mut nurse).await;
        let site = Served::start(join(&town, "site"), &[]);
        let config = UpstreamConfig::new(vec![hub.address().to_string()], Arc::new(server.keys.clone()));
        let up = site.serving.climb(config).unwrap();
        site.level_with(&up).await;
        assert_eq!(site.figures().records, 0);

        // The messenger has the grants alone, and what proves them.
        let own = nurse.statements.clone();
        nurse.grant_to(origin, &server);
        for statement in &nurse.statements {
            if messenger.trust.add(statement) == Ok(Added::New) {
                messenger.statements.push(statement.clone());
            }
        }
        let grants = nurse.statements[own.len()..].iter().cloned();
        messenger.outbox.extend(grants.map(Item::Statement));
        site.sync(&mut messenger).await;
        site.level_with(&up).await;
        while site.figures().records < 3 {
            tokio::task::yield_now().await;
        }
        assert!(written.iter().all(|record| hashes(&site).contains(record)));
        drop(up);
        site.serving.shutdown().await;
        hub.serving.shutdown().await;
    });
}

#[test]
fn an_edge_relay_works_without_its_hub_and_catches_up_both_ways() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let edge_dir = join(&town, "edge");
        let nowhere = std::net::UdpSocket::bind(anywhere()).unwrap().local_addr().unwrap();
        let edge = Served::start(edge_dir.clone(), &[nowhere]);
        let hub = Served::start(town.relay_dir(), &[]);
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        for visit in 0..20 {
            nurse.write(origin.patient(), &format!("visit {visit}"));
        }
        edge.sync(&mut nurse).await;
        assert!(edge.waiting() >= 24, "20 visits and the grants wait");
        // The same tablet at the hub: what both bring meets there.
        hub.sync(&mut nurse).await;
        hub.sync(&mut pharmacist).await;
        pharmacist.write(origin.patient(), "dispensed");
        hub.sync(&mut pharmacist).await;
        edge.serving.shutdown().await;

        let edge = Served::start(edge_dir.clone(), &[hub.address()]);
        edge.level().await;
        assert_eq!(hashes(&hub), hashes(&edge));
        let newest = edge.store.newest().unwrap();
        edge.serving.shutdown().await;
        let edge = Served::start(edge_dir, &[hub.address()]);
        edge.level().await;
        assert_eq!(edge.store.newest().unwrap(), newest, "a second time brings nothing");
        edge.serving.shutdown().await;
        hub.serving.shutdown().await;
    });
}

#[test]
fn relays_above_each_other_come_to_rest() {
    play(async {
        let town = Town::found();
        let mut nurse = town.tablet("nurse");
        let (one, two) = (join(&town, "one"), join(&town, "two"));
        let sockets: Vec<_> = (0..2).map(|_| std::net::UdpSocket::bind(anywhere()).unwrap()).collect();
        let ports: Vec<_> = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
        drop(sockets);
        let hub = Served::start(town.relay_dir(), &[]);
        // A diamond with a loop in it: one is above two and below it; two knows the hub as well.
        let one = Served::start_on(one, &[ports[1]], ports[0]);
        let two = Served::start_on(two, &[ports[0]], ports[1]);
        let origin = nurse.patient();
        for visit in 0..10 {
            nurse.write(origin.patient(), &format!("visit {visit}"));
        }
        one.sync(&mut nurse).await;
        one.level().await;
        two.level().await;
        one.level().await;
        assert_eq!(hashes(&one), hashes(&two));
        two.sync(&mut nurse).await;
        hub.sync(&mut nurse).await;
        let newest = (one.store.newest().unwrap(), two.store.newest().unwrap());
        one.level().await;
        two.level().await;
        assert_eq!((one.store.newest().unwrap(), two.store.newest().unwrap()), newest, "nothing goes round");
        for relay in [one, two, hub] {
            relay.serving.shutdown().await;
        }
    });
}

#[test]
fn a_hub_that_lost_its_disk_is_refilled_by_its_edge_relay() {
    play(async {
        let town = Town::found();
        let mut nurse = town.tablet("nurse");
        let edge_dir = join(&town, "edge");
        let hub = Served::start(town.relay_dir(), &[]);
        let address = hub.address();
        let edge = Served::start(edge_dir, &[address]);
        let origin = nurse.patient();
        for visit in 0..10 {
            nurse.write(origin.patient(), &format!("visit {visit}"));
        }
        hub.sync(&mut nurse).await;
        edge.level().await;
        while edge.store.newest().unwrap() < hub.store.newest().unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let before = hashes(&hub);
        drop(hub.store);
        hub.serving.shutdown().await;
        town.lose_database();
        let hub = Served::start_on(town.relay_dir(), &[], address);
        while hashes(&hub) != before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(hub.figures().lost.is_some());
        edge.serving.shutdown().await;
        hub.serving.shutdown().await;
    });
}

#[test]
fn two_histories_of_a_log_are_known_at_both_relays_whichever_they_keep() {
    play(async {
        let town = Town::found();
        let mut nurse = town.tablet("nurse");
        let patient = nurse.patient().patient();
        let joined = join(&town, "edge");
        let hub = Served::start(town.relay_dir(), &[]);
        let edge = Served::start(joined.clone(), &[]);
        // What a clone of the tablet wrote in the same place is acked by the hub, and what the tablet wrote by the edge.
        let twin = nurse.seal(patient, "the clone's");
        let mut line = Line::open(&nurse.keys, hub.serving.relay(), hub.address()).await;
        line.hello(nurse.trust.region(), nurse.id(), nurse.chain()).await;
        let items = nurse.outbox.iter().cloned().chain([Item::Record(twin.bytes().to_vec())]);
        let RelayMessage::Ack { rejected, .. } = line.push(items.collect()).await else { panic!("no ack") };
        assert_eq!(rejected, []);
        let own = nurse.write(patient, "the tablet's");
        edge.sync(&mut nurse).await;
        edge.serving.shutdown().await;
        let edge = Served::start(joined, &[hub.address()]);
        edge.level().await;
        for (served, kept, aside) in [(&hub, &twin, &own), (&edge, &own, &twin)] {
            assert_eq!(served.store.head(&own.log()).unwrap(), Some((LogSeq(1), kept.hash())));
            let quarantine = served.store.quarantine(10).unwrap();
            let bytes: Vec<_> = quarantine.iter().map(|entry| entry.bytes.as_deref()).collect();
            assert_eq!(bytes, [Some(aside.bytes())]);
        }
        let said = |served: &Served| {
            let listed = [own.header().document];
            served.store.vectors(Documents::Listed(&listed), &|_| true, 9, 9).unwrap()
        };
        assert_eq!(said(&hub), said(&edge));
        edge.serving.shutdown().await;
        hub.serving.shutdown().await;
    });
}
