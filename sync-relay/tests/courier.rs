//! Courier files at a relay: what one relay wrote another takes, whole, cut, damaged, twice, or from elsewhere.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use common::{Town, play};
use ring::rand::SystemRandom;
use tendenko_protocol::courier::{End, ForWhom, Report, Totals};
use tendenko_protocol::ids::{ArrivalNo, Millis};
use tendenko_protocol::record::RejectReason;
use tendenko_relay::Directory;
use tendenko_relay::courier::{self, CourierError, Request};
use tendenko_relay::store::RelayStore;

mod common;

const EVERYTHING: Request = Request { for_whom: ForWhom::Everyone, since: None, attachments: true };

fn go_on() -> impl FnMut(Totals) -> ControlFlow<()> {
    |_| ControlFlow::Continue(())
}

fn export(town: &Town, request: &Request) -> PathBuf {
    let path = town.dir.path().join("stick.tendenko");
    courier::export(&relay(town), &path, request, &SystemRandom::new(), Millis(9), &mut go_on()).unwrap();
    assert!(!town.dir.path().join("stick.tendenko.part").exists());
    path
}

fn import(town: &Town, path: &Path) -> Result<Report, CourierError> {
    courier::import(&relay(town), path, &SystemRandom::new(), Millis(9), &mut go_on())
}

fn relay(town: &Town) -> Directory {
    Directory::new(town.relay_dir())
}

/// A relay with two patients of two authors, then emptied (of all but its own keys), and the file written before.
fn carried(request: impl Fn(&common::Tablet, &common::Tablet) -> Request) -> (Town, PathBuf, usize) {
    let town = Town::found();
    let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
    play(async {
        let serving = town.serve();
        let shared = nurse.patient();
        nurse.grant_to(shared, &pharmacist);
        let own = nurse.patient();
        for n in 0..5 {
            nurse.write(shared.patient(), &format!("visit {n}"));
            nurse.write(own.patient(), &format!("visit {n}"));
        }
        nurse.sync(serving.local_addr()).await.unwrap();
        pharmacist.sync(serving.local_addr()).await.unwrap();
        pharmacist.write(shared.patient(), "dispensed");
        pharmacist.sync(serving.local_addr()).await.unwrap();
        serving.shutdown().await;
    });
    let path = export(&town, &request(&nurse, &pharmacist));
    let statements = town.open().store().figures().unwrap().statements as usize;
    town.lose_database();
    drop(town.open());
    (town, path, statements)
}

#[test]
fn what_was_written_is_taken_and_taken_again_is_known() {
    let (town, path, statements) = carried(|_, _| EVERYTHING);
    let report = import(&town, &path).unwrap();
    assert_eq!((report.end, report.refusals()), (End::Whole, 0), "{report}");
    assert_eq!((report.read.records, report.read.statements as usize), (11, statements));
    // The relay's own certificate is the one thing that was there already.
    assert_eq!((report.new as usize, report.known), (11 + statements - 1, 1), "{report}");
    assert_eq!(town.open().store().figures().unwrap().records, 11);

    let again = import(&town, &path).unwrap();
    assert!(again.is_nothing_new() && again.known as usize == 11 + statements, "{again}");
}

#[test]
fn a_file_for_one_device_holds_what_it_is_granted() {
    let (town, path, _) = carried(|_, pharmacist| Request {
        for_whom: ForWhom::Devices(vec![pharmacist.id()]),
        since: None,
        attachments: true,
    });
    let report = import(&town, &path).unwrap();
    assert_eq!((report.end, report.refusals(), report.read.records), (End::Whole, 0, 6), "{report}");
}

#[test]
fn a_cut_file_is_taken_as_far_as_it_verifies_and_the_rest_when_it_is_whole() {
    let (town, path, _) = carried(|_, _| EVERYTHING);
    let whole = std::fs::read(&path).unwrap();
    let cut = town.dir.path().join("cut");
    std::fs::write(&cut, &whole[..whole.len() * 2 / 3]).unwrap();
    let first = import(&town, &cut).unwrap();
    assert!(matches!(first.end, End::Cut { at } if at > 0 && at <= whole.len() as u64 * 2 / 3), "{first}");
    assert!(first.new > 0 && first.refusals() == 0);
    let rest = import(&town, &path).unwrap();
    assert_eq!((rest.end, rest.refusals()), (End::Whole, 0));
    assert!(rest.new > 0 && rest.known > first.new);
    assert_eq!(town.open().store().figures().unwrap().records, 11);

    let mut damaged = whole.clone();
    let at = whole.len() / 2;
    damaged[at] ^= 1;
    std::fs::write(&cut, &damaged).unwrap();
    let report = import(&town, &cut).unwrap();
    assert!(matches!(report.end, End::Damaged { at: found } if found <= at as u64), "{report}");
}

#[test]
fn another_regions_file_and_other_files_are_refused() {
    let (_town, path, _) = carried(|_, _| EVERYTHING);
    let elsewhere = Town::found();
    assert!(matches!(import(&elsewhere, &path), Err(CourierError::OtherRegion { .. })));
    let picture = elsewhere.dir.path().join("picture.jpg");
    std::fs::write(&picture, b"\xff\xd8\xff\xe0 a picture").unwrap();
    assert!(matches!(import(&elsewhere, &picture), Err(CourierError::Unreadable(_))));
    std::fs::write(&picture, b"").unwrap();
    assert!(matches!(import(&elsewhere, &picture), Err(CourierError::Empty)));
}

