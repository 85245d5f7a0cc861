//! The part of a timeline that is in memory: one stretch without a gap, growing at both ends, and never much longer than somebody
//! looks at.

use std::rc::Rc;
use tendenko_app_api::*;

/// Entries asked for at a time.
pub const STEP: u16 = 40;
/// Entries kept; beyond, the other end is let go.
pub const KEPT: usize = 200;

/// A stretch of a timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretch {
    /// Newest first.
    pub entries: Vec<Rc<TimelineEntry>>,
    /// There are newer ones.
    pub newer: bool,
    /// There are older ones.
    pub older: bool,
}

/// The place of an entry.
pub fn place(entry: &TimelineEntry) -> TimelineCursor {
    TimelineCursor { at: entry.at, entry: entry.id.clone() }
}

impl Stretch {
    /// A stretch that begins with a page back in time.
    pub fn from(page: Timeline, start: &TimelineStart) -> Self {
        Self {
            entries: page.entries.into_iter().map(Rc::new).collect(),
            newer: *start != TimelineStart::Newest,
            older: page.more,
        }
    }

    /// What comes next at the older end; none = nothing.
    pub fn ask_older(&self) -> Option<TimelineStart> {
        self.entries.last().filter(|_| self.older).map(|last| TimelineStart::Older(place(last)))
    }

    /// What comes next at the newer end; none = nothing.
    pub fn ask_newer(&self) -> Option<TimelineStart> {
        self.entries.first().filter(|_| self.newer).map(|first| TimelineStart::Newer(place(first)))
    }

    /// The same stretch once more, after records changed: how it begins, and how many. At the newest end what is new joins.
    pub fn ask_again(&self) -> (TimelineStart, u16) {
        let many = u16::try_from(self.entries.len()).unwrap_or(u16::MAX).clamp(STEP, KEPT as u16);
        match self.entries.first() {
            Some(first) if self.newer => (TimelineStart::At(place(first)), many),
            _ => (TimelineStart::Newest, many),
        }
    }

    /// Takes a page that was asked for by one of the others, unless the stretch is another by now.
    pub fn take(&mut self, start: &TimelineStart, page: Timeline) {
        let entries: Vec<_> = page.entries.into_iter().map(Rc::new).collect();
        if Some(start) == self.ask_older().as_ref() {
            self.entries.extend(entries);
            self.older = page.more;
            let over = self.entries.len().saturating_sub(KEPT);
            self.entries.drain(..over);
            self.newer |= over > 0;
        } else if Some(start) == self.ask_newer().as_ref() {
            self.entries.splice(0..0, entries);
            self.newer = page.more;
            self.older |= self.entries.len() > KEPT;
            self.entries.truncate(KEPT);
        } else if *start == self.ask_again().0 {
            self.entries = entries;
            self.older = page.more;
        }
    }
}

/// Above which entry the line "read up to here" stands: the first below everything that is new, unless all or nothing is.
pub fn line_above(entries: &[Rc<TimelineEntry>], unread: &[TimelineCursor]) -> Option<usize> {
    let oldest = unread.last()?;
    let line = entries.iter().position(|entry| place(entry) < *oldest)?;
    (line > 0).then_some(line)
}

