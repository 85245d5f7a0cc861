//! What the map shows: its pane, its places and the view, and what each turn makes of them.

use super::grouping::{self, Group};
use super::projection::Ground;
use super::view::{Pane, Pixel, View};
use std::rc::Rc;

/// What the map shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pane: Pane,
    places: Rc<Vec<Ground>>,
    /// None = the whole of it, however large the pane is.
    view: Option<View>,
}

/// What somebody does with the map, and what becomes of its screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// The screen has so much room for it.
    Pane(Pane),
    /// Other places are on it: the whole of them is shown.
    Places(Rc<Vec<Ground>>),
    /// Fingers went from there to there.
    Fingers {
        /// Where they were.
        before: Vec<Pixel>,
        /// Where they are.
        after: Vec<Pixel>,
    },
    /// So many times as large, with this place where it is; none = the middle.
    Zoom(f64, Option<Pixel>),
    /// As if the paper were moved by so many pixels.
    Move(f64, f64),
    /// Everything is to be seen.
    Whole,
    /// A group of these is looked at more closely.
    Closer(Vec<Ground>),
    /// This place comes to the middle.
    On(Ground),
}

impl Look {
    /// The whole of these places on a pane.
    pub fn new(pane: Pane, places: Rc<Vec<Ground>>) -> Self {
        Self { pane, places, view: None }
    }

    /// The room it has.
    pub fn pane(&self) -> Pane {
        self.pane
    }

    /// Its places.
    pub fn places(&self) -> &Rc<Vec<Ground>> {
        &self.places
    }

    /// What is seen; none without places.
    pub fn view(&self) -> Option<View> {
        self.view.or_else(|| View::whole(&self.places, self.pane))
    }

    /// The places as they can be touched now, whether they are seen or not.
    pub fn groups(&self) -> Vec<Group> {
        self.view().map(|view| grouping::groups(&self.places, view.metres(self.pane.touch))).unwrap_or_default()
    }

    /// A closer look at a group of these; none where no look parts it.
    pub fn closer(&self, members: &[Ground]) -> Option<Turn> {
        self.view()?.closer(members, self.pane).map(|_| Turn::Closer(members.to_vec()))
    }

    /// What it shows after a turn.
    pub fn turned(&self, turn: Turn) -> Look {
        let pane = self.pane;
        let view = match turn {
            Turn::Pane(pane) => return Look { pane, ..self.clone() },
            Turn::Places(places) => return Look::new(pane, places),
            Turn::Whole => None,
            Turn::On(place) => View::on(&self.places, place, pane),
            Turn::Closer(members) => self.view().map(|view| view.closer(&members, pane).unwrap_or(view)),
            Turn::Fingers { before, after } => self.view().map(|view| view.fingered(pane, &before, &after)),
            Turn::Zoom(factor, at) => {
                self.view().map(|view| view.zoomed(pane, factor, at.unwrap_or_else(|| pane.middle())))
            }
            Turn::Move(x, y) => self.view().map(|view| view.moved(x, y)),
        };
        Look { view: view.map(|view| view.held(&self.places, pane)), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANE: Pane = Pane { width: 400.0, height: 300.0, touch: 44.0 };

    fn bay() -> Look {
        let places = [(0.0, 0.0), (60.0, 10.0), (60.0, 10.0), (4_000.0, -2_000.0)];
        Look::new(PANE, Rc::new(places.map(|(east, south)| Ground { east, south }).to_vec()))
    }

    fn members(look: &Look) -> Vec<Vec<usize>> {
        look.groups().into_iter().map(|group| group.members).collect()
    }

    #[test]
    fn a_group_is_touched_until_it_parts_and_what_is_in_one_house_stays_one() {
        let whole = bay();
        assert_eq!(members(&whole), [vec![0, 1, 2], vec![3]]);
        let grounds = |which: &[usize]| which.iter().map(|one| whole.places()[*one]).collect::<Vec<_>>();
        let closer = whole.turned(whole.closer(&grounds(&[0, 1, 2])).expect("it can part"));
        assert_eq!(members(&closer), [vec![0], vec![1, 2], vec![3]]);
        assert_eq!(closer.closer(&grounds(&[1, 2])), None);
        assert_eq!(members(&closer.turned(Turn::Whole)), members(&whole));
    }

    #[test]
    fn moving_parts_nothing_and_other_places_are_seen_as_a_whole() {
        let moved = bay().turned(Turn::Move(500.0, -900.0)).turned(Turn::Move(-20.0, 3.0));
        assert_eq!(members(&moved), members(&bay()));
        let other = Rc::new(vec![Ground { east: 9.0, south: 9.0 }]);
        assert_eq!(moved.turned(Turn::Places(other.clone())), Look::new(PANE, other));
        let none = Look::new(PANE, Rc::default()).turned(Turn::Zoom(2.0, None)).turned(Turn::Move(1.0, 1.0));
        assert!(none.view().is_none() && none.groups().is_empty());
    }

    #[test]
    fn one_place_comes_to_the_middle_and_stands_by_itself() {
        let look = bay().turned(Turn::On(bay().places()[0]));
        let at = look.view().expect("a view").at(PANE, look.places()[0]);
        assert_eq!(at, PANE.middle());
        assert_eq!(members(&look), [vec![0], vec![1, 2], vec![3]]);
    }
}
