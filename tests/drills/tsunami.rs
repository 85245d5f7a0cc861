//! The tsunami drill, as `cargo xtask drill tsunami` plays it.

use crate::Drill;

#[test]
fn every_promise_of_the_tsunami_drill_is_kept() -> Drill {
    assert_eq!(tendenko_tests::tsunami::play()?, 0, "promises that were not kept");
    Ok(())
}
