//! What an exchange costs, and how much of it is here: bytes by calendar month, the data-saver setting, and the count of patients
//! that are complete.
//!
//! Bytes are counted at the socket, whole datagrams with their headers, failed tries included: what a SIM card is charged for.
//! Counting is in memory, and written down when [`KEEP_AFTER`] bytes have come together or a link ends, so that counting does not cost
//! more writing than syncing. A tablet whose battery falls out forgets at most that much.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use tendenko_crdt::Timestamp;
use tendenko_protocol::ids::PatientId;

use crate::replica::Replica;
use crate::store::meta::{self, name};
use crate::store::{StoreError, data_use, statements};

/// Bytes after which they are written down.
pub(crate) const KEEP_AFTER: u64 = 256 * 1024;

/// The kind of network, as far as the host knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Network {
    /// The operating system does not say.
    #[default]
    Unknown,
    /// Wireless or wired, as a rule not charged by the byte.
    Local,
    /// Mobile telephony.
    Mobile,
    /// By satellite.
    Satellite,
}

impl Network {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Local => "local",
            Self::Mobile => "mobile",
            Self::Satellite => "satellite",
        }
    }

    pub(crate) fn from_code(code: &str) -> Self {
        let known = [Self::Local, Self::Mobile, Self::Satellite];
        known.into_iter().find(|network| network.code() == code).unwrap_or_default()
    }
}

/// Bytes on the wire, with IP and UDP headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataUse {
    /// From this tablet.
    pub sent: u64,
    /// To this tablet.
    pub received: u64,
}

impl DataUse {
    /// Both ways.
    pub fn total(&self) -> u64 {
        self.sent.saturating_add(self.received)
    }

    fn add(&mut self, more: Self) {
        self.sent = self.sent.saturating_add(more.sent);
        self.received = self.received.saturating_add(more.received);
    }
}

/// One calendar month on one kind of network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthOfUse {
    /// Year and month in Japan, as in `2026-11`.
    pub month: String,
    /// Which network.
    pub network: Network,
    /// How much.
    pub bytes: DataUse,
}

/// Bytes that are counted and not written down.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    month: String,
    network: Network,
    pending: BTreeMap<(String, Network), DataUse>,
}

impl Meter {
    /// Begins counting; also the present month's sum so far.
    pub(crate) fn read(connection: &Connection, now: Timestamp) -> Result<(Self, DataUse), StoreError> {
        let month = month_in_japan(now);
        let so_far = data_use::of_month(connection, &month)?;
        Ok((Self { month, ..Self::default() }, so_far))
    }

    fn pending(&self) -> u64 {
        self.pending.values().map(DataUse::total).sum()
    }
}

impl Replica {
    /// Photos, documents and originals come only when asked for, and the link is kept open with fewer bytes. Text always comes.
    pub fn data_saver(&self) -> bool {
        self.sync_status().data_saver
    }

    /// Turns the data saver on or off. A running link keeps to it from its next connection on.
    pub fn set_data_saver(&self, on: bool) -> Result<(), StoreError> {
        meta::set(&self.writer().connection, name::DATA_SAVER, &on)?;
        self.change_status(|status| status.data_saver = on);
        Ok(())
    }

    /// Tells which kind of network the tablet is on, if the host knows; what is used from now on is counted under it.
    pub fn network_is(&self, network: Network) {
        self.status().meter.network = network;
    }

    /// What was used, by month and kind of network, the newest month first.
    pub fn data_use(&self) -> Result<Vec<MonthOfUse>, StoreError> {
        self.keep_data_use()?;
        data_use::all(&self.reader())
    }

    /// Counts bytes; returns whether it is time to write them down.
    pub(crate) fn used(&self, bytes: DataUse) -> bool {
        if bytes.total() == 0 {
            return false;
        }
        let month = month_in_japan(self.clock.now());
        let mut status = self.status();
        let begins = month != status.meter.month;
        let network = status.meter.network;
        status.meter.month.clone_from(&month);
        status.meter.pending.entry((month, network)).or_default().add(bytes);
        let keep = begins || status.meter.pending() >= KEEP_AFTER;
        status.change(|status| {
            status.bytes_sent += bytes.sent;
            status.bytes_received += bytes.received;
            if begins {
                status.month = DataUse::default();
            }
            status.month.add(bytes);
        });
        keep
    }

    /// Writes down what was counted.
    pub(crate) fn keep_data_use(&self) -> Result<(), StoreError> {
        let writer = self.writer();
        let pending = std::mem::take(&mut self.status().meter.pending);
        if pending.is_empty() {
            return Ok(());
        }
        let kept = (|| {
            let work = writer.connection.unchecked_transaction()?;
            for ((month, network), bytes) in &pending {
                data_use::add(&work, month, *network, *bytes)?;
            }
            Ok(work.commit()?)
        })();
        if kept.is_err() {
            let mut status = self.status();
            for (under, bytes) in pending {
                status.meter.pending.entry(under).or_default().add(bytes);
            }
        }
        kept
    }

    /// Counts the patients anew: after grants came, and after the earlier records of one have all come.
    pub(crate) fn count_patients(&self) -> Result<(), StoreError> {
        let known: BTreeSet<PatientId> = self.trust().scopes_of(self.device_id()).map(|(patient, _)| patient).collect();
        let owed = self.incomplete_patients()?;
        let complete = known.difference(&owed).count() as u64;
        let unproven = self.unproven_patients()?.len() as u64;
        self.change_status(|status| {
            status.patients_unproven = unproven;
            status.patients_known = known.len() as u64;
            status.patients_complete = complete;
        });
        Ok(())
    }

    /// Patients whose earlier records are not all here.
    pub fn incomplete_patients(&self) -> Result<BTreeSet<PatientId>, StoreError> {
        Ok(statements::owed_backfills(&self.reader())?.into_iter().map(|(patient, _)| patient).collect())
    }

    /// An exchange came to its end once.
    pub(crate) fn has_synced(&self) -> bool {
        self.status().first_sync_done()
    }

    /// The relay had no more, and all is stored: what is known is all there is.
    pub(crate) fn first_sync_done(&self) -> Result<(), StoreError> {
        if !self.sync_status().first_sync_done {
            meta::set(&self.writer().connection, name::FIRST_SYNC, &true)?;
            self.change_status(|status| status.first_sync_done = true);
        }
        Ok(())
    }
}

fn month_in_japan(at: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone);
    at.strftime("%Y-%m").to_string()
}
