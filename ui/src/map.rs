//! A map without a network: places, lines and fingers as numbers. Drawing and listening are the screen's.
//!
//! - [`projection`]: from degrees to metres on the flat.
//! - [`view`]: which part of the flat is on the screen, and how large.
//! - [`grouping`]: places that are nearer to each other than a finger is wide are one.
//! - [`look`]: all of it together, and what each turn makes of it.
//! - [`hand`]: from what fingers do to turns.
//!
//! Every step is a function of what was before: what the map shows after a drag, a pinch and a touch can be computed in a test.

mod grouping;
mod hand;
mod look;
mod projection;
mod view;

pub use grouping::Group;
pub use hand::Hand;
pub use look::{Look, Turn};
pub use projection::{Ground, Projection};
pub use view::{Pane, Pixel};

/// A distance as one says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Far {
    /// Next door: places are known to a metre, and entrances are not.
    Near,
    /// So many metres.
    Metres(u32),
    /// So many kilometres, with one decimal below ten.
    Kilometres(String),
}

impl Far {
    /// How one says so many metres. Never nothing: somebody else's place is somewhere else.
    pub fn of(metres: u32) -> Far {
        let (tens, tenths) = (metres.saturating_add(5) / 10, metres.saturating_add(50) / 100);
        match metres {
            0..50 => Far::Near,
            _ if tens < 100 => Far::Metres(tens * 10),
            _ if tenths < 100 => Far::Kilometres(format!("{}.{}", tenths / 10, tenths % 10)),
            _ => Far::Kilometres((metres.saturating_add(500) / 1_000).to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Far::{self, Kilometres, Metres, Near};

    #[test]
    fn a_distance_is_rounded_and_never_nothing() {
        let km = |said: &str| Kilometres(said.to_owned());
        for (metres, said) in [
            (0, Near),
            (49, Near),
            (50, Metres(50)),
            (304, Metres(300)),
            (994, Metres(990)),
            (995, km("1.0")),
            (1_249, km("1.2")),
            (9_949, km("9.9")),
            (9_950, km("10")),
            (23_500, km("24")),
            (u32::MAX, km("4294967")),
        ] {
            assert_eq!(Far::of(metres), said, "{metres}");
        }
    }
}
