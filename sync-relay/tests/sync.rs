//! Tablets and a relay in one process, over real QUIC: what is promised about syncing.

use std::collections::BTreeSet;

use common::{Line, Tablet, Town, play};
use tendenko_protocol::ids::{Millis, RecordHash};
use tendenko_protocol::messages::{ClientMessage, Item, Lane, Refusal, RelayMessage};
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::ClientEvent;
use tendenko_protocol::trust::{Claim, Revocation};
use tendenko_relay::store::RelayStore;

mod common;

fn refused(result: Result<(), CloseReason>) -> Refusal {
    match result {
        Err(CloseReason::Refused { reason, .. }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

/// Text that compression makes little smaller.
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + ((state >> 32) % 90) as u8)
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn what_one_tablet_writes_reaches_the_other_that_is_granted() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let serving = town.serve();
        let origin = nurse.patient();
        nurse.write(origin.patient(), "visit 1");
        nurse.write(origin.patient(), "visit 2");
        nurse.sync(serving.local_addr()).await.unwrap();
        pharmacist.sync(serving.local_addr()).await.unwrap();
        assert!(pharmacist.has().is_empty(), "not granted yet");

        nurse.grant_to(origin, &pharmacist);
        nurse.sync(serving.local_addr()).await.unwrap();
        pharmacist.sync(serving.local_addr()).await.unwrap();
        assert_eq!(pharmacist.has(), nurse.has(), "what was written before the grant is filled in");
        assert_eq!(nurse.has().len(), 2);
        serving.shutdown().await;
    });
}

#[test]
fn what_is_written_while_both_are_connected_is_pushed() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let serving = town.serve();
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        nurse.sync(serving.local_addr()).await.unwrap();

        let mut hers = nurse.begin(serving.local_addr()).await.unwrap();
        let mut his = pharmacist.begin(serving.local_addr()).await.unwrap();
        nurse.until(&mut hers, |_, session| session.is_idle()).await.unwrap();
        pharmacist.until(&mut his, |_, session| session.is_idle()).await.unwrap();
        for visit in 1..=5 {
            let record = nurse.write(origin.patient(), &format!("visit {visit}"));
            nurse.saved(&mut hers).await.unwrap();
            pharmacist.until(&mut his, |tablet, _| tablet.has().contains(&record.hash())).await.unwrap();
            nurse.until(&mut hers, |tablet, _| tablet.acked.contains(&record.hash())).await.unwrap();
        }
        serving.shutdown().await;
    });
}

#[test]
fn strangers_are_refused_with_the_reason() {
    play(async {
        let (town, elsewhere) = (Town::found(), Town::found());
        let serving = town.serve();
        let nurse = town.tablet("nurse");
        let mut stranger = elsewhere.tablet("stranger");
        stranger.relay = serving.relay();
        assert_eq!(refused(stranger.sync(serving.local_addr()).await), Refusal::OtherRegion);

        // A tablet that says it belongs here, with a chain that proves nothing here.
        let (id, chain) = (stranger.id(), stranger.chain());
        let region = nurse.trust.region();
        let mut line = Line::open(&stranger.keys, serving.relay(), serving.local_addr()).await;
        assert_eq!(line.hello(region, id, Vec::new()).await, RelayMessage::ChainWanted);
        let answer = line.hello(region, id, chain).await;
        assert!(matches!(answer, RelayMessage::Refused { reason: Refusal::UnknownDevice, .. }), "{answer:?}");

        let mut line = Line::open(&stranger.keys, serving.relay(), serving.local_addr()).await;
        let answer = line.hello(region, nurse.id(), nurse.chain()).await;
        assert!(matches!(answer, RelayMessage::Refused { reason: Refusal::WrongKey, .. }), "{answer:?}");
        serving.shutdown().await;
    });
}

