//! A tablet's invitation: short, bounded, believed by signature only.

#[path = "support/certified.rs"]
mod certified;

use certified::region_with_a_tablet;
use tendenko_protocol::ids::{DeviceId, Millis, RegionId};
use tendenko_protocol::invitation::{Invitation, InvitationError};
use tendenko_protocol::keys::{DeviceKeys, RegionKeys};
use tendenko_protocol::trust::{Claim, TrustStore, sign};

fn region() -> (RegionKeys, TrustStore, DeviceKeys) {
    region_with_a_tablet("訪問看護ステーションはまゆり", "訪問看護ステーション", "看護 3号タブレット")
}

#[test]
fn an_invitation_fits_a_qr_code_and_makes_a_stranger_known() {
    let (region, trust, keys) = region();
    let addresses = ["192.168.43.1:50123", "[fd00::1234:5678:9abc:def0]:50123"].map(|text| text.parse().unwrap());
    let invitation = Invitation::new(&trust, keys.device_id(), &addresses);
    let text = invitation.to_text();
    // Version 16 at level L: 81 modules, about 3 cm on a screen.
    assert!(text.len() <= 845, "{} characters", text.len());
    assert!(text.bytes().all(|letter| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&letter)));
    assert_eq!(Invitation::from_text(&text), Ok(invitation.clone()));

    let mut other = TrustStore::new(region.public());
    assert!(!other.serves(keys.as_relay().relay_id()));
    for statement in &invitation.chain {
        other.add(statement).unwrap();
    }
    assert!(other.serves(keys.as_relay().relay_id()));
}

#[test]
fn other_codes_are_told_from_damaged_and_later_ones() {
    let (_, trust, keys) = region();
    let text = Invitation::new(&trust, keys.device_id(), &[]).to_text();
    assert_eq!(Invitation::from_text("https://example.jp/"), Err(InvitationError::NotAnInvitation));
    assert_eq!(Invitation::from_text("JAHISTC08,1"), Err(InvitationError::NotAnInvitation));
    assert_eq!(Invitation::from_text(&text.replace("KO:1:", "KO:2:")), Err(InvitationError::Version));
    assert_eq!(Invitation::from_text(&text[..text.len() - 4]), Err(InvitationError::Malformed));
    assert_eq!(Invitation::from_text(&format!("TENDENKO:1:{}", "0".repeat(100_000))), Err(InvitationError::Malformed));
    let crowded = Invitation {
        region: RegionId([1; 16]),
        device: DeviceId([2; 16]),
        addresses: vec!["192.0.2.1:1".parse().unwrap(); 9],
        chain: Vec::new(),
    };
    assert_eq!(Invitation::from_text(&crowded.to_text()), Err(InvitationError::Malformed));
}

#[test]
fn a_device_serves_under_its_own_key_until_it_is_revoked() {
    use tendenko_protocol::keys::Identity as _;
    let (region, mut trust, keys) = region();
    let relay = keys.as_relay();
    assert_eq!(relay.signing_public(), keys.public().signing);
    assert!(trust.serves(relay.relay_id()));
    let lost = Claim::Revocation(tendenko_protocol::trust::Revocation {
        device: keys.device_id(),
        logs: Vec::new(),
        reason: "lost".into(),
    });
    trust.add(sign(&region, Millis(2), lost).unwrap().bytes()).unwrap();
    assert!(!trust.serves(relay.relay_id()));
}
