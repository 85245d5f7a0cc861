//! A relay inside a tablet: the same relay, without files of its own but its store, served with the device's key.
//!
//! Nothing is certified for it: whoever trusts the device as a device may take it for a relay. Its store is encrypted as a whole,
//! because a tablet is lost more easily than a server, and certificates name people.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tendenko_protocol::keys::RelayKeys;
use tendenko_protocol::messages::Item;
use zeroize::Zeroizing;

use super::{Relay, RelayError, admit, lock, open_store};
use crate::clock::now;
use crate::directory::{Config, Directory};
use crate::region::hex;
use crate::store::{RelayStore, Source, SqliteOptions};
use crate::trust::Trust;

/// Tablets served at once: an evacuation site's.
const CONNECTIONS: usize = 64;

/// Statements taken in one transaction.
const STATEMENTS: usize = 1_000;

/// What a relay inside a tablet needs.
pub struct TabletRelay {
    /// The folder of its store, made when missing.
    pub dir: PathBuf,
    /// What it is called.
    pub name: String,
    /// The device's key: `DeviceKeys::as_relay`.
    pub keys: RelayKeys,
    /// The region's root public key.
    pub region: [u8; 32],
    /// Encrypts the store.
    pub store_key: Zeroizing<[u8; 32]>,
    /// What the tablet knows of the region, issuers first: without it the relay would not know the hub, nor anybody's certificate.
    pub statements: Vec<Vec<u8>>,
}

impl Relay {
    /// Opens the relay inside a tablet. Blocks: it reads every statement.
    pub fn open_in_tablet(tablet: TabletRelay) -> Result<Self, RelayError> {
        let directory = Directory::new(tablet.dir);
        directory.make()?;
        let config = Config {
            region: hex(&tablet.region),
            region_name: String::new(),
            name: tablet.name,
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            addresses: Vec::new(),
            max_store_mib: None,
            max_attachments_mib: None,
            max_attachments_mib_per_device: None,
            max_connections: CONNECTIONS,
            upstream: Vec::new(),
        };
        let lock = lock::Lock::take(&directory)?;
        let options = SqliteOptions { key: Some(tablet.store_key), ..SqliteOptions::default() };
        let store = Arc::new(open_store(&directory, &options)?);
        let trust = Trust::load(tablet.region, &*store)?;
        for some in tablet.statements.chunks(STATEMENTS) {
            let items = some.iter().cloned().map(Item::Statement).collect();
            store.commit(&[admit::submission(&trust, Source::Operator, now(), items)])?;
        }
        Ok(Self { config, keys: tablet.keys, region: tablet.region, store, trust, _lock: lock })
    }
}