#[test]
fn a_device_without_a_grant_gets_nothing_and_writes_nothing_but_may_carry() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut curious) = (town.tablet("nurse"), town.tablet("curious"));
        let serving = town.serve();
        let origin = nurse.patient();
        let record = nurse.write(origin.patient(), "visit");
        nurse.sync(serving.local_addr()).await.unwrap();

        curious.sync(serving.local_addr()).await.unwrap();
        assert!(curious.has().is_empty());
        let grants = curious.trust.grants_of(origin.patient(), tendenko_protocol::document::Scope::Card).count();
        assert_eq!(grants, 0, "it does not even learn who is granted");

        let mut line = Line::open(&curious.keys, serving.relay(), serving.local_addr()).await;
        let welcome = line.hello(curious.trust.region(), curious.id(), curious.chain()).await;
        assert!(matches!(welcome, RelayMessage::Welcome { .. }), "{welcome:?}");
        let own = curious.seal(origin.patient(), "forged entry");
        let items = vec![Item::Record(own.into_bytes()), Item::Record(record.into_bytes())];
        let RelayMessage::Ack { rejected, .. } = line.push(items).await else { panic!("no ack") };
        assert_eq!(rejected, [(1, RejectReason::AuthorNotGranted)], "its own entry; what the nurse wrote it may bring");
        serving.shutdown().await;
    });
}

#[test]
fn bad_records_are_rejected_and_counted_and_the_session_goes_on() {
    play(async {
        let town = Town::found();
        let mut nurse = town.tablet("nurse");
        let relay = town.open();
        let store = relay.store();
        let serving = relay.serve(Some(common::anywhere())).unwrap();
        let origin = nurse.patient();
        nurse.sync(serving.local_addr()).await.unwrap();
        let patient = origin.patient();
        let fork = nurse.seal(patient, "another first");
        let one = nurse.write(patient, "first");
        let two = nurse.write(patient, "second");
        let three = nurse.write(patient, "third");
        let mut forged = two.bytes().to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let truncated = one.bytes()[..one.bytes().len() - 9].to_vec();

        let mut line = Line::open(&nurse.keys, serving.relay(), serving.local_addr()).await;
        line.hello(nurse.trust.region(), nurse.id(), Vec::new()).await;
        let record = |bytes: &[u8]| Item::Record(bytes.to_vec());
        let items = vec![
            record(one.bytes()),
            record(&truncated),
            record(&forged),
            record(three.bytes()),
            record(fork.bytes()),
            record(one.bytes()),
            record(b"junk"),
            Item::Statement(b"junk".to_vec()),
            record(two.bytes()),
            record(&vec![0; 100_000]),
        ];
        let RelayMessage::Ack { through, rejected, .. } = line.push(items).await else { panic!("no ack") };
        assert_eq!(through, 10);
        let expected = [
            (2, RejectReason::Malformed),
            (3, RejectReason::Signature),
            (4, RejectReason::Gap),
            (5, RejectReason::Fork),
            (7, RejectReason::Malformed),
            (8, RejectReason::Malformed),
            (10, RejectReason::Oversized),
        ];
        assert_eq!(rejected, expected, "number 6 is a replay: known, and nothing happens");
        let RelayMessage::Ack { rejected, .. } = line.push(vec![record(three.bytes())]).await else { panic!("no ack") };
        assert_eq!(rejected, [], "the session goes on");

        let figures = store.figures().unwrap();
        assert_eq!(figures.records, 3);
        let counts: Vec<_> = figures.refused.iter().map(|count| (count.reason.as_str(), count.times)).collect();
        assert_eq!(counts, [("fork", 1), ("malformed", 3), ("oversized", 1), ("signature", 1)], "a gap is no offence");
        let quarantine = store.quarantine(10).unwrap();
        let kept: Vec<_> = quarantine.iter().filter_map(|entry| entry.bytes.as_deref()).collect();
        assert_eq!(kept, [fork.bytes()], "only the fork could be needed again");
        serving.shutdown().await;
    });
}

