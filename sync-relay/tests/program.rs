//! The real program: its commands, its end by a signal, and its end by `kill -9`.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use common::tablet::Tablet;
use common::{PASSPHRASE, play, tablet_of};
use ring::rand::SystemRandom;
use tendenko_protocol::ids::{ArrivalNo, RecordHash};
use tendenko_protocol::keys::DeviceKeys;
use tendenko_protocol::trust::EnrolmentRequest;
use tendenko_relay::Relay;
use tendenko_relay::store::{PageLimit, RelayStore, Selection};

mod common;

/// A directory with a relay made by the program.
struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    fn init() -> Self {
        let site = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(site.path("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        let made = site.run(&[
            "init",
            "--region-name",
            "釜石・大槌",
            "--relay-name",
            "県立病院",
            "--listen",
            "127.0.0.1:0",
            "--passphrase-file",
            site.path("passphrase").to_str().unwrap(),
        ]);
        assert!(made.status.success(), "{made:?}");
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tendenko-relay"));
        command.arg(arguments[0]).arg("--dir").arg(self.path("relay")).args(&arguments[1..]);
        command.env("RUST_LOG", "debug");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Enrols a new tablet by the program; gives it and what the program said.
    fn enroll(&self, label: &str) -> (Tablet, String) {
        let keys = DeviceKeys::generate(&SystemRandom::new()).unwrap();
        let (request, bundle) = (self.path("request"), self.path("bundle"));
        std::fs::write(&request, EnrolmentRequest::new(&keys, label).unwrap().to_bytes()).unwrap();
        let said = self.run(&self.enrolment(&request, &bundle, &self.path("passphrase")));
        assert!(said.status.success(), "{said:?}");
        (tablet_of(keys, &bundle), String::from_utf8(said.stdout).unwrap())
    }

    fn enrolment<'a>(&self, request: &'a Path, bundle: &'a Path, passphrase: &'a Path) -> Vec<&'a str> {
        vec![
            "enroll",
            "--request",
            request.to_str().unwrap(),
            "--facility",
            "はまゆり訪問看護ステーション",
            "--facility-kind",
            "visiting-nurse-station",
            "--member",
            "佐藤 花",
            "--profession",
            "nurse",
            "--member",
            "鈴木 一",
            "--profession",
            "nurse",
            "--out",
            bundle.to_str().unwrap(),
            "--passphrase-file",
            passphrase.to_str().unwrap(),
        ]
    }

    fn serve(&self) -> Served {
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut process = self.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::from(log)).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect("the one line").parse().unwrap();
        Served { process, address }
    }
}

struct Served {
    process: Child,
    address: SocketAddr,
}

impl Served {
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn terminate(mut self) -> std::process::ExitStatus {
        let sent = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status().unwrap();
        assert!(sent.success());
        self.process.wait().unwrap()
    }
}

#[test]
fn init_enroll_serve_status_and_a_clean_end() {
    let site = Site::init();
    let (mut nurse, said) = site.enroll("花のタブレット");
    let served = site.serve();
    play(async {
        let origin = nurse.patient();
        nurse.write(origin.patient(), "visit");
        nurse.sync(served.address).await.unwrap();
    });

    let status = site.run(&["status", "--json"]);
    assert!(status.status.success(), "{status:?}");
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["records"], 1);
    assert_eq!(status["devices"][0]["label"], "花のタブレット");
    assert_eq!(status["devices"][0]["records"], 1);
    assert!(status["devices"][0]["last_contact"].is_i64());
    let text = String::from_utf8(site.run(&["status"]).stdout).unwrap();
    assert!(text.contains("records       1 in 1 logs"), "{text}");

    // While it serves: the same facility and members, another device.
    let (mut second, said_again) = site.enroll("一のタブレット");
    let lines = |said: &str| said.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&said), lines(&said_again));
    assert_eq!(lines(&said).len(), 3, "facility and two members");
    play(async { second.sync(served.address).await.unwrap() });

    assert_eq!(served.terminate().code(), Some(0));
    let log = std::fs::read_to_string(site.path("log")).unwrap();
    assert!(log.contains("stopped"), "{log}");
    for personal in ["佐藤", "鈴木", "花", "はまゆり"] {
        assert!(!log.contains(personal), "{personal} in the log");
    }
}

