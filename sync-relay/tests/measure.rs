//! What a burst costs the relay: measured when asked for, `cargo test --release -p tendenko-relay --test measure -- --ignored --nocapture`.
//!
//! `TENDENKO_RELAY=<program>` measures another build of the relay.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use common::{Town, play};

mod common;

const SESSIONS: usize = 20;
const RECORDS: usize = 20;

/// A killed child at the end, whatever happens.
struct Relay(Child);

impl Drop for Relay {
    fn drop(&mut self) {
        // It fails only when the relay is gone already.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

impl Relay {
    /// CPU milliseconds of the process so far, user and system (in the clock ticks of Linux, 10 ms each).
    fn cpu_ms(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum()
    }
}

#[test]
#[ignore = "a measurement"]
fn a_burst_of_small_records() {
    let town = Town::found();
    let mut tablets: Vec<_> = (0..SESSIONS).map(|number| town.tablet(&format!("tablet {number}"))).collect();
    let program = std::env::var("TENDENKO_RELAY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_tendenko-relay").into());
    let mut child = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--dir"])
        .arg(town.relay_dir())
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let relay = Relay(child);
    let address: SocketAddr = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
    play(async {
        let start = relay.cpu_ms();
        let mut links = Vec::new();
        for tablet in &mut tablets {
            let origin = tablet.patient();
            let mut link = tablet.begin(address).await.unwrap();
            tablet.until(&mut link, |_, session| session.is_idle()).await.unwrap();
            links.push((origin.patient(), link));
        }
        let connected = relay.cpu_ms();
        let mut burst = tokio::task::JoinSet::new();
        for (mut tablet, (patient, mut link)) in tablets.into_iter().zip(links) {
            burst.spawn(async move {
                for visit in 0..RECORDS {
                    tablet.write(patient, &format!("血圧 130/80、浮腫なし。内服できている。{visit}"));
                }
                tablet.saved(&mut link).await.unwrap();
                tablet.until(&mut link, |tablet, _| tablet.acked.len() >= RECORDS).await.unwrap();
                link
            });
        }
        let links = burst.join_all().await;
        let done = relay.cpu_ms();
        println!(
            "{SESSIONS} sessions: {} ms CPU to connect; {} small records in a burst: {} ms CPU, QUIC, checks and durable commits included",
            connected - start,
            SESSIONS * RECORDS,
            done - connected
        );
        drop(links);
    });
}
