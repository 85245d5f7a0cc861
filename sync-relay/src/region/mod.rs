//! The region's root key, and what is signed with it: certificates of relays, facilities, members and devices.
//!
//! The key lies sealed in the relay's directory and is in memory only while a command runs that needs it. `serve` does not.

use std::net::SocketAddr;

use tendenko_protocol::ids::{DeviceId, FacilityId, MemberId, Millis, RegionId, RelayId, RelayIncarnation};
use tendenko_protocol::keys::{KeyError, RegionKeys, RelayKeys};
use tendenko_protocol::trust::{self, Claim, EnrolmentBundle, EnrolmentRequest, TrustError};
use tendenko_protocol::{Random, RandomError};

use crate::directory::{self, Config, Directory, DirectoryError};
use crate::store::{NewItem, NewStatement, RelayStore, Source, SqliteOptions, SqliteStore, StoreError, Submission};
use crate::trust::{Trust, audience};

mod bundle;
pub mod edge;
pub mod sealing;

use sealing::{Cost, Passphrase, SealingError};

/// Binds the sealed file to its use.
const PURPOSE: &str = "tendenko region root key";

/// Why something could not be certified.
#[derive(Debug, thiserror::Error)]
pub enum RegionError {
    /// The directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The sealed key.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A name, label or address does not fit into a certificate.
    #[error("it cannot be certified: {0}")]
    Trust(#[from] TrustError),
    /// The relay would be told to tablets under an address nobody can reach.
    #[error("tablets cannot connect to {0}: give the address they reach the relay at with --address")]
    NoAddress(SocketAddr),
    /// The same facility name with another kind.
    #[error("this facility is certified as \"{0}\" already: give that kind, or another name")]
    OtherKind(String),
    /// A device the region no longer trusts.
    #[error("this device was revoked: make new keys on it and a new request")]
    Revoked,
    /// `join` in a directory where nobody asked.
    #[error("no relay at {0} waits for an answer: run `tendenko-relay ask` there first")]
    NotAsked(std::path::PathBuf),
    /// Somebody else's bundle.
    #[error("the bundle does not certify this relay ({0}): hand this relay's own request to the region")]
    NotForThisRelay(RelayId),
    /// A request that does not fit.
    #[error("the request cannot be made: {0}")]
    Request(#[from] trust::EnrolmentError),
    /// More than one statement holds.
    #[error(
        "the directory takes more than a statement may (64 KiB, 500 entries): shorten remarks, or leave entries out"
    )]
    DirectoryTooLarge,
    /// A directory that would not hold.
    #[error(
        "number {wanted} would not be shown anywhere: the directory that holds has number {holds}. Give a greater one, or none"
    )]
    DirectoryOlder {
        /// The number it was to have.
        wanted: u64,
        /// The number of the one that holds.
        holds: u64,
    },
    /// No name.
    #[error("a name is empty")]
    EmptyName,
    /// The opened key is not the one the relay serves under.
    #[error("region.key is not the key of the region in relay.toml")]
    OtherRegion,
}

/// What a new region and its first relay are called, and where.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The region's name, as tablets show it.
    pub region_name: String,
    /// The relay's name.
    pub relay_name: String,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// `host:port` where tablets find the relay; empty: the address it listens on.
    pub addresses: Vec<String>,
    /// How hard guessing the passphrase is made.
    pub cost: Cost,
}

/// Who a device belongs to and who works with it.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The facility's name. A name given before is the same facility.
    pub facility: String,
    /// Its kind.
    pub facility_kind: String,
    /// Name and profession of each member. A name given before at this facility is the same member.
    pub members: Vec<(String, String)>,
    /// May the device enrol members and devices of its facility?
    pub administrator: bool,
    /// Does it serve an evacuation site?
    pub evacuation_site: bool,
}

/// A certified member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledMember {
    /// Their id.
    pub id: MemberId,
    /// Their name.
    pub name: String,
    /// Their profession.
    pub profession: String,
}

/// A certified device, and what it is to be handed.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The bundle for the device.
    pub bundle: EnrolmentBundle,
    /// The device.
    pub device: DeviceId,
    /// Its facility.
    pub facility: FacilityId,
    /// The members, in the order asked for.
    pub members: Vec<EnrolledMember>,
}

