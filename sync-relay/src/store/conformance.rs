//! The contract of [`RelayStore`](super::RelayStore) as a test any implementation can be run through.
//!
//! `run` is given a function that makes a fresh, empty store and one that opens the same store again after it was dropped.
//! Every promise in the trait's documentation has a check here with the promise as its name; a backend that
//! passes may be put under a relay. The suite panics at the first broken promise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::ids::{
    ArrivalNo, DeviceId, LogSeq, Millis, PatientId, Print, RecordHash, RelayIncarnation, StatementId,
};
use tendenko_protocol::limits::MAX_PAST;
use tendenko_protocol::record::{RejectReason, SealedRecord};

use super::{
    Audience, Documents, Fate, ItemKind, Lane, Life, NewItem, NewStatement, Page, PageLimit, Refused, RelayStore,
    Selection, Subject, Submission, VectorPage,
};
use author::Author;

pub(crate) mod author;
mod checkpoints;
pub(crate) mod chunks;
mod upstream;

/// Limits that do not matter.
const ALL: PageLimit = PageLimit { bytes: usize::MAX, looked_at: usize::MAX };

/// Makes stores for the suite.
pub trait Backend {
    /// The implementation under test.
    type Store: RelayStore;

    /// A fresh, empty store of this incarnation.
    fn create(&self, incarnation: RelayIncarnation) -> Self::Store;

    /// The store made last, opened again.
    fn reopen(&self) -> Self::Store;
}

/// Runs every check, each with its own fresh store.
///
/// # Panics
/// At the first promise that is not kept.
pub fn run(backend: &impl Backend) {
    let checks: [fn(&_); 28] = [
        a_new_store_is_empty_and_in_its_first_life,
        lives_are_remembered_until_they_are_forgotten,
        arrivals_are_dense_over_statements_and_records,
        what_was_committed_is_there_after_reopening,
        the_same_bytes_again_are_a_duplicate,
        other_bytes_at_a_stored_number_are_quarantined_and_change_nothing,
        a_broken_chain_is_a_fork_and_a_hole_is_a_gap,
        one_bad_record_does_not_take_its_submission_with_it,
        pages_hold_what_is_granted_and_nothing_else,
        pages_of_any_size_add_up_to_the_whole,
        a_subject_alone_is_read_from_the_beginning,
        vectors_and_missing_records_agree,
        two_sides_that_know_both_histories_agree,
        refusals_and_contacts_are_counted,
        refused_bytes_that_are_stored_are_known,
        readers_see_arrivals_in_order_while_writers_write,
        lanes_are_streams_of_their_own,
        what_arrives_again_has_one_number_and_the_newest,
        heads_and_statement_ids_show_everything,
        checkpoints::the_whole_checkpoint_that_covers_most_is_kept,
        checkpoints::a_checkpoint_of_what_is_not_here_is_not_kept,
        chunks::chunks_are_kept_by_name_and_handed_out_only_by_it,
        chunks::what_is_offered_and_lacking_is_said_piece_by_piece,
        chunks::chunks_go_up_with_the_outbox,
        upstream::what_the_upstream_is_not_known_to_have_is_in_the_outbox,
        upstream::what_the_upstream_only_forwarded_is_in_the_outbox,
        upstream::what_is_remembered_about_the_upstream_comes_with_the_items,
        upstream::what_this_side_does_not_see_is_offered_again,
    ];
    for check in checks {
        check(backend);
    }
}

fn subject(patient: u8, scope: Scope) -> Subject {
    (PatientId([patient; 16]), scope)
}

fn submission(records: Vec<SealedRecord>) -> Submission {
    from_pusher(records.into_iter().map(NewItem::Record).collect())
}

fn from_pusher(items: Vec<NewItem>) -> Submission {
    Submission { items, ..Submission::contact(DeviceId([9; 16]), Millis(1_000)) }
}

fn statement(text: &str, audience: Audience) -> NewItem {
    NewItem::Statement(NewStatement { id: StatementId::of(text.as_bytes()), audience, bytes: text.as_bytes().to_vec() })
}

