//! QUIC's settings over bad links: congestion controllers, windows, acknowledgements, datagram sizes, keep-alive. In virtual time,
//! many seeds each, so the figures are the same on any machine. Decision 0009 rests on them.

mod pair;

use std::sync::Arc;
use std::time::Duration;

use quinn_proto::congestion::{BbrConfig, CubicConfig, NewRenoConfig};
use quinn_proto::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn_proto::{AckFrequencyConfig, ClientConfig, ServerConfig, TransportConfig, VarInt};
use ring::rand::SystemRandom;
use tendenko_protocol::keys::{DeviceKeys, RelayKeys};
use tendenko_protocol::tls;
use tendenko_tests::forwarder::{Direction, Link};

use crate::Failure;
use crate::figures::Sheet;
use pair::{Exchange, Outcome, Poke, play};

/// Runs of each setting, each with another seed.
const SEEDS: u64 = 40;
/// Hello and grants; a patient's medication list and a page of charts.
const PAGE: Exchange = Exchange { request: 700, answer: 96 * 1024 };
/// What a morning brings.
const SMALL: Exchange = Exchange { request: 2_500, answer: 12 * 1024 };

type Settings = fn(&mut TransportConfig);

pub fn measure(_sheet: &mut Sheet) -> Result<(), Failure> {
    let thin = Link::thin();
    let far = Link::both(Direction {
        bits_per_second: Some(5_000_000),
        delay: Duration::from_millis(300),
        loss: 0.02,
        ..Direction::clear()
    });
    let good = Link::both(Direction {
        bits_per_second: Some(20_000_000),
        delay: Duration::from_millis(25),
        queue_bytes: 256 * 1024,
        ..Direction::clear()
    });
    let flapping = Link::thin().flapping(Duration::from_secs(8), Duration::from_secs(12));
    println!("  medians of {SEEDS} seeds; seconds, and kilobytes on the wire with headers\n");
    let links = [
        ("64 kbit/s, 10 %, 800 ms", thin.clone()),
        ("64 kbit/s, 0 %, 800 ms", calm()),
        ("5 Mbit/s, 2 %, 600 ms", far),
        ("20 Mbit/s, 0 %, 50 ms", good),
    ];
    let controllers: [(&str, Settings); 6] = [
        ("Cubic (quinn's default)", |_| {}),
        ("NewReno", |t| {
            t.congestion_controller_factory(Arc::new(NewRenoConfig::default()));
        }),
        ("BBR", |t| {
            t.congestion_controller_factory(Arc::new(BbrConfig::default()));
        }),
        ("Cubic, first window 4 packets", |t| cubic(t, 4)),
        ("Cubic, first window 20 packets", |t| cubic(t, 20)),
        ("Cubic, first window 32 packets", |t| cubic(t, 32)),
    ];
    for (name, link) in &links {
        table(name, link, PAGE, &controllers, None)?;
    }
    let base: Settings = |t| {
        t.mtu_discovery_config(None);
    };
    let further: [(&str, Settings); 9] = [
        ("as it is", |_| {}),
        ("no MTU discovery (all below, too)", base),
        ("acks every 10 packets or 200 ms", |t| acks(t, 10, 200)),
        ("first RTT guessed 200 ms", |t| rtt(t, 200, 10)),
        ("first RTT guessed 100 ms", |t| rtt(t, 100, 10)),
        ("first RTT guessed 500 ms", |t| rtt(t, 500, 10)),
        ("200 ms, first window 16 packets", |t| rtt(t, 200, 16)),
        ("200 ms, first window 24 packets", |t| rtt(t, 200, 24)),
        ("200 ms, BBR", |t| {
            rtt(t, 200, 10);
            t.congestion_controller_factory(Arc::new(BbrConfig::default()));
        }),
    ];
    table("64 kbit/s, 10 %, 800 ms", &thin, PAGE, &further, None)?;
    table("64 kbit/s, 10 %, 800 ms: a small exchange", &thin, SMALL, &further, None)?;
    let alive: [(&str, Settings); 4] = [
        ("no keep-alive, idle 60 s", |t| keep(t, None, 60)),
        ("keep-alive 10 s, idle 30 s", |t| keep(t, Some(10), 30)),
        ("keep-alive 5 s, idle 20 s", |t| keep(t, Some(5), 20)),
        ("keep-alive 2 s, idle 45 s", |t| keep(t, Some(2), 45)),
    ];
    let pokes = [
        ("", None),
        (", a new port after 6 s of silence", Some(6)),
        (", after 4 s", Some(4)),
        (", after 3 s", Some(3)),
        (", after 2 s", Some(2)),
    ];
    for (name, silence) in pokes {
        let name = format!("8 s up, 12 s down, 64 kbit/s, 10 %, 800 ms{name}");
        table(&name, &flapping, PAGE, &alive, silence.map(Duration::from_secs))?;
    }
    Ok(())
}

