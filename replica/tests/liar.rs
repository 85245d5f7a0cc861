//! A relay that has the region's certificate, and lies. What it does is noticed, ends the session, is named, and costs the tablet nothing
//! that was saved.

mod support;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use quinn::crypto::rustls::QuicServerConfig;
use support::Town;
use tendenko_protocol::ids::{ArrivalNo, Millis, RelayIncarnation};
use tendenko_protocol::keys::RelayKeys;
use tendenko_protocol::messages::{Item, Lane, Refusal, RelayMessage, encode_frame};
use tendenko_protocol::tls;
use tendenko_replica::sync::SyncConfig;

/// What it says on the cards lane after its welcome, frame by frame.
type Lies = Vec<Vec<u8>>;

/// Serves whoever comes with a welcome and lies, until it is dropped.
struct Liar {
    address: SocketAddr,
    endpoint: quinn::Endpoint,
}

impl Liar {
    fn start(keys: &RelayKeys, welcome: RelayMessage, lies: Lies) -> Self {
        let crypto = QuicServerConfig::try_from(tls::server_config(keys).unwrap()).unwrap();
        let config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        let endpoint = quinn::Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let (address, listening) = (endpoint.local_addr().unwrap(), endpoint.clone());
        tokio::spawn(async move {
            while let Some(incoming) = listening.accept().await {
                let (welcome, lies) = (welcome.clone(), lies.clone());
                tokio::spawn(async move {
                    let connection = incoming.await.unwrap();
                    let mut lanes = Vec::new();
                    while lanes.len() < Lane::ALL.len()
                        && let Ok((mut send, mut receive)) = connection.accept_bi().await
                    {
                        let mut name = [0];
                        receive.read_exact(&mut name).await.unwrap();
                        if name[0] == Lane::Cards.byte() {
                            let said = std::iter::once(encode_frame(&welcome.encode())).chain(lies.iter().cloned());
                            for frame in said {
                                let _gone = send.write_all(&frame).await;
                            }
                        }
                        lanes.push((send, receive));
                    }
                    connection.closed().await;
                });
            }
        });
        Self { address, endpoint }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.endpoint.close(0u32.into(), b"");
    }
}

fn frames(messages: &[RelayMessage]) -> Lies {
    messages.iter().map(|message| encode_frame(&message.encode())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_is_noticed_named_and_harmless() {
    let (mut town, mut elsewhere) = (Town::new(), Town::new());
    let mut a = town.enrol("甲");
    // Records of another region, sealed and signed as they should be.
    let mut foreign = elsewhere.enrol("他");
    elsewhere.relay_up().await;
    foreign.online(&elsewhere);
    let theirs = foreign.new_patient("他の地域", "ホカノチイキ");
    foreign.note(theirs, "ここでは誰も知らない");
    foreign.until_settled().await;
    foreign.offline().await;
    let file = foreign.dir.path().join("foreign.tendenko");
    let everything = tendenko_replica::courier::CourierRequest {
        for_whom: tendenko_replica::courier::ForWhom::Everyone,
        since: None,
        attachments: false,
    };
    foreign.export_courier(&file, &everything, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    let mut incoming = tendenko_protocol::courier::Incoming::new(std::fs::File::open(&file).unwrap());
    let mut record = None;
    while let Ok(Some(part)) = incoming.next_part() {
        if let tendenko_protocol::courier::Part::Item(item @ Item::Record(_)) = part {
            record = Some(item);
        }
    }
    let record = record.unwrap();

    town.relay_up().await;
    a.online(&town);
    let patient = a.new_patient("佐藤 ハナ", "サトウ ハナ");
    a.note(patient, "先に");
    a.until_settled().await;
    a.offline().await;
    let keys = town.relay_keys();
    town.relay_down().await;
    a.note(patient, "あとで");
    a.note(patient, "もう一つ");
    let unsent = a.sync_status().unsent;

    let relay = keys.relay_id();
    let newest = ArrivalNo(1_000);
    let welcome = RelayMessage::Welcome {
        version: 1,
        relay,
        incarnation: RelayIncarnation(7),
        newest,
        clock: Millis(0),
        reconcile: false,
    };
    let items = |arrivals: &[u64]| RelayMessage::Items {
        behind: ArrivalNo::NONE,
        items: arrivals.iter().map(|arrival| (ArrivalNo(*arrival), record.clone())).collect(),
    };
    let fill = RelayMessage::Fill { behind: ArrivalNo::NONE, items: vec![record.clone(); 60] };
    let ack = RelayMessage::Ack { through: 1_000_000, arrival: newest, rejected: Vec::new() };
    let back = |through| RelayMessage::CaughtUp { through: ArrivalNo(through) };
    let lies: [(&str, &str, Lies); 7] = [
        ("acks what was never sent", "protocol", frames(&[ack])),
        ("goes back", "protocol", frames(&[back(900), back(800)])),
        ("repeats arrivals", "protocol", frames(&[items(&[901, 902, 902])])),
        ("greets again", "protocol", frames(std::slice::from_ref(&welcome))),
        ("answers what was not asked", "protocol", frames(&[RelayMessage::StatementsSent])),
        ("brings another region's records", "bogus", frames(&[fill.clone(), fill])),
        ("talks rubbish", "unreadable", vec![vec![0, 0, 0, 3, 0xff, 0xff, 0xff]]),
    ];
    for (what, code, lies) in lies {
        let liar = Liar::start(&keys, welcome.clone(), lies);
        a.online_with(SyncConfig { relays: vec![liar.address.to_string()], ..SyncConfig::default() });
        let named = |a: &tendenko_replica::Replica| {
            let misbehaving = a.sync_status().misbehaving;
            misbehaving.is_some_and(|(relay, said)| relay.as_deref() == Some("本部") && said == code)
        };
        a.until(what, named).await;
        a.offline().await;
        assert_eq!(a.sync_status().unsent, unsent, "{what}: nothing counts as sent");
        assert_eq!(a.texts(patient).len(), 3, "{what}");
        assert!(a.patient(theirs).is_err(), "{what}");
    }
    assert_eq!(a.troubles().unwrap(), Default::default(), "nothing is kept of it");

    // A relay of the future says which versions it speaks; what was saved waits.
    let refusal = RelayMessage::Refused { reason: Refusal::Versions, versions: vec![8, 9] };
    let future = Liar::start(&keys, refusal, Vec::new());
    a.online_with(SyncConfig { relays: vec![future.address.to_string()], ..SyncConfig::default() });
    a.until("the versions", |a| a.sync_status().last_error.as_deref() == Some("versions")).await;
    a.offline().await;
    assert_eq!(a.sync_status().unsent, unsent);
    drop(future);

    // The honest relay is back: everything goes on from where it was, and nobody is accused any more.
    town.relay_up().await;
    a.online(&town);
    a.until_settled().await;
    a.until("all is well", |a| a.sync_status().misbehaving.is_none()).await;
    assert_eq!(a.texts(patient).len(), 3);
    a.offline().await;
}
