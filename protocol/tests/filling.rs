//! A scope is filled in: when, with what, and what is said of it at the end.

mod support;

use support::Region;
use tendenko_protocol::document::{DocumentId, Scope, Vector};
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{ArrivalNo, Millis, PatientId, Print, RecordHash, RelayIncarnation};
use tendenko_protocol::messages::{Backfill, ClientMessage, Cursor, Item, Lane, RelayMessage};
use tendenko_protocol::session::Standing;
use tendenko_protocol::session::client::{self, ClientAction, ClientEvent};
use tendenko_protocol::session::relay::{self, RelayAction, RelayConfig, RelayEvent, Select};

const NOW: Millis = Millis(1_700_000_000_000);

/// A relay's session whose tablet has heard everything up to arrival 5, which is the newest. All it says is written at once.
struct Server {
    session: relay::Session,
    region: Region,
}

/// What it asked for, and what it said.
#[derive(Default)]
struct Done {
    reads: Vec<(Lane, u64, u64, Select)>,
    said: Vec<RelayMessage>,
}

fn cursor(region: &Region) -> Cursor {
    let at = ArrivalNo(5);
    let (relay, incarnation) = (region.relays[0].id(), RelayIncarnation(1));
    Cursor { relay, incarnation, after: at, charts: at, acked: ArrivalNo::NONE }
}

impl Server {
    fn new() -> Self {
        let mut region = Region::new(1, 1);
        (0..2).for_each(|_| region.write(0, 0, 1));
        let mut config = region.tablets[0].config(&region.relays[0], SESSION_VERSIONS);
        config.cursor = Some(cursor(&region));
        let mut client = client::Session::new(config);
        let session = relay::Session::new(RelayConfig {
            region: region.keys.region_id(),
            versions: SESSION_VERSIONS.to_vec(),
            peer_key: region.tablets[0].keys.public().signing,
        });
        let mut server = Self { session, region };
        for action in client.handle(ClientEvent::Connected { now: NOW }) {
            if let ClientAction::Send { lane, message: message @ ClientMessage::Hello { .. } } = action {
                server.happens(RelayEvent::Received { lane, message });
            }
        }
        let Cursor { relay, incarnation, after: newest, .. } = cursor(&server.region);
        let standing = Standing { relay, incarnation, newest, past: Vec::new() };
        server.happens(RelayEvent::Admitted { standing, now: NOW });
        server
    }

    fn patient(&self) -> PatientId {
        self.region.patients[0].id()
    }