/// The region's authority, unsealed.
pub struct Region {
    keys: RegionKeys,
    config: Config,
    relay: RelayId,
    store: SqliteStore,
}

impl Region {
    /// Makes a region and its first relay in an empty directory.
    pub fn create(
        directory: &Directory,
        setup: &Setup,
        passphrase: &Passphrase,
        rng: &dyn Random,
        now: Millis,
    ) -> Result<Self, RegionError> {
        let addresses = addresses_of(setup.listen, &setup.addresses)?;
        let keys = RegionKeys::generate(rng)?;
        let relay_keys = RelayKeys::generate(rng)?;
        let relay = relay_keys.relay_id();
        let config = Config {
            region: hex(&keys.public()),
            region_name: named(&setup.region_name)?,
            name: named(&setup.relay_name)?,
            listen: setup.listen,
            addresses: addresses.clone(),
            upstream: Vec::new(),
            max_store_mib: None,
            max_attachments_mib: None,
            max_attachments_mib_per_device: None,
            max_connections: directory::default_connections(),
        };
        let certificate = trust::sign(
            &keys,
            now,
            Claim::Relay(trust::Relay {
                id: relay,
                name: config.name.clone(),
                signing: relay_keys.public(),
                addresses,
            }),
        )?;
        let sealed = sealing::seal(rng, passphrase, PURPOSE, setup.cost, &*keys.to_secret_bytes())?;

        directory.create()?;
        directory.write(directory::REGION_KEY, &sealed)?;
        directory.write(directory::RELAY_KEY, &*relay_keys.to_secret_bytes())?;
        directory.write(directory::RELAY_CERTIFICATE, certificate.bytes())?;
        let store = SqliteStore::create(directory.path(), RelayIncarnation::generate(rng)?, &SqliteOptions::default())?;
        // Last: a directory with this file is a complete relay.
        directory.write_config(&config)?;
        let region = Self { keys, config, relay, store };
        region.keep(now, vec![certificate])?;
        Ok(region)
    }

    /// Unseals the root key of an existing region.
    pub fn open(directory: &Directory, passphrase: &Passphrase, rng: &dyn Random) -> Result<Self, RegionError> {
        let config = directory.config()?;
        let secret = sealing::open(passphrase, PURPOSE, &directory.read(directory::REGION_KEY)?)?;
        let keys = RegionKeys::from_secret_bytes(&secret)?;
        if hex(&keys.public()) != config.region {
            return Err(RegionError::OtherRegion);
        }
        let relay_keys = RelayKeys::from_secret_bytes(&directory.read(directory::RELAY_KEY)?)?;
        let incarnation = RelayIncarnation::generate(rng)?;
        let (store, _) = SqliteStore::open(directory.path(), &SqliteOptions::default(), || incarnation)?;
        Ok(Self { keys, config, relay: relay_keys.relay_id(), store })
    }

    /// The region's id.
    pub fn id(&self) -> RegionId {
        self.keys.region_id()
    }

    /// The relay whose directory this is.
    pub fn relay(&self) -> RelayId {
        self.relay
    }

    /// The region's root public key.
    pub fn public(&self) -> [u8; 32] {
        self.keys.public()
    }