/// Commits one submission and gives the fates of its items.
fn commit(store: &impl RelayStore, submission: Submission) -> Vec<Fate> {
    let mut committed = store.commit(&[submission]).expect("the commit succeeds");
    assert_eq!(committed.fates.len(), 1);
    committed.fates.remove(0)
}

fn granted(store: &impl RelayStore, subjects: &[Subject]) -> Page {
    let newest = store.newest().expect("newest");
    let granted = |subject: &Subject| subjects.contains(subject);
    store.page(Selection::Granted(None, &granted), ArrivalNo::NONE, newest, ALL).expect("page")
}

fn arrivals(page: &Page) -> Vec<u64> {
    page.items.iter().map(|item| item.arrival.0).collect()
}

fn a_new_store_is_empty_and_in_its_first_life<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(7));
    let first = Life { incarnation: RelayIncarnation(7), newest: ArrivalNo::NONE, past: Vec::new() };
    assert_eq!(store.life().unwrap(), first);
    let page = granted(&store, &[subject(1, Scope::Card)]);
    assert!(page.items.is_empty() && page.complete);
    drop(store);
    assert_eq!(backend.reopen().life().unwrap(), first);
}

fn lives_are_remembered_until_they_are_forgotten<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(u64::MAX));
    let mut author = Author::new(1);
    commit(&store, submission(vec![author.card(1), author.card(1)]));
    store.begin(RelayIncarnation(2)).unwrap();
    commit(&store, submission(vec![author.card(1)]));
    store.begin(RelayIncarnation(3)).unwrap();
    drop(store);
    let store = backend.reopen();
    let life = store.life().unwrap();
    assert_eq!((life.incarnation, life.newest), (RelayIncarnation(3), ArrivalNo(3)));
    let ends = [(RelayIncarnation(2), ArrivalNo(3)), (RelayIncarnation(u64::MAX), ArrivalNo(2))];
    assert_eq!(life.past, ends);
    for later in 4..MAX_PAST as u64 + 10 {
        store.begin(RelayIncarnation(later)).unwrap();
    }
    let past = store.life().unwrap().past;
    assert_eq!(past.len(), MAX_PAST);
    assert_eq!(past[0].0, RelayIncarnation(MAX_PAST as u64 + 8), "the latest first");

    assert_eq!(store.figures().unwrap().lost, None);
    store.forget_past(RelayIncarnation(1)).unwrap();
    drop(store);
    let store = backend.reopen();
    assert_eq!(store.figures().unwrap().lost.map(|loss| loss.held), Some(ArrivalNo(3)));
    let life = store.life().unwrap();
    assert_eq!((life.incarnation, life.newest), (RelayIncarnation(1), ArrivalNo(3)));
    assert!(life.past.is_empty());
}

fn arrivals_are_dense_over_statements_and_records<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let first = from_pusher(vec![
        statement("a", Audience::Everyone),
        NewItem::Record(author.card(1)),
        statement("b", Audience::Granted(subject(1, Scope::Card))),
        NewItem::Record(author.card(1)),
    ]);
    let second = from_pusher(vec![
        statement("a", Audience::Everyone),
        statement("c", Audience::Everyone),
        NewItem::Record(author.card(2)),
    ]);
    let committed = store.commit(&[first, second]).unwrap();
    let stored = |number| Fate::Stored(ArrivalNo(number));
    assert_eq!(committed.fates[0], [stored(1), stored(2), stored(3), stored(4)]);
    assert_eq!(committed.fates[1], [Fate::Known(ArrivalNo(1)), stored(5), stored(6)]);
    assert_eq!(committed.newest, ArrivalNo(6));
    let all = granted(&store, &[subject(1, Scope::Card), subject(2, Scope::Card)]);
    assert_eq!(arrivals(&all), [1, 2, 3, 4, 5, 6]);
    let kinds: Vec<_> = all.items.iter().map(|item| item.kind).collect();
    use ItemKind::{Record, Statement};
    assert_eq!(kinds, [Statement, Record, Statement, Record, Statement, Record]);
}