#[test]
fn garbage_on_the_port_and_on_the_stream_harms_nobody_else() {
    play(async {
        let town = Town::found();
        let (mut nurse, noisy) = (town.tablet("nurse"), town.tablet("noisy"));
        let serving = town.serve();
        let socket = tokio::net::UdpSocket::bind(common::anywhere()).await.unwrap();
        for length in [0, 1, 20, 1200, 1400] {
            socket.send_to(&vec![0xc3; length], serving.local_addr()).await.unwrap();
        }
        let oversized = (2u32 << 20).to_be_bytes();
        let no_message = [&4u32.to_be_bytes()[..], b"junk"].concat();
        let endless = [&64u32.to_be_bytes()[..], &[0x9f; 64]].concat();
        for garbage in [&oversized[..], &[0; 4], &no_message, &endless] {
            for greeted in [false, true] {
                let mut line = Line::open(&noisy.keys, serving.relay(), serving.local_addr()).await;
                if greeted {
                    line.hello(noisy.trust.region(), noisy.id(), noisy.chain()).await;
                }
                line.write(Lane::Cards, garbage).await;
                let refusal = loop {
                    match line.hear().await {
                        Some((_, RelayMessage::Refused { reason, .. })) => break Some(reason),
                        Some(_) => {}
                        None => break None,
                    }
                };
                assert_eq!(refusal, Some(Refusal::Protocol), "{garbage:?} {greeted}");
            }
        }
        let origin = nurse.patient();
        nurse.write(origin.patient(), "visit");
        nurse.sync(serving.local_addr()).await.unwrap();
        assert_eq!(nurse.acked.len(), nurse.outbox.len());
        serving.shutdown().await;
    });
}

#[test]
fn what_was_acked_is_there_after_a_restart_and_cursors_still_hold() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let serving = town.serve();
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        nurse.write(origin.patient(), "visit");
        nurse.sync(serving.local_addr()).await.unwrap();
        let before = nurse.cursor.unwrap();
        serving.shutdown().await;

        let serving = town.serve();
        pharmacist.sync(serving.local_addr()).await.unwrap();
        assert_eq!(pharmacist.has(), nurse.has());
        nurse.sync(serving.local_addr()).await.unwrap();
        let after = nurse.cursor.unwrap();
        assert_ne!(after.incarnation, before.incarnation, "every start is a new life");
        assert!(after.after >= before.after, "and goes on where the last one ended");
        serving.shutdown().await;
    });
}

#[test]
fn an_emptied_relay_is_refilled_by_the_tablets_also_with_what_others_wrote() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist, mut late) =
            (town.tablet("nurse"), town.tablet("pharmacist"), town.tablet("late"));
        let serving = town.serve();
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        nurse.grant_to(origin, &late);
        nurse.write(origin.patient(), "visit 1");
        nurse.sync(serving.local_addr()).await.unwrap();
        pharmacist.sync(serving.local_addr()).await.unwrap();
        pharmacist.write(origin.patient(), "dispensed");
        pharmacist.sync(serving.local_addr()).await.unwrap();
        serving.shutdown().await;

        town.lose_database();
        let serving = town.serve();
        // The nurse's tablet was washed away. The pharmacist's has everything.
        pharmacist.write(origin.patient(), "dispensed again");
        pharmacist.sync(serving.local_addr()).await.unwrap();
        late.sync(serving.local_addr()).await.unwrap();
        assert_eq!(late.has(), pharmacist.has());
        assert_eq!(late.has().len(), 3);
        serving.shutdown().await;
    });
}

#[test]
fn a_relay_put_back_from_a_copy_notices_and_everything_returns() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let serving = town.serve();
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        nurse.write(origin.patient(), "visit 1");
        nurse.sync(serving.local_addr()).await.unwrap();
        serving.shutdown().await;

        // A copy of everything, guard and all: only the tablets can tell.
        let files = ["relay.db", "relay.db-wal", "incarnation.guard"];
        let path = |name: &str| town.relay_dir().join(name);
        for name in files {
            std::fs::copy(path(name), path(&format!("{name}.copy"))).unwrap();
        }
        let serving = town.serve();
        nurse.write(origin.patient(), "visit 2");
        nurse.sync(serving.local_addr()).await.unwrap();
        serving.shutdown().await;
        town.lose_database();
        for name in files {
            std::fs::copy(path(&format!("{name}.copy")), path(name)).unwrap();
        }

        let serving = town.serve();
        // The store grows past what the nurse was acked, before she is back.
        pharmacist.sync(serving.local_addr()).await.unwrap();
        for visit in 0..5 {
            pharmacist.write(origin.patient(), &format!("dispensed {visit}"));
        }
        pharmacist.sync(serving.local_addr()).await.unwrap();
        nurse.sync(serving.local_addr()).await.unwrap();
        pharmacist.sync(serving.local_addr()).await.unwrap();
        assert_eq!(nurse.has(), pharmacist.has());
        assert_eq!(nurse.has().len(), 7);
        serving.shutdown().await;
    });
}

