//! The network of the comparison: two network namespaces, one for servers and one for tablets, of the running kernel, so that
//! TCP and QUIC alike meet a real IP network and every byte is counted where it passes, headers included.
//!
//! - *Fast*: a veth pair. Bytes are the kernel's counters of its tablet end: Ethernet frames.
//! - *Shaped*: a pair of TUN devices for each contestant, with the drills' own model of a bad link
//!   ([`tendenko_tests::forwarder::pipe`]) between them. Bytes are those of the IP packets offered to it.
//!
//! Everything is made inside namespaces of our own (`unshare`), which vanish with the process: nothing of the machine's network
//! changes, and root is needed only where unprivileged namespaces are forbidden. The devices' packets are moved by threads of
//! this process, which cost about a percent of a core at the rates used here.

use std::collections::BinaryHeap;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tendenko_tests::forwarder::link::HEADERS;
use tendenko_tests::forwarder::pipe::Pipe;
use tendenko_tests::forwarder::{Direction, Link};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use crate::Failure;

/// Set in the process that runs inside.
const INSIDE: &str = "TENDENKO_BENCH_LAB";
const MTU: u16 = 1500;

/// Where a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// With the servers.
    Server,
    /// With the tablets.
    Tablets,
}

impl Side {
    fn namespace(self) -> &'static str {
        match self {
            Self::Server => "servers",
            Self::Tablets => "tablets",
        }
    }
}

/// The two namespaces and what lies between them.
pub struct Lab {
    shaped: Vec<Arc<Shaped>>,
}

/// What passed a link.
#[derive(Debug, Clone, Copy, Default)]
pub struct Passed {
    /// Bytes from tablets to servers.
    pub up: u64,
    /// Bytes from servers to tablets.
    pub down: u64,
    /// Packets from tablets to servers.
    pub up_packets: u64,
    /// Packets from servers to tablets.
    pub down_packets: u64,
}

impl Passed {
    /// What passed since an earlier count.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            up: self.up - earlier.up,
            down: self.down - earlier.down,
            up_packets: self.up_packets - earlier.up_packets,
            down_packets: self.down_packets - earlier.down_packets,
        }
    }
}

/// Runs this program again inside namespaces of its own; returns only inside, or if that is not possible.
pub fn enter() -> Result<(), Failure> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let me = std::env::current_exe()?;
    // The process table must stay the same: processor time and memory are read from it.
    let script = "mount -t tmpfs tmpfs /run && exec \"$@\"";
    for user in [&["--user", "--map-root-user"][..], &[]] {
        let can = Command::new("unshare").args(user).args(["--mount", "--net", "true"]).output();
        if !can.is_ok_and(|tried| tried.status.success()) {
            continue;
        }
        let mut command = Command::new("unshare");
        command.args(user).args(["--mount", "--net", "sh", "-c", script, "sh"]).arg(&me);
        command.args(std::env::args_os().skip(1)).env(INSIDE, "1");
        return Err(command.exec().into());
    }
    Err("network namespaces are not allowed here (`unshare --net`): run it as root, or in a container that may".into())
}

impl Lab {
    /// Makes the network, with so many shaped links.
    pub fn make(links: usize) -> Result<Self, Failure> {
        for side in [Side::Server, Side::Tablets] {
            ip(&["netns", "add", side.namespace()])?;
            ip(&["-n", side.namespace(), "link", "set", "lo", "up"])?;
        }
        ip(&["link", "add", "fast0", "type", "veth", "peer", "name", "fast1"])?;
        address("fast0", Side::Server, "10.77.0.1/24")?;
        address("fast1", Side::Tablets, "10.77.0.2/24")?;
        let shaped = (0..links).map(|number| Shaped::make(number).map(Arc::new)).collect::<Result<_, _>>()?;
        Ok(Self { shaped })
    }

    /// A command that runs on one side.
    pub fn command(&self, side: Side, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", side.namespace()]).arg(program);
        command
    }

    /// A shaped link.
    pub fn shaped(&self, number: usize) -> Arc<Shaped> {
        Arc::clone(&self.shaped[number])
    }

    /// The server's address on the fast network.
    pub fn fast_host(&self) -> &'static str {
        "10.77.0.1"
    }

    /// What passed the fast network.
    pub fn fast_passed(&self) -> Result<Passed, Failure> {
        let shown = ip(&["-n", Side::Tablets.namespace(), "-s", "-j", "link", "show", "dev", "fast1"])?;
        let shown: Value = serde_json::from_str(&shown)?;
        let stats = &shown[0]["stats64"];
        let count = |way: &str, what: &str| stats[way][what].as_u64().ok_or("ip shows no counters");
        Ok(Passed {
            up: count("tx", "bytes")?,
            down: count("rx", "bytes")?,
            up_packets: count("tx", "packets")?,
            down_packets: count("rx", "packets")?,
        })
    }
}

/// A link through TUN devices that is as bad as it is told to be.
pub struct Shaped {
    number: usize,
    up: Arc<Way>,
    down: Arc<Way>,
}

/// One direction.
struct Way {
    state: Mutex<WayState>,
    more: Condvar,
}

