//! Announcing and sighting by multicast DNS (RFC 6762, 6763), with the `mdns-sd` crate.
//!
//! What others announce is bounded and believed nothing but an address.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use mdns_sd::{ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use tendenko_protocol::ids::DeviceId;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::discovery::{Announcement, Discovery, DiscoveryError, RegionTag, Sighting};

const SERVICE: &str = "_tendenko._udp.local.";
/// Bytes of a label that fit into a TXT entry beside its key.
const MAX_LABEL: usize = 120;
/// Addresses of one tablet that are tried.
const MAX_ADDRESSES: usize = 8;

/// The local network's multicast.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mdns;

/// Ends both directions when dropped: others hear the goodbye.
struct Running {
    daemon: ServiceDaemon,
    tasks: [AbortHandle; 2],
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        // A daemon that ended already has nothing left to say.
        let _ = self.daemon.shutdown();
    }
}

impl Discovery for Mdns {
    fn start(
        self: Box<Self>,
        announce: watch::Receiver<Option<Announcement>>,
        seen: mpsc::Sender<Sighting>,
    ) -> Result<Box<dyn Send + Sync>, DiscoveryError> {
        let failed = |error: mdns_sd::Error| DiscoveryError(error.to_string());
        let daemon = ServiceDaemon::new().map_err(failed)?;
        let events = daemon.browse(SERVICE).map_err(failed)?;
        let looking = tokio::spawn(async move {
            let mut known = BTreeMap::new();
            while let Ok(event) = events.recv_async().await {
                if let Some(sighting) = sighting(event, &mut known) {
                    // Full: it is announced again.
                    let _ = seen.try_send(sighting);
                }
            }
        });
        let speaking = tokio::spawn(speak(daemon.clone(), announce));
        Ok(Box::new(Running { daemon, tasks: [looking.abort_handle(), speaking.abort_handle()] }))
    }
}

/// Says what there is to say, and takes it back when there is no more.
async fn speak(daemon: ServiceDaemon, mut announce: watch::Receiver<Option<Announcement>>) {
    let mut said: Option<String> = None;
    loop {
        let now = announce.borrow_and_update().clone();
        if let Some(name) = said.take()
            && let Err(error) = daemon.unregister(&name)
        {
            tracing::debug!(%error, "an announcement could not be taken back");
        }
        if let Some(announcement) = now {
            match service(&announcement).and_then(|service| {
                let name = service.get_fullname().to_owned();
                daemon.register(service).map(|()| name)
            }) {
                Ok(name) => said = Some(name),
                Err(error) => tracing::warn!(%error, "this tablet could not be announced; its code works"),
            }
        }
        if announce.changed().await.is_err() {
            return;
        }
    }
}

fn service(announcement: &Announcement) -> Result<ServiceInfo, mdns_sd::Error> {
    let device = announcement.device.to_string();
    let host = format!("tendenko-{}.local.", &device[..16]);
    let region: String = announcement.region.iter().map(|byte| format!("{byte:02x}")).collect();
    let label = cut(&announcement.label);
    let told = [("v", "1"), ("r", region.as_str()), ("d", device.as_str()), ("n", label)];
    Ok(ServiceInfo::new(SERVICE, &device, &host, "", announcement.port, &told[..])?.enable_addr_auto())
}

fn cut(label: &str) -> &str {
    let end = (0..=label.len().min(MAX_LABEL)).rev().find(|end| label.is_char_boundary(*end));
    &label[..end.unwrap_or(0)]
}

/// `known`: the device of each instance that was resolved, for when it goes.
fn sighting(event: ServiceEvent, known: &mut BTreeMap<String, DeviceId>) -> Option<Sighting> {
    match event {
        ServiceEvent::ServiceResolved(service) => {
            let here = resolved(&service)?;
            if let Sighting::Here { device, .. } = here {
                known.insert(service.get_fullname().to_owned(), device);
            }
            Some(here)
        }
        ServiceEvent::ServiceRemoved(_, name) => known.remove(&name).map(|device| Sighting::Gone { device }),
        _ => None,
    }
}

fn resolved(service: &ResolvedService) -> Option<Sighting> {
    let told = |key| service.get_property_val_str(key);
    let device: DeviceId = told("d")?.parse().ok()?;
    let label = cut(told("n").unwrap_or_default()).to_owned();
    let mut addresses: Vec<IpAddr> = service.get_addresses().iter().map(mdns_sd::ScopedIp::to_ip_addr).collect();
    // A link-local address without its interface leads nowhere.
    addresses.retain(|ip| !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()));
    // Loopback last: two tablets on one machine only meet in tests.
    addresses.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6(), *ip));
    addresses.truncate(MAX_ADDRESSES);
    let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, service.get_port())).collect();
    Some(Sighting::Here { region: tag(told("r")?)?, device, label, addresses })
}

fn tag(text: &str) -> Option<RegionTag> {
    let mut tag = RegionTag::default();
    if text.len() != 2 * tag.len() || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in tag.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cut_between_letters_and_tags_are_read_back() {
        assert_eq!(cut("看護 3号"), "看護 3号");
        let long = "看".repeat(100);
        assert_eq!(cut(&long).len(), 120);
        assert_eq!(tag("00ff102030405060"), Some([0, 255, 16, 32, 48, 64, 80, 96]));
        for text in ["", "00ff", "zzzzzzzzzzzzzzzz", "護護護護護a"] {
            assert_eq!(tag(text), None, "{text}");
        }
    }
}
