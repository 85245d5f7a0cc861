//! An edge relay joins a region: it asks with a file, the region answers with a bundle, as with a tablet.
//!
//! ```text
//! edge:    ask  → relay.key, joining.toml, request file
//! region:  enroll --request … → certificate, bundle file
//! edge:    join → relay.cert, relay.db, relay.toml (with the region's relays as its upstream); then `serve`
//! ```
//! The edge relay never holds the region's root key. Its own key never leaves its directory.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use tendenko_protocol::Random;
use tendenko_protocol::ids::{Millis, RelayId, RelayIncarnation};
use tendenko_protocol::keys::RelayKeys;
use tendenko_protocol::trust::{self, Claim, EnrolmentBundle, RelayRequest, TrustStore, UnverifiedStatement};

use super::{Region, RegionError, addresses_of, bundle, hex, named};
use crate::directory::{self, Config, Directory, DirectoryError};
use crate::store::{NewItem, NewStatement, RelayStore, Source, SqliteOptions, SqliteStore, Submission};
use crate::trust::{Trust, audience};

/// What an edge relay is called, and where tablets find it.
#[derive(Clone, Debug)]
pub struct EdgeSetup {
    /// The relay's name.
    pub name: String,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// `host:port` where tablets find it; empty: the address it listens on.
    pub addresses: Vec<String>,
}

/// Kept between asking and joining.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    name: String,
    listen: SocketAddr,
    addresses: Vec<String>,
}

/// Makes the key of an edge relay in an empty directory, and the request to hand to the region. The same again while the answer
/// has not come: the same key asks again.
pub fn ask(directory: &Directory, setup: &EdgeSetup, rng: &dyn Random) -> Result<RelayRequest, RegionError> {
    let addresses = addresses_of(setup.listen, &setup.addresses)?;
    let joining = Joining { name: named(&setup.name)?, listen: setup.listen, addresses };
    let keys = if directory.path().join(directory::JOINING).exists() {
        RelayKeys::from_secret_bytes(&directory.read(directory::RELAY_KEY)?)?
    } else {
        directory.create()?;
        let keys = RelayKeys::generate(rng)?;
        directory.write(directory::RELAY_KEY, &*keys.to_secret_bytes())?;
        keys
    };
    let request = RelayRequest::new(&keys, joining.name.clone(), joining.addresses.clone())?;
    let text = toml::to_string_pretty(&joining).map_err(|error| unusable(directory, error))?;
    directory.replace(directory::JOINING, text.as_bytes())?;
    Ok(request)
}

fn unusable(directory: &Directory, problem: impl std::fmt::Display) -> DirectoryError {
    DirectoryError::Unusable { path: directory.path().join(directory::JOINING), problem: problem.to_string() }
}

/// Takes the region's answer: checks that it certifies this relay, and makes the directory one that can serve, with the region's
/// relays as its upstream.
pub fn join(
    directory: &Directory,
    bundle: &EnrolmentBundle,
    rng: &dyn Random,
    now: Millis,
) -> Result<RelayId, RegionError> {
    if !directory.path().join(directory::JOINING).exists() {
        return Err(RegionError::NotAsked(directory.path().to_owned()));
    }
    let text = String::from_utf8(directory.read(directory::JOINING)?).map_err(|error| unusable(directory, error))?;
    let joining: Joining = toml::from_str(&text).map_err(|error| unusable(directory, error))?;
    let keys = RelayKeys::from_secret_bytes(&directory.read(directory::RELAY_KEY)?)?;
    let relay = keys.relay_id();

    let mut set = TrustStore::new(bundle.region_public);
    for statement in &bundle.statements {
        set.add(statement)?;
    }
    let certificate = set.chain_of_relay(relay).pop().ok_or(RegionError::NotForThisRelay(relay))?;
    let upstream: Vec<String> =
        bundle.relays.iter().filter(|hub| hub.relay != relay).flat_map(|hub| hub.addresses.clone()).collect();
    let config = Config {
        region: hex(&bundle.region_public),
        region_name: bundle.region_name.clone(),
        name: joining.name,
        listen: joining.listen,
        addresses: joining.addresses,
        upstream,
        max_store_mib: None,
        max_attachments_mib: None,
        max_attachments_mib_per_device: None,
        max_connections: directory::default_connections(),
    };
    let incarnation = RelayIncarnation::generate(rng)?;
    let store = SqliteStore::create(directory.path(), incarnation, &SqliteOptions::default())?;
    // What the bundle brings came from the upstream, and need not go there again.
    store.begin_upstream()?;
    let items = set
        .statements()
        .map(|(id, bytes)| {
            let claim = UnverifiedStatement::parse(bytes)?.claim().clone();
            Ok(NewItem::Statement(NewStatement { id: *id, audience: audience(&claim), bytes: bytes.to_vec() }))
        })
        .collect::<Result<_, trust::TrustError>>()?;
    store.commit(&[Submission::new(Source::Upstream, now, items)])?;
    directory.replace(directory::RELAY_CERTIFICATE, &certificate)?;
    directory.write_config(&config)?;
    directory.remove(directory::JOINING)?;
    Ok(relay)
}

impl Region {
    /// Certifies an edge relay and makes its bundle. The same request again certifies nothing new.
    pub fn enrol_relay(&self, request: &RelayRequest, now: Millis) -> Result<EnrolmentBundle, RegionError> {
        let known = Trust::load(self.keys.public(), &self.store)?;
        let relay = request.relay_id();
        let claim = trust::Relay {
            id: relay,
            name: named(&request.name)?,
            signing: request.signing,
            addresses: request.addresses.clone(),
        };
        let same = known.with(|set| set.relay(relay) == Some(&claim));
        if !same {
            let signed = trust::sign(&self.keys, now, Claim::Relay(claim))?;
            known.with_mut(|set| set.add(signed.bytes()))?;
            self.keep(now, vec![signed])?;
        }
        Ok(known.with(|set| bundle::make(set, None, &self.config, self.relay)))
    }
}
