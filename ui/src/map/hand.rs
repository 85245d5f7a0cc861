//! From what fingers do to turns of the map. A mouse or a pen is one finger.

use super::look::Turn;
use super::view::Pixel;

/// A finger that moves no farther than this has touched, and not dragged.
const SLIP: f64 = 8.0;

/// The fingers on the map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hand {
    fingers: Vec<(i32, Pixel)>,
    dragging: bool,
}

impl Hand {
    /// Fingers came or went; these are there now. With a first finger it is a touch again until it moves.
    pub fn hold(&mut self, fingers: Vec<(i32, Pixel)>) {
        if self.fingers.is_empty() {
            self.dragging = false;
        }
        self.fingers = fingers;
    }

    /// The same fingers are here now. What the map does; nothing while it may still be a touch.
    pub fn moved(&mut self, now: &[(i32, Pixel)]) -> Option<Turn> {
        let same = self.fingers.iter().map(|(id, _)| id).eq(now.iter().map(|(id, _)| id));
        let slipped =
            |((_, from), (_, to)): (&(i32, Pixel), &(i32, Pixel))| (to.x - from.x).hypot(to.y - from.y) > SLIP;
        if !same {
            self.fingers = now.to_vec();
            return None;
        }
        if !self.dragging {
            if !self.fingers.iter().zip(now).any(slipped) {
                return None;
            }
            // It begins here: the map does not jump by what the finger slipped before.
            self.dragging = true;
            self.fingers = now.to_vec();
            return None;
        }
        let places = |fingers: &[(i32, Pixel)]| fingers.iter().map(|(_, at)| *at).collect();
        let turn = Turn::Fingers { before: places(&self.fingers), after: places(now) };
        self.fingers = now.to_vec();
        Some(turn)
    }

    /// Whether what just ended was a drag: then it was no touch of what happened to be under it.
    pub fn has_dragged(&self) -> bool {
        self.dragging
    }

    /// How many fingers are there.
    pub fn count(&self) -> usize {
        self.fingers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: i32, x: f64) -> (i32, Pixel) {
        (id, Pixel { x, y: 0.0 })
    }

    fn fingers(before: &[f64], after: &[f64]) -> Option<Turn> {
        let places = |all: &[f64]| all.iter().map(|x| Pixel { x: *x, y: 0.0 }).collect();
        Some(Turn::Fingers { before: places(before), after: places(after) })
    }

    #[test]
    fn a_finger_that_trembles_touches_and_one_that_goes_on_drags_without_a_jump() {
        let mut hand = Hand::default();
        hand.hold(vec![at(1, 100.0)]);
        assert_eq!(hand.moved(&[at(1, 104.0)]), None);
        assert!(!hand.has_dragged());
        assert_eq!(hand.moved(&[at(1, 112.0)]), None);
        assert_eq!(hand.moved(&[at(1, 113.0)]), fingers(&[112.0], &[113.0]));
        hand.hold(Vec::new());
        assert!(hand.has_dragged(), "until the next touch");
        hand.hold(vec![at(1, 113.0)]);
        assert!(!hand.has_dragged());
    }

    #[test]
    fn a_second_finger_comes_and_goes_without_a_jump() {
        let mut hand = Hand::default();
        hand.hold(vec![at(1, 100.0)]);
        hand.moved(&[at(1, 120.0)]);
        hand.hold(vec![at(1, 120.0), at(2, 200.0)]);
        assert_eq!((hand.count(), hand.has_dragged()), (2, true));
        assert_eq!(hand.moved(&[at(1, 110.0), at(2, 210.0)]), fingers(&[120.0, 200.0], &[110.0, 210.0]));
        assert_eq!(hand.moved(&[at(2, 210.0)]), None, "the first finger is gone, and nobody said so");
        assert_eq!(hand.moved(&[at(2, 215.0)]), fingers(&[210.0], &[215.0]));
    }
}
