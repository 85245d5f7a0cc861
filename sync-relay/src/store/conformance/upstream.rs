//! The outbox, and what else is remembered about the upstream.

use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{ArrivalNo, LogSeq, Millis, RelayId, RelayIncarnation, StatementId};
use tendenko_protocol::messages::Cursor;
use tendenko_protocol::record::RejectReason;

use super::super::{
    Audience, Fate, ItemName, Lane, Mark, NewItem, RelayStore, Selection, Source, Submission, Upstream, Waiting,
};
use super::author::Author;
use super::{ALL, Backend, arrivals, commit, from_pusher, statement, subject};

fn outbox(store: &impl RelayStore, lane: Lane) -> Vec<u64> {
    let newest = store.newest().unwrap();
    arrivals(&store.page(Selection::Outbox(lane), ArrivalNo::NONE, newest, ALL).unwrap())
}

fn from_upstream(items: Vec<NewItem>) -> Submission {
    Submission::new(Source::Upstream, Millis(2_000), items)
}

fn marked(store: &impl RelayStore, marks: Vec<Mark>) {
    commit(store, Submission { marks, ..from_upstream(Vec::new()) });
}

pub(super) fn what_the_upstream_is_not_known_to_have_is_in_the_outbox<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let (card, chart, late) = (author.card(1), author.chart(1, 2026), author.chart(1, 2026));
    let early = vec![statement("certificate", Audience::Everyone), NewItem::Record(card), NewItem::Record(chart)];
    commit(&store, from_pusher(early.clone()));
    assert_eq!(store.upstream().unwrap(), None);
    assert_eq!(store.figures().unwrap().waiting, None);
    assert!(outbox(&store, Lane::Cards).is_empty(), "there is no upstream");

    store.begin_upstream().unwrap();
    assert_eq!((outbox(&store, Lane::Cards), outbox(&store, Lane::Charts)), (vec![1, 2], vec![3]));
    // Known here already, and now known to be there.
    let fates = commit(&store, from_upstream(vec![early[1].clone(), NewItem::Record(late.clone())]));
    assert_eq!(fates, [Fate::Known(ArrivalNo(2)), Fate::Stored(ArrivalNo(4))]);
    commit(&store, from_pusher(vec![NewItem::Record(author.card(1)), NewItem::Record(late)]));
    assert_eq!((outbox(&store, Lane::Cards), outbox(&store, Lane::Charts)), (vec![1, 5], vec![3]));
    store.begin_upstream().unwrap();
    drop(store);

    let store = backend.reopen();
    assert_eq!((outbox(&store, Lane::Cards), outbox(&store, Lane::Charts)), (vec![1, 5], vec![3]));
    let certificate = ItemName::Statement(StatementId::of(b"certificate"));
    let NewItem::Record(chart) = &early[2] else { unreachable!() };
    let chart = ItemName::Record(chart.log(), chart.header().seq);
    marked(&store, vec![Mark::Has(certificate), Mark::Refused(chart, RejectReason::UnknownAuthor)]);
    assert_eq!((outbox(&store, Lane::Cards), outbox(&store, Lane::Charts)), (vec![5], vec![]));
    let [cards, charts, _] = store.figures().unwrap().waiting.unwrap();
    assert_eq!((cards.items, cards.refused, charts.items, charts.refused), (1, 0, 1, 1));
    assert!(cards.bytes > 100 && charts.bytes > 100);
    store.begin_upstream().unwrap();
    assert_eq!(outbox(&store, Lane::Charts), [3], "offered again");
    marked(&store, vec![Mark::Has(chart), Mark::Has(chart), Mark::Has(ItemName::Statement(StatementId([1; 32])))]);
    let [_, charts, attachments] = store.figures().unwrap().waiting.unwrap();
    assert_eq!((charts, attachments), (Waiting::default(), Waiting::default()));
}