fn what_was_committed_is_there_after_reopening<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    commit(&store, submission(vec![author.card(1), author.chart(1, 2026)]));
    let subjects = [subject(1, Scope::Card), subject(1, Scope::Chart)];
    let before = granted(&store, &subjects);
    drop(store);
    let store = backend.reopen();
    assert_eq!(granted(&store, &subjects), before);
    let fates = commit(&store, submission(vec![author.card(1)]));
    assert_eq!(fates, [Fate::Stored(ArrivalNo(3))], "the log goes on where it was");
}

fn the_same_bytes_again_are_a_duplicate<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let (one, two) = (author.card(1), author.card(1));
    let fates = commit(&store, submission(vec![one.clone(), one.clone(), two.clone()]));
    assert_eq!(fates, [Fate::Stored(ArrivalNo(1)), Fate::Known(ArrivalNo(1)), Fate::Stored(ArrivalNo(2))]);
    let fates = commit(&store, submission(vec![two, one]));
    assert_eq!(fates, [Fate::Known(ArrivalNo(2)), Fate::Known(ArrivalNo(1))]);
    assert_eq!(store.newest().unwrap(), ArrivalNo(2));
}

fn other_bytes_at_a_stored_number_are_quarantined_and_change_nothing<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let mut clone = author.clone();
    let real = author.card(1);
    assert_eq!(store.head(&real.log()).unwrap(), None);
    commit(&store, submission(vec![real.clone()]));
    assert_eq!(store.head(&real.log()).unwrap(), Some((LogSeq(1), real.hash())));
    let fork = clone.card(1);
    assert_ne!(fork.bytes(), real.bytes());
    for _ in 0..2 {
        assert_eq!(commit(&store, submission(vec![fork.clone()])), [Fate::Fork]);
    }
    let page = granted(&store, &[subject(1, Scope::Card)]);
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].bytes, real.bytes());
    let quarantine = store.quarantine(10).unwrap();
    assert_eq!(quarantine.len(), 1);
    assert_eq!(quarantine[0].hash, fork.hash());
    assert_eq!(quarantine[0].reason, RejectReason::Fork.code());
    assert_eq!(quarantine[0].times, 2);
    assert_eq!(quarantine[0].claimed, Some((fork.log(), LogSeq(1))));
    assert_eq!(quarantine[0].bytes.as_deref(), Some(fork.bytes()));
}

fn a_broken_chain_is_a_fork_and_a_hole_is_a_gap<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let (one, two, three) = (author.card(1), author.card(1), author.card(1));
    let gap = |expected| Fate::Gap { expected: LogSeq(expected) };
    assert_eq!(commit(&store, submission(vec![two.clone()])), [gap(1)]);
    commit(&store, submission(vec![one]));
    assert_eq!(commit(&store, submission(vec![three])), [gap(2)]);
    let mut other = Author::new(1);
    other.card(1);
    let misfit = other.card(1);
    assert_eq!(commit(&store, submission(vec![misfit])), [Fate::Fork], "number 2, but after another number 1");
    assert_eq!(commit(&store, submission(vec![two])), [Fate::Stored(ArrivalNo(2))]);
}

fn one_bad_record_does_not_take_its_submission_with_it<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let mut clone = author.clone();
    let (one, fork) = (author.card(1), clone.card(1));
    let mut stranger = Author::new(2);
    stranger.card(1);
    let fates = commit(&store, submission(vec![one, fork, stranger.card(1), author.card(1)]));
    assert_eq!(
        fates,
        [Fate::Stored(ArrivalNo(1)), Fate::Fork, Fate::Gap { expected: LogSeq(1) }, Fate::Stored(ArrivalNo(2))]
    );
}

