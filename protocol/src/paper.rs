//! The signature on paper: a device says which text of which entry it printed, short enough for a QR code beside the text.
//!
//! ```text
//! text      = "TENDENKO-PAPER:1:" ‖ base45(CBOR paper)
//! paper     = [ statement: bstr, signature: bstr .size 64, chain: ≤ 3 × bstr ]
//! statement = CBOR [ patient: bstr .size 16, entry: bstr .size 16, printed: bstr .size 32, device: bstr .size 16, at: int ]
//! signature = Ed25519(device key, "tendenko paper v1\0" ‖ statement)
//! ```
//! `printed` is the hash of the printed text (`CareDocument::digest` of `tendenko-crdt`); the statement is signed and
//! verified as the bytes that were received. The chain is what verifies the device's certificate, as in an [invitation](crate::invitation):
//! a tablet that never heard of the printing one believes it by the region's signature.
//!
//! **What it proves**: a device that the region certified, or somebody who has its key, stated that this entry has this printed text. A tablet
//! that holds the entry can tell whether it holds the very same text, and shows that text for comparison with the paper.
//!
//! **What it does not prove**: who held the device in their hands (the document's author is part of the text, and stands behind the record's own
//! signature); when it was printed (the time is that device's clock); that the *paper* was not altered (a code can be copied beside another
//! text: so the text is to be compared, by eye, with what the tablet shows). It is no qualified signature: it is not made with a person's JPKI or HPKI
//! card, it is no PAdES or XAdES, and no authority has stamped its time.

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};

use crate::ids::{DeviceId, Millis, PatientId};
use crate::keys::{DeviceKeys, verify};
use crate::limits::{MAX_PAPER, MAX_PAPER_CHAIN};
use crate::trust::{DeviceCert, TrustStore};
use crate::{base45, cbor, domains};

/// What every signature on paper begins with, before its version.
const PREFIX: &str = "TENDENKO-PAPER:";
const VERSION: &str = "1";

/// Why a text is no signature on paper, or one that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// Something else was scanned.
    #[error("this is not the signature of a Tendenko document")]
    NotAPaper,
    /// Of a later version.
    #[error("the code is of a later version of Tendenko: update this one")]
    Version,
    /// It begins like one and is none.
    #[error("the code cannot be read: photograph it again, larger")]
    Malformed,
    /// No certificate of this region vouches for the device.
    #[error("nobody in this region vouches for the tablet that signed")]
    UnknownDevice,
    /// The signature is not that device's over this statement.
    #[error("the signature does not hold: the code was altered")]
    Forged,
}

/// What a device says about a printed document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    /// Whose record.
    pub patient: PatientId,
    /// Which entry.
    pub entry: [u8; 16],
    /// Hash of its printed text.
    pub text: [u8; 32],
    /// Who says so.
    pub device: DeviceId,
    /// When, by its clock.
    pub at: Millis,
}

/// A statement with its signature. Nothing of it is believed before [`PaperSignature::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperSignature {
    statement: Vec<u8>,
    printed: Printed,
    signature: [u8; 64],
    chain: Vec<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct Statement(ByteArray<16>, ByteArray<16>, ByteArray<32>, ByteArray<16>, i64);

type Wire = (ByteBuf, ByteArray<64>, Vec<ByteBuf>);

impl PaperSignature {
    /// A device signs that it prints this text.
    pub fn sign(
        keys: &DeviceKeys,
        trust: &TrustStore,
        patient: PatientId,
        entry: [u8; 16],
        text: [u8; 32],
        at: Millis,
    ) -> Self {
        let printed = Printed { patient, entry, text, device: keys.device_id(), at };
        let statement = cbor::encode(&Statement(
            ByteArray::new(patient.0),
            ByteArray::new(entry),
            ByteArray::new(text),
            ByteArray::new(printed.device.0),
            at.0,
        ));
        let signature = keys.sign(domains::PAPER_SIGNATURE, &statement);
        let chain = trust.chain_of(printed.device).into_iter().take(MAX_PAPER_CHAIN).collect();
        Self { statement, printed, signature, chain }
    }

    /// What is said. Not to be believed before [`Self::verify`], unless it was signed here.
    pub fn printed(&self) -> &Printed {
        &self.printed
    }

    /// The text of the QR code.
    pub fn to_text(&self) -> String {
        let chain: Vec<ByteBuf> = self.chain.iter().cloned().map(ByteBuf::from).collect();
        let wire: Wire = (ByteBuf::from(self.statement.clone()), ByteArray::new(self.signature), chain);
        format!("{PREFIX}{VERSION}:{}", base45::encode(&cbor::encode(&wire)))
    }

    /// Reads a scanned text. Verifies nothing.
    pub fn from_text(text: &str) -> Result<Self, PaperError> {
        let rest = text.trim_matches(['\r', '\n']).strip_prefix(PREFIX).ok_or(PaperError::NotAPaper)?;
        let (version, code) = rest.split_once(':').ok_or(PaperError::Malformed)?;
        if version != VERSION {
            return Err(PaperError::Version);
        }
        if code.len() > MAX_PAPER {
            return Err(PaperError::Malformed);
        }
        let bytes = base45::decode(code).ok_or(PaperError::Malformed)?;
        let (statement, signature, chain): Wire = cbor::decode(&bytes, MAX_PAPER).map_err(|_| PaperError::Malformed)?;
        if chain.len() > MAX_PAPER_CHAIN {
            return Err(PaperError::Malformed);
        }
        let statement = statement.into_vec();
        let Statement(patient, entry, text, device, at) =
            cbor::decode(&statement, MAX_PAPER).map_err(|_| PaperError::Malformed)?;
        let printed = Printed {
            patient: PatientId(patient.into_array()),
            entry: entry.into_array(),
            text: text.into_array(),
            device: DeviceId(device.into_array()),
            at: Millis(at),
        };
        let chain = chain.into_iter().map(ByteBuf::into_vec).collect();
        Ok(Self { statement, printed, signature: signature.into_array(), chain })
    }

    /// What was signed, and by which device of this region; the certificate may say that it was revoked since. The certificates that the code
    /// brings are believed as any others, and not kept.
    pub fn verify(&self, trust: &TrustStore) -> Result<(Printed, DeviceCert), PaperError> {
        let mut trust = trust.clone();
        for statement in &self.chain {
            // One of another region, or none at all, vouches for nobody here.
            let _ = trust.add(statement);
        }
        let device = trust.device(self.printed.device).ok_or(PaperError::UnknownDevice)?;
        if !verify(&device.signing, domains::PAPER_SIGNATURE, &self.statement, &self.signature) {
            return Err(PaperError::Forged);
        }
        Ok((self.printed, device.clone()))
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::keys::RegionKeys;

    #[test]
    fn a_code_brings_a_bounded_chain() {
        let rng = SystemRandom::new();
        let (region, keys) = (RegionKeys::generate(&rng).unwrap(), DeviceKeys::generate(&rng).unwrap());
        let trust = TrustStore::new(region.public());
        let mut paper = PaperSignature::sign(&keys, &trust, PatientId([3; 16]), [5; 16], [7; 32], Millis(0));
        paper.chain = vec![vec![0; 8]; MAX_PAPER_CHAIN];
        assert_eq!(PaperSignature::from_text(&paper.to_text()), Ok(paper.clone()));
        paper.chain.push(vec![0; 8]);
        assert_eq!(PaperSignature::from_text(&paper.to_text()), Err(PaperError::Malformed));
    }
}
