//! The timeline's pages, search within it, what is unread, and hand-overs with who has read them.

use std::collections::BTreeSet;

use tendenko_crdt::{
    Addressee, Document as _, EntryId, Event, EventBody, HandOver, Note, Profession, Timestamp, Visit, Withdrawal,
};
use tendenko_protocol::ids::PatientId;

use super::{NOON, Tablet, TestRegion, identity, note, pair};
use crate::views::{Place, TimelineFilter, TimelineStart};
use crate::{HAND_OVER_WAITS, SaveError};

const DAY: i64 = 86_400_000;

fn hand_over(to: Addressee, text: &str) -> EventBody {
    let text = text.to_owned();
    EventBody::HandOver(HandOver { to, urgent: false, text, answers: None, newer: Default::default() })
}

fn to_person(tablet: &Tablet) -> Addressee {
    Addressee::Member { member: tablet.me().member.to_string(), name: tablet.me().name.clone() }
}

fn record(tablet: &Tablet, patient: PatientId, body: EventBody) -> EntryId {
    record_with(tablet, patient, body, |_| {})
}

fn record_with(tablet: &Tablet, patient: PatientId, body: EventBody, change: impl FnOnce(&mut Event)) -> EntryId {
    tablet
        .edit(patient, |edit| {
            let mut event = edit.event(body)?;
            change(&mut event);
            let at = event.occurred_at;
            Ok(edit.volume_at(at)?.record(event)?)
        })
        .unwrap()
}

/// What was recorded, as a list in memory: the pages must be cut from it.
struct Kept {
    place: Place,
    kind: &'static str,
    profession: Profession,
    words: &'static str,
}

/// Three years of a patient: several entries at the same moment, across volumes, some of them corrected or withdrawn.
fn three_years(tablet: &Tablet, patient: PatientId) -> Vec<Kept> {
    let professions = [Profession::Nurse, Profession::Pharmacist, Profession::Helper];
    let words = ["下腿浮腫あり", "おむつ交換", "転倒なし、下腿の冷感"];
    let mut kept = Vec::new();
    for n in 0..60usize {
        let at = Timestamp(NOON - (n as i64 / 3) * 53 * DAY);
        let profession = professions[n % 3].clone();
        let words = words[(n / 4) % 3];
        let (kind, body) = match n % 5 {
            0 | 1 => ("note", note(words)),
            2 => ("hand-over", hand_over(Addressee::Team, words)),
            _ => ("visit", EventBody::Visit(Visit { note: words.to_owned(), ..Visit::default() })),
        };
        let id = record_with(tablet, patient, body, |event| {
            event.occurred_at = at;
            event.stamp.author.profession = profession.clone();
        });
        kept.push(Kept { place: (at, id), kind, profession, words });
    }
    for n in [4, 17, 33] {
        let (at, corrected) = kept[n].place;
        let (kind, body) = match n {
            17 => ("withdrawal", EventBody::Withdrawal(Withdrawal::default())),
            _ => ("note", note("訂正: おむつ交換")),
        };
        let id = record_with(tablet, patient, body, |event| {
            event.occurred_at = at;
            event.corrects = Some(corrected);
            event.reason = Some("書き間違い".into());
        });
        let words = if n == 17 { "" } else { "訂正: おむつ交換" };
        kept[n] = Kept { place: (at, id), kind, profession: Profession::Nurse, words };
    }
    kept.sort_by_key(|entry| std::cmp::Reverse(entry.place));
    kept
}

fn filters() -> Vec<TimelineFilter> {
    let mut filters = Vec::new();
    for profession in [None, Some("pharmacist")] {
        for kinds in [&[][..], &["note"], &["note", "visit", "withdrawal"]] {
            for words in ["", "おむつ", "ｵﾑﾂ", "下腿"] {
                filters.push(TimelineFilter {
                    profession: profession.map(str::to_owned),
                    kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
                    words: words.to_owned(),
                    care: Vec::new(),
                });
            }
        }
    }
    filters
}

