//! How many wrong tries each staff member has made, and until when the next one must wait.
//!
//! One fixed-size entry per member, rewritten in place: it needs no free space, and a torn write spoils
//! only the entry, which then counts as [`AFTER_DAMAGE`] tries. The wait is bounded by the tries themselves, so a clock
//! that was moved back can neither lock anyone out nor let anyone skip it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tendenko_crdt::Timestamp;
use tendenko_protocol::ids::MemberId;

use crate::files;

const ENTRY: usize = 32;
const MAX_STAFF: usize = 64;
const AFTER_DAMAGE: u32 = 6;
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// The try counters of one tablet.
#[derive(Debug)]
pub(crate) struct Tries {
    path: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    member: MemberId,
    wrong: u32,
    not_before: i64,
}

impl Tries {
    /// Reads the counters; a missing file means nobody has tried yet.
    pub(crate) fn read(dir: &Path) -> std::io::Result<Self> {
        let path = dir.join(files::TRIES);
        let bytes = match files::read_bounded(&path, (ENTRY * MAX_STAFF) as u64) {
            Ok(bytes) => bytes,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(other) => return Err(other),
        };
        let entries = bytes.chunks_exact(ENTRY).map(Entry::from_bytes).collect();
        Ok(Self { path, entries })
    }

    /// How long `member` must still wait. A wait longer than the tries allow (the clock was set back) is cut to what
    /// they allow, counted from now.
    pub(crate) fn wait(&mut self, member: MemberId, now: Timestamp) -> std::io::Result<Duration> {
        let Some(index) = self.entries.iter().position(|e| e.member == member) else {
            return Ok(Duration::ZERO);
        };
        let entry = &mut self.entries[index];
        let left = u64::try_from(entry.not_before.saturating_sub(now.0)).unwrap_or(0);
        let allowed = wait_after(entry.wrong);
        let left = Duration::from_millis(left);
        if left <= allowed {
            return Ok(left);
        }
        entry.not_before = later(now, allowed);
        self.store(index)?;
        Ok(allowed)
    }

    /// Counts a try as wrong, durably, before it is known to be; returns the wait it costs.
    pub(crate) fn count(&mut self, member: MemberId, now: Timestamp) -> std::io::Result<Duration> {
        let index = match self.entries.iter().position(|e| e.member == member) {
            Some(index) => index,
            None => {
                self.entries.push(Entry { member, wrong: 0, not_before: 0 });
                self.entries.len() - 1
            }
        };
        let entry = &mut self.entries[index];
        entry.wrong = entry.wrong.saturating_add(1);
        let wait = wait_after(entry.wrong);
        entry.not_before = later(now, wait);
        self.store(index)?;
        Ok(wait)
    }

    /// The secret was right: the member starts again from nothing.
    pub(crate) fn clear(&mut self, member: MemberId) -> std::io::Result<()> {
        let Some(index) = self.entries.iter().position(|e| e.member == member) else {
            return Ok(());
        };
        self.entries[index] = Entry { member, wrong: 0, not_before: 0 };
        self.store(index)
    }

    fn store(&self, index: usize) -> std::io::Result<()> {
        files::overwrite(&self.path, (index * ENTRY) as u64, &self.entries[index].to_bytes())
    }
}

impl Entry {
    fn to_bytes(self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        bytes[..16].copy_from_slice(self.member.as_bytes());
        bytes[16..20].copy_from_slice(&self.wrong.to_be_bytes());
        bytes[20..28].copy_from_slice(&self.not_before.to_be_bytes());
        let check = check(&bytes[..28]);
        bytes[28..].copy_from_slice(&check);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let mut member = [0; 16];
        member.copy_from_slice(&bytes[..16]);
        let mut wrong = [0; 4];
        wrong.copy_from_slice(&bytes[16..20]);
        let mut not_before = [0; 8];
        not_before.copy_from_slice(&bytes[20..28]);
        let member = MemberId(member);
        if check(&bytes[..28]) == bytes[28..] {
            Self { member, wrong: u32::from_be_bytes(wrong), not_before: i64::from_be_bytes(not_before) }
        } else {
            Self { member, wrong: AFTER_DAMAGE, not_before: 0 }
        }
    }
}

fn check(bytes: &[u8]) -> [u8; 4] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut check = [0; 4];
    check.copy_from_slice(&digest.as_ref()[..4]);
    check
}

/// 1 s after the first wrong try, doubling, at most a quarter of an hour.
fn wait_after(wrong: u32) -> Duration {
    match wrong {
        0 => Duration::ZERO,
        n => Duration::from_secs(1 << (n - 1).min(20)).min(LONGEST_WAIT),
    }
}

fn later(now: Timestamp, wait: Duration) -> i64 {
    now.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: MemberId = MemberId([7; 16]);

    #[test]
    fn waits_double_and_survive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp(1_000_000);
        for expected in [1, 2, 4, 8] {
            let wait = Tries::read(dir.path()).unwrap().count(MEMBER, now).unwrap();
            assert_eq!(wait, Duration::from_secs(expected));
        }
        let mut tries = Tries::read(dir.path()).unwrap();
        assert_eq!(tries.wait(MEMBER, now).unwrap(), Duration::from_secs(8));
        assert_eq!(tries.wait(MEMBER, Timestamp(now.0 + 8_000)).unwrap(), Duration::ZERO);
        tries.clear(MEMBER).unwrap();
        assert_eq!(Tries::read(dir.path()).unwrap().wait(MEMBER, now).unwrap(), Duration::ZERO);
    }

    #[test]
    fn a_clock_set_back_a_year_neither_locks_out_nor_forgives() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp(40_000_000_000);
        Tries::read(dir.path()).unwrap().count(MEMBER, now).unwrap();
        let earlier = Timestamp(1_000);
        let mut tries = Tries::read(dir.path()).unwrap();
        assert_eq!(tries.wait(MEMBER, earlier).unwrap(), Duration::from_secs(1));
        assert_eq!(tries.wait(MEMBER, Timestamp(earlier.0 + 1_000)).unwrap(), Duration::ZERO);
    }

    #[test]
    fn the_wait_is_bounded_and_a_spoiled_entry_still_slows() {
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
        let dir = tempfile::tempdir().unwrap();
        let mut tries = Tries::read(dir.path()).unwrap();
        tries.count(MEMBER, Timestamp(0)).unwrap();
        tries.clear(MEMBER).unwrap();
        files::overwrite(&dir.path().join(files::TRIES), 17, &[9]).unwrap();
        let mut tries = Tries::read(dir.path()).unwrap();
        assert_eq!(tries.count(MEMBER, Timestamp(0)).unwrap(), wait_after(AFTER_DAMAGE + 1));
    }
}
