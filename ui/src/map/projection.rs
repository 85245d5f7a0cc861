//! From degrees to metres on the flat: an equirectangular projection at the middle of its places. North is up, and a metre is as long to
//! the east as to the north; over a region of a few dozen kilometres nobody sees the difference to a real map.

use tendenko_app_api::MapPlace;

/// Metres of a degree of latitude.
const DEGREE: f64 = 111_195.0;

/// A place on the flat, in metres from the middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ground {
    /// To the east.
    pub east: f64,
    /// To the south, as a screen counts.
    pub south: f64,
}

impl Ground {
    /// How far two places are apart where it is more: to the side or up and down. Squares of that size around them just touch.
    pub fn apart(self, other: Ground) -> f64 {
        (self.east - other.east).abs().max((self.south - other.south).abs())
    }

    /// The corners of the least rectangle that holds all of these, north-west and south-east; none of none.
    pub fn corners(all: &[Ground]) -> Option<(Ground, Ground)> {
        let first = *all.first()?;
        Some(all.iter().fold((first, first), |(low, high), one| {
            (
                Ground { east: low.east.min(one.east), south: low.south.min(one.south) },
                Ground { east: high.east.max(one.east), south: high.south.max(one.south) },
            )
        }))
    }
}

/// How a region is laid on the flat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    middle: (f64, f64),
    /// Metres of a degree of longitude.
    east: f64,
}

impl Projection {
    /// One whose middle is that of these places; none without places.
    pub fn of(places: &[MapPlace]) -> Option<Self> {
        let middle = |of: fn(&MapPlace) -> i32| {
            let (low, high) = (places.iter().map(of).min()?, places.iter().map(of).max()?);
            Some((degrees(low) + degrees(high)) / 2.0)
        };
        let (north, east) = (middle(|place| place.0)?, middle(|place| place.1)?);
        Some(Self { middle: (north, east), east: DEGREE * north.to_radians().cos().max(0.01) })
    }

    /// Where a place is on the flat.
    pub fn ground(&self, place: MapPlace) -> Ground {
        Ground {
            east: (degrees(place.1) - self.middle.1) * self.east,
            south: (self.middle.0 - degrees(place.0)) * DEGREE,
        }
    }
}

fn degrees(hundred_thousandths: i32) -> f64 {
    f64::from(hundred_thousandths) / 100_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: MapPlace = MapPlace(3_927_000, 14_188_000);
    const INLAND: MapPlace = MapPlace(3_930_000, 14_170_000);
    const SOUTH: MapPlace = MapPlace(3_915_000, 14_186_000);

    #[test]
    fn north_is_up_and_east_is_right() {
        let flat = Projection::of(&[PORT, INLAND, SOUTH]).expect("places");
        assert!(flat.ground(PORT).east > flat.ground(INLAND).east);
        assert!(flat.ground(SOUTH).south > flat.ground(PORT).south);
        assert_eq!(Projection::of(&[]), None);
        assert_eq!(Projection::of(&[PORT]).map(|flat| flat.ground(PORT)), Some(Ground { east: 0.0, south: 0.0 }));
    }

    #[test]
    fn a_metre_is_as_long_to_the_east_as_to_the_north() {
        let flat = Projection::of(&[PORT, INLAND, SOUTH]).expect("places");
        let from = flat.ground(PORT);
        // A hundredth of a degree of latitude is 1,112 metres; at 39.2° north 0.0129° of longitude are as long.
        let (north, east) =
            (flat.ground(MapPlace(PORT.0 + 1_000, PORT.1)), flat.ground(MapPlace(PORT.0, PORT.1 + 1_290)));
        assert!((from.south - north.south - 1_112.0).abs() < 1.0);
        assert!((east.east - from.east - 1_112.0).abs() < 5.0);
    }
}
