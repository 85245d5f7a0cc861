//! No network at all: two tablets, a stick that goes both ways, and then a relay appears.

use std::process::Command;

use tendenko_tests::process::programs_dir;
use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Answer, Compared, Order, RemoteTablet, come_to_agree};

use crate::Drill;

fn relay_courier(arguments: &[&str]) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let said = Command::new(programs_dir().join("tendenko-relay")).arg("courier").args(arguments).output()?;
    if !said.status.success() {
        return Err(String::from_utf8_lossy(&said.stderr).into_owned().into());
    }
    Ok(String::from_utf8(said.stdout)?)
}

/// Carries a file from one tablet to another; everything in it must be taken or known.
fn carry(
    from: &mut RemoteTablet,
    to: &mut RemoteTablet,
    scene: &Scene,
) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    let stick = scene.folder().join("stick.tendenko");
    from.export_courier(&stick)?;
    match to.import_courier(&stick)? {
        Answer::Courier { new, refused: 0, whole: true, .. } => Ok(new),
        other => Err(format!("{other:?}").into()),
    }
}

#[test]
fn two_tablets_and_a_stick_both_ways_and_then_a_relay_appears() -> Drill {
    let scene = Scene::set()?;
    let mut nurse = scene.start(&scene.nurse)?;
    let mut pharmacist = scene.start(&scene.pharmacist)?;
    let by_nurse = nurse.visit(&scene.patient, "孤立した集落にて")?;
    assert!(carry(&mut nurse, &mut pharmacist, &scene)? > 0);
    assert!(pharmacist.entries(&scene.patient)?.contains(&by_nurse));
    let by_pharmacist = pharmacist.visit(&scene.patient, "薬を持って歩いた")?;
    pharmacist.dose(&scene.patient, &scene.medicine, "1", "食事が取れないため")?;
    assert!(carry(&mut pharmacist, &mut nurse, &scene)? > 0);
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    assert_eq!(carry(&mut pharmacist, &mut nurse, &scene)?, 0, "carried again: nothing new");
    assert!(nurse.unsent()? > 0 && pharmacist.unsent()? > 0, "a stick is no relay");

    // The stick reaches the relay before the tablets do: what they push is known there already, and acked.
    let stick = scene.folder().join("stick.tendenko");
    nurse.export_courier(&stick)?;
    let relay = scene.relay()?;
    let dir = scene.region.relay_dir();
    let (dir, file) = (dir.to_string_lossy(), stick.to_string_lossy());
    let said = relay_courier(&["import", "--dir", &dir, "--file", &file])?;
    assert!(said.contains("end       whole") && said.contains("refused   0"), "{said}");
    for tablet in [&mut nurse, &mut pharmacist] {
        tablet.run(&Order::Online)?;
        tablet.run(&Order::AwaitSynced)?;
        assert_eq!(tablet.unsent()?, 0);
    }
    nurse.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: by_pharmacist })?;
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;

    // And out again: what the relay writes for a tablet that cannot come, the tablet takes.
    let out = scene.folder().join("for-site.tendenko");
    let device = format!("device:{}", scene.site.device);
    relay_courier(&["export", "--dir", &dir, "--out", &out.to_string_lossy(), "--for", &device])?;
    let mut site = scene.start(&scene.site)?;
    let Answer::Courier { refused: 0, not_for_us: 0, whole: true, .. } = site.import_courier(&out)? else {
        return Err("the site's file was not taken".into());
    };
    come_to_agree(&mut [&mut site, &mut nurse], Compared::Cards)?;
    drop(relay);
    Ok(())
}

