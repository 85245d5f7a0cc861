//! What comes first to a new tablet on a thin link: the cards, each with what it needs to be believed, and then everything else.

mod support;

use std::collections::BTreeSet;

use support::{Region, items_of};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{PatientId, RecordHash};
use tendenko_protocol::messages::{Item, Lane, RelayMessage};

const NURSE: usize = 0;
const DOCTOR: usize = 1;
const NEW: usize = 2;
/// Tablets of the team that only read.
const READERS: std::ops::Range<usize> = 3..7;
const PATIENTS: usize = 40;
const GRANTED: usize = 20;

/// Forty patients of a nurse's, each granted to six tablets, with cards by two authors; the relay has all of it. The first of them are granted
/// to a new tablet.
fn region() -> (Region, Vec<usize>) {
    let mut region = Region::new(READERS.end, 1);
    let patients: Vec<usize> = (0..PATIENTS).map(|_| region.create_patient(NURSE)).collect();
    for patient in &patients {
        for to in std::iter::once(DOCTOR).chain(READERS) {
            region.grant(NURSE, *patient, to);
        }
        region.write(NURSE, *patient, 0);
        region.write(NURSE, *patient, 2);
    }
    for tablet in [NURSE, DOCTOR] {
        region.connect(tablet, 0);
    }
    region.settle();
    for patient in &patients {
        region.write(DOCTOR, *patient, 0);
    }
    let granted = patients[..GRANTED].to_vec();
    for patient in &granted {
        region.now.0 += 1;
        region.grant(NURSE, *patient, NEW);
    }
    region.settle();
    (region, granted)
}

fn said(region: &Region) -> &[(Lane, usize, RelayMessage)] {
    &region.links[NEW].as_ref().unwrap().said
}

/// Whose card a message brings something of.
fn cards_in(message: &RelayMessage) -> Vec<PatientId> {
    let headers = items_of(message).into_iter().filter_map(Item::header);
    headers.map(|header| header.document).filter(|of| of.scope() == Scope::Card).map(|of| of.patient).collect()
}

/// Bytes of frames on the cards lane up to and with the message that brings the first card, that brings the last, and all; and all bytes.
fn measured(region: &Region) -> [usize; 4] {
    let (mut bytes, mut first, mut last, mut all) = (0, None, 0, 0);
    for (lane, size, message) in said(region) {
        all += size;
        if *lane != Lane::Cards {
            continue;
        }
        bytes += size;
        if !cards_in(message).is_empty() {
            first.get_or_insert(bytes);
            last = bytes;
        }
    }
    [first.unwrap(), last, bytes, all]
}

#[test]
fn cards_come_before_everybodys_grants() {
    let (mut region, patients) = region();
    region.relays[0].in_order_only = true;
    // As the real one reads: some hundred items at once.
    region.relays[0].looked_at = 400;
    let newcomer = region.tablets[NEW].clone();
    region.connect(NEW, 0);
    region.settle();
    let in_order = measured(&region);
    region.check_new(&patients);

    region.disconnect(NEW);
    region.relays[0].in_order_only = false;
    region.tablets[NEW] = newcomer;
    region.sent[NEW].clear();
    region.connect(NEW, 0);
    region.settle();
    let ahead = measured(&region);
    region.check_new(&patients);
    let statements =
        said(&region).iter().flat_map(|(.., message)| items_of(message)).filter(|item| item.header().is_none());
    let unpacked: usize = statements.map(|item| item.bytes().len()).sum();
    println!("to the first card, to the last, of the lane, of all: {in_order:?} in order, {ahead:?} ahead");
    let [first, last, ..] = ahead;
    println!("statements, as they are: {unpacked}");
    assert!(
        2 * ahead[2] < unpacked + 2 * last,
        "{ahead:?}: what repeats itself in {unpacked} bytes of statements is not packed"
    );
    assert!(first < 2_500, "{first} bytes before the first card is there");
    assert!(last < 27_000, "{last} bytes before all cards are there");
    assert!(in_order[1] > 2 * last && in_order[0] > 4 * first, "{in_order:?}: nothing is gained");
    assert!(ahead[3] < in_order[3] + in_order[3] / 10, "{ahead:?}: it costs more than a tenth of {in_order:?}");

    // Nobody's grant who has no part in a card comes before the last card.
    let needed: BTreeSet<_> = [NURSE, DOCTOR, NEW].map(|tablet| region.tablets[tablet].device()).into();
    let cards = said(&region).iter().filter(|(lane, ..)| *lane == Lane::Cards);
    let items: Vec<_> = cards.flat_map(|(.., message)| items_of(message)).collect();
    let of_others = items.iter().position(|item| item.grant().is_some_and(|(.., device)| !needed.contains(&device)));
    let last_card = items.iter().rposition(|item| item.header().is_some());
    assert!(of_others > last_card, "{of_others:?} {last_card:?}");
}

trait CheckNew {
    fn check_new(&self, patients: &[usize]);
}