fn rtt(transport: &mut TransportConfig, ms: u64, packets: u64) {
    cubic(transport, packets);
    transport.mtu_discovery_config(None).initial_rtt(Duration::from_millis(ms));
}

/// The thin link without its losses.
fn calm() -> Link {
    let mut link = Link::thin();
    link.up.loss = 0.0;
    link.down.loss = 0.0;
    link
}

fn cubic(transport: &mut TransportConfig, packets: u64) {
    let mut config = CubicConfig::default();
    config.initial_window(packets * 1200);
    transport.congestion_controller_factory(Arc::new(config));
}

fn acks(transport: &mut TransportConfig, packets: u32, ms: u64) {
    let mut config = AckFrequencyConfig::default();
    config.ack_eliciting_threshold(VarInt::from_u32(packets)).max_ack_delay(Some(Duration::from_millis(ms)));
    transport.ack_frequency_config(Some(config)).mtu_discovery_config(None);
}

fn keep(transport: &mut TransportConfig, alive: Option<u64>, idle: u32) {
    transport
        .keep_alive_interval(alive.map(Duration::from_secs))
        .max_idle_timeout(Some(VarInt::from_u32(idle * 1000).into()));
}

fn table(
    link_name: &str,
    link: &Link,
    exchange: Exchange,
    rows: &[(&str, Settings)],
    poke: Poke,
) -> Result<(), Failure> {
    println!("  {link_name}; {} bytes up, {} bytes down", exchange.request, exchange.answer);
    println!(
        "  {:<38} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "", "greeting", "first 8K", "all", "p90 all", "kB up", "kB down", "again"
    );
    let rng = SystemRandom::new();
    let (device, relay) = (DeviceKeys::generate(&rng)?, RelayKeys::generate(&rng)?);
    for (name, settings) in rows {
        let mut transport = TransportConfig::default();
        settings(&mut transport);
        let transport = Arc::new(transport);
        let mut outcomes = Vec::new();
        for seed in 0..SEEDS {
            let tls = QuicClientConfig::try_from(tls::client_config(&device, Arc::new(|_| true))?)?;
            let mut client = ClientConfig::new(Arc::new(tls));
            client.transport_config(Arc::clone(&transport));
            let mut server =
                ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls::server_config(&relay)?)?));
            server.transport_config(Arc::clone(&transport));
            match play(&client, &server, &link.clone().seeded(seed * 77 + 5), exchange, poke)? {
                Some(outcome) => outcomes.push(outcome),
                None => return Err(format!("{name}: not done within an hour").into()),
            }
        }
        let at = |share: f64, of: fn(&Outcome) -> f64| -> f64 {
            let mut values: Vec<f64> = outcomes.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let place = (values.len().saturating_sub(1) as f64 * share).round() as usize;
            values.get(place).copied().unwrap_or(f64::NAN)
        };
        #[allow(clippy::cast_precision_loss)]
        let up = |o: &Outcome| o.counts.up.bytes as f64 / 1000.0;
        #[allow(clippy::cast_precision_loss)]
        let down = |o: &Outcome| o.counts.down.bytes as f64 / 1000.0;
        println!(
            "  {name:<38} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.1} {:>9.1} {:>7.0}",
            at(0.5, |o| o.handshake.as_secs_f64()),
            at(0.5, |o| o.first.as_secs_f64()),
            at(0.5, |o| o.done.as_secs_f64()),
            at(0.9, |o| o.done.as_secs_f64()),
            at(0.5, up),
            at(0.5, down),
            at(0.5, |o| f64::from(o.again)),
        );
    }
    println!();
    Ok(())
}
