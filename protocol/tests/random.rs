//! Randomness is handed in: from the same bytes follow the same keys, ids, records and wrapped keys, and from none, none.

use std::cell::Cell;

use tendenko_protocol::document::{DocumentId, Scope};
use tendenko_protocol::ids::{Incarnation, LogSeq, Millis, PatientOrigin, RecordHash};
use tendenko_protocol::keys::{DeviceKeys, EpochKey, KeyError};
use tendenko_protocol::record::{Draft, Kind, SealedRecord};
use tendenko_protocol::trust::{self, Claim, Grant};
use tendenko_protocol::{Random, RandomError};

/// Bytes that follow from a seed, so many of them.
struct Seeded {
    state: Cell<u64>,
    left: Cell<usize>,
}

impl Seeded {
    fn new(seed: u64) -> Self {
        Self { state: Cell::new(seed), left: Cell::new(usize::MAX) }
    }
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        self.left.set(self.left.get().checked_sub(1).ok_or(RandomError)?);
        for byte in bytes {
            let next = self.state.get().wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            self.state.set(next);
            *byte = (next >> 56) as u8;
        }
        Ok(())
    }
}

/// Everything that is made from randomness, once.
fn everything(rng: &dyn Random) -> Result<Vec<Vec<u8>>, KeyError> {
    let keys = DeviceKeys::generate(rng)?;
    let origin = PatientOrigin::generate(rng, keys.device_id())?;
    let epoch = EpochKey::generate(rng)?;
    let document = DocumentId::card(origin.patient());
    let incarnation = Incarnation::generate(rng)?;
    let draft = Draft { document, incarnation, seq: LogSeq(1), prev: RecordHash::ZERO, kind: Kind::Changes, count: 1 };
    let record = SealedRecord::seal(rng, &keys, &epoch, draft, "アムロジピン".as_bytes()).map_err(|_| RandomError)?;
    let public = keys.public();
    let grant = Grant::wrap(rng, &epoch, origin, Scope::Card, public.device_id(), &public.hpke, "同意", true)?;
    assert_eq!(keys.unwrap(&grant).unwrap().to_secret_bytes(), epoch.to_secret_bytes());
    let grant = trust::sign(&keys, Millis(1), Claim::Grant(grant)).unwrap();
    Ok(vec![keys.to_secret_bytes().to_vec(), record.into_bytes(), grant.into_bytes()])
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_none_of_them() {
    let first = everything(&Seeded::new(1)).unwrap();
    assert_eq!(everything(&Seeded::new(1)).unwrap(), first);
    let other = everything(&Seeded::new(2)).unwrap();
    assert!(first.iter().zip(&other).all(|(a, b)| a != b));
}

#[test]
fn nothing_is_made_without_randomness() {
    let fills = {
        let rng = Seeded::new(3);
        everything(&rng).unwrap();
        usize::MAX - rng.left.get()
    };
    for left in 0..fills {
        let rng = Seeded::new(3);
        rng.left.set(left);
        assert_eq!(everything(&rng), Err(KeyError::Random(RandomError)), "after {left} of {fills} fills");
    }
}