/// The upstream may be killed before it stores what it has forwarded; its author, who was not acked there, comes here and is.
pub(super) fn what_the_upstream_only_forwarded_is_in_the_outbox<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let (first, second) = (NewItem::Record(author.card(1)), NewItem::Record(author.card(1)));
    let forwarded = |item: &NewItem| Submission::new(Source::Forwarded, Millis(2_000), vec![item.clone()]);
    store.begin_upstream().unwrap();
    assert_eq!(commit(&store, forwarded(&first)), [Fate::Stored(ArrivalNo(1))]);
    commit(&store, from_pusher(vec![first.clone(), second.clone()]));
    assert_eq!(commit(&store, forwarded(&second)), [Fate::Known(ArrivalNo(2))]);
    assert_eq!(outbox(&store, Lane::Cards), [1, 2]);
    commit(&store, from_upstream(vec![first]));
    assert_eq!(outbox(&store, Lane::Cards), [2], "it came in order of arrival: the upstream has it");
}

pub(super) fn what_this_side_does_not_see_is_offered_again<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let records = [author.card(1), author.chart(1, 2026), author.card(2), author.chart(2, 2026)];
    let mut items = vec![statement("certificate", Audience::Everyone)];
    items.extend(records.iter().cloned().map(NewItem::Record));
    store.begin_upstream().unwrap();
    commit(&store, from_pusher(items));
    marked(&store, vec![Mark::Has(ItemName::Statement(StatementId::of(b"certificate")))]);
    let there = records.iter().map(|record| Mark::Has(ItemName::Record(record.log(), record.header().seq)));
    marked(&store, there.collect());
    assert!(outbox(&store, Lane::Cards).is_empty() && outbox(&store, Lane::Charts).is_empty());
    let seen = [subject(1, Scope::Card), subject(1, Scope::Chart), subject(2, Scope::Card)];
    store.offer_again(&|subject| seen.contains(subject)).unwrap();
    store.offer_again(&|subject| seen.contains(subject)).unwrap();
    assert_eq!((outbox(&store, Lane::Cards), outbox(&store, Lane::Charts)), (vec![], vec![5]));
    store.offer_again(&|_| false).unwrap();
    assert_eq!((outbox(&store, Lane::Cards), outbox(&store, Lane::Charts)), (vec![2, 4], vec![3, 5]), "no statement");
}

pub(super) fn what_is_remembered_about_the_upstream_comes_with_the_items<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    store.begin_upstream().unwrap();
    assert_eq!(store.upstream().unwrap(), Some(Upstream::default()));
    let hub = RelayId([7; 16]);
    let cursor = Cursor::unfinished(hub);
    let (one, two) = (subject(1, Scope::Card), subject(1, Scope::Chart));
    let mut author = Author::new(1);
    let record = author.card(1);
    let suspect = record.header().document;
    author.chart(2, 2026);
    let hole = author.chart(2, 2026);
    let marks = vec![
        Mark::Cursor(cursor),
        Mark::Contact(hub),
        Mark::Owed(one),
        Mark::Owed(two),
        Mark::Owed(two),
        Mark::Suspect(suspect),
    ];
    commit(&store, Submission { marks, ..from_upstream(vec![NewItem::Record(record)]) });
    drop(store);
    let store = backend.reopen();
    let expected = Upstream {
        cursor: Some(cursor),
        contact: Some((hub, Millis(2_000))),
        owed: vec![one, two],
        suspects: vec![suspect],
    };
    assert_eq!(store.upstream().unwrap(), Some(expected));
    marked(&store, vec![Mark::Filled(one), Mark::Compared(suspect)]);
    let upstream = store.upstream().unwrap().unwrap();
    assert_eq!((upstream.owed, upstream.suspects), (vec![two], vec![]));
    let fates = commit(&store, from_upstream(vec![NewItem::Record(hole.clone())]));
    assert_eq!(fates, [Fate::Gap { expected: LogSeq(1) }]);
    assert_eq!(store.upstream().unwrap().unwrap().suspects, [hole.header().document]);
}
