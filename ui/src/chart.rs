//! A small chart of one or two measures over time: where the lines go. Drawing is the screen's.

/// Size of the drawing in its own units.
pub const WIDTH: i32 = 560;
/// Height of one band.
pub const HEIGHT: i32 = 130;
const MARGIN_LEFT: i32 = 44;
const MARGIN: i32 = 10;

/// One point: when, and how much.
pub type Sample = (i64, i32);

/// A scale both ways: time to the right, values upwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    from: i64,
    until: i64,
    /// The lowest value that fits.
    pub low: i32,
    /// The highest value that fits.
    pub high: i32,
}

impl Scale {
    /// A scale on which every sample fits, with some air; none without samples.
    pub fn of(samples: impl Iterator<Item = Sample> + Clone, span: (i64, i64)) -> Option<Scale> {
        let low = samples.clone().map(|(_, value)| value).min()?;
        let high = samples.map(|(_, value)| value).max()?;
        let air = ((high - low) / 8).max(2);
        Some(Scale { from: span.0, until: span.1.max(span.0 + 1), low: low - air, high: high + air })
    }

    /// Where a range of values is, from the top, as far as it is on the scale: top and height. None where nothing of it is.
    pub fn range(&self, range: &std::ops::RangeInclusive<i32>) -> Option<(f64, f64)> {
        let (low, high) = ((*range.start()).max(self.low), (*range.end()).min(self.high));
        (low < high).then(|| (self.y(high), self.y(low) - self.y(high)))
    }

    /// Where a moment is, from the left.
    pub fn x(&self, at: i64) -> f64 {
        let part = (at - self.from) as f64 / (self.until - self.from) as f64;
        f64::from(MARGIN_LEFT) + part.clamp(0.0, 1.0) * f64::from(WIDTH - MARGIN_LEFT - MARGIN)
    }

    /// Where a value is, from the top.
    pub fn y(&self, value: i32) -> f64 {
        let part = f64::from(value - self.low) / f64::from((self.high - self.low).max(1));
        f64::from(HEIGHT - MARGIN) - part * f64::from(HEIGHT - 2 * MARGIN)
    }

    /// The points of a line, as SVG wants them.
    pub fn points(&self, samples: &[Sample]) -> String {
        let points: Vec<_> =
            samples.iter().map(|(at, value)| format!("{:.1},{:.1}", self.x(*at), self.y(*value))).collect();
        points.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_lies_inside_the_drawing() {
        let samples = [(0, 128), (50, 90), (100, 180)];
        let scale = Scale::of(samples.into_iter(), (0, 100)).expect("samples");
        for (at, value) in samples {
            assert!((0.0..=f64::from(WIDTH)).contains(&scale.x(at)));
            assert!((0.0..=f64::from(HEIGHT)).contains(&scale.y(value)));
        }
        assert!(scale.y(180) < scale.y(90), "more is higher");
        assert!(scale.x(0) < scale.x(100), "later is further right");
    }

    #[test]
    fn of_a_range_only_what_is_on_the_scale_is_drawn() {
        let scale = Scale::of([(0, 100), (1, 140)].into_iter(), (0, 1)).expect("samples");
        let (top, height) = scale.range(&(90..=120)).expect("on the scale");
        assert_eq!((top, top + height), (scale.y(120), scale.y(scale.low)));
        assert_eq!(scale.range(&(10..=50)), None);
    }

    #[test]
    fn one_sample_is_enough_and_none_is_none() {
        let scale = Scale::of([(7, 97)].into_iter(), (7, 7)).expect("a sample");
        assert!(scale.y(97).is_finite() && scale.x(7).is_finite());
        assert_eq!(Scale::of([].into_iter(), (0, 1)), None);
    }
}