#[test]
fn a_relay_rolled_back_within_one_life_begins_another_and_ends_the_sessions_of_the_old() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let serving = town.serve();
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        nurse.sync(serving.local_addr()).await.unwrap();
        let mut his = pharmacist.begin(serving.local_addr()).await.unwrap();
        pharmacist.until(&mut his, |_, session| session.is_idle()).await.unwrap();

        // The nurse was acked more than there is.
        let mut cursor = nurse.cursor.unwrap();
        let lived = cursor.incarnation;
        cursor.acked.0 += 100;
        nurse.cursor = Some(cursor);
        nurse.write(origin.patient(), "visit");
        nurse.sync(serving.local_addr()).await.unwrap();
        assert_ne!(nurse.cursor.unwrap().incarnation, lived);
        let ended = pharmacist.until(&mut his, |_, _| false).await;
        assert_eq!(refused(ended), Refusal::Busy, "he is to come back and compare");
        pharmacist.sync(serving.local_addr()).await.unwrap();
        assert_eq!(pharmacist.has(), nurse.has());
        serving.shutdown().await;
    });
}

#[test]
fn a_device_that_keeps_claiming_too_much_is_believed_once() {
    play(async {
        let town = Town::found();
        let (mut liar, mut pharmacist) = (town.tablet("liar"), town.tablet("pharmacist"));
        let serving = town.serve();
        liar.sync(serving.local_addr()).await.unwrap();
        let claim = |liar: &mut common::Tablet| {
            let mut cursor = liar.cursor.unwrap();
            cursor.acked.0 += 1_000_000;
            liar.cursor = Some(cursor);
        };
        claim(&mut liar);
        liar.sync(serving.local_addr()).await.unwrap();
        let life = liar.cursor.unwrap().incarnation;

        let mut his = pharmacist.begin(serving.local_addr()).await.unwrap();
        pharmacist.until(&mut his, |_, session| session.is_idle()).await.unwrap();
        for _ in 0..3 {
            claim(&mut liar);
            liar.sync(serving.local_addr()).await.unwrap();
            assert_eq!(liar.cursor.unwrap().incarnation, life, "it compares alone");
        }
        let origin = liar.patient();
        liar.grant_to(origin, &pharmacist);
        liar.write(origin.patient(), "visit");
        liar.sync(serving.local_addr()).await.unwrap();
        pharmacist.until(&mut his, |tablet, _| tablet.has().len() == 1).await.unwrap();
        serving.shutdown().await;
    });
}

#[test]
fn a_revoked_device_is_put_out_at_once_and_its_unsent_work_is_kept_aside() {
    play(async {
        let town = Town::found();
        let (mut head_nurse, mut lost) = (town.administrator("head nurse"), town.tablet("lost"));
        let relay = town.open();
        let store = relay.store();
        let serving = relay.serve(Some(common::anywhere())).unwrap();
        let origin = head_nurse.patient();
        head_nurse.grant_to(origin, &lost);
        head_nurse.sync(serving.local_addr()).await.unwrap();
        let mut link = lost.begin(serving.local_addr()).await.unwrap();
        lost.until(&mut link, |_, session| session.is_idle()).await.unwrap();

        let revocation = Revocation { device: lost.id(), logs: Vec::new(), reason: "lost in the wave".into() };
        head_nurse.state(Claim::Revocation(revocation));
        head_nurse.sync(serving.local_addr()).await.unwrap();
        assert_eq!(refused(lost.until(&mut link, |_, _| false).await), Refusal::Revoked);
        assert_eq!(refused(lost.sync(serving.local_addr()).await), Refusal::Revoked);

        // Its work comes by another tablet: not taken, not thrown away.
        let unsent = lost.seal(origin.patient(), "written after");
        let mut line = Line::open(&head_nurse.keys, serving.relay(), serving.local_addr()).await;
        line.hello(head_nurse.trust.region(), head_nurse.id(), Vec::new()).await;
        let answer = line.push(vec![Item::Record(unsent.bytes().to_vec())]).await;
        let RelayMessage::Ack { rejected, .. } = answer else { panic!("{answer:?}") };
        assert_eq!(rejected, [(1, RejectReason::AuthorRevoked)]);
        let quarantine = store.quarantine(10).unwrap();
        assert_eq!(quarantine[0].bytes.as_deref(), Some(unsent.bytes()));
        serving.shutdown().await;
    });
}