fn pages_hold_what_is_granted_and_nothing_else<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let items = vec![
        statement("certificate", Audience::Everyone),
        statement("grant", Audience::Granted(subject(1, Scope::Chart))),
        NewItem::Record(author.card(1)),
        NewItem::Record(author.chart(1, 2025)),
        NewItem::Record(author.chart(1, 2026)),
        NewItem::Record(author.card(2)),
    ];
    commit(&store, from_pusher(items));
    assert_eq!(arrivals(&granted(&store, &[])), [1]);
    assert_eq!(arrivals(&granted(&store, &[subject(1, Scope::Card)])), [1, 3]);
    assert_eq!(arrivals(&granted(&store, &[subject(1, Scope::Chart)])), [1, 2, 4, 5]);
    assert_eq!(arrivals(&granted(&store, &[subject(2, Scope::Card)])), [1, 6]);
    assert_eq!(granted(&store, &[]).through, ArrivalNo(6), "what is not granted is passed over");

    let everything = |_: &Subject| true;
    let statements = Selection::GrantedStatements(&everything);
    let page = store.page(statements, ArrivalNo::NONE, ArrivalNo(6), ALL).unwrap();
    assert_eq!((arrivals(&page), page.through), (vec![1, 2], ArrivalNo(6)));
    let nothing = |_: &Subject| false;
    let statements = Selection::GrantedStatements(&nothing);
    let page = store.page(statements, ArrivalNo::NONE, ArrivalNo(6), ALL).unwrap();
    assert_eq!(arrivals(&page), [1]);
    let all = store.statements(ArrivalNo::NONE, ALL).unwrap();
    assert_eq!(arrivals(&all), [1, 2]);
}

fn pages_of_any_size_add_up_to_the_whole<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let records = (0..40u8).map(|n| author.card(n % 4)).collect();
    commit(&store, submission(records));
    let subjects = |(patient, _): &Subject| [1, 3].contains(&patient.0[0]);
    let whole = granted(&store, &[subject(1, Scope::Card), subject(3, Scope::Card)]);
    assert_eq!(whole.items.len(), 20);
    let newest = store.newest().unwrap();
    for (bytes, looked_at) in [(1, 1), (1, 7), (1_000, 3), (usize::MAX, 5), (1_000, usize::MAX)] {
        let limit = PageLimit { bytes, looked_at };
        let mut items = Vec::new();
        let mut after = ArrivalNo(0);
        loop {
            let page = store.page(Selection::Granted(None, &subjects), after, newest, limit).unwrap();
            assert!(page.complete || page.through > after, "every page gets on");
            items.extend(page.items);
            after = page.through;
            if page.complete {
                break;
            }
        }
        assert_eq!(items, whole.items, "bytes {bytes}, looked at {looked_at}");
        assert_eq!(after, newest);
    }
    let bounded = store.page(Selection::Granted(None, &subjects), ArrivalNo(0), ArrivalNo(10), ALL).unwrap();
    assert!(bounded.complete && bounded.items.iter().all(|item| item.arrival.0 <= 10));
}

fn a_subject_alone_is_read_from_the_beginning<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let items = vec![
        statement("certificate", Audience::Everyone),
        statement("grant", Audience::Granted(subject(2, Scope::Card))),
        NewItem::Record(author.card(1)),
        NewItem::Record(author.card(2)),
        NewItem::Record(author.chart(2, 2026)),
    ];
    commit(&store, from_pusher(items));
    let only = Selection::Only(subject(2, Scope::Card));
    let page = store.page(only, ArrivalNo(0), ArrivalNo(5), ALL).unwrap();
    assert_eq!(arrivals(&page), [2, 4]);
    let page = store.page(only, ArrivalNo(2), ArrivalNo(5), ALL).unwrap();
    assert_eq!(arrivals(&page), [4]);
}