#[test]
fn bad_input_is_refused_with_a_reason_and_changes_nothing() {
    let site = Site::init();
    let again = site.run(&[
        "init",
        "--region-name",
        "x",
        "--relay-name",
        "x",
        "--listen",
        "127.0.0.1:0",
        "--passphrase-file",
        site.path("passphrase").to_str().unwrap(),
    ]);
    assert!(!again.status.success());
    let told = String::from_utf8(again.stderr).unwrap();
    assert!(told.contains("never overwritten"), "{told}");

    let (request, bundle, wrong) = (site.path("request"), site.path("bundle"), site.path("wrong"));
    let keys = DeviceKeys::generate(&SystemRandom::new()).unwrap();
    let bytes = EnrolmentRequest::new(&keys, "tablet").unwrap().to_bytes();
    std::fs::write(&wrong, "not the passphrase").unwrap();
    std::fs::write(&request, &bytes).unwrap();
    let refused = site.run(&site.enrolment(&request, &bundle, &wrong));
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("does not open this key"));
    std::fs::write(&request, &bytes[..bytes.len() - 1]).unwrap();
    let refused = site.run(&site.enrolment(&request, &bundle, &site.path("passphrase")));
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("is not a request of a tablet"));
    assert!(!bundle.exists());
    assert!(!site.run(&["status", "--dir"]).status.success());
}

/// As the secretariat does it, with a list that a spreadsheet saved, and with what goes wrong.
#[test]
fn a_directory_is_published_from_csv_and_what_is_wrong_with_it_is_said_by_line_and_column() {
    let site = Site::init();
    let (list, passphrase) = (site.path("list.csv"), site.path("passphrase"));
    let publish = |csv: &[u8], more: &[&str]| {
        std::fs::write(&list, csv).unwrap();
        let [list, passphrase] = [&list, &passphrase].map(|path| path.to_str().unwrap());
        let made = site.run(&[&["directory", "--csv", list, "--passphrase-file", passphrase], more].concat());
        (made.status.success(), String::from_utf8([made.stdout, made.stderr].concat()).unwrap())
    };
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode("名称,種別,定員\r\nはまかぜ薬局,薬局,\r\n");
    let told = |(worked, said): (bool, String), wanted: bool, words: &str| {
        assert_eq!(worked, wanted, "{said}");
        assert!(said.contains(words), "{said}");
    };
    told(publish("名称,緯度,経度\nA,39.2,北\n".as_bytes(), &[]), false, "line 2, column 3 (“経度”)");
    told(publish(&shift_jis, &[]), true, "directory 1, 1 entries");
    told(publish(&shift_jis, &[]), true, "nothing was published");
    told(
        publish("名称\nはまかぜ薬局\n".as_bytes(), &["--serial", "1"]),
        false,
        "the directory that holds has number 1",
    );
    told(publish("名称\nはまかぜ薬局\n".as_bytes(), &["--serial", "9"]), true, "directory 9, 1 entries");
}

