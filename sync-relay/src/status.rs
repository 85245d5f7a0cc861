//! What an operator sees: read from the database, so it works whether or not the relay serves.

use std::fmt;

use serde::Serialize;
use tendenko_protocol::ids::Millis;

use crate::directory::Directory;
use crate::host::RelayError;
use crate::store::{RelayStore, SqliteStore};
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
    /// Logs held.
    pub logs: u64,
    /// Statements held.
    pub statements: u64,
    /// Entries in quarantine.
    pub quarantined: u64,
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

/// A device as the relay knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceStatus {
    /// The device.
    pub device: String,
    /// What people call it; empty when it has no certificate here.
    pub label: String,
    /// Its facility.
    pub facility: String,
    /// No longer trusted.
    pub revoked: bool,
    /// Last heard of, milliseconds since 1970 by the relay's clock; absent: never.
    pub last_contact: Option<i64>,
    /// New records it brought.
    pub records: u64,
}

impl Status {
    /// Reads the status of the relay in a directory. Writes nothing.
    pub fn read(directory: &Directory) -> Result<Self, RelayError> {
        let config = directory.config()?;
        let region = crate::host::unhex(&config.region).ok_or(RelayError::Region)?;
        let store = SqliteStore::read_only(directory.path())?;
        let figures = store.figures()?;
        let trust = Trust::load(region, &store)?;
        let mut devices: Vec<_> = trust.with(|set| {
            set.devices()
                .map(|cert| DeviceStatus {
                    device: cert.id.to_string(),
                    label: cert.label.clone(),
                    facility: cert.facility_name.clone().unwrap_or_default(),
                    revoked: cert.revoked,
                    last_contact: None,
                    records: 0,
                })
                .collect()
        });
        for contact in figures.contacts {
            let id = contact.device.to_string();
            let device = match devices.iter_mut().find(|device| device.device == id) {
                Some(device) => device,
                None => {
                    devices.push(DeviceStatus {
                        device: id,
                        label: String::new(),
                        facility: String::new(),
                        revoked: false,
                        last_contact: None,
                        records: 0,
                    });
                    devices.last_mut().expect("one was pushed just now")
                }
            };
            device.last_contact = Some(contact.last.0);
            device.records = contact.records;
        }
        // Silent for longest first: those are the ones to ask after.
        devices.sort_by(|a, b| (a.last_contact, &a.device).cmp(&(b.last_contact, &b.device)));
        Ok(Self {
            region: config.region_name,
            relay: config.name,
            incarnation: format!("{:016x}", figures.life.incarnation.0),
            past_incarnations: figures.life.past.len(),
            arrivals: figures.life.newest.0,
            records: figures.records,
            record_bytes: figures.record_bytes,
            logs: figures.logs,
            statements: figures.statements,
            quarantined: figures.quarantined,
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
        writeln!(f, "statements    {}", status.statements)?;
        write!(f, "quarantine    {}", status.quarantined)?;
        for refusals in &status.refused {
            write!(f, "  {}: {}", refusals.reason, refusals.times)?;
        }
        writeln!(f)?;
        writeln!(f, "devices       {}", status.devices.len())?;
        for device in &status.devices {
            let contact = match device.last_contact {
                Some(at) => ago(self.now.0 - at),
                None => "never".into(),
            };
            let revoked = if device.revoked { "  REVOKED" } else { "" };
            writeln!(
                f,
                "  {}  last contact {contact:<12} {:>6} records  {} / {}{revoked}",
                device.device, device.records, device.facility, device.label
            )?;
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
