//! A relay's session fills in a scope: how far, when it starts again, and when it says nothing.

mod support;

use support::Region;
use tendenko_protocol::document::Scope;
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{ArrivalNo, Millis, PatientId, RelayIncarnation};
use tendenko_protocol::messages::{Backfill, ClientMessage, Cursor, Item, Lane, RelayMessage};
use tendenko_protocol::session::Standing;
use tendenko_protocol::session::client::{self, ClientAction, ClientEvent};
use tendenko_protocol::session::relay::{self, Outcome, RelayAction, RelayConfig, RelayEvent, Select};

const NOW: Millis = Millis(1_700_000_000_000);

/// A session whose tablet has heard everything up to arrival 5, which is the newest. All it says is written at once.
struct Server {
    session: relay::Session,
    region: Region,
    /// How often the host has forgotten something.
    forgotten: u64,
}

/// What it asked for, and what it said.
#[derive(Default)]
struct Done {
    reads: Vec<(Lane, u64, u64, Select)>,
    said: Vec<RelayMessage>,
}

impl Server {
    fn new() -> Self {
        let region = Region::new(1, 1);
        let (relay, incarnation) = (region.relays[0].id(), RelayIncarnation(1));
        let at = ArrivalNo(5);
        let mut config = region.tablets[0].config(&region.relays[0], SESSION_VERSIONS);
        config.cursor = Some(Cursor { relay, incarnation, after: at, charts: at, acked: ArrivalNo::NONE });
        let mut client = client::Session::new(config);
        let session = relay::Session::new(RelayConfig {
            region: region.keys.region_id(),
            versions: SESSION_VERSIONS.to_vec(),
            peer_key: region.tablets[0].keys.public().signing,
        });
        let mut server = Self { session, region, forgotten: 0 };
        for action in client.handle(ClientEvent::Connected { now: NOW }) {
            if let ClientAction::Send { lane, message: message @ ClientMessage::Hello { .. } } = action {
                server.happens(RelayEvent::Received { lane, message });
            }
        }
        let standing = Standing { relay, incarnation, newest: at, past: Vec::new() };
        server.happens(RelayEvent::Admitted { standing, now: NOW });
        server
    }

    fn patient(&self) -> PatientId {
        self.region.patients[0].id()
    }

    fn happens(&mut self, event: RelayEvent) -> Done {
        let mut done = Done::default();
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.session.handle(event) {
                match action {
                    RelayAction::Send { lane, message } => {
                        done.said.push(message);
                        events.push(RelayEvent::Written { lane });
                    }
                    RelayAction::ReadPage { lane, after, through, select, .. } => {
                        done.reads.push((lane, after.0, through.0, select));
                    }
                    RelayAction::Close { reason } => panic!("{reason}"),
                    _ => {}
                }
            }
        }
        done
    }

    fn pull(&mut self, scope: Scope) -> Done {
        let backfill = vec![Backfill { patient: self.patient(), scope, has: Vec::new() }];
        let message = ClientMessage::Pull { backfill, first: Vec::new() };
        self.happens(RelayEvent::Received { lane: Lane::Cards, message })
    }

    fn page(&mut self, lane: Lane, items: Vec<(u64, Item)>, through: u64, granted: bool) -> Done {
        let items = items.into_iter().map(|(arrival, item)| (ArrivalNo(arrival), item)).collect();
        let through = ArrivalNo(through);
        self.happens(RelayEvent::Page { lane, items, through, end: true, granted, forgotten: self.forgotten })
    }

    /// The tablet's grant of its own patient.
    fn grant(&self, scope: Scope) -> Item {
        let of_scope = |item: &Item| item.subject().is_some_and(|(_, of, _)| of == scope);
        let statements = self.region.tablets[0].statements.iter().cloned();
        statements.map(Item::Statement).find(of_scope).unwrap()
    }

    fn filled(&self, scope: Scope) -> RelayMessage {
        RelayMessage::Backfilled { patient: self.patient(), scope }
    }
}

