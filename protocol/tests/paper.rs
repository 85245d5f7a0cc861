//! The signature on paper: short enough for a code, believed by the region's signature, and never for more than it says.

#[path = "support/certified.rs"]
mod certified;

use certified::region_with_a_tablet;
use ring::rand::SystemRandom;
use tendenko_protocol::ids::{Millis, PatientId};
use tendenko_protocol::keys::{DeviceKeys, RegionKeys};
use tendenko_protocol::paper::{PaperError, PaperSignature};
use tendenko_protocol::trust::{Claim, Revocation, TrustStore, sign};

const PATIENT: PatientId = PatientId([3; 16]);

fn region() -> (RegionKeys, TrustStore, DeviceKeys) {
    region_with_a_tablet("菊池内科クリニック", "医科診療所", "往診 1号タブレット")
}

fn signed(keys: &DeviceKeys, trust: &TrustStore) -> PaperSignature {
    PaperSignature::sign(keys, trust, PATIENT, [5; 16], [7; 32], Millis(1_795_132_800_000))
}

#[test]
fn a_stranger_of_the_region_verifies_it_from_the_code_alone() {
    let (region, trust, keys) = region();
    let text = signed(&keys, &trust).to_text();
    // Version 22 at level L: 105 modules, 45 mm on paper.
    assert!(text.len() <= 1_460, "{} characters", text.len());
    assert!(text.bytes().all(|letter| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&letter)));
    let stranger = TrustStore::new(region.public());
    let (printed, device) = PaperSignature::from_text(&text).unwrap().verify(&stranger).unwrap();
    assert_eq!((printed.patient, printed.entry, printed.text), (PATIENT, [5; 16], [7; 32]));
    assert_eq!((printed.device, printed.at), (keys.device_id(), Millis(1_795_132_800_000)));
    assert_eq!(
        (device.label.as_str(), device.facility_name.as_deref()),
        ("往診 1号タブレット", Some("菊池内科クリニック"))
    );
    assert!(!device.revoked && stranger.device(keys.device_id()).is_none(), "nothing is kept");
}

#[test]
fn what_was_altered_or_is_of_another_region_does_not_hold() {
    let (region, trust, keys) = region();
    let signature = signed(&keys, &trust);
    let (_, elsewhere, _) = self::region();
    assert_eq!(signature.verify(&elsewhere).unwrap_err(), PaperError::UnknownDevice);

    // Somebody else's text under this device's name.
    let forger = DeviceKeys::generate(&SystemRandom::new()).unwrap();
    assert_eq!(signed(&forger, &trust).verify(&trust).unwrap_err(), PaperError::UnknownDevice);
    // In the statement, then in the signature.
    let text = signature.to_text();
    for place in [24, 180] {
        let mut letters = text.clone().into_bytes();
        let letter = &mut letters["TENDENKO-PAPER:1:".len() + place];
        *letter = if *letter == b'0' { b'1' } else { b'0' };
        let read = PaperSignature::from_text(&String::from_utf8(letters).unwrap()).unwrap();
        assert_eq!(read.verify(&trust).unwrap_err(), PaperError::Forged, "letter {place}");
    }

    let mut later = trust.clone();
    let lost = Claim::Revocation(Revocation { device: keys.device_id(), logs: Vec::new(), reason: "lost".into() });
    later.add(sign(&region, Millis(2), lost).unwrap().bytes()).unwrap();
    assert!(
        signature.verify(&later).unwrap().1.revoked,
        "it was signed, and whoever looks learns that the device is out"
    );
}

#[test]
fn other_codes_are_told_from_damaged_and_later_ones() {
    let (_, trust, keys) = region();
    let text = signed(&keys, &trust).to_text();
    assert_eq!(PaperSignature::from_text("TENDENKO:1:ABC"), Err(PaperError::NotAPaper));
    assert_eq!(PaperSignature::from_text(&text.replace("PAPER:1:", "PAPER:2:")), Err(PaperError::Version));
    assert_eq!(PaperSignature::from_text(&text[..text.len() - 4]), Err(PaperError::Malformed));
    assert_eq!(
        PaperSignature::from_text(&format!("TENDENKO-PAPER:1:{}", "0".repeat(100_000))),
        Err(PaperError::Malformed)
    );
}
