use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::link::{Direction, Link, Schedule};
use super::pipe::Pipe;
use super::{Forwarder, Traffic};

fn arrivals(direction: &Direction, seed: u64, count: usize, payload: usize) -> Vec<Option<Duration>> {
    let now = Instant::now();
    let mut pipe = Pipe::new(direction.clone(), seed);
    (0..count).map(|_| pipe.send(now, payload)[0].map(|at| at - now)).collect()
}

#[test]
fn a_rate_spaces_datagrams_and_a_full_queue_drops() {
    let direction = Direction { bits_per_second: Some(64_000), queue_bytes: 3_000, ..Direction::clear() };
    // 1,000 bytes with headers take an eighth of a second.
    let arrivals = arrivals(&direction, 1, 4, 972);
    let eighths: Vec<_> = (1..=3).map(|n| Some(Duration::from_millis(125 * n))).collect();
    assert_eq!(arrivals[..3], eighths[..]);
    assert_eq!(arrivals[3], None);
}

#[test]
fn loss_is_about_its_share_and_the_same_for_the_same_seed() {
    let direction = Direction { loss: 0.1, ..Direction::clear() };
    let first = arrivals(&direction, 7, 10_000, 100);
    let lost = first.iter().filter(|arrival| arrival.is_none()).count();
    assert!((800..1_200).contains(&lost), "{lost} of 10,000");
    assert_eq!(first, arrivals(&direction, 7, 10_000, 100));
    assert_ne!(first, arrivals(&direction, 8, 10_000, 100));
}

#[test]
fn jitter_keeps_the_order_and_overtaking_does_not() {
    let jitter =
        Direction { delay: Duration::from_millis(10), jitter: Duration::from_millis(50), ..Direction::clear() };
    let calm = arrivals(&jitter, 3, 200, 100);
    assert!(calm.is_sorted() && calm.iter().all(|at| at.is_some_and(|at| at >= Duration::from_millis(10))));
    let overtaken = Direction { delay: Duration::from_millis(10), overtaken: 0.2, ..Direction::clear() };
    assert!(!arrivals(&overtaken, 3, 200, 100).is_sorted());
}

#[test]
fn what_is_too_large_does_not_pass_and_what_is_doubled_comes_twice() {
    let now = Instant::now();
    let mut narrow = Pipe::new(Direction { mtu: Some(1_280), ..Direction::clear() }, 1);
    assert!(narrow.send(now, 1_252)[0].is_some() && narrow.send(now, 1_253)[0].is_none());
    let mut doubling = Pipe::new(Direction { duplicates: 1.0, ..Direction::clear() }, 1);
    assert!(doubling.send(now, 1).iter().all(Option::is_some));
}

#[test]
fn a_flapping_link_begins_up() {
    let schedule = Schedule::Flapping { up: Duration::from_secs(8), down: Duration::from_secs(12) };
    let seconds = [0, 7, 8, 19, 20, 27, 28];
    let up: Vec<_> = seconds.iter().filter(|second| schedule.is_up(Duration::from_secs(**second))).collect();
    assert_eq!(up, [&0, &7, &20, &27]);
}

/// A socket that gives up waiting in the end.
fn socket() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn hear(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2_000];
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    (buffer[..length].to_vec(), from)
}

#[test]
fn both_ways_counted_rebound_and_turned_to_another_target() {
    let ((relay, at), (tablet, _)) = (socket(), socket());
    let forwarder = Forwarder::start(at, Link::clear()).unwrap();
    forwarder.listen_in();
    tablet.send_to(b"hello", forwarder.address()).unwrap();
    let (bytes, port) = hear(&relay);
    assert_eq!(bytes, b"hello");
    relay.send_to(b"welcome!", port).unwrap();
    assert_eq!(hear(&tablet), (b"welcome!".to_vec(), forwarder.address()));
    assert_eq!(forwarder.heard_so_far(), b"hellowelcome!");
    let counts = forwarder.counts();
    assert_eq!(counts.up, Traffic { packets: 1, bytes: 33 });
    assert_eq!(counts.down_arrived, Traffic { packets: 1, bytes: 36 });

    forwarder.rebind();
    tablet.send_to(b"again", forwarder.address()).unwrap();
    assert_ne!(hear(&relay).1, port);

    let (other, elsewhere) = socket();
    forwarder.set_target(elsewhere);
    tablet.send_to(b"there", forwarder.address()).unwrap();
    assert_eq!(hear(&other).0, b"there");

    forwarder.set_link(Link::gone());
    tablet.send_to(b"lost", forwarder.address()).unwrap();
    let sent = Instant::now();
    while forwarder.counts().up.packets < 4 {
        assert!(sent.elapsed() < Duration::from_secs(30));
        std::thread::yield_now();
    }
    forwarder.set_link(Link::clear());
    tablet.send_to(b"found", forwarder.address()).unwrap();
    assert_eq!(hear(&other).0, b"found");
    assert_eq!(forwarder.counts().up_arrived.packets, 4);
}