#[test]
fn a_scope_that_is_not_granted_is_withheld_and_filled_in_when_its_grant_comes() {
    for pushed in [false, true] {
        let mut server = Server::new();
        let scope = Select::Scope(server.patient(), Scope::Chart);
        assert_eq!(server.pull(Scope::Chart).reads, [(Lane::Charts, 0, 5, scope)]);
        let withheld = RelayMessage::Withheld { patient: server.patient(), scope: Scope::Chart };
        assert_eq!(server.page(Lane::Charts, Vec::new(), 5, false).said, [withheld]);
        let grant = server.grant(Scope::Chart);
        let done = if pushed {
            let message = ClientMessage::Push { behind: 0, items: vec![grant] };
            server.happens(RelayEvent::Received { lane: Lane::Cards, message });
            let outcomes = vec![Outcome::Stored(ArrivalNo(6))];
            server.happens(RelayEvent::Committed { batch: 1, outcomes, newest: ArrivalNo(6) })
        } else {
            server.happens(RelayEvent::Arrived { newest: ArrivalNo(6) });
            server.page(Lane::Cards, vec![(6, grant)], 6, true)
        };
        // Nothing of the chart is sent yet: all of it lies before.
        assert_eq!(done.reads.iter().filter(|(.., select)| *select == scope).count(), 1, "{:?}", done.reads);
        let said = server.page(Lane::Charts, Vec::new(), 6, true).said;
        assert_eq!(said.first(), Some(&server.filled(Scope::Chart)));
    }
}

/// The grant came between: read without it, the page would have been withheld for good.
#[test]
fn what_was_read_before_its_grant_was_heard_of_is_read_again() {
    let mut server = Server::new();
    let scope = Select::Scope(server.patient(), Scope::Chart);
    server.pull(Scope::Chart);
    server.happens(RelayEvent::Arrived { newest: ArrivalNo(6) });
    let grant = server.grant(Scope::Chart);
    server.page(Lane::Cards, vec![(6, grant)], 6, true);
    let done = server.page(Lane::Charts, Vec::new(), 5, false);
    assert_eq!((&done.said[..], &done.reads[..]), (&[][..], &[(Lane::Charts, 0, 5, scope)][..]));
}

/// Grants that the cards lane passes just now may be passed without the grant: where that ends must be known first.
#[test]
fn the_end_of_a_backfill_is_not_where_the_cards_lane_is_still_reading() {
    let mut server = Server::new();
    let scope = Select::Scope(server.patient(), Scope::Chart);
    server.pull(Scope::Chart);
    let reads = server.happens(RelayEvent::Arrived { newest: ArrivalNo(7) }).reads;
    assert_eq!(reads, [(Lane::Cards, 5, 7, Select::All)]);
    let done = server.page(Lane::Charts, Vec::new(), 5, true);
    assert!(done.said.is_empty() && done.reads.is_empty(), "{:?} {:?}", done.said, done.reads);
    let reads = server.page(Lane::Cards, Vec::new(), 7, true).reads;
    assert_eq!(reads, [(Lane::Charts, 0, 7, scope)]);
    let grant = server.grant(Scope::Chart);
    let said = server.page(Lane::Charts, vec![(6, grant.clone())], 7, true).said;
    assert!(
        matches!(&said[..], [RelayMessage::Fill { items, .. }, RelayMessage::Backfilled { .. }] if *items == [grant])
    );
}

#[test]
fn a_backfill_starts_again_when_the_host_has_forgotten_something() {
    let mut server = Server::new();
    let scope = Select::Scope(server.patient(), Scope::Card);
    server.pull(Scope::Card);
    assert_eq!(server.page(Lane::Cards, Vec::new(), 3, true).reads, [(Lane::Cards, 3, 5, scope)]);
    server.forgotten = 1;
    let done = server.page(Lane::Cards, Vec::new(), 5, true);
    assert_eq!((&done.said[..], &done.reads[..]), (&[][..], &[(Lane::Cards, 0, 5, scope)][..]));
    let said = server.page(Lane::Cards, Vec::new(), 5, true).said;
    assert_eq!(said.first(), Some(&server.filled(Scope::Card)));
}

/// A scope that the stream had begun begins nowhere any more: the stream may have passed some of it since.
#[test]
fn what_had_begun_before_the_host_forgot_something_is_filled_in_to_the_end() {
    for (forgotten, end) in [(0, 5), (1, 8)] {
        let mut server = Server::new();
        let scope = Select::Scope(server.patient(), Scope::Card);
        let grant = server.grant(Scope::Card);
        server.happens(RelayEvent::Arrived { newest: ArrivalNo(6) });
        server.page(Lane::Cards, vec![(6, grant)], 6, true);
        server.forgotten = forgotten;
        server.happens(RelayEvent::Arrived { newest: ArrivalNo(8) });
        server.page(Lane::Cards, Vec::new(), 8, true);
        assert_eq!(server.pull(Scope::Card).reads, [(Lane::Cards, 0, end, scope)]);
    }
}