struct WayState {
    pipe: Pipe,
    waiting: BinaryHeap<Waiting>,
    counter: u64,
    bytes: u64,
    packets: u64,
    last: Instant,
}

/// A packet on its way; the heap's greatest is what arrives first.
#[derive(PartialEq, Eq)]
struct Waiting {
    arrives: Instant,
    order: u64,
    packet: Vec<u8>,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.arrives, other.order).cmp(&(self.arrives, self.order))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Shaped {
    fn make(number: usize) -> Result<Self, Failure> {
        let server = device(&format!("thin{number}s"), Side::Server, &format!("10.78.{number}.1/24"))?;
        let tablets = device(&format!("thin{number}t"), Side::Tablets, &format!("10.78.{number}.2/24"))?;
        let clear = Link::clear();
        let (up, down) = (Way::new(clear.up, clear.seed), Way::new(clear.down, clear.seed));
        carry(&up, &tablets, &server)?;
        carry(&down, &server, &tablets)?;
        Ok(Self { number, up, down })
    }

    /// The server's address on this link.
    pub fn host(&self) -> String {
        format!("10.78.{}.1", self.number)
    }

    /// From now on the link is like this. What is on its way arrives as it would have.
    pub fn set(&self, link: &Link) {
        self.up.lock().pipe = Pipe::new(link.up.clone(), link.seed);
        self.down.lock().pipe = Pipe::new(link.down.clone(), link.seed ^ 0x5bd1_e995);
    }

    /// What was offered to the link so far.
    pub fn passed(&self) -> Passed {
        let (up, down) = (self.up.lock(), self.down.lock());
        Passed { up: up.bytes, down: down.bytes, up_packets: up.packets, down_packets: down.packets }
    }

    /// Waits until nothing was sent for so long, and returns when the last packet was sent.
    pub fn until_silent(&self, silence: Duration, patience: Duration) -> Instant {
        let begin = Instant::now();
        loop {
            let last = self.up.lock().last.max(self.down.lock().last);
            if last.elapsed() >= silence || begin.elapsed() >= patience {
                return last;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Way {
    fn new(direction: Direction, seed: u64) -> Arc<Self> {
        let state = WayState {
            pipe: Pipe::new(direction, seed),
            waiting: BinaryHeap::new(),
            counter: 0,
            bytes: 0,
            packets: 0,
            last: Instant::now(),
        };
        Arc::new(Self { state: Mutex::new(state), more: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, WayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two threads move packets as the way's pipe says, until this process ends.
fn carry(way: &Arc<Way>, from: &Arc<SyncDevice>, to: &Arc<SyncDevice>) -> Result<(), Failure> {
    let (taking, from) = (Arc::clone(way), Arc::clone(from));
    std::thread::Builder::new().name("link in".into()).spawn(move || {
        let mut packet = vec![0; usize::from(MTU) + 64];
        while let Ok(length) = from.recv(&mut packet) {
            let now = Instant::now();
            let mut state = taking.lock();
            state.bytes += length as u64;
            state.packets += 1;
            state.last = now;
            let payload = length.saturating_sub(usize::try_from(HEADERS).unwrap_or(0));
            for arrives in state.pipe.send(now, payload).into_iter().flatten() {
                state.counter += 1;
                let order = state.counter;
                state.waiting.push(Waiting { arrives, order, packet: packet[..length].to_vec() });
                taking.more.notify_one();
            }
        }
    })?;
    let (giving, to) = (Arc::clone(way), Arc::clone(to));
    std::thread::Builder::new().name("link out".into()).spawn(move || {
        loop {
            let packet = giving.next();
            // A receiver that is not there loses packets, as on any network.
            let _ = to.send(&packet);
        }
    })?;
    Ok(())
}

impl Way {
    /// The next packet, when it arrives.
    fn next(&self) -> Vec<u8> {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let wait = state.waiting.peek().map(|first| first.arrives.saturating_duration_since(now));
            state = match wait {
                Some(Duration::ZERO) => match state.waiting.pop() {
                    Some(first) => return first.packet,
                    None => state,
                },
                Some(wait) => self.more.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
                None => self.more.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// A TUN device, moved to where it belongs.
fn device(name: &str, side: Side, at: &str) -> Result<Arc<SyncDevice>, Failure> {
    let device = DeviceBuilder::new().name(name).layer(Layer::L3).mtu(MTU).enable(false).build_sync()?;
    address(name, side, at)?;
    Ok(Arc::new(device))
}

/// Moves a device to a side and gives it an address.
fn address(name: &str, side: Side, at: &str) -> Result<(), Failure> {
    ip(&["link", "set", name, "netns", side.namespace()])?;
    let mut quiet = Command::new("ip");
    // No neighbour discovery of its own: it would be counted.
    quiet.args(["netns", "exec", side.namespace(), "sysctl", "-qw", &format!("net.ipv6.conf.{name}.disable_ipv6=1")]);
    let _ = quiet.output();
    ip(&["-n", side.namespace(), "addr", "add", at, "dev", name])?;
    ip(&["-n", side.namespace(), "link", "set", name, "up"])?;
    Ok(())
}

fn ip(arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new("ip").args(arguments).output().map_err(|why| format!("ip (iproute2): {why}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()).into())
    }
}
