//! A short storm; `cargo xtask drill storm` plays a long one.

use crate::Drill;

#[test]
fn what_was_saved_survives_a_storm_of_kills_on_both_sides_of_an_edge_relay() -> Drill {
    let saved = tendenko_tests::storm::play(20110311, 6)?;
    assert!(saved > 20, "{saved} entries");
    Ok(())
}