fn wanted(entry: &Kept, filter: &TimelineFilter) -> bool {
    let words = match filter.words.as_str() {
        "ｵﾑﾂ" => "おむつ",
        words => words,
    };
    filter.profession.as_deref().is_none_or(|profession| profession == entry.profession.as_str())
        && (filter.kinds.is_empty() || filter.kinds.iter().any(|kind| kind == entry.kind))
        && entry.words.contains(words)
}

fn page(
    tablet: &Tablet,
    patient: PatientId,
    filter: &TimelineFilter,
    start: TimelineStart,
    limit: usize,
) -> (Vec<Place>, bool) {
    let page = tablet.timeline_page(patient, filter, &start, limit, None).unwrap();
    (page.entries.iter().map(|entry| (entry.event.occurred_at, entry.event.id)).collect(), page.more)
}

fn pages_are_cut_from(tablet: &Tablet, patient: PatientId, kept: &[Kept]) {
    for filter in filters() {
        let all: Vec<Place> = kept.iter().filter(|entry| wanted(entry, &filter)).map(|entry| entry.place).collect();
        assert!(!all.is_empty(), "{filter:?}");
        for limit in [1, 4, 100] {
            let mut down: Vec<Place> = Vec::new();
            let mut start = TimelineStart::Newest;
            loop {
                let (places, more) = page(tablet, patient, &filter, start, limit);
                assert!(places.len() <= limit);
                down.extend(&places);
                assert_eq!(more, (down.len() < all.len()), "{filter:?}");
                match places.last() {
                    Some(last) if more => start = TimelineStart::Older(*last),
                    _ => break,
                }
            }
            assert_eq!(down, all, "back in time, {limit} at once, {filter:?}");
            let mut up = vec![all[all.len() - 1]];
            loop {
                let (places, more) = page(tablet, patient, &filter, TimelineStart::Newer(up[0]), limit);
                up.splice(0..0, places);
                if !more {
                    break;
                }
            }
            assert_eq!(up, all, "forward in time, {limit} at once, {filter:?}");
        }
        let middle = all[all.len() / 2];
        let (from, _) = page(tablet, patient, &filter, TimelineStart::At(middle), 100);
        assert_eq!(from, all[all.len() / 2..], "{filter:?}");
        let (before, _) = page(tablet, patient, &filter, TimelineStart::Before(middle.0), 100);
        assert_eq!(before, all.iter().copied().filter(|(at, _)| *at < middle.0).collect::<Vec<_>>(), "{filter:?}");
    }
}

#[test]
fn pages_have_no_gap_and_no_repetition_both_ways_under_every_filter_and_across_volumes() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let other = tablet.create_patient(identity("鈴木 一", "スズキ ハジメ")).unwrap();
    tablet.note(other, "おむつ交換、下腿浮腫");
    let kept = three_years(&tablet, patient);
    pages_are_cut_from(&tablet, patient, &kept);
    tablet.rebuild_read_models().unwrap();
    pages_are_cut_from(&tablet, patient, &kept);
}

#[test]
fn what_was_written_is_found_as_it_is_typed_and_only_there() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let found = |typed: &str| {
        let filter = TimelineFilter { words: typed.to_owned(), ..TimelineFilter::default() };
        page(&tablet, patient, &filter, TimelineStart::Newest, 10).0.len()
    };
    record(&tablet, patient, note("替えのおむつを用意。ＢＰ１３２／７８、ベッドサイドで。"));
    let visit = Visit { purpose: Some("入浴".into()), note: "皮膚トラブルなし".into(), ..Visit::default() };
    record(&tablet, patient, EventBody::Visit(visit));
    for typed in ["おむつ", "オムツ", "ｵﾑﾂ", "bp132", "べっとさいど", "替え　ベッド", "皮", "入浴", "甲"]
    {
        assert!(found(typed) > 0, "{typed}");
    }
    // 入浴 and 皮膚 are two parts: what is typed across them was never written.
    for typed in ["浴皮", "なしなし", "替え 皮膚", "\"おむつ", "おむつ*は", "浮腫"] {
        assert_eq!(found(typed), usize::from(typed == "\"おむつ"), "{typed}");
    }
}

