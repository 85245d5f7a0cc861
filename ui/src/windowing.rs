//! Which rows of a long list are in the page: arithmetic only, no elements.
//!
//! Rows have different heights, known once they were drawn and guessed before. What is shown are the rows near what can be seen, and blank
//! space where the others would be. Two things must hold, or the list jumps under the finger:
//! - rows and blank space together are as high as all rows would be;
//! - the row that is looked at (the *anchor*) stays where it is on the screen while heights become known and rows come
//!   or go above it.

use std::collections::HashMap;
use std::ops::Range;

/// Heights of rows by their keys: measured, or as high as the others were on average.
#[derive(Debug)]
pub struct Heights {
    known: HashMap<String, f64>,
    sum: f64,
    guess: f64,
}

impl Heights {
    /// Nothing is known yet; `guess` is taken until something is.
    pub fn new(guess: f64) -> Self {
        Self { known: HashMap::new(), sum: 0.0, guess }
    }

    /// How high a row is, or will be.
    pub fn of(&self, key: &str) -> f64 {
        let average = || if self.known.is_empty() { self.guess } else { self.sum / self.known.len() as f64 };
        self.known.get(key).copied().unwrap_or_else(average)
    }

    /// A row was measured. True when it is not as high as it was thought to be.
    pub fn set(&mut self, key: &str, height: f64) -> bool {
        let thought = self.of(key);
        self.sum += height - self.known.insert(key.to_owned(), height).unwrap_or(0.0);
        (thought - height).abs() > 0.5
    }

    /// Forgets rows that are no longer in the list.
    pub fn keep(&mut self, keys: &[String]) {
        if self.known.len() > 2 * keys.len() + 100 {
            self.known.retain(|key, _| keys.contains(key));
            self.sum = self.known.values().sum();
        }
    }
}

/// Where each row begins, from the top of the list.
#[derive(Debug, PartialEq)]
pub struct Tops(Vec<f64>);

impl Tops {
    /// From the heights of the rows, in order.
    pub fn of(heights: impl IntoIterator<Item = f64>) -> Self {
        let mut tops = vec![0.0];
        let mut total = 0.0;
        for height in heights {
            total += height;
            tops.push(total);
        }
        Self(tops)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.len() - 1
    }

    /// How high all rows are together.
    pub fn total(&self) -> f64 {
        self.top(self.len())
    }

    /// Where a row begins; the end of the list for one behind it.
    pub fn top(&self, row: usize) -> f64 {
        self.0[row.min(self.len())]
    }

    /// The row that covers a point; the last one for a point below.
    pub fn at(&self, point: f64) -> usize {
        self.0.partition_point(|top| *top <= point).saturating_sub(1).min(self.len().saturating_sub(1))
    }

    /// The rows between two points.
    pub fn between(&self, from: f64, to: f64) -> Range<usize> {
        if self.len() == 0 { 0..0 } else { self.at(from)..self.at(to) + 1 }
    }
}

/// A part of the list as it stands in the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    /// So much blank space, where rows are left out.
    Space(f64),
    /// A row, by its place.
    Row(usize),
}

/// The rows that are in the page, with blank space for the others. `held`: a row that has to stay although it is far away, because it
/// has the focus.
pub fn pieces(tops: &Tops, window: Range<usize>, held: Option<usize>) -> Vec<Piece> {
    let mut rows: Vec<usize> = window.collect();
    rows.extend(held.filter(|row| *row < tops.len()));
    rows.sort_unstable();
    rows.dedup();
    let mut pieces = Vec::with_capacity(rows.len() + 3);
    let mut end = 0;
    for row in rows {
        if row > end {
            pieces.push(Piece::Space(tops.top(row) - tops.top(end)));
        }
        pieces.push(Piece::Row(row));
        end = row + 1;
    }
    if end < tops.len() {
        pieces.push(Piece::Space(tops.total() - tops.top(end)));
    }
    pieces
}

/// The row that is looked at, and how far its beginning is below the upper edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// Which row.
    pub key: String,
    /// Negative: it began above the edge.
    pub below_edge: f64,
}

/// Scroll positions are whole pixels, and heights are not: of a row that ends within so much of the edge nothing is seen.
const A_PIXEL: f64 = 1.0;