fn vectors_and_missing_records_agree<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let (mut one, mut two) = (Author::new(1), Author::new(2));
    let records = vec![one.card(1), two.card(1), one.card(1), one.card(1), two.card(2)];
    let print = |record: &SealedRecord| record.hash().print();
    let (first_head, second_head, third_head) = (print(&records[3]), print(&records[1]), print(&records[4]));
    let bytes: Vec<_> = records.iter().map(|record| record.bytes().to_vec()).collect();
    let (one, two) = (records[0].log(), records[1].log());
    commit(&store, submission(records));
    let document = |patient| DocumentId::card(PatientId([patient; 16]));
    let vector = |entries: &[(LogId, u64, Print)]| {
        let mut vector = Vector::default();
        for (log, seq, print) in entries {
            vector.raise(log.device, log.incarnation, LogSeq(*seq), *print);
        }
        vector
    };
    let (first, second) = (vector(&[(one, 3, first_head), (two, 1, second_head)]), vector(&[(two, 1, third_head)]));

    let span = |after, through, readable: &dyn Fn(&DocumentId) -> bool, max_documents, max_logs| {
        let span = Documents::Span { after, through };
        store.vectors(span, readable, max_documents, max_logs).unwrap()
    };
    let whole =
        VectorPage { documents: vec![(document(1), first.clone()), (document(2), second.clone())], more: false };
    assert_eq!(span(None, None, &|_| true, 9, 9), whole);
    assert_eq!(span(None, Some(document(2)), &|_| true, 9, 9), whole);
    for page in [span(None, None, &|_| true, 1, 9), span(None, None, &|_| true, 9, 1)] {
        assert_eq!((page.documents, page.more), (vec![(document(1), first.clone())], true));
    }
    let rest = span(Some(document(1)), None, &|_| true, 1, 1);
    assert_eq!((rest.documents, rest.more), (vec![(document(2), second)], false));
    assert_eq!(span(None, Some(document(1)), &|_| true, 9, 9).documents.len(), 1);
    assert_eq!(span(None, None, &|_| false, 9, 9), VectorPage::default());

    let listed = [document(1), document(2), document(8)];
    let page = store.vectors(Documents::Listed(&listed), &|found| *found != document(2), 9, 9).unwrap();
    let expected = [(document(1), first.clone()), (document(8), Vector::default())];
    assert_eq!((&page.documents[..], page.more), (&expected[..], false));

    let missing = |have: &[(DocumentId, Vector)], limit| {
        let page = store.missing(have, limit).unwrap();
        (page.records, page.more)
    };
    let nothing = [(document(1), Vector::default()), (document(2), Vector::default())];
    assert_eq!(missing(&nothing, usize::MAX), (bytes.clone(), false));
    assert_eq!(missing(&[(document(1), first)], usize::MAX), (vec![], false));
    let some = [(document(1), vector(&[(one, 1, Print(0))]))];
    assert_eq!(missing(&some, usize::MAX), (bytes[1..4].to_vec(), false));
    assert_eq!(missing(&some, 1), (bytes[1..2].to_vec(), true), "one record always fits");
}

fn two_sides_that_know_both_histories_agree<B: Backend>(backend: &B) {
    let mut author = Author::new(1);
    let common = author.card(1);
    let mut clone = author.clone();
    let ours = vec![author.card(1), author.card(1), author.card(1), author.card(1)];
    let theirs = vec![clone.card(1), clone.card(1)];
    let log = common.log();
    let print = |store: &B::Store| {
        let page = store.vectors(Documents::Listed(&[log.document]), &|_| true, 9, 9).unwrap();
        page.documents[0].1.0[&(log.device, log.incarnation)].print
    };
    let sorted = |mut prints: Vec<Print>| {
        prints.sort();
        prints
    };
    let all = [&[common.clone()][..], &ours, &theirs].concat();
    let of = |records: &[SealedRecord]| records.iter().map(|record| record.hash().print()).collect::<Vec<_>>();
    let mut said = Vec::new();
    for (kept, other) in [(&ours, &theirs), (&theirs, &ours)] {
        let store = backend.create(RelayIncarnation(1));
        commit(&store, submission(vec![common.clone()]));
        commit(&store, submission(kept.clone()));
        assert_eq!(print(&store), *of(kept).last().unwrap(), "the head's");
        assert_eq!(store.prints(&log).unwrap(), [of(std::slice::from_ref(&common)), of(kept)].concat(), "by place");
        let fates = commit(&store, submission(other.clone()));
        assert!(fates.iter().all(|fate| *fate == Fate::Fork), "also what is beyond the head: {fates:?}");
        assert_eq!(sorted(store.prints(&log).unwrap()), sorted(of(&all)));
        let wanted = store.with_prints(&log, &of(other), usize::MAX).unwrap();
        let bytes: Vec<_> = other.iter().map(|record| record.bytes().to_vec()).collect();
        assert_eq!((wanted.records, wanted.more), (bytes.clone(), false));
        let one = store.with_prints(&log, &of(other), 1).unwrap();
        assert_eq!((one.records, one.more), (bytes[..1].to_vec(), true), "one record always fits");
        said.push(print(&store));
    }
    assert_eq!(said[0], said[1]);
    let store = backend.reopen();
    let longer = [clone.card(1), clone.card(1)];
    assert!(matches!(commit(&store, submission(longer.to_vec()))[..], [Fate::Stored(_), Fate::Stored(_)]));
    let more = of(&longer).into_iter().fold(said[1], Print::and);
    assert_eq!(print(&store), more, "what goes on is added");
    assert_eq!(store.prints(&Author::new(7).card(1).log()).unwrap(), []);
}

