//! The measurements behind what the README promises
