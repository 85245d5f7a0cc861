//! "Please certify this relay": what an edge relay hands to the region, as a file. The answer is an `EnrolmentBundle`.

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

use super::EnrolmentError;
use crate::cbor;
use crate::domains;
use crate::ids::{RelayId, fixed_bytes};
use crate::keys::{self, RelayKeys};
use crate::limits::{MAX_ADDRESSES, MAX_ENROLMENT_REQUEST, MAX_TEXT};

/// A relay's request, signed by the relay it names, so that nobody can have a key certified that they do not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayRequest {
    /// What people call the relay.
    pub name: String,
    /// Its public key.
    pub signing: [u8; 32],
    /// `host:port` where tablets reach it, best first.
    pub addresses: Vec<String>,
    body: Vec<u8>,
    proof: [u8; 64],
}

#[derive(Serialize, Deserialize)]
struct Body {
    version: u8,
    name: String,
    #[serde(with = "fixed_bytes")]
    signing: [u8; 32],
    addresses: Vec<String>,
}

impl RelayRequest {
    /// A request by the relay that holds `keys`.
    pub fn new(keys: &RelayKeys, name: impl Into<String>, addresses: Vec<String>) -> Result<Self, EnrolmentError> {
        let body = Body { version: domains::ENROLMENT_VERSION, name: name.into(), signing: keys.public(), addresses };
        bounded(&body)?;
        let bytes = cbor::encode(&body);
        let proof = keys.sign(domains::RELAY_ENROLMENT_SIGNATURE, &bytes);
        Ok(Self { name: body.name, signing: body.signing, addresses: body.addresses, body: bytes, proof })
    }

    /// The relay that asks.
    pub fn relay_id(&self) -> RelayId {
        RelayId::of_key(&self.signing)
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(&(Bytes::new(&self.body), Bytes::new(&self.proof)))
    }

    /// Reads and checks the file: bounds, version, and that the relay holds its key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrolmentError> {
        let (bytes, proof): (ByteBuf, ByteBuf) = cbor::decode(bytes, MAX_ENROLMENT_REQUEST)?;
        let proof: [u8; 64] = proof.as_slice().try_into().map_err(|_| EnrolmentError::Proof)?;
        let body: Body = cbor::decode(&bytes, MAX_ENROLMENT_REQUEST)?;
        if body.version != domains::ENROLMENT_VERSION {
            return Err(EnrolmentError::Version(body.version));
        }
        bounded(&body)?;
        if !keys::verify(&body.signing, domains::RELAY_ENROLMENT_SIGNATURE, &bytes, &proof) {
            return Err(EnrolmentError::Proof);
        }
        Ok(Self { name: body.name, signing: body.signing, addresses: body.addresses, body: bytes.into_vec(), proof })
    }
}

fn bounded(body: &Body) -> Result<(), EnrolmentError> {
    let fits = body.name.len() <= MAX_TEXT
        && body.addresses.len() <= MAX_ADDRESSES
        && body.addresses.iter().all(|address| address.len() <= MAX_TEXT);
    if fits { Ok(()) } else { Err(EnrolmentError::Content) }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::keys::DeviceKeys;
    use crate::trust::EnrolmentRequest;

    #[test]
    fn a_request_is_read_back_and_a_changed_or_foreign_one_is_not() {
        let keys = RelayKeys::generate(&SystemRandom::new()).unwrap();
        let request = RelayRequest::new(&keys, "第一避難所", vec!["192.168.1.2:4433".into()]).unwrap();
        let bytes = request.to_bytes();
        assert_eq!(RelayRequest::from_bytes(&bytes), Ok(request.clone()));
        assert_eq!(request.relay_id(), keys.relay_id());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(RelayRequest::from_bytes(&changed).is_err(), "byte {at}");
        }
        let tablet = DeviceKeys::generate(&SystemRandom::new()).unwrap();
        let of_tablet = EnrolmentRequest::new(&tablet, "tablet").unwrap().to_bytes();
        assert!(RelayRequest::from_bytes(&of_tablet).is_err());
        assert!(EnrolmentRequest::from_bytes(&bytes).is_err(), "neither is the other");
        assert_eq!(RelayRequest::new(&keys, "名".repeat(500), Vec::new()), Err(EnrolmentError::Content));
    }
}
