//! No network at all: two tablets, a stick that goes both ways, and then a relay appears.

use std::process::Command;

use tendenko_tests::process::programs_dir;
use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Answer, Order, RemoteTablet};

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
    assert_eq!(nurse.fingerprint(false)?, pharmacist.fingerprint(false)?);
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
    assert_eq!(nurse.fingerprint(false)?, pharmacist.fingerprint(false)?);

    // And out again: what the relay writes for a tablet that cannot come, the tablet takes.
    let out = scene.folder().join("for-site.tendenko");
    let device = format!("device:{}", scene.site.device);
    relay_courier(&["export", "--dir", &dir, "--out", &out.to_string_lossy(), "--for", &device])?;
    let mut site = scene.start(&scene.site)?;
    let Answer::Courier { refused: 0, not_for_us: 0, whole: true, .. } = site.import_courier(&out)? else {
        return Err("the site's file was not taken".into());
    };
    assert_eq!(site.fingerprint(true)?, nurse.fingerprint(true)?);
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
    assert_eq!(site.fingerprint(true)?, pharmacist.fingerprint(true)?);
    let _ = entry;
    drop(relay);
    Ok(())
}