/// As an operator does it: two commands at the edge, one at the secretariat.
#[test]
fn an_edge_relay_is_made_by_the_program_and_tells_what_waits() {
    let site = Site::init();
    let (mut nurse, _) = site.enroll("tablet");
    let [request, bundle] = ["edge.request", "edge.bundle"].map(|name| site.path(name).to_string_lossy().into_owned());
    let edge = site.path("edge").to_string_lossy().into_owned();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_tendenko-relay")).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    let ask = ["ask", "--dir", &edge, "--relay-name", "第一避難所", "--listen", "127.0.0.1:0", "--out", &request];
    assert!(run(&ask).0);
    let (made, _, why) = run(&["serve", "--dir", &edge]);
    assert!(!made && why.contains("tendenko-relay join"), "{why}");
    let passphrase = site.path("passphrase");
    let enrolled = site.run(&[
        "enroll",
        "--request",
        &request,
        "--out",
        &bundle,
        "--passphrase-file",
        passphrase.to_str().unwrap(),
    ]);
    assert!(enrolled.status.success(), "{enrolled:?}");
    let (joined, said, why) = run(&["join", "--dir", &edge, "--bundle", &bundle]);
    assert!(joined && said.contains("釜石・大槌"), "{said} {why}");

    let hub = site.serve();
    let address = hub.address.to_string();
    let mut process = Command::new(env!("CARGO_BIN_EXE_tendenko-relay"))
        .args(["serve", "--dir", &edge, "--upstream", &address])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let below: SocketAddr = line.trim().strip_prefix("listening on ").expect("the one line").parse().unwrap();
    let served = Served { process, address: below };
    play(async {
        let origin = nurse.patient();
        nurse.write(origin.patient(), "visit");
        nurse.relay = said.lines().nth(1).and_then(|line| line.strip_prefix("relay ")).unwrap().parse().unwrap();
        nurse.sync(below).await.unwrap();
    });
    let status = loop {
        let (read, status, why) = run(&["status", "--dir", &edge, "--json"]);
        assert!(read, "{why}");
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let waiting = status["upstream"]["waiting"].as_array().unwrap();
        if waiting.iter().all(|lane| lane["items"] == 0) {
            break status;
        }
    };
    assert_eq!(status["records"], 1);
    assert!(status["upstream"]["last_contact"].is_i64());
    let above: serde_json::Value = serde_json::from_slice(&site.run(&["status", "--json"]).stdout).unwrap();
    assert_eq!((&above["records"], &above["statements"]), (&status["records"], &status["statements"]));
    let relay = above["devices"].as_array().unwrap().iter().find(|device| device["relay"] == true).unwrap();
    assert_eq!((&relay["label"], &relay["records"]), (&"第一避難所".into(), &1.into()));
    let (_, text, _) = run(&["status", "--dir", &edge]);
    assert!(text.contains("upstream      last contact"), "{text}");
    assert_eq!(served.terminate().code(), Some(0));
    hub.kill();
}

/// Kills the relay after it has acked some records and while it has others; what it acked must be there.
#[test]
fn what_was_acked_survives_kill_9_at_any_moment() {
    let site = Site::init();
    let (mut nurse, _) = site.enroll("tablet");
    let origin = nurse.patient();
    for acked_before in [1, 2, 5, 17, 40] {
        let served = site.serve();
        play(async {
            let mut link = nurse.begin(served.address).await.unwrap();
            let before = nurse.acked.len();
            for visit in 0..60 {
                nurse.write(origin.patient(), &format!("visit {visit}"));
                nurse.saved(&mut link).await.unwrap();
            }
            nurse.until(&mut link, |tablet, _| tablet.acked.len() >= before + acked_before).await.unwrap();
            served.kill();
        });
        let held = held(&site.path("relay"));
        let lost = nurse.acked.iter().filter(|hash| !held.contains(hash)).count();
        assert_eq!(lost, 0, "acked and lost, after {acked_before} acks");
    }
    let served = site.serve();
    play(async { nurse.sync(served.address).await.unwrap() });
    assert_eq!(nurse.acked.len(), nurse.outbox.len(), "and the rest follows");
    served.kill();
}

/// Hashes of everything in the store of a relay that does not serve.
fn held(dir: &Path) -> Vec<RecordHash> {
    let store = Relay::open(dir).unwrap().store();
    let newest = store.newest().unwrap();
    let all = PageLimit { bytes: usize::MAX, looked_at: usize::MAX };
    let page = store.page(Selection::Granted(None, &|_| true), ArrivalNo::NONE, newest, all).unwrap();
    assert!(page.complete);
    page.items.iter().map(|item| RecordHash::of(&item.bytes)).collect()
}
