//! What an operator sees: read from the database, so it works whether or not the relay serves.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use tendenko_protocol::ids::{DeviceId, Millis, RelayId};
use tendenko_protocol::trust::{Claim, TrustStore, UnverifiedStatement};

use crate::directory::{self, Directory};
use crate::host::RelayError;
use crate::store::{Contact, RelayStore, SqliteStore};
use crate::trust::Trust;

/// A relay in figures. Holds no patient's name and no staff member's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The region's name.
    pub region: String,
    /// The relay's name.
    pub relay: String,
    /// The store's present life.
    pub incarnation: String,
    /// Earlier lives whose arrival numbers still hold.
    pub past_incarnations: usize,
    /// The newest arrival number: records and statements that ever arrived.
    pub arrivals: u64,
    /// Records held.
    pub records: u64,
    /// Their bytes.
    pub record_bytes: u64,
    /// Pieces of photos and documents held.
    pub chunks: u64,
    /// Their bytes.
    pub chunk_bytes: u64,
    /// Logs held.
    pub logs: u64,
    /// Statements held.
    pub statements: u64,
    /// Entries in quarantine.
    pub quarantined: u64,
    /// The relay above this one; absent when there never was one.
    pub upstream: Option<UpstreamStatus>,
    /// What came back since data was last found to be lost.
    pub recovery: Option<Recovery>,
    /// How often something was refused, by reason.
    pub refused: Vec<Refusals>,
    /// Every certified device, and every other one that was here.
    pub devices: Vec<DeviceStatus>,
}

/// Refusals of one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusals {
    /// The reason's code.
    pub reason: String,
    /// How many.
    pub times: u64,
}

/// A device or relay as this relay knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceStatus {
    /// The device; a relay is named by the id its key would have as a device's.
    pub device: String,
    /// What people call it; empty when it has no certificate here.
    pub label: String,
    /// Its facility; empty for a relay.
    pub facility: String,
    /// It is a relay.
    pub relay: bool,
    /// No longer trusted.
    pub revoked: bool,
    /// Last heard of, milliseconds since 1970 by the relay's clock; absent: never.
    pub last_contact: Option<i64>,
    /// New records it brought.
    pub records: u64,
    /// Items it brought that were refused.
    pub refused: u64,
    /// When it last began to flood the relay with what is refused, milliseconds since 1970 by the relay's clock; absent: never.
    pub flooded: Option<i64>,
}

/// How things stand with the relay above this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpstreamStatus {
    /// The relay last heard of.
    pub relay: Option<String>,
    /// When, milliseconds since 1970 by this relay's clock. While the link holds it is renewed about once a minute.
    pub last_contact: Option<i64>,
    /// What the relay above is not known to have.
    pub waiting: Vec<LaneStatus>,
}

/// What waits to go up, of one lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneStatus {
    /// `cards` (with statements), `charts` or `attachments`.
    pub lane: &'static str,
    /// Items.
    pub items: u64,
    /// The records among them, in bytes.
    pub bytes: u64,
    /// Items among them that were offered and not taken.
    pub refused: u64,
}

/// What came back since data was found to be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// When the loss was found, milliseconds since 1970 by the relay's clock.
    pub lost_at: i64,
    /// Certified devices that were here since.
    pub devices_back: usize,
    /// Certified devices that are trusted.
    pub devices: usize,
    /// Records and statements that came since.
    pub arrivals: u64,
}

impl Status {
    /// Reads the status of the relay in a directory. Writes nothing.
    pub fn read(directory: &Directory) -> Result<Self, RelayError> {
        let config = directory.config()?;
        let region = crate::host::unhex(&config.region).ok_or(RelayError::Region)?;
        let store = SqliteStore::read_only(directory.path())?;
        let figures = store.figures()?;
        let upstream = store.upstream()?;
        let trust = Trust::load(region, &store)?;
        let own = own_id(directory);
        let devices = trust.with(|set| devices(set, own, &figures.contacts));
        Ok(Self {
            region: config.region_name,
            relay: config.name,
            incarnation: format!("{:016x}", figures.life.incarnation.0),
            past_incarnations: figures.life.past.len(),
            arrivals: figures.life.newest.0,
            records: figures.records,
            record_bytes: figures.record_bytes,
            chunks: figures.chunks,
            chunk_bytes: figures.chunk_bytes,
            logs: figures.logs,
            statements: figures.statements,
            quarantined: figures.quarantined,
            upstream: upstream.zip(figures.waiting).map(|(upstream, waiting)| UpstreamStatus {
                relay: upstream.contact.map(|(relay, _)| relay.to_string()),
                last_contact: upstream.contact.map(|(_, at)| at.0),
                waiting: LANES
                    .into_iter()
                    .zip(waiting)
                    .map(|(lane, of)| LaneStatus { lane, items: of.items, bytes: of.bytes, refused: of.refused })
                    .collect(),
            }),
            recovery: figures.lost.map(|loss| {
                let trusted = || devices.iter().filter(|device| !device.revoked && !device.relay);
                Recovery {
                    lost_at: loss.at.0,
                    devices_back: trusted().filter(|device| device.last_contact >= Some(loss.at.0)).count(),
                    devices: trusted().count(),
                    arrivals: figures.life.newest.0.saturating_sub(loss.held.0),
                }
            }),
            refused: figures
                .refused
                .into_iter()
                .map(|count| Refusals { reason: count.reason, times: count.times })
                .collect(),
            devices,
        })
    }