#[test]
fn a_full_disk_is_told_and_reading_goes_on() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let relay = town.open();
        let store = relay.store();
        let serving = relay.serve(Some(common::anywhere())).unwrap();
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        nurse.write(origin.patient(), "visit");
        nurse.sync(serving.local_addr()).await.unwrap();

        store.set_max_bytes(Some(0)).unwrap();
        for visit in 0..40 {
            nurse.write(origin.patient(), &noise(visit, 60_000));
        }
        nurse.sync(serving.local_addr()).await.unwrap();
        let full = nurse.rejected.iter().filter(|rejection| rejection.reason == RejectReason::Full).count();
        assert!(full > 0, "{:?}", nurse.rejected);
        pharmacist.sync(serving.local_addr()).await.unwrap();
        let taken: BTreeSet<RecordHash> = nurse.has().intersection(&nurse.acked).copied().collect();
        assert_eq!(pharmacist.has(), taken, "what was acked, and only that");

        store.set_max_bytes(None).unwrap();
        nurse.sync(serving.local_addr()).await.unwrap();
        pharmacist.sync(serving.local_addr()).await.unwrap();
        assert_eq!(pharmacist.has(), nurse.has());
        serving.shutdown().await;
    });
}

#[test]
fn a_slow_reader_holds_up_nobody_and_misses_nothing() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut pharmacist, slow) = (town.tablet("nurse"), town.tablet("pharmacist"), town.tablet("slow"));
        let serving = town.serve();
        let origin = nurse.patient();
        nurse.grant_to(origin, &pharmacist);
        nurse.grant_to(origin, &slow);
        nurse.sync(serving.local_addr()).await.unwrap();

        // Greets, and then reads nothing.
        let mut line = Line::open(&slow.keys, serving.relay(), serving.local_addr()).await;
        line.hello(slow.trust.region(), slow.id(), slow.chain()).await;
        let mut his = pharmacist.begin(serving.local_addr()).await.unwrap();
        pharmacist.until(&mut his, |_, session| session.is_idle()).await.unwrap();
        for visit in 0..80 {
            nurse.write(origin.patient(), &noise(visit, 60_000));
        }
        nurse.sync(serving.local_addr()).await.unwrap();
        pharmacist.until(&mut his, |tablet, _| tablet.has().len() == 80).await.unwrap();

        let mut read = BTreeSet::new();
        let mut last = 0;
        while read.len() < 80 {
            let heard = line.hear().await.expect("a relay that goes on");
            let items = match heard {
                (_, RelayMessage::Items { items, .. }) => {
                    for (arrival, _) in &items {
                        assert!(arrival.0 > last, "in order");
                        last = arrival.0;
                    }
                    items.into_iter().map(|(_, item)| item).collect()
                }
                // Sent ahead of its arrival, and then not again.
                (_, RelayMessage::Live { items }) => items,
                _ => continue,
            };
            read.extend(items.iter().filter_map(|item| match item {
                Item::Record(bytes) => Some(RecordHash::of(bytes)),
                Item::Statement(_) | Item::Chunk(_) | Item::Checkpoint(_) => None,
            }));
        }
        assert_eq!(read, nurse.has());
        serving.shutdown().await;
    });
}