impl Anchor {
    /// The first row that can be seen at a scroll position. A row above it of which only the rounding is left must not be it: how high
    /// it is may be a guess still, and what is looked at would move with it.
    pub fn at(keys: &[String], tops: &Tops, scroll: f64) -> Option<Self> {
        let row = tops.at(scroll + A_PIXEL);
        Some(Self { key: keys.get(row)?.clone(), below_edge: tops.top(row) - scroll })
    }

    /// The scroll position that leaves the row where it was; none when it is gone.
    pub fn scroll(&self, keys: &[String], tops: &Tops) -> Option<f64> {
        let row = keys.iter().position(|key| *key == self.key)?;
        Some((tops.top(row) - self.below_edge).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(range: Range<usize>) -> Vec<String> {
        range.map(|n| n.to_string()).collect()
    }

    fn tops(keys: &[String], heights: &Heights) -> Tops {
        Tops::of(keys.iter().map(|key| heights.of(key)))
    }

    #[test]
    fn rows_and_space_are_as_high_as_all_rows() {
        let heights: Vec<f64> = (0..50).map(|n| 40.0 + f64::from(n % 7) * 13.0).collect();
        let tops = Tops::of(heights.iter().copied());
        for scroll in [0.0, 1.0, 399.5, 2_000.0, tops.total(), tops.total() + 500.0] {
            for held in [None, Some(0), Some(17), Some(49), Some(50)] {
                let pieces = pieces(&tops, tops.between(scroll - 100.0, scroll + 600.0), held);
                let high: f64 = pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Space(space) => *space,
                        Piece::Row(row) => heights[*row],
                    })
                    .sum();
                assert!((high - tops.total()).abs() < 0.01);
                assert!(held.is_none_or(|row| row >= 50 || pieces.contains(&Piece::Row(row))));
                assert!(pieces.len() < 25, "only what is near is in the page");
            }
        }
        assert_eq!(pieces(&Tops::of([]), 0..0, None), []);
    }

    #[test]
    fn every_point_of_the_screen_is_covered() {
        let tops = Tops::of([10.0, 0.0, 30.0, 5.0]);
        assert_eq!(
            (tops.at(-5.0), tops.at(0.0), tops.at(9.9), tops.at(10.0), tops.at(44.0), tops.at(99.0)),
            (0, 0, 0, 2, 3, 3)
        );
        assert_eq!(tops.between(5.0, 12.0), 0..3);
        assert_eq!(Tops::of([]).between(0.0, 100.0), 0..0);
    }

    #[test]
    fn a_height_is_guessed_from_the_others_until_it_is_known() {
        let mut heights = Heights::new(100.0);
        assert!((heights.of("a") - 100.0).abs() < 0.01);
        assert!(heights.set("a", 60.0) && !heights.set("a", 60.2) && heights.set("b", 100.0));
        assert!((heights.of("c") - 80.1).abs() < 0.01);
        heights.keep(&keys(0..0));
        assert!((heights.of("a") - 60.2).abs() < 0.01, "a few more than needed do no harm");
    }

    #[test]
    fn what_is_looked_at_stays_where_it_is() {
        let mut heights = Heights::new(80.0);
        let before = keys(50..100);
        let seen = tops(&before, &heights);
        let anchor = Anchor::at(&before, &seen, 1_234.0).expect("a row");
        assert_eq!(anchor.key, "65");
        // Rows come above it, and some of them turn out to be higher than guessed; others go below.
        let after = keys(0..90);
        heights.set("3", 300.0);
        heights.set("60", 20.0);
        let moved = tops(&after, &heights);
        let scroll = anchor.scroll(&after, &moved).expect("the row is still there");
        assert_eq!(Anchor::at(&after, &moved, scroll), Some(anchor.clone()));
        assert_eq!(anchor.scroll(&keys(0..10), &moved), None);
    }

    #[test]
    fn a_row_above_that_was_guessed_does_not_move_what_a_jump_led_to() {
        // Forty rows came above it, of which nobody knows how high they are.
        let all = keys(0..80);
        let mut heights = Heights::new(100.4);
        let jumped = Anchor { key: "41".to_owned(), below_edge: 0.0 };
        let guessed = tops(&all, &heights);
        let scroll = jumped.scroll(&all, &guessed).expect("the row is there").floor();
        let held = Anchor::at(&all, &guessed, scroll).expect("a row");
        assert_eq!(held.key, "41");
        heights.set("40", 180.0);
        let measured = tops(&all, &heights);
        let scroll = held.scroll(&all, &measured).expect("the row is there");
        assert!((measured.top(41) - scroll).abs() <= A_PIXEL);
    }
}