    /// The status as lines of text; `now` is what contacts are counted back from.
    pub fn text(&self, now: Millis) -> impl fmt::Display + '_ {
        Text { status: self, now }
    }
}

/// Which of the region's relays this one is.
fn own_id(directory: &Directory) -> Option<RelayId> {
    let certificate = directory.read(directory::RELAY_CERTIFICATE).ok()?;
    match UnverifiedStatement::parse(&certificate).ok()?.claim() {
        Claim::Relay(relay) => Some(relay.id),
        _ => None,
    }
}

/// In the order of the lanes.
const LANES: [&str; 3] = ["cards", "charts", "attachments"];

/// Every certified device and other relay, and whoever else was here; silent for longest first: those are the ones to ask after.
fn devices(set: &TrustStore, own: Option<RelayId>, contacts: &[Contact]) -> Vec<DeviceStatus> {
    let mut known: BTreeMap<DeviceId, DeviceStatus> = BTreeMap::new();
    for cert in set.devices() {
        let (label, facility) = (cert.label.clone(), cert.facility_name.clone().unwrap_or_default());
        known.insert(cert.id, DeviceStatus { label, facility, revoked: cert.revoked, ..DeviceStatus::default() });
    }
    for relay in set.relays().filter(|relay| Some(relay.id) != own) {
        let status = DeviceStatus { label: relay.name.clone(), relay: true, ..DeviceStatus::default() };
        known.insert(DeviceId::of_key(&relay.signing), status);
    }
    for contact in contacts {
        let device = known.entry(contact.device).or_default();
        device.last_contact = Some(contact.last.0);
        device.records = contact.records;
        device.refused = contact.refused;
        device.flooded = contact.flooded.map(|at| at.0);
    }
    let named = |(id, status): (DeviceId, DeviceStatus)| DeviceStatus { device: id.to_string(), ..status };
    let mut devices: Vec<_> = known.into_iter().map(named).collect();
    devices.sort_by(|a, b| (a.last_contact, &a.device).cmp(&(b.last_contact, &b.device)));
    devices
}

struct Text<'a> {
    status: &'a Status,
    now: Millis,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status;
        writeln!(f, "region        {}", status.region)?;
        writeln!(f, "relay         {}", status.relay)?;
        writeln!(f, "incarnation   {} ({} before it)", status.incarnation, status.past_incarnations)?;
        writeln!(f, "arrivals      {}", status.arrivals)?;
        writeln!(f, "records       {} in {} logs, {} bytes", status.records, status.logs, status.record_bytes)?;
        writeln!(f, "attachments   {} bytes in {} pieces", status.chunk_bytes, status.chunks)?;
        writeln!(f, "statements    {}", status.statements)?;
        write!(f, "quarantine    {}", status.quarantined)?;
        for refusals in &status.refused {
            write!(f, "  {}: {}", refusals.reason, refusals.times)?;
        }
        writeln!(f)?;
        if let Some(upstream) = &status.upstream {
            let contact = upstream.last_contact.map_or("never".into(), |at| ago(self.now.0 - at));
            write!(f, "upstream      last contact {contact}; not known to be there:")?;
            for lane in &upstream.waiting {
                write!(f, "  {} {}", lane.lane, lane.items)?;
                if lane.refused > 0 {
                    write!(f, " ({} refused there)", lane.refused)?;
                }
            }
            writeln!(f)?;
        }
        if let Some(recovery) = &status.recovery {
            let Recovery { lost_at, devices_back, devices, arrivals } = recovery;
            let lost = ago(self.now.0 - lost_at);
            writeln!(
                f,
                "recovery      data was lost {lost}; {devices_back} of {devices} devices were back since, {arrivals} arrivals"
            )?;
        }
        writeln!(f, "devices       {}", status.devices.len())?;
        for device in &status.devices {
            let contact = match device.last_contact {
                Some(at) => ago(self.now.0 - at),
                None => "never".into(),
            };
            let revoked = if device.revoked { "  REVOKED" } else { "" };
            let facility = if device.relay { "(relay)" } else { &device.facility };
            write!(
                f,
                "  {}  last contact {contact:<12} {:>6} records  {facility} / {}{revoked}",
                device.device, device.records, device.label
            )?;
            if device.refused > 0 {
                write!(f, "  {} refused", device.refused)?;
            }
            if let Some(flooded) = device.flooded {
                write!(f, "  FLOODED {}", ago(self.now.0 - flooded))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn ago(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::ago;

    #[test]
    fn contacts_are_told_in_the_largest_unit_that_says_enough() {
        for (ms, text) in [
            (-5, "0 s ago"),
            (59_999, "59 s ago"),
            (60_000, "1 min ago"),
            (3_600_000, "1 h ago"),
            (172_800_000, "2 days ago"),
        ] {
            assert_eq!(ago(ms), text);
        }
    }
}
