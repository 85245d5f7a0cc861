//! Where this tablet can be reached by others near it.

use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use if_watch::IfEvent;
use if_watch::tokio::IfWatcher;

/// How long the system is given to list its addresses.
const LISTING: Duration = Duration::from_millis(300);

/// Addresses that lead here from outside, IPv4 first: shorter in a code, and what a hotspot gives.
pub(crate) async fn reachable(port: u16) -> Vec<SocketAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    let Ok(mut watcher) = IfWatcher::new() else { return Vec::new() };
    // The watcher tells what there is as if it had just come, and then waits for more.
    let listing = async {
        while let Ok(event) = poll_fn(|context| watcher.poll_if_event(context)).await {
            if let IfEvent::Up(net) = event
                && leads_here(net.addr())
                && !found.contains(&net.addr())
            {
                found.push(net.addr());
            }
        }
    };
    let _listed = tokio::time::timeout(LISTING, listing).await.is_ok();
    found.sort_by_key(IpAddr::is_ipv6);
    found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
}

/// Not this machine alone, and not an address that means nothing without an interface.
fn leads_here(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unspecified() && !ip.is_unicast_link_local(),
    }
}
