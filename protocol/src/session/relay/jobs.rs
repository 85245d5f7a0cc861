//! What a lane has to send outside the order of arrival.

use std::collections::{BTreeMap, VecDeque};

use crate::chunk::Holding;
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{ArrivalNo, ChunkId, PatientId};
use crate::messages::{Backfill, Buckets, Coverage, Item, Set, Summary};
use crate::record::Header;
use crate::session::sums::Entries;

/// Something to send outside the order of arrival.
#[derive(Debug)]
pub(super) enum Job {
    /// What is held here, summed up.
    Sums(Summing),
    /// Statements of some buckets. Not before the tablet's own statements are committed: a grant among them may let it see more.
    Statements { after: ArrivalNo, barrier: u64, buckets: Buckets },
    /// What of a scope the stream does not bring.
    Fill(Fill),
    /// What the stream would bring of a patient's charts, before it does. `None`: from where the stream is when its turn comes.
    Ahead { patient: PatientId, after: Option<ArrivalNo> },
    /// An answer to vectors.
    Compare(Compare),
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
pub(super) struct Fill {
    pub(super) patient: PatientId,
    pub(super) scope: Scope,
    /// What the tablet has of it.
    pub(super) has: BTreeMap<DocumentId, Vector>,
    pub(super) after: ArrivalNo,
    /// How far it goes; known when its turn comes.
    pub(super) through: Option<Through>,
}

/// Up to where the stream has brought nothing of a scope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Through {
    /// No record.
    pub(super) records: ArrivalNo,
    /// No grant.
    pub(super) grants: ArrivalNo,
}

impl Fill {
    pub(super) fn new(scope: Backfill) -> Self {
        let Backfill { patient, scope, has } = scope;
        Self { patient, scope, has: has.into_iter().collect(), after: ArrivalNo::NONE, through: None }
    }

    /// Where there is nothing more to be read.
    pub(super) fn end(&self) -> Option<ArrivalNo> {
        self.through.map(|through| through.records.max(through.grants))
    }

    /// Is it neither in the stream nor with the tablet?
    pub(super) fn lacks(&self, arrival: ArrivalNo, item: &Item) -> bool {
        match (self.through, item) {
            (Some(through), Item::Statement(_)) => arrival <= through.grants,
            (Some(through), Item::Record(bytes)) if arrival <= through.records => {
                let known = Header::of(bytes).and_then(|header| {
                    let known = self.has.get(&header.document)?.get(header.device, header.incarnation);
                    Some(header.seq <= known)
                });
                known != Some(true)
            }
            _ => false,
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
