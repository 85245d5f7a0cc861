//! What is unknown is refused, with the reason, and nothing is lost by it.

use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Answer, Order};

use crate::Drill;

#[test]
fn a_relay_of_another_region_is_refused_and_what_was_saved_waits() -> Drill {
    let scene = Scene::set()?;
    let other = Scene::set()?;
    let _relay = other.relay()?;
    let address = other.region.listen.to_string();
    let mut nurse = tendenko_tests::tablet::RemoteTablet::start_with(&scene.nurse.dir, &["--relay", &address])?;
    nurse.visit(&scene.patient, "知らない中継には送らない")?;
    nurse.run(&Order::Online)?;
    nurse.run(&Order::AwaitTrouble)?;
    let Answer::Status { unsent, trouble, idle, .. } = nurse.ask(&Order::Status)? else {
        return Err("no status".into());
    };
    assert!(unsent > 0 && !idle);
    assert!(trouble.is_some_and(|code| code.contains("relay")), "the reason is named");
    Ok(())
}
