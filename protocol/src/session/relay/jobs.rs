//! What a lane has to send outside the order of arrival.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::cards::Ahead;
use super::checkpoints::Checkpoints;
use super::filling::Fill;
use crate::chunk::Holding;
use crate::document::{DocumentId, LogId, Vector};
use crate::ids::{ArrivalNo, ChunkId, PatientId, Print};
use crate::messages::{Buckets, Coverage, Set, Summary};
use crate::session::sums::Entries;

/// Something to send outside the order of arrival.
#[derive(Debug)]
pub(super) enum Job {
    /// What is held here, summed up.
    Sums(Summing),
    /// Statements of some buckets. Not before the tablet's own statements are committed: a grant among them may let it see more.
    Statements { after: ArrivalNo, barrier: u64, buckets: Buckets },
    /// Cards that go ahead of the stream.
    Cards(Ahead),
    /// Checkpoints of charts.
    Checkpoints(Checkpoints),
    /// Everything of a scope that the tablet does not have.
    Fill(Fill),
    /// What the stream would bring of a patient's charts, before it does. `None`: from where the stream is when its turn comes.
    Ahead { patient: PatientId, after: Option<ArrivalNo> },
    /// An answer to vectors.
    Compare(Compare),
    /// An answer to twins.
    Twins(Twins),
    /// Chunks of attachments that were asked for.
    Want(VecDeque<ChunkId>),
    /// What of this is lacking here?
    Offer(Vec<Holding>),
}

impl Job {
    /// Whose records it brings, if it is about one patient.
    pub(super) fn patient(&self) -> Option<PatientId> {
        match self {
            Job::Fill(Fill { patient, .. }) | Job::Ahead { patient, .. } => Some(*patient),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Summing {
    /// What the tablet has.
    pub(super) theirs: BTreeMap<Set, Summary>,
    pub(super) ours: BTreeMap<Set, Entries>,
    /// Last statement read; `None`: documents are read.
    pub(super) statements_after: Option<ArrivalNo>,
    pub(super) documents_after: Option<DocumentId>,
    /// Items of the cards lane pushed before it, which are to be committed first.
    pub(super) barrier: u64,
}

#[derive(Debug)]
pub(super) struct Compare {
    /// What is still to be read.
    pub(super) coverage: Coverage,
    /// And of that, only this.
    pub(super) only: Option<(Set, Buckets)>,
    pub(super) theirs: BTreeMap<DocumentId, Vector>,
    /// Documents of which the tablet lacks something, with what it has.
    pub(super) lacking: Vec<(DocumentId, Vector)>,
    /// There are more documents to read.
    pub(super) more: bool,
    /// Items of the cards lane pushed before it, which are to be committed first.
    pub(super) barrier: u64,
}

/// A log of which two histories exist.
#[derive(Debug)]
pub(super) struct Twins {
    pub(super) log: LogId,
    /// What the tablet knows; once what is here was read, what of it is not here.
    pub(super) theirs: BTreeSet<Print>,
    /// What is here and not there, once it was read: still to be sent.
    pub(super) sending: Option<BTreeSet<Print>>,
    /// Items of the cards lane pushed before it, which are to be committed first.
    pub(super) barrier: u64,
}
