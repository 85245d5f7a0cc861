//! Which part of the flat is on the screen, and how large.

use super::projection::Ground;

/// No closer look than four pixels for a metre: places are known to about a metre, and a finger is ten metres wide there.
const CLOSEST: f64 = 4.0;
/// No farther look than three thousand kilometres across a telephone.
const FARTHEST: f64 = 0.000_1;
/// A whole map is at least so wide, in metres: of a single place one sees where it is, and not its doorstep.
const LEAST: f64 = 2_000.0;
/// A group that is touched is seen at least so many times as large.
const STEP: f64 = 2.0;
/// One place by itself is not looked at closer than this: what lies around it tells where it is.
const ALONE: f64 = 1.0;

/// A place on the screen, in CSS pixels from the upper left corner of the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pixel {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// The part of the screen that the map has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pane {
    /// Its width in pixels.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// How wide and high a touch target is.
    pub touch: f64,
}

impl Pane {
    /// Its middle.
    pub fn middle(&self) -> Pixel {
        Pixel { x: self.width / 2.0, y: self.height / 2.0 }
    }

    /// Whether a touch target here lies wholly inside.
    pub fn holds(&self, at: Pixel) -> bool {
        let half = self.touch / 2.0;
        (half..=self.width - half).contains(&at.x) && (half..=self.height - half).contains(&at.y)
    }

    /// The scale at which a rectangle of so many metres just fits, with a touch target's room on every side.
    fn fitting(&self, (wide, high): (f64, f64)) -> f64 {
        let room = |length: f64| (length - 2.0 * self.touch).max(1.0);
        (room(self.width) / wide).min(room(self.height) / high)
    }
}

/// Which part of the flat is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    centre: Ground,
    /// Pixels of a metre.
    scale: f64,
}

impl View {
    /// The closest from which all of these are seen; none without places.
    pub fn whole(all: &[Ground], pane: Pane) -> Option<View> {
        let (low, high) = Ground::corners(all)?;
        let size = ((high.east - low.east).max(LEAST), (high.south - low.south).max(LEAST));
        Some(View { centre: between(low, high), scale: pane.fitting(size).clamp(FARTHEST, CLOSEST) })
    }

    /// Where a place is on the screen.
    pub fn at(&self, pane: Pane, place: Ground) -> Pixel {
        let middle = pane.middle();
        Pixel {
            x: middle.x + (place.east - self.centre.east) * self.scale,
            y: middle.y + (place.south - self.centre.south) * self.scale,
        }
    }

    /// What is at a place of the screen.
    pub fn ground(&self, pane: Pane, at: Pixel) -> Ground {
        let middle = pane.middle();
        Ground {
            east: self.centre.east + (at.x - middle.x) / self.scale,
            south: self.centre.south + (at.y - middle.y) / self.scale,
        }
    }

    /// How many metres so many pixels are.
    pub fn metres(&self, pixels: f64) -> f64 {
        pixels / self.scale
    }

    /// So many times as large. What is at `at` stays there.
    pub fn zoomed(self, pane: Pane, factor: f64, at: Pixel) -> View {
        let (fixed, middle) = (self.ground(pane, at), pane.middle());
        let scale = (self.scale * factor).clamp(FARTHEST, CLOSEST);
        let centre =
            Ground { east: fixed.east - (at.x - middle.x) / scale, south: fixed.south - (at.y - middle.y) / scale };
        View { centre, scale }
    }

    /// As if the paper were moved by so many pixels.
    pub fn moved(self, x: f64, y: f64) -> View {
        let centre = Ground { east: self.centre.east - x / self.scale, south: self.centre.south - y / self.scale };
        View { centre, ..self }
    }

    /// After fingers went from one place to another. One moves, two move, enlarge and reduce; where one came or went, nothing does.
    pub fn fingered(self, pane: Pane, before: &[Pixel], after: &[Pixel]) -> View {
        match (before, after) {
            ([from], [to]) => self.moved(to.x - from.x, to.y - from.y),
            ([a, b], [c, d]) => {
                let ((from, was), (to, is)) = (pinch(*a, *b), pinch(*c, *d));
                self.zoomed(pane, is / was, from).moved(to.x - from.x, to.y - from.y)
            }
            _ => self,
        }
    }

    /// As it is, but never away from all of these and never much farther off than the whole of them.
    pub fn held(self, all: &[Ground], pane: Pane) -> View {
        let (Some(whole), Some((low, high))) = (View::whole(all, pane), Ground::corners(all)) else { return self };
        View {
            centre: Ground {
                east: self.centre.east.clamp(low.east, high.east),
                south: self.centre.south.clamp(low.south, high.south),
            },
            scale: self.scale.max(whole.scale / STEP),
        }
    }

    /// A closer look at a group, in which it parts or is nearer to that. None where no look parts it: for a finger its places are the same.
    pub fn closer(self, members: &[Ground], pane: Pane) -> Option<View> {
        let (low, high) = Ground::corners(members)?;
        if self.scale >= CLOSEST || low.apart(high) * CLOSEST < pane.touch {
            return None;
        }
        let size = ((high.east - low.east).max(1.0), (high.south - low.south).max(1.0));
        let scale = pane.fitting(size).max(self.scale * STEP).min(CLOSEST);
        Some(View { centre: between(low, high), scale })
    }