fn lanes_are_streams_of_their_own<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let items = vec![
        statement("certificate", Audience::Everyone),
        NewItem::Record(author.chart(1, 2026)),
        NewItem::Record(author.card(1)),
        NewItem::Record(author.chart(1, 2026)),
        statement("grant", Audience::Granted(subject(1, Scope::Chart))),
    ];
    commit(&store, from_pusher(items));
    let of = |lane, after| {
        let newest = store.newest().unwrap();
        let page = store.page(Selection::Granted(Some(lane), &|_| true), ArrivalNo(after), newest, ALL).unwrap();
        assert_eq!(page.through, newest);
        arrivals(&page)
    };
    assert_eq!(of(Lane::Cards, 0), [1, 3, 5], "a grant goes with the cards, whatever it is of");
    assert_eq!(of(Lane::Cards, 1), [3, 5]);
    assert_eq!(of(Lane::Charts, 0), [2, 4]);
    assert!(of(Lane::Attachments, 0).is_empty());
}

fn what_arrives_again_has_one_number_and_the_newest<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    store.begin_upstream().unwrap();
    let mine = subject(1, Scope::Card);
    let grant = statement("grant", Audience::Granted(mine));
    let id = |text: &str| StatementId::of(text.as_bytes());
    commit(&store, from_pusher(vec![grant.clone(), statement("certificate", Audience::Everyone)]));
    let what_makes_it_hold = statement("another", Audience::Granted(mine));
    let again = vec![id("grant"), id("never stored"), id("another")];
    let fates = commit(&store, Submission { again, ..from_pusher(vec![what_makes_it_hold]) });
    assert_eq!(fates, [Fate::Stored(ArrivalNo(3))]);
    let store = {
        drop(store);
        backend.reopen()
    };
    assert_eq!(store.newest().unwrap(), ArrivalNo(5));
    let page = granted(&store, &[mine]);
    let bytes: Vec<_> = page.items.iter().map(|item| (item.arrival.0, &item.bytes[..])).collect();
    assert_eq!(bytes, [(2, &b"certificate"[..]), (4, &b"grant"[..]), (5, &b"another"[..])]);
    let only = store.page(Selection::Only(mine), ArrivalNo(2), ArrivalNo(5), ALL).unwrap();
    assert_eq!(arrivals(&only), [4, 5]);
    let up = store.page(Selection::Outbox(Lane::Cards), ArrivalNo::NONE, ArrivalNo(5), ALL).unwrap();
    assert_eq!(arrivals(&up), [2, 4, 5], "its place in the outbox goes along");
    assert_eq!(arrivals(&store.statements(ArrivalNo::NONE, ALL).unwrap()), [2, 4, 5]);
    assert_eq!(commit(&store, from_pusher(vec![grant])), [Fate::Known(ArrivalNo(4))]);
}

fn heads_and_statement_ids_show_everything<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let (mut one, mut two) = (Author::new(1), Author::new(2));
    let items = vec![one.card(2), two.card(1), one.card(2), one.chart(1, 2026)];
    let logs: Vec<_> = items.iter().map(|record| record.log()).collect();
    commit(&store, submission(items));
    let grant = Audience::Granted(subject(1, Scope::Card));
    commit(&store, from_pusher(vec![statement("certificate", Audience::Everyone), statement("grant", grant)]));
    let mut heads = Vec::new();
    store.heads(&mut |log, seq| heads.push((log, seq))).unwrap();
    assert_eq!(heads, [(logs[1], LogSeq(1)), (logs[3], LogSeq(1)), (logs[0], LogSeq(2))]);
    let mut ids = Vec::new();
    store.statement_ids(&mut |arrival, id, audience| ids.push((arrival, id, audience))).unwrap();
    let id = |text: &str| StatementId::of(text.as_bytes());
    let expected = [(ArrivalNo(5), id("certificate"), Audience::Everyone), (ArrivalNo(6), id("grant"), grant)];
    assert_eq!(ids, expected);
}