#[test]
fn months_are_those_in_which_something_happened() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    assert!(tablet.timeline_months(patient).unwrap().is_empty());
    // NOON is a day of November 2026; 2025-12-31T15:00Z is New Year in Japan.
    for at in [NOON, NOON - DAY, 1_767_193_200_000, 1_767_193_199_999] {
        record_with(&tablet, patient, note("記録"), |event| event.occurred_at = Timestamp(at));
    }
    let months = tablet.timeline_months(patient).unwrap();
    assert_eq!(months, [Timestamp(NOON), Timestamp(1_767_193_200_000), Timestamp(1_767_193_199_999)]);
}

#[test]
fn what_was_on_the_screen_is_seen_and_what_came_meanwhile_is_not() {
    let (a, b, patient) = pair();
    let first = b.note(patient, "一");
    a.receive(b.departing());
    let opened = a.looked(patient, None).unwrap();
    assert_eq!(opened.unread.iter().map(|(_, entry)| *entry).collect::<Vec<_>>(), [first]);
    // While it is on the screen, something else comes in, from before what was read.
    b.clock.set(Timestamp(NOON - DAY));
    let late = b.note(patient, "おそく届いた記録");
    a.receive(b.departing());
    a.looked_up_to(patient, opened.newest).unwrap();
    let now = a.looked(patient, None).unwrap();
    assert_eq!(now.unread.iter().map(|(_, entry)| *entry).collect::<Vec<_>>(), [late]);
    // As of when the page was opened both are new.
    let since = a.looked(patient, Some(opened.since)).unwrap();
    assert_eq!(since.unread.iter().map(|(_, entry)| *entry).collect::<Vec<_>>(), [first, late]);
    let start = TimelineStart::Newest;
    let page = a.timeline_page(patient, &TimelineFilter::default(), &start, 10, Some(opened.since)).unwrap();
    assert_eq!(page.entries.iter().map(|entry| entry.new).collect::<Vec<_>>(), [true, true]);
    // Nothing that was seen becomes unseen, and nothing that is not here yet is seen.
    a.looked_up_to(patient, i64::MAX).unwrap();
    a.looked_up_to(patient, 0).unwrap();
    assert!(a.looked(patient, None).unwrap().unread.is_empty());
    let third = b.note(patient, "三");
    a.receive(b.departing());
    assert_eq!(a.looked(patient, None).unwrap().unread.len(), 1);
    assert_eq!(a.looked(patient, None).unwrap().unread[0].1, third);
}