    /// With this place in the middle, so close that it stands by itself where that can be.
    pub fn on(all: &[Ground], place: Ground, pane: Pane) -> Option<View> {
        let whole = View::whole(all, pane)?;
        let near = all.iter().map(|one| one.apart(place)).filter(|apart| *apart > 0.0).fold(f64::INFINITY, f64::min);
        Some(View { centre: place, scale: (STEP * pane.touch / near).max(whole.scale).min(ALONE.max(whole.scale)) })
    }

    /// A round distance in metres that takes at most so many pixels, and how many it takes.
    pub fn ruler(&self, most: f64) -> (u32, f64) {
        let fits = [500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20];
        let metres = fits.into_iter().find(|metres| f64::from(*metres) * self.scale <= most).unwrap_or(10);
        (metres, f64::from(metres) * self.scale)
    }
}

fn between(low: Ground, high: Ground) -> Ground {
    Ground { east: (low.east + high.east) / 2.0, south: (low.south + high.south) / 2.0 }
}

/// The middle between two fingers, and how far they are apart.
fn pinch(a: Pixel, b: Pixel) -> (Pixel, f64) {
    (Pixel { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 }, (a.x - b.x).hypot(a.y - b.y).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PANE: Pane = Pane { width: 640.0, height: 400.0, touch: 44.0 };

    fn grounds() -> impl Strategy<Value = Vec<Ground>> {
        prop::collection::vec((-2e4..2e4f64, -2e4..2e4f64).prop_map(|(east, south)| Ground { east, south }), 1..30)
    }

    fn pixel() -> impl Strategy<Value = Pixel> {
        (0.0..640.0f64, 0.0..400.0f64).prop_map(|(x, y)| Pixel { x, y })
    }

    fn same(a: Pixel, b: Pixel) -> bool {
        (a.x - b.x).abs() < 1e-3 && (a.y - b.y).abs() < 1e-3
    }

    proptest! {
        #[test]
        fn the_whole_map_shows_every_place_as_a_whole_target(all in grounds()) {
            let view = View::whole(&all, PANE).unwrap();
            prop_assert!(all.iter().all(|place| PANE.holds(view.at(PANE, *place))));
        }

        #[test]
        fn what_is_under_the_finger_stays_under_it(all in grounds(), at in pixel(), factor in 0.1..10.0f64) {
            let view = View::whole(&all, PANE).unwrap();
            let under = view.ground(PANE, at);
            prop_assert!(same(view.at(PANE, under), at));
            prop_assert!(same(view.zoomed(PANE, factor, at).at(PANE, under), at));
        }

        #[test]
        fn what_two_fingers_hold_goes_with_them(all in grounds(), a in pixel(), b in pixel(), x in -50.0..50.0f64, y in -50.0..50.0f64) {
            let view = View::whole(&all, PANE).unwrap();
            let (under_a, under_b) = (view.ground(PANE, a), view.ground(PANE, b));
            let moved = |at: Pixel| Pixel { x: at.x + x, y: at.y + y };
            let after = view.fingered(PANE, &[a, b], &[moved(a), moved(b)]);
            prop_assert!(same(after.at(PANE, under_a), moved(a)) && same(after.at(PANE, under_b), moved(b)));
        }

        #[test]
        fn however_it_is_moved_some_place_stays_near(all in grounds(), x in -1e6..1e6f64, y in -1e6..1e6f64, factor in 1e-6..1e6f64) {
            let whole = View::whole(&all, PANE).unwrap();
            let held = whole.zoomed(PANE, factor, PANE.middle()).moved(x, y).held(&all, PANE);
            let (low, high) = Ground::corners(&all).unwrap();
            let middle = held.ground(PANE, PANE.middle());
            prop_assert!((low.east..=high.east).contains(&middle.east) && (low.south..=high.south).contains(&middle.south));
            prop_assert!(held.scale >= whole.scale / STEP && held.scale <= CLOSEST);
        }
    }

    #[test]
    fn two_fingers_twice_as_far_apart_see_it_twice_as_large() {
        let view = View { centre: Ground { east: 0.0, south: 0.0 }, scale: 0.1 };
        let [a, b, c] = [300.0, 340.0, 380.0].map(|x| Pixel { x, y: 200.0 });
        assert!((view.fingered(PANE, &[a, b], &[a, c]).scale - 0.2).abs() < 1e-9);
        assert_eq!(view.fingered(PANE, &[a, b], &[a]), view, "a finger went: nothing moves");
    }

    #[test]
    fn one_place_alone_is_in_the_middle_with_a_kilometre_around_it_and_the_ruler_fits() {
        let place = Ground { east: 5.0, south: 7.0 };
        let view = View::whole(&[place], PANE).unwrap();
        assert!(same(view.at(PANE, place), PANE.middle()));
        assert!((view.metres(PANE.height - 2.0 * PANE.touch) - LEAST).abs() < 1.0);
        let (metres, pixels) = view.ruler(160.0);
        assert!(metres == 1_000 && pixels <= 160.0);
        assert_eq!(View::whole(&[], PANE), None);
    }
}