#[test]
fn a_tablet_that_floods_is_slowed_and_others_sync() {
    play(async {
        let town = Town::found();
        let (mut nurse, noisy) = (town.tablet("nurse"), town.tablet("noisy"));
        let serving = town.serve();
        let mut flood = Line::open(&noisy.keys, serving.relay(), serving.local_addr()).await;
        flood.hello(noisy.trust.region(), noisy.id(), noisy.chain()).await;
        let junk = vec![Item::Record(b"junk".to_vec()); 1_000];
        for _ in 0..10 {
            flood.say(Lane::Cards, &ClientMessage::Push { behind: 0, items: junk.clone() }).await;
        }
        // Each thousand costs the noisy one seconds; the nurse is not held up by it.
        let origin = nurse.patient();
        for number in 0..20 {
            nurse.write(origin.patient(), &format!("visit {number}"));
        }
        nurse.sync(serving.local_addr()).await.unwrap();
        assert_eq!(nurse.acked.len(), nurse.outbox.len());
        let mut answered = 0;
        while answered < 1_000 {
            match flood.hear().await {
                Some((_, RelayMessage::Ack { through, rejected, .. })) => {
                    assert!(rejected.iter().all(|(_, reason)| *reason == RejectReason::Malformed));
                    answered = through;
                }
                Some(_) => {}
                None => panic!("the link of the noisy one was cut"),
            }
        }
        // And the operator is told who it is.
        let directory = tendenko_relay::Directory::new(town.relay_dir());
        let named = loop {
            let status = tendenko_relay::status::Status::read(&directory).unwrap();
            let flooding = status.devices.iter().filter(|device| device.flooded.is_some());
            let named: Vec<_> = flooding.map(|device| device.device.clone()).collect();
            if !named.is_empty() {
                assert!(status.text(Millis(0)).to_string().contains("FLOODED"));
                break named;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        };
        assert_eq!(named, [noisy.id().to_string()]);
        serving.shutdown().await;
    });
}

/// Links break and are not missed, and disks are cloned: the newest sessions of a device are served, the oldest ends for them.
#[test]
fn a_device_has_a_few_sessions_and_the_newest_take_the_place_of_the_oldest() {
    play(async {
        let town = Town::found();
        let (nurse, mut pharmacist) = (town.tablet("nurse"), town.tablet("pharmacist"));
        let serving = town.serve();
        let mut lines = Vec::new();
        for _ in 0..6 {
            let mut line = Line::open(&nurse.keys, serving.relay(), serving.local_addr()).await;
            let welcome = line.hello(nurse.trust.region(), nurse.id(), nurse.chain()).await;
            assert!(matches!(welcome, RelayMessage::Welcome { .. }), "{welcome:?}");
            lines.push(line);
        }
        let refused = |line: &Option<(Lane, RelayMessage)>| {
            matches!(line, Some((_, RelayMessage::Refused { reason: Refusal::Busy, .. })))
        };
        for line in &mut lines[..2] {
            let mut heard = line.hear().await;
            while matches!(heard, Some((_, RelayMessage::CaughtUp { .. } | RelayMessage::Items { .. }))) {
                heard = line.hear().await;
            }
            assert!(refused(&heard), "{heard:?}");
        }
        for line in &mut lines[2..] {
            let ack = line.push(Vec::new()).await;
            assert!(matches!(ack, RelayMessage::Ack { .. }), "{ack:?}");
        }
        assert_eq!(serving.present(), [nurse.id()]);
        pharmacist.sync(serving.local_addr()).await.unwrap();
        serving.shutdown().await;
    });
}

#[test]
fn connections_beyond_the_limit_are_turned_away() {
    play(async {
        let town = Town::found();
        let nurse = town.tablet("nurse");
        let file = town.relay_dir().join("relay.toml");
        let config = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, config.replace("max_connections = 512", "max_connections = 1")).unwrap();
        let serving = town.serve();
        let first = Line::open(&nurse.keys, serving.relay(), serving.local_addr()).await;
        let second = Line::try_open(&nurse.keys, serving.relay(), serving.local_addr()).await;
        assert!(matches!(second, Err(quinn::ConnectionError::ConnectionClosed(_))));
        first.connection.close(0u32.into(), b"");
        drop(first);
        while Line::try_open(&nurse.keys, serving.relay(), serving.local_addr()).await.is_err() {
            tokio::task::yield_now().await;
        }
        serving.shutdown().await;
    });
}

#[test]
fn an_enrolment_beside_a_serving_relay_reaches_connected_tablets() {
    play(async {
        let town = Town::found();
        let mut nurse = town.tablet("nurse");
        let serving = town.serve();
        let mut link = nurse.begin(serving.local_addr()).await.unwrap();
        nurse.until(&mut link, |_, session| session.is_idle()).await.unwrap();
        let mut newcomer = town.tablet("newcomer");
        let id = newcomer.id();
        nurse.until(&mut link, |tablet, _| tablet.trust.device(id).is_some()).await.unwrap();
        newcomer.sync(serving.local_addr()).await.unwrap();
        serving.shutdown().await;
    });
}

