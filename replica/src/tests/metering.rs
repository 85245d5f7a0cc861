//! Bytes by month, and what survives a restart.

use tendenko_crdt::Timestamp;

use super::{NOON, TestRegion};
use crate::{DataUse, Network};

/// 30 November 23:59 in Japan.
const LAST_MINUTE: i64 = NOON + (10 * 24 + 14) * 3_600_000 + 59 * 60_000;

#[test]
fn bytes_are_counted_by_month_and_network_and_outlast_a_restart() {
    let region = TestRegion::new();
    let mut tablet = region.tablet("看護");
    let use_of = |sent, received| DataUse { sent, received };
    tablet.clock.set(Timestamp(LAST_MINUTE));
    assert!(!tablet.used(use_of(0, 0)));
    tablet.used(use_of(100, 1_000));
    tablet.network_is(Network::Mobile);
    tablet.used(use_of(10, 20));
    assert_eq!(tablet.sync_status().month, use_of(110, 1_020));
    // The month that begins is shown from its first byte on.
    tablet.clock.set(Timestamp(LAST_MINUTE + 60_000));
    assert!(tablet.used(use_of(1, 2)));
    assert_eq!(tablet.sync_status().month, use_of(1, 2));
    assert_eq!(tablet.sync_status().bytes_received, 1_022);

    let months = tablet.data_use().unwrap();
    let shown: Vec<_> = months.iter().map(|use_of| (use_of.month.as_str(), use_of.network, use_of.bytes)).collect();
    let expected = [
        ("2026-12", Network::Mobile, use_of(1, 2)),
        ("2026-11", Network::Mobile, use_of(10, 20)),
        ("2026-11", Network::Unknown, use_of(100, 1_000)),
    ];
    assert_eq!(shown, expected);

    tablet.set_data_saver(true).unwrap();
    tablet.reopen();
    assert!(tablet.data_saver());
    assert_eq!(tablet.sync_status().month, use_of(1, 2));
    tablet.used(use_of(1, 1));
    assert_eq!(tablet.sync_status().month, use_of(2, 3));
    assert_eq!(tablet.data_use().unwrap()[0].bytes, use_of(1, 2));
    assert_eq!(tablet.data_use().unwrap()[0].network, Network::Mobile);
}

#[test]
fn a_patient_created_here_is_complete_from_the_beginning() {
    let region = TestRegion::new();
    let mut tablet = region.tablet("看護");
    assert_eq!(tablet.sync_status().patients_known, 0);
    tablet.create_patient(super::identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for _ in 0..2 {
        let status = tablet.sync_status();
        assert_eq!((status.patients_known, status.patients_complete, status.first_sync_done), (1, 1, false));
        tablet.reopen();
    }
}