/// Where the next unread entry is that is older than what can be seen; the newest one after the last.
pub fn next_unread<'a>(
    unread: &'a [TimelineCursor],
    lowest_seen: Option<&TimelineCursor>,
) -> Option<&'a TimelineCursor> {
    let below = lowest_seen.and_then(|lowest| unread.iter().find(|place| *place < lowest));
    below.or(unread.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entry `n` happened at minute `n`: the higher, the newer.
    fn entry(n: u32) -> TimelineEntry {
        TimelineEntry {
            id: EntryId(format!("{n:032x}")),
            at: Millis(i64::from(n) * 60_000),
            recorded_at: Millis(0),
            clock_offset_ms: None,
            author: AuthorView {
                member: MemberId(String::new()),
                name: String::new(),
                profession: Profession::Nurse,
                facility: String::new(),
                mine: false,
            },
            sent: Sent::Acked,
            new: false,
            read_by: Vec::new(),
            reason: None,
            earlier: Vec::new(),
            body: EntryBody::Note { text: n.to_string() },
            files: Vec::new(),
        }
    }

    /// What the shell would answer from entries `1..=newest`.
    fn answer(newest: u32, start: &TimelineStart, limit: u16) -> Timeline {
        let all: Vec<_> = (1..=newest).rev().map(entry).collect();
        let limit = usize::from(limit);
        let fits = |wanted: &dyn Fn(&TimelineCursor) -> bool| -> Vec<TimelineEntry> {
            all.iter().filter(|entry| wanted(&place(entry))).cloned().collect()
        };
        let (mut found, forward) = match start {
            TimelineStart::Newest | TimelineStart::Day(_) => (fits(&|_| true), false),
            TimelineStart::At(from) => (fits(&|place| place <= from), false),
            TimelineStart::Older(from) => (fits(&|place| place < from), false),
            TimelineStart::Newer(from) => (fits(&|place| place > from), true),
        };
        let more = found.len() > limit;
        if forward {
            found.drain(..found.len().saturating_sub(limit));
        } else {
            found.truncate(limit);
        }
        Timeline { entries: found, more }
    }

    fn numbers(stretch: &Stretch) -> Vec<i64> {
        stretch.entries.iter().map(|entry| entry.at.0 / 60_000).collect()
    }

    fn without_gap(stretch: &Stretch) {
        assert!(numbers(stretch).windows(2).all(|pair| pair[0] == pair[1] + 1), "{:?}", numbers(stretch));
        assert!(stretch.entries.len() <= KEPT);
    }

    #[test]
    fn a_stretch_grows_at_both_ends_and_has_no_gap() {
        let start = TimelineStart::At(place(&entry(500)));
        let mut stretch = Stretch::from(answer(1_000, &start, STEP), &start);
        for _ in 0..40 {
            if let Some(start) = stretch.ask_older() {
                stretch.take(&start, answer(1_000, &start, STEP));
                without_gap(&stretch);
            }
        }
        assert_eq!((numbers(&stretch).last(), stretch.older, stretch.newer), (Some(&1), false, true));
        for _ in 0..40 {
            if let Some(start) = stretch.ask_newer() {
                stretch.take(&start, answer(1_000, &start, STEP));
                without_gap(&stretch);
            }
        }
        assert_eq!((numbers(&stretch)[0], stretch.newer, stretch.older), (1_000, false, true));
    }

    #[test]
    fn what_comes_new_joins_at_the_newest_end_and_nowhere_else() {
        let mut stretch = Stretch::from(answer(100, &TimelineStart::Newest, STEP), &TimelineStart::Newest);
        let (start, many) = stretch.ask_again();
        stretch.take(&start, answer(103, &start, many));
        assert_eq!((numbers(&stretch)[0], stretch.entries.len()), (103, usize::from(STEP)));
        let start = TimelineStart::At(place(&entry(50)));
        let mut stretch = Stretch::from(answer(100, &start, STEP), &start);
        let (start, many) = stretch.ask_again();
        stretch.take(&start, answer(103, &start, many));
        assert_eq!((numbers(&stretch)[0], stretch.newer), (50, true));
    }

    #[test]
    fn an_answer_to_an_older_question_changes_nothing() {
        let mut stretch = Stretch::from(answer(100, &TimelineStart::Newest, STEP), &TimelineStart::Newest);
        let asked = stretch.ask_older().expect("there are more");
        let page = answer(100, &asked, STEP);
        stretch.take(&asked, page.clone());
        let before = stretch.clone();
        stretch.take(&asked, page);
        assert_eq!(stretch, before);
    }

    #[test]
    fn the_line_stands_below_everything_that_is_new() {
        let entries: Vec<_> = [9, 8, 7, 6, 5].map(entry).into_iter().map(Rc::new).collect();
        let unread = |numbers: &[u32]| numbers.iter().map(|n| place(&entry(*n))).collect::<Vec<_>>();
        assert_eq!(line_above(&entries, &unread(&[9, 8])), Some(2));
        // Something came late: the line is below it, or what it says would not be true.
        assert_eq!(line_above(&entries, &unread(&[9, 6])), Some(4));
        assert_eq!(line_above(&entries, &unread(&[9, 3])), None, "not on this stretch");
        assert_eq!(line_above(&entries, &unread(&[])), None);
        assert_eq!(line_above(&entries, &unread(&[12])), None, "above this stretch");
    }

    #[test]
    fn unread_entries_are_visited_downwards_and_then_from_the_top() {
        let unread: Vec<_> = [9, 6, 2].map(|n| place(&entry(n))).to_vec();
        let next = |lowest: u32| next_unread(&unread, Some(&place(&entry(lowest)))).map(|place| place.at.0 / 60_000);
        assert_eq!((next(7), next(6), next(2)), (Some(6), Some(2), Some(9)));
        assert_eq!(next_unread(&unread, None), Some(&unread[0]));
        assert_eq!(next_unread(&[], None), None);
    }
}