#[test]
fn what_a_lost_tablet_gave_to_a_stick_reaches_the_relay_by_whoever_took_it() -> Drill {
    let scene = Scene::set()?;
    let mut nurse = scene.start(&scene.nurse)?;
    let entry = nurse.visit(&scene.patient, "最後の訪問")?;
    let mut pharmacist = scene.start(&scene.pharmacist)?;
    // The pharmacist's tablet had met the relay before, and goes on from where it was.
    let relay = scene.relay()?;
    pharmacist.run(&Order::Online)?;
    pharmacist.run(&Order::AwaitSynced)?;
    pharmacist.run(&Order::Offline)?;
    assert!(carry(&mut nurse, &mut pharmacist, &scene)? > 0);
    nurse.kill();
    std::fs::remove_dir_all(&scene.nurse.dir)?;
    pharmacist.run(&Order::Online)?;
    pharmacist.run(&Order::AwaitSynced)?;
    let mut site = scene.start_online(&scene.site)?;
    come_to_agree(&mut [&mut site, &mut pharmacist], Compared::Cards)?;
    let _ = entry;
    drop(relay);
    Ok(())
}

#[test]
fn a_photo_travels_on_a_stick_that_is_pulled_out_half_way() -> Drill {
    const PHOTO: usize = 1_500_000;
    let scene = Scene::set()?;
    let mut nurse = scene.start(&scene.nurse)?;
    let mut pharmacist = scene.start(&scene.pharmacist)?;
    let mut site = scene.start(&scene.site)?;
    let entry = nurse.attach(&scene.patient, PHOTO)?;
    let note = nurse.visit(&scene.patient, "褥瘡の写真を撮った")?;
    let stick = scene.folder().join("stick.tendenko");
    nurse.export_courier(&stick)?;
    let whole = std::fs::read(&stick)?;
    // Somebody pulls it out while it is copied: text and some pieces are there.
    std::fs::write(&stick, &whole[..whole.len() / 2])?;
    let Answer::Courier { new: first, refused: 0, whole: false, .. } = pharmacist.import_courier(&stick)? else {
        return Err("half a file was not taken as half a file".into());
    };
    assert!(pharmacist.entries(&scene.patient)?.contains(&note), "text comes first");
    let (here, photo) = pharmacist.pieces(&scene.patient, &entry)?;
    assert!(here > 3 && here < u32::MAX && photo.is_none(), "{here}");
    std::fs::write(&stick, &whole)?;
    let Answer::Courier { new: rest, known, refused: 0, whole: true, items, .. } = pharmacist.import_courier(&stick)?
    else {
        return Err("the whole file was not taken".into());
    };
    assert!(rest > 3 && known >= first && first + rest <= items, "{first}, then {rest}, {known} known of {items}");
    assert_eq!(pharmacist.pieces(&scene.patient, &entry)?.1, Some(PHOTO));
    // Who may see the card alone is given none of it.
    let Answer::Courier { not_for_us, refused: 0, .. } = site.import_courier(&stick)? else {
        return Err("the site's file was not taken".into());
    };
    assert!(not_for_us > 30, "{not_for_us}");

    // The nurse's tablet is lost; the photo reaches the relay from the pharmacist's, and others by a stick from the relay.
    nurse.kill();
    std::fs::remove_dir_all(&scene.nurse.dir)?;
    let _relay = scene.relay()?;
    pharmacist.run(&Order::Online)?;
    pharmacist.run(&Order::AwaitSynced)?;
    let pieces = PHOTO.div_ceil(tendenko_protocol::limits::MAX_CHUNK_CONTENT) as u64;
    pharmacist.run(&Order::AwaitGiven { count: pieces })?;
    let (dir, out) = (scene.region.relay_dir(), scene.folder().join("from-relay.tendenko"));
    let (dir, out) = (dir.to_string_lossy(), out.to_string_lossy());
    let said = relay_courier(&["export", "--dir", &dir, "--out", &out])?;
    assert!(said.contains(&format!("{pieces} pieces of attachments")), "{said}");
    let said = relay_courier(&["import", "--dir", &dir, "--file", &out])?;
    assert!(said.contains("nothing in it is new here"), "{said}");
    let said = relay_courier(&["export", "--dir", &dir, "--out", &out, "--without-attachments"])?;
    assert!(said.contains(" 0 pieces of attachments"), "{said}");
    Ok(())
}
