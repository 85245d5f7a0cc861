//! Pieces of attachments that somebody asked this relay for, that are not here, and that the upstream may have.
//!
//! ```text
//! a tablet wants a chunk → not here → an errand → the upstream's session asks for it → it comes, and is stored → the tablet's answer
//! ```
//! While an errand runs, the tablet's answer waits; tablets have few wants under way at once, so nothing piles up behind it. It ends when the
//! chunk is here (whoever brought it), when the upstream says that it has none either, when the link up ends, or after [`PATIENCE`]: two
//! relays above each other would otherwise wait for each other for ever. Without a link up there are no errands: what is not here is absent.
//!
//! What comes is stored like anything from the upstream, within the share of its author. Who may have it is asked when it is here, as for
//! every chunk: an id alone says nothing about whose it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tendenko_protocol::ids::ChunkId;
use tokio::sync::watch;

/// How long a tablet waits for a piece from above: a few of them over a very thin link.
const PATIENCE: Duration = Duration::from_secs(120);
/// Errands at once. What more is wanted is absent, and asked for again later.
const MOST: usize = 1_024;

/// How an errand stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Running,
    /// It is here.
    Come,
    /// Nobody above has it.
    Absent,
}

#[derive(Debug)]
struct Errand {
    standing: Standing,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Inner {
    /// There is a link up.
    open: bool,
    errands: BTreeMap<ChunkId, Errand>,
}

/// The errands of a relay. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Errands {
    inner: Arc<Mutex<Inner>>,
    version: watch::Sender<u64>,
}

impl Default for Errands {
    fn default() -> Self {
        Self { inner: Arc::default(), version: watch::Sender::new(0) }
    }
}

impl Errands {
    /// Fetches these from above. Returns when the first of them is here (or will not be): true if it is here.
    pub(super) async fn fetch(&self, chunks: &[ChunkId]) -> bool {
        let Some(first) = chunks.first() else { return false };
        let mut changes = self.version.subscribe();
        let Some(waiting) = self.run(chunks) else { return false };
        let come = async {
            loop {
                match waiting.standing(first) {
                    Standing::Running => {}
                    Standing::Come => return true,
                    Standing::Absent => return false,
                }
                if changes.changed().await.is_err() {
                    return false;
                }
            }
        };
        tokio::time::timeout(PATIENCE, come).await.unwrap_or(false)
    }

    fn run(&self, chunks: &[ChunkId]) -> Option<Waiting> {
        let mut inner = self.lock();
        if !inner.open || inner.errands.len() + chunks.len() > MOST {
            return None;
        }
        for chunk in chunks {
            let errand = inner.errands.entry(*chunk).or_insert(Errand { standing: Standing::Running, waiting: 0 });
            errand.waiting += 1;
        }
        drop(inner);
        self.changed();
        Some(Waiting { errands: self.clone(), chunks: chunks.to_vec() })
    }

    /// There is a link up, or there is none any more: then nothing comes.
    pub(crate) fn open(&self, open: bool) {
        let mut inner = self.lock();
        inner.open = open;
        if !open {
            for errand in inner.errands.values_mut().filter(|errand| errand.standing == Standing::Running) {
                errand.standing = Standing::Absent;
            }
        }
        drop(inner);
        self.changed();
    }

    /// What is to be asked for above.
    pub(crate) fn wanted(&self) -> Vec<ChunkId> {
        let inner = self.lock();
        let running = inner.errands.iter().filter(|(_, errand)| errand.standing == Standing::Running);
        running.map(|(chunk, _)| *chunk).collect()
    }

    /// These are here now.
    pub(crate) fn come(&self, chunks: impl IntoIterator<Item = ChunkId>) {
        self.stand(chunks, Standing::Come);
    }

    /// The upstream has none of these, or they could not be taken.
    pub(crate) fn absent(&self, chunks: impl IntoIterator<Item = ChunkId>) {
        self.stand(chunks, Standing::Absent);
    }

    /// Told of every change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn stand(&self, chunks: impl IntoIterator<Item = ChunkId>, standing: Standing) {
        let mut inner = self.lock();
        let mut any = false;
        for chunk in chunks {
            if let Some(errand) = inner.errands.get_mut(&chunk) {
                errand.standing = standing;
                any = true;
            }
        }
        drop(inner);
        if any {
            self.changed();
        }
    }

    fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody waits; an errand for which nobody waits any more is over.
struct Waiting {
    errands: Errands,
    chunks: Vec<ChunkId>,
}

impl Waiting {
    fn standing(&self, chunk: &ChunkId) -> Standing {
        self.errands.lock().errands.get(chunk).map_or(Standing::Absent, |errand| errand.standing)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut inner = self.errands.lock();
        for chunk in &self.chunks {
            if let Some(errand) = inner.errands.get_mut(chunk) {
                errand.waiting -= 1;
                if errand.waiting == 0 {
                    inner.errands.remove(chunk);
                }
            }
        }
        drop(inner);
        self.errands.changed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(byte: u8) -> ChunkId {
        ChunkId([byte; 32])
    }

    #[tokio::test]
    async fn an_errand_ends_with_the_piece_with_its_absence_or_with_the_link() {
        let errands = Errands::default();
        assert!(!errands.fetch(&[chunk(1)]).await, "no link up");
        errands.open(true);
        let fetch = |first: u8| {
            let errands = errands.clone();
            tokio::spawn(async move { errands.fetch(&[chunk(first), chunk(9)]).await })
        };
        let (one, again, two, three) = (fetch(1), fetch(1), fetch(2), fetch(3));
        let mut changes = errands.changes();
        while errands.wanted() != [1, 2, 3, 9].map(chunk) {
            changes.changed().await.unwrap();
        }
        errands.come([chunk(1), chunk(7)]);
        assert!(one.await.unwrap() && again.await.unwrap());
        errands.absent([chunk(2)]);
        assert!(!two.await.unwrap());
        errands.open(false);
        assert!(!three.await.unwrap());
        assert!(errands.wanted().is_empty() && errands.lock().errands.is_empty());
    }

    #[tokio::test]
    async fn who_leaves_waits_no_more() {
        let errands = Errands::default();
        errands.open(true);
        let waiting = errands.run(&[chunk(1)]).unwrap();
        let other = errands.run(&[chunk(1), chunk(2)]).unwrap();
        drop(other);
        assert_eq!(errands.wanted(), [chunk(1)]);
        drop(waiting);
        assert!(errands.wanted().is_empty());
    }
}