#[test]
fn a_shutdown_tells_the_tablets_and_frees_the_directory() {
    play(async {
        let town = Town::found();
        let mut nurse = town.tablet("nurse");
        let serving = town.serve();
        assert!(matches!(tendenko_relay::Relay::open(town.relay_dir()), Err(tendenko_relay::RelayError::InUse(_))));
        let origin = nurse.patient();
        let mut link = nurse.begin(serving.local_addr()).await.unwrap();
        nurse.until(&mut link, |_, session| session.is_idle()).await.unwrap();
        nurse.write(origin.patient(), "visit");
        nurse.handle(&mut link, ClientEvent::Saved).await.unwrap();
        let down = tokio::spawn(serving.shutdown());
        let ended = nurse.until(&mut link, |_, _| false).await;
        assert_eq!(refused(ended), Refusal::Busy);
        drop(link);
        down.await.unwrap();

        let serving = town.serve();
        nurse.sync(serving.local_addr()).await.unwrap();
        assert_eq!(nurse.acked.len(), nurse.outbox.len());
        serving.shutdown().await;
    });
}

/// Patients of a nurse whose cards are granted to a team, and then to a newcomer; each with a card.
fn admit(nurse: &mut Tablet, team: &[Tablet], newcomer: &Tablet, texts: &[&str]) {
    for number in 0..10 {
        let origin = nurse.patient();
        for colleague in team {
            nurse.grant_to(origin, colleague);
        }
        for text in texts {
            nurse.write(origin.patient(), &format!("{number}: {text}"));
        }
        nurse.grant_to(origin, newcomer);
    }
}

/// Grants in the tablet's set to anybody but these.
fn grants_to_others(tablet: &Tablet, than: &[&Tablet]) -> usize {
    let grants = tablet.statements.iter().filter_map(|bytes| Item::Statement(bytes.clone()).grant());
    grants.filter(|(.., device)| than.iter().all(|known| known.id() != *device)).count()
}

#[test]
fn a_new_tablet_gets_all_cards_before_everybodys_grants() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut newcomer) = (town.tablet("nurse"), town.tablet("newcomer"));
        let team: Vec<_> = (0..5).map(|number| town.tablet(&format!("tablet {number}"))).collect();
        let serving = town.serve();
        admit(&mut nurse, &team, &newcomer, &["アムロジピン 5mg", "ロキソプロフェン 60mg"]);
        nurse.sync(serving.local_addr()).await.unwrap();

        let mut link = newcomer.begin(serving.local_addr()).await.unwrap();
        newcomer.until(&mut link, |newcomer, _| !newcomer.has().is_empty()).await.unwrap();
        let patients: BTreeSet<_> = newcomer.records.keys().map(|log| log.document.patient).collect();
        assert_eq!((patients.len(), newcomer.has().len()), (1, 2), "one whole card first");
        newcomer.until(&mut link, |newcomer, _| newcomer.has().len() == 20).await.unwrap();
        assert_eq!(grants_to_others(&newcomer, &[&nurse, &newcomer]), 0);
        newcomer.until(&mut link, |_, session| session.is_idle()).await.unwrap();
        assert_eq!(newcomer.has(), nurse.has());
        assert_eq!(grants_to_others(&newcomer, &[&nurse, &newcomer]), 10 * 2 * team.len(), "and then all of them");
        serving.shutdown().await;
    });
}

/// More than is read at once, and the tablet's own grant comes behind all of it.
#[test]
fn a_very_long_card_comes_whole() {
    play(async {
        let town = Town::found();
        let (mut nurse, mut newcomer) = (town.tablet("nurse"), town.tablet("newcomer"));
        let serving = town.serve();
        let texts: Vec<_> = (0..4).map(|seed| noise(seed, 50_000)).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        admit(&mut nurse, &[], &newcomer, &texts);
        nurse.sync(serving.local_addr()).await.unwrap();
        newcomer.sync(serving.local_addr()).await.unwrap();
        assert_eq!(newcomer.has(), nurse.has());
        serving.shutdown().await;
    });
}