#[test]
fn what_came_before_the_asked_time_is_left_out_and_then_missed_by_name() {
    let town = Town::found();
    let mut nurse = town.tablet("nurse");
    let day = 24 * 60 * 60 * 1000;
    play(async {
        let serving = town.serve();
        let patient = nurse.patient();
        nurse.write(patient.patient(), "today");
        nurse.sync(serving.local_addr()).await.unwrap();
        serving.shutdown().await;
    });
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let since = |time| Request { for_whom: ForWhom::Everyone, since: Some(Millis(time)), attachments: true };
    let size = |request: &Request| std::fs::metadata(export(&town, request)).unwrap().len();
    let (all, today, tomorrow) = (size(&EVERYTHING), size(&since(now - day)), size(&since(now + day)));
    assert!(today <= all + 20 && today > tomorrow, "{all} {today} {tomorrow}");
    assert_eq!(town.open().store().arrived_before(Millis(now - day)).unwrap(), ArrivalNo(4), "enrolled in 1970");
}

#[test]
fn an_export_that_is_called_off_leaves_no_file() {
    let town = Town::found();
    let path = town.dir.path().join("stick");
    let called_off = &mut |_: Totals| ControlFlow::Break(());
    let result = courier::export(&relay(&town), &path, &EVERYTHING, &SystemRandom::new(), Millis(9), called_off);
    assert!(matches!(result, Err(CourierError::CalledOff)));
    assert_eq!(std::fs::read_dir(town.dir.path()).unwrap().count(), 1, "only the relay's directory");
}

#[test]
fn a_relay_that_serves_hands_on_what_was_imported_and_acks_what_a_tablet_brings_too() {
    let town = Town::found();
    let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
    let shared = nurse.patient();
    nurse.grant_to(shared, &pharmacist);
    let record = nurse.write(shared.patient(), "by stick");
    // The nurse's file, as a tablet writes it: her pending work stays in her outbox.
    let header = tendenko_protocol::courier::Header {
        version: 1,
        region: town.region.id(),
        created: Millis(3),
        maker: tendenko_protocol::courier::Maker::Device(nurse.id()),
        for_whom: ForWhom::Everyone,
        since: None,
    };
    let mut file = tendenko_protocol::courier::Outgoing::begin(Vec::new(), &header);
    nurse.outbox.iter().for_each(|item| file.put(item).unwrap());
    let path = town.dir.path().join("stick");
    std::fs::write(&path, file.finish().unwrap().1).unwrap();
    play(async {
        let serving = town.serve();
        let mut link = pharmacist.begin(serving.local_addr()).await.unwrap();
        pharmacist.until(&mut link, |_, session| session.is_idle()).await.unwrap();
        let report = import(&town, &path).unwrap();
        assert_eq!((report.end, report.refusals(), report.known), (End::Whole, 0, 0), "{report}");
        pharmacist.until(&mut link, |tablet, _| tablet.has().contains(&record.hash())).await.unwrap();

        nurse.sync(serving.local_addr()).await.unwrap();
        assert!(nurse.acked.contains(&record.hash()) && nurse.rejected.is_empty(), "a duplicate is acked");
        serving.shutdown().await;
    });
}

#[test]
fn items_that_do_not_hold_are_refused_by_reason_and_stop_nothing() {
    let town = Town::found();
    let mut nurse = town.tablet("nurse");
    let patient = nurse.patient().patient();
    let (first, second) = (nurse.write(patient, "one"), nurse.write(patient, "two"));
    let mut forged = first.bytes().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let header = tendenko_protocol::courier::Header {
        version: 1,
        region: town.region.id(),
        created: Millis(3),
        maker: tendenko_protocol::courier::Maker::Device(nurse.id()),
        for_whom: ForWhom::Everyone,
        since: None,
    };
    use tendenko_protocol::messages::Item;
    let mut items: Vec<Item> = nurse.outbox.iter().filter(|item| matches!(item, Item::Statement(_))).cloned().collect();
    let grants = items.len() as u64;
    items.extend([
        Item::Record(second.bytes().to_vec()),
        Item::Record(forged),
        Item::Record(b"junk".to_vec()),
        Item::Statement(b"junk".to_vec()),
        Item::Record(first.bytes().to_vec()),
    ]);
    let mut file = tendenko_protocol::courier::Outgoing::begin(Vec::new(), &header);
    items.iter().for_each(|item| file.put(item).unwrap());
    let path = town.dir.path().join("stick");
    std::fs::write(&path, file.finish().unwrap().1).unwrap();
    let report = import(&town, &path).unwrap();
    assert_eq!((report.end, report.new), (End::Whole, grants + 1), "{report}");
    let refused = |reason| report.refused.get(&reason).copied().unwrap_or(0);
    assert_eq!(refused(RejectReason::Gap), 1);
    assert_eq!(refused(RejectReason::Signature), 1);
    assert_eq!(refused(RejectReason::Malformed), 2);
}
