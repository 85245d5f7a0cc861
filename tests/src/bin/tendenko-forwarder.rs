//! A bad network by hand, see [`tendenko_tests::forwarder`].

use std::io::BufRead;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use tendenko_tests::forwarder::{Counts, Direction, Forwarder, Link, Schedule, Traffic};

/// Stands between tablets and a relay, and is a bad network. Orders on standard input: `rebind`, `cut`, `mend`, `to ADDRESS`, `counts`.
/// Ends with standard input.
#[derive(Debug, Parser)]
struct Options {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    at: SocketAddr,
    /// The relay
    #[arg(long)]
    to: SocketAddr,
    /// Rate in kbit/s, each way
    #[arg(long)]
    kbit: Option<u64>,
    /// Time on the way in milliseconds, each way
    #[arg(long, default_value_t = 0)]
    delay: u64,
    /// Up to so many milliseconds more
    #[arg(long, default_value_t = 0)]
    jitter: u64,
    /// Per cent of datagrams that vanish
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Per cent of datagrams that arrive twice
    #[arg(long, default_value_t = 0.0)]
    duplicates: f64,
    /// Per cent of datagrams that are overtaken
    #[arg(long, default_value_t = 0.0)]
    overtaken: f64,
    /// Largest datagram that passes, in bytes with headers
    #[arg(long)]
    mtu: Option<u64>,
    /// Seconds up and seconds down, in turn
    #[arg(long, num_args = 2, value_names = ["UP", "DOWN"])]
    flap: Option<Vec<f64>>,
    /// Seed of everything left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Options {
    fn link(&self) -> Link {
        let direction = Direction {
            bits_per_second: self.kbit.map(|kbit| kbit.saturating_mul(1000)),
            delay: Duration::from_millis(self.delay),
            jitter: Duration::from_millis(self.jitter),
            loss: self.loss / 100.0,
            duplicates: self.duplicates / 100.0,
            overtaken: self.overtaken / 100.0,
            mtu: self.mtu,
            ..Direction::clear()
        };
        let schedule = match self.flap.as_deref() {
            Some([up, down]) => {
                Schedule::Flapping { up: Duration::from_secs_f64(*up), down: Duration::from_secs_f64(*down) }
            }
            _ => Schedule::Always,
        };
        Link { schedule, seed: self.seed, ..Link::both(direction) }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let options = Options::parse();
    let forwarder = Forwarder::start_at(options.at, options.to, options.link())?;
    println!("forwarding {} → {}", forwarder.address(), options.to);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["rebind"] => forwarder.rebind(),
            ["cut"] => forwarder.set_link(Link::gone()),
            ["mend"] => forwarder.set_link(options.link()),
            ["to", address] => match address.parse() {
                Ok(to) => forwarder.set_target(to),
                Err(error) => println!("{address}: {error}"),
            },
            ["counts"] => show(&forwarder.counts()),
            [] => {}
            _ => println!("orders: rebind, cut, mend, to ADDRESS, counts"),
        }
    }
    show(&forwarder.counts());
    Ok(())
}

fn show(counts: &Counts) {
    let line = |what: &str, sent: &Traffic, arrived: &Traffic| {
        println!("{what}: {} bytes in {} packets, {} packets arrived", sent.bytes, sent.packets, arrived.packets);
    };
    line("tablets → relay", &counts.up, &counts.up_arrived);
    line("relay → tablets", &counts.down, &counts.down_arrived);
}
