//! Whose records come first: today's patients, and whoever is opened while the rest is still coming.

mod support;

use support::Region;
use tendenko_protocol::document::Scope;
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{ArrivalNo, Millis, PatientId, RelayIncarnation};
use tendenko_protocol::limits::MAX_BACKFILL;
use tendenko_protocol::messages::{Backfill, ClientMessage, Cursor, Item, Lane, RelayMessage};
use tendenko_protocol::session::Standing;
use tendenko_protocol::session::client::{self, ClientAction, ClientConfig, ClientEvent};
use tendenko_protocol::session::relay::{self, RelayAction, RelayConfig, RelayEvent, Select};

const NOW: Millis = Millis(10_000);

fn patient(number: u16) -> PatientId {
    let mut id = [7; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    PatientId(id)
}

fn patients(numbers: &[u16]) -> Vec<PatientId> {
    numbers.iter().copied().map(patient).collect()
}

/// A scope to be filled in, of which nothing is here.
fn nothing_of((patient, scope): (PatientId, Scope)) -> Backfill {
    Backfill { patient, scope, has: Vec::new() }
}

fn client(region: &Region, change: impl FnOnce(&mut ClientConfig)) -> client::Session {
    let mut config = region.tablets[0].config(&region.relays[0], SESSION_VERSIONS);
    change(&mut config);
    client::Session::new(config)
}

/// A pull: scopes to fill in, and who comes first.
type Pull = (Vec<Backfill>, Vec<PatientId>);

/// The pulls among what a tablet does that has nothing, when this happens.
fn pulls(client: &mut client::Session, event: ClientEvent) -> Vec<Pull> {
    let mut pulls = Vec::new();
    for action in client.handle(event) {
        match action {
            ClientAction::Send { message: ClientMessage::Pull { backfill, first }, .. } => {
                pulls.push((backfill, first));
            }
            ClientAction::LoadHeld { scopes } => {
                let scopes = scopes.into_iter().map(nothing_of).collect();
                pulls.extend(self::pulls(client, ClientEvent::Held { scopes }));
            }
            _ => {}
        }
    }
    pulls
}

fn known_cursor(region: &Region) -> Cursor {
    let at = ArrivalNo(5);
    Cursor { relay: region.relays[0].id(), incarnation: RelayIncarnation(1), after: at, charts: at, acked: at }
}

fn heard(message: RelayMessage) -> ClientEvent {
    ClientEvent::Received { now: NOW, lane: Lane::Cards, message }
}

fn welcome(region: &Region, newest: u64) -> RelayMessage {
    RelayMessage::Welcome {
        version: 1,
        relay: region.relays[0].id(),
        incarnation: RelayIncarnation(1),
        newest: ArrivalNo(newest),
        clock: NOW,
        reconcile: false,
    }
}

#[test]
fn whoever_was_just_here_names_its_patients_only_when_there_is_something_new() {
    let region = Region::new(1, 1);
    let just_here = |change: fn(&mut ClientConfig)| {
        client(&region, |config| {
            config.cursor = Some(known_cursor(&region));
            config.first = patients(&[1]);
            config.long_away = false;
            change(config);
        })
    };
    let connected = ClientEvent::Connected { now: NOW };
    let mut nothing_new = just_here(|_| {});
    assert_eq!(pulls(&mut nothing_new, connected.clone()), []);
    assert_eq!(pulls(&mut nothing_new, heard(welcome(&region, 5))), []);
    let mut something_new = just_here(|_| {});
    assert_eq!(pulls(&mut something_new, connected.clone()), []);
    assert_eq!(pulls(&mut something_new, heard(welcome(&region, 6))), [(Vec::new(), patients(&[1]))]);
    let mut away = just_here(|config| config.long_away = true);
    assert_eq!(pulls(&mut away, connected), [(Vec::new(), patients(&[1]))], "in the first flight");
    assert_eq!(pulls(&mut away, heard(welcome(&region, 6))), [], "once");
}

#[test]
fn the_relay_hears_of_other_patients_while_anything_is_still_to_come() {
    let region = Region::new(1, 1);
    let mut client = client(&region, |config| config.first = patients(&[1]));
    client.handle(ClientEvent::Connected { now: NOW });
    client.handle(heard(welcome(&region, 9)));
    let now = |numbers: &[u16]| ClientEvent::First { patients: patients(numbers) };
    assert_eq!(pulls(&mut client, now(&[2, 1])), [(Vec::new(), patients(&[2, 1]))]);
    assert_eq!(pulls(&mut client, now(&[2, 1])), [], "it knows that");
    for lane in Lane::STREAMED {
        let message = RelayMessage::CaughtUp { through: ArrivalNo(9) };
        for action in client.handle(ClientEvent::Received { now: NOW, lane, message }) {
            if let ClientAction::Store { batch, .. } = action {
                let (new_grants, gaps, forks) = (Vec::new(), Vec::new(), Vec::new());
                client.handle(ClientEvent::Stored { batch, new_grants, gaps, forks });
            }
        }
    }
    assert_eq!(pulls(&mut client, now(&[3])), [], "nothing is to come");
}

#[test]
fn so_many_scopes_are_asked_for_at_once_and_those_of_todays_patients_first() {
    let region = Region::new(1, 1);
    let mut client = client(&region, |config| {
        config.backfill = (0..3_000).map(|number| (patient(number), Scope::Card)).collect();
        config.first = patients(&[2_999, 17]);
    });
    let said = pulls(&mut client, ClientEvent::Connected { now: NOW });
    let [(asked, first)] = &said[..] else { panic!("{} pulls", said.len()) };
    assert_eq!((asked.len(), &first[..]), (MAX_BACKFILL, &patients(&[2_999, 17])[..]));
    assert_eq!(asked[..3].iter().map(|asked| asked.patient).collect::<Vec<_>>(), patients(&[2_999, 17, 0]));
    client.handle(heard(welcome(&region, 0)));
    let mut waiting: std::collections::VecDeque<_> = asked.clone().into();
    let mut filled = 0;
    while let Some(Backfill { patient, scope, .. }) = waiting.pop_front() {
        filled += 1;
        for (asked, _) in pulls(&mut client, heard(RelayMessage::Backfilled { patient, scope })) {
            waiting.extend(asked);
            assert!(waiting.len() <= MAX_BACKFILL, "{}", waiting.len());
        }
    }
    assert_eq!(filled, 3_000, "all of them, in the end");
}

/// A relay's session with a tablet that has nothing; all it said is written.
fn server() -> relay::Session {
    let region = Region::new(1, 1);
    let mut client = client(&region, |_| {});
    let mut server = relay::Session::new(RelayConfig {
        region: region.keys.region_id(),
        versions: SESSION_VERSIONS.to_vec(),
        peer_key: region.tablets[0].keys.public().signing,
    });
    for action in client.handle(ClientEvent::Connected { now: NOW }) {
        if let ClientAction::Send { lane, message } = action {
            server.handle(RelayEvent::Received { lane, message });
        }
    }
    let (relay, incarnation) = (region.relays[0].id(), RelayIncarnation(1));
    let standing = Standing { relay, incarnation, newest: ArrivalNo(0), past: Vec::new() };
    let mut actions = server.handle(RelayEvent::Admitted { standing, now: NOW });
    while let Some(action) = actions.pop() {
        if let RelayAction::Send { lane, .. } = action {
            actions.extend(server.handle(RelayEvent::Written { lane }));
        }
    }
    server
}

fn pull(server: &mut relay::Session, backfill: Vec<(PatientId, Scope)>, first: &[u16]) -> Vec<RelayAction> {
    let backfill = backfill.into_iter().map(nothing_of).collect();
    let message = ClientMessage::Pull { backfill, first: patients(first) };
    server.handle(RelayEvent::Received { lane: Lane::Cards, message })
}

/// What a relay reads of a lane, answered with nothing until it reads no more: the subjects, in order.
fn reads(server: &mut relay::Session, lane: Lane, actions: Vec<RelayAction>) -> Vec<Select> {
    let mut pending: std::collections::VecDeque<_> = actions.into();
    let mut read = Vec::new();
    while let Some(action) = pending.pop_front() {
        match action {
            RelayAction::ReadPage { lane: of, through, select, .. } => {
                if of == lane {
                    read.push(select);
                }
                pending.extend(server.handle(RelayEvent::Page { lane: of, items: Vec::new(), through, end: true }));
            }
            RelayAction::Send { lane, .. } => pending.extend(server.handle(RelayEvent::Written { lane })),
            _ => {}
        }
    }
    read
}

fn chart(number: u16) -> Select {
    Select::Scope(patient(number), Scope::Chart)
}

#[test]
fn who_is_opened_in_the_middle_goes_before_what_was_asked_for_earlier() {
    let mut server = server();
    let scopes = [1, 2, 3, 4].map(|number| (patient(number), Scope::Chart));
    // The first read of it is under way; the others wait for it.
    let mut actions = pull(&mut server, scopes.to_vec(), &[2]);
    actions.extend(pull(&mut server, Vec::new(), &[4, 9, 1]));
    let read = reads(&mut server, Lane::Charts, actions);
    assert_eq!(read, [2, 4, 9, 1, 3].map(chart));
}

#[test]
fn who_is_not_wanted_first_any_more_waits_for_the_stream() {
    let mut server = server();
    let scopes = vec![(patient(1), Scope::Chart)];
    let mut actions = pull(&mut server, scopes, &[]);
    actions.extend(pull(&mut server, Vec::new(), &[5, 6]));
    actions.extend(pull(&mut server, Vec::new(), &[6]));
    assert_eq!(reads(&mut server, Lane::Charts, actions), [1, 6].map(chart));
}

/// The tablet asked for the whole scope while a part of it came ahead: the part must not be taken for the whole.
#[test]
fn a_chart_ahead_of_its_turn_is_not_taken_for_a_chart_filled_in() {
    let mut server = server();
    let actions = server.handle(RelayEvent::Arrived { newest: ArrivalNo(9) });
    let message = ClientMessage::Pull { backfill: Vec::new(), first: patients(&[1]) };
    server.handle(RelayEvent::Received { lane: Lane::Cards, message });
    pull(&mut server, vec![(patient(1), Scope::Chart)], &[]);
    let mut pending: std::collections::VecDeque<_> = actions.into();
    let (mut from, mut filled) = (Vec::new(), Vec::new());
    while let Some(action) = pending.pop_front() {
        match action {
            RelayAction::ReadPage { lane, after, through, select, .. } => {
                let items = vec![(ArrivalNo(9), Item::Record(vec![9]))];
                let items = if select == chart(1) { items } else { Vec::new() };
                if select == chart(1) {
                    from.push(after);
                }
                pending.extend(server.handle(RelayEvent::Page { lane, items, through, end: true }));
            }
            RelayAction::Send { lane, message } => {
                if let RelayMessage::Withheld { .. } = message {
                    filled.push(from.len());
                }
                pending.extend(server.handle(RelayEvent::Written { lane }));
            }
            _ => {}
        }
    }
    assert_eq!((from.len(), &filled[..]), (2, &[2][..]), "after both were read");
}