    /// Certifies a device, its facility and its members, as far as they are not certified already, and makes the bundle for the device.
    ///
    /// The certificates are in the store when this returns; a relay that serves it finds them there.
    pub fn enrol(
        &self,
        request: &EnrolmentRequest,
        enrolment: &Enrolment,
        rng: &dyn Random,
        now: Millis,
    ) -> Result<Enrolled, RegionError> {
        let known = Trust::load(self.keys.public(), &self.store)?;
        let mut claims = Vec::new();

        let name = named(&enrolment.facility)?;
        let kind = named(&enrolment.facility_kind)?;
        let found = known.with(|set| set.facilities().find(|facility| facility.name == name).cloned());
        let facility = match found {
            Some(facility) if facility.kind == kind => facility.id,
            Some(facility) => return Err(RegionError::OtherKind(facility.kind)),
            None => {
                let id = FacilityId::generate(rng)?;
                claims.push(Claim::Facility(trust::Facility { id, name, kind }));
                id
            }
        };

        let mut members: Vec<EnrolledMember> = Vec::new();
        for (name, profession) in &enrolment.members {
            let (name, profession) = (named(name)?, named(profession)?);
            let found = known
                .with(|set| set.members().find(|member| member.facility == facility && member.name == name).cloned());
            let twice = members.iter().find(|member| member.name == name);
            let id = match (&found, twice) {
                (Some(member), _) => member.id,
                (None, Some(member)) => member.id,
                (None, None) => MemberId::generate(rng)?,
            };
            if found.is_none_or(|member| member.profession != profession) && twice.is_none() {
                claims.push(Claim::Member(trust::Member {
                    id,
                    facility,
                    name: name.clone(),
                    profession: profession.clone(),
                }));
            }
            members.push(EnrolledMember { id, name, profession });
        }

        let device = request.public.device_id();
        let certified = known.with(|set| set.device(device).cloned());
        if certified.as_ref().is_some_and(|device| device.revoked) {
            return Err(RegionError::Revoked);
        }
        let same = certified.is_some_and(|device| {
            device.facility == facility
                && device.label == request.label
                && device.hpke == request.public.hpke
                && device.administrator == enrolment.administrator
                && device.evacuation_site == enrolment.evacuation_site
        });
        if !same {
            claims.push(Claim::Device(trust::Device {
                id: device,
                facility,
                label: request.label.clone(),
                signing: request.public.signing,
                hpke: request.public.hpke,
                administrator: enrolment.administrator,
                evacuation_site: enrolment.evacuation_site,
            }));
        }

        let signed =
            claims.into_iter().map(|claim| trust::sign(&self.keys, now, claim)).collect::<Result<Vec<_>, _>>()?;
        known.with_mut(|set| signed.iter().try_for_each(|statement| set.add(statement.bytes()).map(drop)))?;
        self.keep(now, signed)?;
        let bundle = known.with(|set| bundle::make(set, Some(device), &self.config, self.relay));
        Ok(Enrolled { bundle, device, facility, members })
    }

    /// Publishes the region's directory in the place of the one before; its serial number. None where nothing has changed.
    ///
    /// The number is the next one, unless `wanted` says which: a relay that was set up again from an old copy does not know how far the
    /// region had counted, and tablets would go on showing the greater. It is in the store when this returns, as certificates are.
    pub fn publish(
        &self,
        services: Vec<trust::HealthcareService>,
        outline: Vec<trust::MapLine>,
        wanted: Option<u64>,
        now: Millis,
    ) -> Result<Option<u64>, RegionError> {
        let known = Trust::load(self.keys.public(), &self.store)?;
        let before = known.with(|set| set.directory().cloned()).unwrap_or_default();
        let holds = before.serial;
        let serial = match wanted {
            Some(wanted) if wanted <= holds => return Err(RegionError::DirectoryOlder { wanted, holds }),
            Some(wanted) => wanted,
            None if holds > 0 && before.services == services && before.outline == outline => return Ok(None),
            None => holds + 1,
        };
        let directory = trust::ServiceDirectory { serial, services, outline };
        let signed =
            trust::sign(&self.keys, now, Claim::Directory(directory)).map_err(|_| RegionError::DirectoryTooLarge)?;
        self.keep(now, vec![signed])?;
        Ok(Some(serial))
    }

    fn keep(&self, now: Millis, statements: Vec<trust::SignedStatement>) -> Result<(), RegionError> {
        let items = statements
            .into_iter()
            .map(|signed| {
                let claim = trust::UnverifiedStatement::parse(signed.bytes())?.verify(&self.keys.public())?.claim;
                Ok(NewItem::Statement(NewStatement {
                    id: signed.id(),
                    audience: audience(&claim),
                    bytes: signed.into_bytes(),
                }))
            })
            .collect::<Result<_, TrustError>>()?;
        self.store.commit(&[Submission::new(Source::Operator, now, items)])?;
        Ok(())
    }
}

/// Where tablets are told to find a relay.
fn addresses_of(listen: SocketAddr, given: &[String]) -> Result<Vec<String>, RegionError> {
    match given {
        [] if listen.ip().is_unspecified() => Err(RegionError::NoAddress(listen)),
        [] => Ok(vec![listen.to_string()]),
        given => Ok(given.to_vec()),
    }
}

/// A name without surrounding space.
fn named(text: &str) -> Result<String, RegionError> {
    match text.trim() {
        "" => Err(RegionError::EmptyName),
        name => Ok(name.to_owned()),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