#[test]
fn a_hand_over_waits_until_it_is_confirmed_and_who_wrote_it_sees_by_whom() {
    let (a, b, patient) = pair();
    let mine = record(&a, patient, hand_over(Addressee::Team, "自分が書いた"));
    let to_me = record(&b, patient, hand_over(to_person(&a), "残薬あり"));
    let to_team = record(&b, patient, hand_over(Addressee::Team, "入浴は中止"));
    let other = if a.me().profession == Profession::Dentist { Profession::Nurse } else { Profession::Dentist };
    record(&b, patient, hand_over(Addressee::Profession(other), "歯科へ"));
    a.receive(b.departing());
    let waiting = |tablet: &Tablet| -> BTreeSet<EntryId> {
        tablet.waiting_hand_overs(10).unwrap().into_iter().map(|found| found.entry.event.id).collect()
    };
    assert_eq!(waiting(&a), BTreeSet::from([to_me, to_team]));
    assert_eq!(a.waiting_by_patient(10).unwrap().len(), 2);
    a.looked_up_to(patient, i64::MAX).unwrap();
    assert_eq!(waiting(&a).len(), 2, "looking at it is not confirming it");

    let news = b.looked(patient, None).unwrap().newest;
    let start = TimelineStart::Newest;
    let new = || {
        let page = a.timeline_page(patient, &TimelineFilter::default(), &start, 10, Some(0)).unwrap();
        page.entries.iter().filter(|entry| entry.new).count()
    };
    assert_eq!((a.looked(patient, Some(0)).unwrap().unread.len(), new()), (3, 3));
    assert!(a.confirm(patient, to_me).unwrap());
    assert_eq!((a.looked(patient, Some(0)).unwrap().unread.len(), new()), (2, 2), "what was confirmed was read");
    assert!(!a.confirm(patient, to_me).unwrap(), "a second tap writes nothing");
    assert_eq!(waiting(&a), BTreeSet::from([to_team]));
    assert_eq!(a.confirmed_hand_overs(10).unwrap()[0].entry.event.id, to_me);
    b.receive(a.departing());
    assert!(b.looked(patient, None).unwrap().newest > news, "what a wrote");
    assert!(b.looked(patient, Some(news)).unwrap().unread.iter().all(|(_, entry)| *entry == mine), "a mark is no news");
    let written = b.written_hand_overs(10).unwrap();
    let read_by = |entry: EntryId| -> Vec<String> {
        let found = written.iter().find(|found| found.entry.event.id == entry).unwrap();
        found.entry.read_by.iter().map(|stamp| stamp.author.name.clone()).collect()
    };
    assert_eq!(read_by(to_me), [a.me().name.clone()]);
    assert!(read_by(to_team).is_empty());
    assert_eq!(a.models(), {
        a.rebuild_read_models().unwrap();
        a.models()
    });

    // A correction has to be read again; a withdrawn one waits for nobody.
    let corrected = record_with(&b, patient, hand_over(to_person(&a), "残薬なし"), |event| {
        event.corrects = Some(to_me);
        event.reason = Some("書き間違い".into());
    });
    record_with(&b, patient, EventBody::Withdrawal(Withdrawal::default()), |event| {
        event.corrects = Some(to_team);
        event.reason = Some("別の方の件".into());
    });
    a.receive(b.departing());
    assert_eq!(waiting(&a), BTreeSet::from([corrected]));
}

#[test]
fn an_answer_names_what_it_answers() {
    let (a, b, patient) = pair();
    let asked = record(&b, patient, hand_over(to_person(&a), "次回、体重を"));
    a.receive(b.departing());
    let answer = HandOver {
        to: to_person(&b),
        urgent: false,
        text: "52.4kgでした".into(),
        answers: Some(asked),
        newer: Default::default(),
    };
    let answered = record(&a, patient, EventBody::HandOver(answer));
    b.receive(a.departing());
    let waiting = b.waiting_hand_overs(10).unwrap();
    assert_eq!(waiting.iter().map(|found| found.entry.event.id).collect::<Vec<_>>(), [answered]);
    assert_eq!(waiting[0].answered.as_ref().map(|event| event.id), Some(asked));
    let written = b.written_hand_overs(10).unwrap();
    assert_eq!(written[0].answers.iter().map(|event| event.id).collect::<Vec<_>>(), [answered]);
}

#[test]
fn one_to_everybody_waits_for_weeks_and_one_to_a_person_for_good() {
    let (a, b, patient) = pair();
    b.clock.set(Timestamp(NOON - HAND_OVER_WAITS - DAY));
    // From the year before: it stands, and is confirmed, in that year's volume.
    let last_year = Timestamp(NOON - 400 * DAY);
    let to_me = record_with(&b, patient, hand_over(to_person(&a), "一"), |event| event.occurred_at = last_year);
    record(&b, patient, hand_over(Addressee::Team, "二"));
    a.receive(b.departing());
    let waiting = a.waiting_hand_overs(10).unwrap();
    assert_eq!(waiting.iter().map(|found| found.entry.event.id).collect::<Vec<_>>(), [to_me]);
    a.confirm(patient, to_me).unwrap();
    assert!(a.waiting_hand_overs(10).unwrap().is_empty());
    b.receive(a.departing());
    assert_eq!(b.written_hand_overs(10).unwrap().iter().filter(|found| !found.entry.read_by.is_empty()).count(), 1);
}

#[test]
fn only_a_hand_over_can_be_confirmed() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let entry = record(&tablet, patient, EventBody::Note(Note { text: "記録".into(), newer: Default::default() }));
    for entry in [entry, EntryId::new([9; 16])] {
        assert!(matches!(tablet.confirm(patient, entry), Err(SaveError::NoSuchEntry)));
    }
}