impl CheckNew for Region {
    /// Everything of these patients is here, each record came once, nothing was refused, and nothing more is owed.
    fn check_new(&self, patients: &[usize]) {
        let (newcomer, relay) = (&self.tablets[NEW], &self.relays[0]);
        let of: BTreeSet<_> = patients.iter().map(|patient| self.patients[*patient].id()).collect();
        for (log, records) in &relay.logs.0 {
            let here = newcomer.logs.0.get(log);
            assert_eq!(here, Some(records).filter(|_| of.contains(&log.document.patient)));
        }
        assert!(self.sent[NEW].values().all(|times| *times == 1), "{:?}", self.sent[NEW]);
        assert!(newcomer.backfill.is_empty() && newcomer.suspects.is_empty());
        assert_eq!(self.links[NEW].as_ref().unwrap().compared, 0, "nothing was refused");
        for (id, _) in relay.trust.statements() {
            assert_eq!(newcomer.trust.statement(id).is_some(), relay.trust.visible(id, newcomer.device()));
        }
    }
}

/// In the order in which they were granted.
#[test]
fn who_was_granted_first_comes_first() {
    let (mut region, patients) = region();
    region.connect(NEW, 0);
    region.settle();
    let mut came = Vec::new();
    for patient in said(&region).iter().flat_map(|(.., message)| cards_in(message)) {
        if came.last() != Some(&patient) {
            came.push(patient);
        }
    }
    let granted: Vec<_> = patients.iter().map(|patient| region.patients[*patient].id()).collect();
    assert_eq!(came, granted);
}

/// A tablet that knows its visits names them: their cards come before all others.
#[test]
fn whoever_is_wanted_first_comes_first() {
    let (mut region, patients) = region();
    let first = region.patients[patients[13]].id();
    region.tablets[NEW].first = vec![first];
    region.connect(NEW, 0);
    region.settle();
    let came: Vec<_> = said(&region).iter().flat_map(|(.., message)| cards_in(message)).collect();
    assert_eq!(came[..2], [first; 2]);
    region.check_new(&patients);
}

/// A tablet that was away: the new of the card that it wants first comes before what else has come since, without what it has.
#[test]
fn a_tablet_that_was_away_gets_what_it_wants_first_first() {
    let (mut region, patients) = region();
    region.connect(NEW, 0);
    region.settle();
    region.disconnect(NEW);
    for patient in &patients {
        region.write(NURSE, *patient, 0);
    }
    region.settle();
    let first = region.patients[patients[13]].id();
    region.tablets[NEW].first = vec![first];
    region.connect(NEW, 0);
    region.settle();
    let items: Vec<_> = said(&region).iter().flat_map(|(.., message)| items_of(message)).collect();
    assert!(items.iter().all(|item| item.header().is_some()), "it has all statements");
    assert_eq!(items[0].header().unwrap().document.patient, first);
    region.check_new(&patients);
}

/// Written by somebody who was granted by somebody who was granted: all of that comes along.
#[test]
fn a_card_by_somebody_far_from_the_patients_origin_is_believed_at_once() {
    let mut region = Region::new(5, 1);
    let patient = region.create_patient(0);
    for tablet in [0, 1, 3, 4] {
        region.connect(tablet, 0);
    }
    for (from, to) in [(0, 1), (1, 3), (3, 4)] {
        region.grant(from, patient, to);
        region.settle();
    }
    region.write(4, patient, 0);
    region.grant(1, patient, NEW);
    region.settle();
    region.connect(NEW, 0);
    while region.tablets[NEW].logs.0.is_empty() {
        assert!(region.work_relay(NEW) || region.work_tablet(NEW));
    }
    assert_eq!(region.tablets[NEW].cursor.map(|cursor| cursor.after.0), Some(0), "no cursor has moved yet");
    region.settle();
    region.check_new(&[patient]);
}

/// The link breaks after any step: what was sent ahead is not sent again, and nothing is passed over.
#[test]
fn what_was_sent_ahead_is_not_missed_wherever_the_link_breaks() {
    for steps in (1..).step_by(3) {
        let mut region = Region::new(4, 1);
        let patients: Vec<_> = (0..3).map(|_| region.create_patient(NURSE)).collect();
        for patient in &patients {
            for to in [DOCTOR, 3] {
                region.grant(NURSE, *patient, to);
            }
            for which in [0, 2] {
                region.write(NURSE, *patient, which);
            }
        }
        region.connect(NURSE, 0);
        region.connect(DOCTOR, 0);
        region.settle();
        for patient in &patients {
            region.write(DOCTOR, *patient, 0);
            region.grant(NURSE, *patient, NEW);
        }
        region.settle();
        region.connect(NEW, 0);
        let whole = (0..steps).find(|_| !(region.work_relay(NEW) || region.work_tablet(NEW)));
        region.check_cursors();
        let stored: BTreeSet<_> =
            region.tablets[NEW].logs.0.values().flatten().map(|bytes| RecordHash::of(bytes)).collect();
        region.sent[NEW].clear();
        region.disconnect(NEW);
        region.connect(NEW, 0);
        region.settle();
        let again: Vec<_> = region.sent[NEW].keys().filter(|sent| stored.contains(sent)).collect();
        assert_eq!(again, Vec::<&RecordHash>::new(), "after {steps} steps");
        // A chart on its way when its grant came: the relay cannot know whether it was refused.
        let is_card = |item: &&Item| item.header().is_some_and(|header| header.document.scope() == Scope::Card);
        let cards = said(&region).iter().flat_map(|(.., message)| items_of(message)).filter(is_card);
        let cards: BTreeSet<_> = cards.map(|item| RecordHash::of(item.bytes())).collect();
        region.sent[NEW].retain(|hash, times| cards.contains(hash) || *times > 2);
        region.check_new(&patients);
        if whole.is_some() {
            break;
        }
    }
}
