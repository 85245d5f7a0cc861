//! A map without a network: places and lines as the screen draws them. Drawing is the screen's.
//!
//! North is up, and a metre is as long to the east as to the north (an equirectangular projection at the middle of what is
//! shown): over a region of a few dozen kilometres nobody sees the difference to a real map's.

use tendenko_app_api::MapPlace;

/// Size of the drawing in its own units.
pub const WIDTH: f64 = 1000.0;
/// Its height.
pub const HEIGHT: f64 = 700.0;
/// Room around what is shown.
const MARGIN: f64 = 60.0;
/// A map is at least so wide, in degrees: of a single place one sees where it is, and not its doorstep.
const LEAST: f64 = 0.02;

/// Where a place is in the drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Map {
    south: f64,
    west: f64,
    /// Units of the drawing for a degree of latitude.
    scale: f64,
    /// How much shorter a degree of longitude is.
    narrow: f64,
    /// Where the shown part begins in the drawing.
    offset: (f64, f64),
}

fn degrees(hundred_thousandths: i32) -> f64 {
    f64::from(hundred_thousandths) / 100_000.0
}

impl Map {
    /// A map on which all of these places are; none without places.
    pub fn of(places: &[MapPlace]) -> Option<Map> {
        let edges = |of: fn(&MapPlace) -> i32| {
            Some((degrees(places.iter().map(of).min()?), degrees(places.iter().map(of).max()?)))
        };
        let ((south, north), (west, east)) = (edges(|place| place.0)?, edges(|place| place.1)?);
        let narrow = ((south + north) / 2.0).to_radians().cos().max(0.01);
        let (high, wide) = ((north - south).max(LEAST), ((east - west) * narrow).max(LEAST));
        let scale = ((HEIGHT - 2.0 * MARGIN) / high).min((WIDTH - 2.0 * MARGIN) / wide);
        let offset = ((WIDTH - (east - west) * narrow * scale) / 2.0, (HEIGHT - (north - south) * scale) / 2.0);
        Some(Map { south, west, scale, narrow, offset })
    }

    /// Where a place is: from the left, and from the top.
    pub fn at(&self, place: MapPlace) -> (f64, f64) {
        let east = (degrees(place.1) - self.west) * self.narrow * self.scale;
        let north = (degrees(place.0) - self.south) * self.scale;
        (self.offset.0 + east, HEIGHT - self.offset.1 - north)
    }

    /// A line as SVG wants it.
    pub fn line(&self, places: &[MapPlace]) -> String {
        let points: Vec<_> =
            places.iter().map(|place| self.at(*place)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        points.join(" ")
    }

    /// A round distance in metres that fits a quarter of the drawing, and how long it is there.
    pub fn ruler(&self) -> (u32, f64) {
        const METRES_OF_DEGREE: f64 = 111_195.0;
        let unit = self.scale / METRES_OF_DEGREE;
        let fits = [100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200];
        let metres = fits.into_iter().find(|metres| f64::from(*metres) * unit <= WIDTH / 4.0).unwrap_or(100);
        (metres, f64::from(metres) * unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: MapPlace = MapPlace(3_927_000, 14_188_000);
    const INLAND: MapPlace = MapPlace(3_930_000, 14_170_000);
    const SOUTH: MapPlace = MapPlace(3_915_000, 14_186_000);

    #[test]
    fn every_place_lies_inside_with_north_up_and_east_right() {
        let map = Map::of(&[PORT, INLAND, SOUTH]).expect("places");
        for place in [PORT, INLAND, SOUTH] {
            let (x, y) = map.at(place);
            assert!(
                (MARGIN - 0.1..=WIDTH - MARGIN + 0.1).contains(&x)
                    && (MARGIN - 0.1..=HEIGHT - MARGIN + 0.1).contains(&y)
            );
        }
        assert!(map.at(PORT).0 > map.at(INLAND).0, "east is right");
        assert!(map.at(SOUTH).1 > map.at(PORT).1, "south is below");
    }

    #[test]
    fn a_metre_is_as_long_to_the_east_as_to_the_north() {
        let map = Map::of(&[PORT, INLAND, SOUTH]).expect("places");
        let (from, north) = (map.at(PORT), map.at(MapPlace(PORT.0 + 1_000, PORT.1)));
        // At 39.2° north a degree of longitude is 0.775 of one of latitude.
        let east = map.at(MapPlace(PORT.0, PORT.1 + 1_290));
        assert!(((from.1 - north.1) / (east.0 - from.0) - 1.0).abs() < 0.01);
    }

    #[test]
    fn one_place_is_in_the_middle_and_none_is_no_map() {
        let map = Map::of(&[PORT]).expect("a place");
        assert_eq!(map.at(PORT), (WIDTH / 2.0, HEIGHT / 2.0));
        assert_eq!(Map::of(&[]), None);
        let (metres, length) = map.ruler();
        assert!(metres > 0 && length <= WIDTH / 4.0);
    }
}