    fn chart(&self) -> Select {
        Select::Scope(self.patient(), Scope::Chart)
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

    fn pull(&mut self, has: Vec<(DocumentId, Vector)>, first: Vec<PatientId>) -> Done {
        let backfill = vec![Backfill { patient: self.patient(), scope: Scope::Chart, has }];
        let message = ClientMessage::Pull { backfill, first };
        self.happens(RelayEvent::Received { lane: Lane::Cards, message })
    }

    fn arrived(&mut self, newest: u64) -> Done {
        self.happens(RelayEvent::Arrived { newest: ArrivalNo(newest) })
    }

    fn page(&mut self, lane: Lane, items: Vec<(u64, Item)>, through: u64) -> Done {
        let items = items.into_iter().map(|(arrival, item)| (ArrivalNo(arrival), item)).collect();
        self.happens(RelayEvent::Page { lane, items, through: ArrivalNo(through), end: true })
    }

    /// The tablet's grant of its own patient's chart.
    fn grant(&self) -> Item {
        let of_chart = |item: &Item| matches!(item.grant(), Some((_, Scope::Chart, _)));
        let statements = self.region.tablets[0].statements.iter().cloned();
        statements.map(Item::Statement).find(of_chart).unwrap()
    }

    /// Records of the chart, in order.
    fn records(&self) -> Vec<Item> {
        let logs = self.region.tablets[0].logs.0.iter().filter(|(log, _)| log.document.scope() == Scope::Chart);
        logs.flat_map(|(_, records)| records).cloned().map(Item::Record).collect()
    }

    /// The chart is known up to its first record, as this.
    fn first_as(&self, print: Print) -> Vec<(DocumentId, Vector)> {
        let header = self.records()[0].header().unwrap();
        let mut vector = Vector::default();
        vector.raise(header.device, header.incarnation, header.seq, print);
        vec![(header.document, vector)]
    }

    fn filled(&self) -> RelayMessage {
        RelayMessage::Backfilled { patient: self.patient(), scope: Scope::Chart }
    }

    fn withheld(&self, newest: u64) -> RelayMessage {
        RelayMessage::Withheld { patient: self.patient(), scope: Scope::Chart, newest: ArrivalNo(newest) }
    }
}

/// What was filled in, and what was said at the end.
fn fills(said: &[RelayMessage]) -> (Vec<Item>, &RelayMessage) {
    let fill = |message: &RelayMessage| match message {
        RelayMessage::Fill { items, .. } => items.clone(),
        _ => Vec::new(),
    };
    (said.iter().flat_map(fill).collect(), said.last().unwrap())
}

#[test]
fn a_scope_is_withheld_until_a_grant_of_it_is_stored() {
    let mut server = Server::new();
    let chart = server.chart();
    assert_eq!(server.pull(Vec::new(), Vec::new()).reads, [(Lane::Charts, 0, 5, chart)]);
    assert_eq!(server.page(Lane::Charts, Vec::new(), 5).said, [server.withheld(5)]);
    // The relay believes a grant, and shows what it opens; whether the grant will be stored is not known.
    let records = server.records();
    server.pull(Vec::new(), Vec::new());
    let said = server.page(Lane::Charts, vec![(3, records[0].clone())], 5).said;
    assert_eq!(fills(&said), (vec![records[0].clone()], &server.withheld(5)));
    // It is, as arrival 6. What was sent in between may have been refused.
    let grant = server.grant();
    server.arrived(6);
    server.page(Lane::Cards, vec![(6, grant.clone())], 6);
    server.page(Lane::Charts, Vec::new(), 6);
    assert_eq!(server.pull(Vec::new(), Vec::new()).reads, [(Lane::Charts, 0, 6, chart)]);
    let said = server.page(Lane::Charts, vec![(3, records[0].clone()), (6, grant)], 6).said;
    assert_eq!(fills(&said), (vec![records[0].clone()], &server.filled()), "the grant was told");
}

#[test]
fn the_stream_goes_before_what_is_filled_in_unless_it_is_wanted_first() {
    for first in [false, true] {
        let mut server = Server::new();
        let chart = server.chart();
        let reads = server.arrived(7).reads;
        assert_eq!(reads, [(Lane::Cards, 5, 7, Select::All)]);
        let patients = if first { vec![server.patient()] } else { Vec::new() };
        assert_eq!(server.pull(Vec::new(), patients).reads, [], "grants go before what needs them");
        let reads = server.page(Lane::Cards, Vec::new(), 7).reads;
        let (filled, streamed) = ((Lane::Charts, 0, 7, chart), (Lane::Charts, 5, 7, Select::All));
        let (one, two) = if first { (filled, streamed) } else { (streamed, filled) };
        assert_eq!(reads, [one]);
        assert_eq!(server.page(Lane::Charts, Vec::new(), 7).reads, [two]);
    }
}

#[test]
fn what_the_tablet_has_or_was_sent_is_not_filled_in_and_another_history_is() {
    for (same, sent) in [(true, 1), (false, 2)] {
        let mut server = Server::new();
        let (grant, records) = (server.grant(), server.records());
        let print = if same { RecordHash::of(records[0].bytes()).print() } else { Print(1) };
        server.pull(server.first_as(print), Vec::new());
        let page = vec![(1, grant), (2, records[0].clone()), (3, records[1].clone())];
        let said = server.page(Lane::Charts, page.clone(), 5).said;
        let (items, last) = fills(&said);
        let items: Vec<_> = items.into_iter().filter(|item| matches!(item, Item::Record(_))).collect();
        assert_eq!((&items[..], last), (&records[2 - sent..], &server.filled()));
        // Asked for again, it was sent.
        server.pull(Vec::new(), Vec::new());
        let said = server.page(Lane::Charts, page, 5).said;
        let again = fills(&said).0.into_iter().filter(|item| matches!(item, Item::Record(_))).count();
        assert_eq!(again, 0);
    }
}

/// The stream had passed the first in silence: the tablet has refused the second.
#[test]
fn what_was_sent_behind_a_gap_is_sent_again() {
    let mut server = Server::new();
    let (grant, records) = (server.grant(), server.records());
    server.arrived(7);
    server.page(Lane::Cards, Vec::new(), 7);
    server.page(Lane::Charts, vec![(7, records[1].clone())], 7);
    server.pull(Vec::new(), Vec::new());
    let page = vec![(1, grant.clone()), (2, records[0].clone()), (7, records[1].clone())];
    let said = server.page(Lane::Charts, page, 7).said;
    assert_eq!(fills(&said), (vec![grant, records[0].clone(), records[1].clone()], &server.filled()));
}

/// Nothing is in order between lanes: it may have overtaken the grant, and been refused.
#[test]
fn what_was_forwarded_before_the_own_grant_comes_in_its_turn() {
    for grant_first in [true, false] {
        let mut server = Server::new();
        let (grant, record) = (server.grant(), server.records().remove(0));
        let said = server.happens(RelayEvent::Verified { items: vec![record.clone()] }).said;
        assert_eq!(said, [RelayMessage::Live { items: vec![record.clone()] }]);
        let (granted, written) = if grant_first { (6, 7) } else { (7, 6) };
        server.arrived(6);
        server.page(Lane::Cards, if grant_first { vec![(6, grant.clone())] } else { Vec::new() }, 6);
        let said = server.page(Lane::Charts, if grant_first { Vec::new() } else { vec![(6, record.clone())] }, 6).said;
        assert!(
            !said.iter().any(|message| matches!(message, RelayMessage::Items { .. })),
            "it was forwarded: {said:?}"
        );
        server.arrived(7);
        server.page(Lane::Cards, if grant_first { Vec::new() } else { vec![(7, grant.clone())] }, 7);
        let mut said =
            server.page(Lane::Charts, if grant_first { vec![(7, record.clone())] } else { Vec::new() }, 7).said;
        server.pull(Vec::new(), Vec::new());
        said.extend(server.page(Lane::Charts, vec![(granted, grant), (written, record.clone())], 7).said);
        let sent = |message: &RelayMessage| match message {
            RelayMessage::Items { items, .. } => items.iter().any(|(_, item)| *item == record),
            RelayMessage::Fill { items, .. } => items.contains(&record),
            _ => false,
        };
        assert_eq!(said.iter().filter(|message| sent(message)).count(), 1, "{said:?}");
        assert_eq!(said.last(), Some(&server.filled()));
    }
}

/// The stream brought the own grant, and records that needed a grant which it had passed in silence.
#[test]
fn what_may_have_been_refused_before_the_own_grant_is_sent_again() {
    let region = Region::new(2, 1);
    for silent in [false, true] {
        let mut server = Server::new();
        let (grant, records) = (server.grant(), server.records());
        let authors = Item::Statement(region.tablets[1].statements.last().unwrap().clone());
        server.arrived(9);
        let mut cards = vec![(6, authors.clone()), (8, grant.clone())];
        let first = if silent { cards.remove(0) } else { (6, authors.clone()) };
        server.page(Lane::Cards, cards, 9);
        server.page(Lane::Charts, vec![(7, records[0].clone())], 9);
        server.pull(Vec::new(), Vec::new());
        let said = server.page(Lane::Charts, vec![first.clone(), (7, records[0].clone()), (8, grant)], 9).said;
        let brought = if silent { vec![first.1, records[0].clone()] } else { Vec::new() };
        assert_eq!(fills(&said), (brought, &server.filled()));
    }
}

/// What a tablet asks for.
fn asked(client: &mut client::Session, event: ClientEvent) -> Vec<Vec<Backfill>> {
    let mut pulls = Vec::new();
    for action in client.handle(event) {
        match action {
            ClientAction::Send { message: ClientMessage::Pull { backfill, .. }, .. } => pulls.push(backfill),
            ClientAction::LoadHeld { scopes } => {
                let nothing = |(patient, scope)| Backfill { patient, scope, has: Vec::new() };
                let scopes = scopes.into_iter().map(nothing).collect();
                pulls.extend(asked(client, ClientEvent::Held { scopes }));
            }
            _ => {}
        }
    }
    pulls
}

fn said(message: RelayMessage) -> ClientEvent {
    ClientEvent::Received { now: NOW, lane: Lane::Cards, message }
}

fn welcome(region: &Region, reconcile: bool) -> ClientEvent {
    let Cursor { relay, incarnation, after: newest, .. } = cursor(region);
    said(RelayMessage::Welcome { version: 1, relay, incarnation, newest, clock: NOW, reconcile })
}

#[test]
fn what_is_withheld_is_asked_for_again_when_more_has_come() {
    let region = Region::new(1, 1);
    let subject = (region.patients[0].id(), Scope::Card);
    let mut config = region.tablets[0].config(&region.relays[0], SESSION_VERSIONS);
    (config.cursor, config.backfill) = (Some(cursor(&region)), Vec::new());
    let mut client = client::Session::new(config);
    client.handle(ClientEvent::Connected { now: NOW });
    client.handle(welcome(&region, false));
    let pull = vec![vec![Backfill { patient: subject.0, scope: subject.1, has: Vec::new() }]];
    // A courier file brought the grant.
    assert_eq!(asked(&mut client, ClientEvent::Granted { scopes: vec![subject] }), pull);
    assert_eq!(asked(&mut client, ClientEvent::Granted { scopes: vec![subject] }), [] as [Vec<_>; 0], "once");
    let withheld = |newest| said(RelayMessage::Withheld { patient: subject.0, scope: subject.1, newest });
    assert_eq!(asked(&mut client, withheld(ArrivalNo(5))), [] as [Vec<_>; 0]);
    let caught_up = |through| said(RelayMessage::CaughtUp { through: ArrivalNo(through) });
    assert_eq!(asked(&mut client, caught_up(5)), [] as [Vec<_>; 0]);
    assert_eq!(asked(&mut client, caught_up(7)), pull);
    // It came with what was said before, on another lane.
    assert_eq!(asked(&mut client, withheld(ArrivalNo(6))), pull);
}

#[test]
fn while_everything_is_compared_nothing_is_asked_to_be_filled_in() {
    let region = Region::new(1, 2);
    let subject = (region.patients[0].id(), Scope::Card);
    let mut config = region.tablets[0].config(&region.relays[0], SESSION_VERSIONS);
    let other = Cursor { relay: region.relays[1].id(), ..cursor(&region) };
    (config.cursor, config.backfill) = (Some(other), vec![subject]);
    let mut client = client::Session::new(config);
    let event = ClientEvent::Connected { now: NOW };
    assert_eq!(asked(&mut client, event), [] as [Vec<_>; 0]);
    assert_eq!(asked(&mut client, welcome(&region, true)), [] as [Vec<_>; 0]);
    assert!(!client.is_idle());
}
