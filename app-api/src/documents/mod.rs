//! 書類: what is written for somebody else to read as a whole, its versions, the questions in it, and the paper that it goes on.

mod kinds;
mod reading;
mod signing;
mod writing;

pub use kinds::*;
pub use reading::*;
pub use signing::*;
pub use writing::*;

/// Questions one document asks at most.
pub const MAX_CHECKLIST: usize = 40;