fn refusals_and_contacts_are_counted<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    let refused = NewItem::Refused(Refused {
        hash: author.card(3).hash(),
        claimed: None,
        reason: RejectReason::Signature,
        bytes: None,
        may_be_known: true,
    });
    let pusher = DeviceId([9; 16]);
    for at in [5, 3, 8] {
        let fates =
            commit(&store, Submission { items: vec![refused.clone()], ..Submission::contact(pusher, Millis(at)) });
        assert_eq!(fates, [Fate::Refused]);
    }
    commit(&store, submission(vec![author.card(1), author.card(2)]));
    let figures = store.figures().unwrap();
    assert_eq!((figures.records, figures.logs, figures.quarantined), (2, 2, 1));
    assert_eq!(figures.refused.len(), 1);
    assert_eq!((figures.refused[0].reason.as_str(), figures.refused[0].times), ("signature", 3));
    assert_eq!(figures.contacts.len(), 1);
    let contact = &figures.contacts[0];
    assert_eq!((contact.device, contact.first, contact.last), (pusher, Millis(5), Millis(1_000)));
    assert_eq!((contact.records, contact.refused, contact.flooded), (2, 3, None));
    commit(&store, Submission::flood(pusher, Millis(7)));
    commit(&store, Submission::contact(pusher, Millis(2_000)));
    assert_eq!(store.figures().unwrap().contacts[0].flooded, Some(Millis(7)));
    assert_eq!(store.quarantine(10).unwrap()[0].times, 3);
}

fn refused_bytes_that_are_stored_are_known<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let record = Author::new(1).card(1);
    let refused = Refused {
        hash: record.hash(),
        claimed: Some((record.log(), LogSeq(1))),
        reason: RejectReason::AuthorRevoked,
        bytes: Some(record.bytes().to_vec()),
        may_be_known: true,
    };
    let refuse = |refused: &Refused| commit(&store, from_pusher(vec![NewItem::Refused(refused.clone())]));
    assert_eq!(refuse(&refused), [Fate::Refused]);
    assert_eq!(store.figures().unwrap().quarantined, 1);
    commit(&store, submission(vec![record]));
    assert_eq!(store.figures().unwrap().quarantined, 0, "what is stored is refused no longer");
    assert_eq!(refuse(&refused), [Fate::Known(ArrivalNo(1))]);
    let blind = Refused { may_be_known: false, ..refused.clone() };
    assert_eq!(refuse(&blind), [Fate::Refused]);
    let other = Refused { hash: RecordHash([7; 32]), ..refused };
    assert_eq!(refuse(&other), [Fate::Refused]);
    assert_eq!(store.figures().unwrap().refused[0].times, 3);
}

fn readers_see_arrivals_in_order_while_writers_write<B: Backend>(backend: &B) {
    const WRITERS: u8 = 3;
    const EACH: usize = 20;
    let store = &backend.create(RelayIncarnation(1));
    let writing = &AtomicBool::new(true);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut seen = 0;
            loop {
                let last_look = !writing.load(Ordering::Acquire);
                let newest = store.newest().unwrap();
                let page = store.page(Selection::Granted(None, &|_| true), ArrivalNo(seen), newest, ALL).unwrap();
                for item in page.items {
                    assert_eq!(item.arrival.0, seen + 1, "an arrival was passed over");
                    seen += 1;
                }
                assert_eq!(seen, newest.0, "everything up to the newest can be read");
                if last_look {
                    return seen;
                }
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| {
                scope.spawn(move || {
                    let mut author = Author::new(n + 1);
                    for _ in 0..EACH {
                        let fates = commit(store, submission(vec![author.card(n), author.card(n)]));
                        assert!(matches!(fates[..], [Fate::Stored(_), Fate::Stored(_)]));
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().expect("a writer");
        }
        writing.store(false, Ordering::Release);
        let seen = reader.join().expect("the reader");
        assert_eq!(seen, u64::from(WRITERS) * EACH as u64 * 2);
    });
}
