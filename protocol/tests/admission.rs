//! Who may write what: the same decision at a relay's door and at a tablet's.

mod support;

use support::{Logs, Region};
use tendenko_protocol::admission::{Verdict, admit_record};
use tendenko_protocol::document::{LogId, Scope};
use tendenko_protocol::ids::LogSeq;
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::trust::{Claim, Revocation, TrustStore, sign};

fn records(region: &Region, tablet: usize) -> Vec<Vec<u8>> {
    let items = region.tablets[tablet].outbox.values();
    items.filter_map(|item| if let Item::Record(bytes) = item { Some(bytes.clone()) } else { None }).collect()
}

fn verdict(bytes: &[u8], trust: &TrustStore, logs: &Logs) -> Result<Verdict, RejectReason> {
    match admit_record(bytes.to_vec(), trust, logs).unwrap() {
        Verdict::Reject { reason, .. } => Err(reason),
        taken => Ok(taken),
    }
}

#[test]
fn an_author_must_be_granted_whoever_brings_the_record() {
    let mut region = Region::new(3, 1);
    region.write(0, 0, 0);
    let record = &records(&region, 0)[0];
    let empty = Logs::default();
    let trust = &region.tablets[0].trust;
    assert!(matches!(verdict(record, trust, &empty), Ok(Verdict::Accept(_))));
    assert_eq!(verdict(record, &region.tablets[1].trust, &empty), Err(RejectReason::AuthorNotGranted));
    assert_eq!(verdict(record, &TrustStore::new(region.keys.public()), &empty), Err(RejectReason::UnknownAuthor));
    let mut here = Logs::default();
    here.0.clone_from(&region.tablets[0].logs.0);
    assert_eq!(verdict(record, trust, &here), Ok(Verdict::Duplicate));
}

#[test]
fn a_revoked_authors_records_count_up_to_the_named_position() {
    let mut region = Region::new(2, 1);
    region.grant(0, 0, 1);
    (0..3).for_each(|_| region.write(0, 0, 0));
    let all = records(&region, 0);
    let log: LogId = *region.tablets[0].logs.0.keys().next().unwrap();
    let claim = Revocation { device: log.device, logs: vec![(log, LogSeq(2))], reason: "紛失".into() };
    let revocation = sign(&region.keys, region.now, Claim::Revocation(claim)).unwrap();
    let mut trust = region.tablets[0].trust.clone();
    trust.add(revocation.bytes()).unwrap();
    assert!(!trust.granted(log.device, log.document.patient, Scope::Card));
    let mut logs = Logs::default();
    for record in &all[..2] {
        assert!(matches!(verdict(record, &trust, &logs), Ok(Verdict::Accept(_))));
        logs.0.entry(log).or_default().push(record.clone());
    }
    assert_eq!(verdict(&all[2], &trust, &logs), Err(RejectReason::AuthorRevoked));
}

#[test]
fn a_gap_names_what_is_needed_and_a_fork_is_not_taken() {
    let mut region = Region::new(1, 1);
    (0..2).for_each(|_| region.write(0, 0, 0));
    let all = records(&region, 0);
    let trust = &region.tablets[0].trust;
    let log = *region.tablets[0].logs.0.keys().next().unwrap();
    let gap = admit_record(all[1].clone(), trust, &Logs::default()).unwrap();
    assert_eq!(gap, Verdict::Reject { reason: RejectReason::Gap, expected: Some((log, LogSeq(1))) });
    let mut other_past = Logs::default();
    other_past.0.insert(log, vec![b"another record at the first place".to_vec()]);
    assert_eq!(verdict(&all[0], trust, &other_past), Err(RejectReason::Fork));
    assert_eq!(verdict(&all[1], trust, &other_past), Err(RejectReason::Fork));
}
