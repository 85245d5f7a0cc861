//! Chunks of attachments in the tests' tablets and relays.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use tendenko_protocol::chunk::{ChunkPlace, ChunkVerdict, Holding, ReceivedChunk, SealedChunk, admit_chunk};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{AttachmentId, ChunkId, DeviceId, PatientId};
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::trust::TrustStore;

use super::Region;

/// Chunks that a tablet or relay holds.
#[derive(Clone, Default)]
pub struct Chunks {
    pub held: BTreeMap<ChunkId, Vec<u8>>,
    /// Made here, and acked by nobody.
    pub unsent: BTreeSet<ChunkId>,
    /// What somebody wants to look at, in order; true: said to be absent.
    pub wanted: Vec<(ChunkId, bool)>,
    /// How often each came.
    pub came: BTreeMap<ChunkId, usize>,
    pub changed: bool,
}

impl Chunks {
    pub fn take(&mut self, bytes: Vec<u8>, trust: &TrustStore) -> Result<bool, RejectReason> {
        *self.came.entry(ChunkId::of(&bytes)).or_default() += 1;
        match admit_chunk(bytes, trust, |id| Ok::<_, Infallible>(self.held.contains_key(id))).unwrap() {
            ChunkVerdict::Accept(chunk) => {
                self.wanted.retain(|(wanted, _)| *wanted != chunk.id());
                self.held.insert(chunk.id(), chunk.into_bytes());
                Ok(true)
            }
            ChunkVerdict::Known(_) => Ok(false),
            ChunkVerdict::Reject(reason) => Err(reason),
        }
    }

    pub fn to_ask(&self) -> Vec<ChunkId> {
        self.wanted.iter().filter(|(_, absent)| !absent).map(|(id, _)| *id).collect()
    }

    pub fn holdings(&self) -> Vec<Holding> {
        let mut places: BTreeMap<(DeviceId, AttachmentId), Vec<u32>> = BTreeMap::new();
        for (id, bytes) in &self.held {
            if !self.unsent.contains(id) {
                let (device, place) = header(bytes);
                places.entry((device, place.attachment)).or_default().push(place.index);
            }
        }
        places.into_iter().map(|((device, attachment), places)| Holding::new(device, attachment, &places)).collect()
    }

    pub fn lacking(&self, offered: Vec<Holding>) -> Vec<Holding> {
        let held = |offer: &Holding| {
            let of = |bytes: &Vec<u8>| {
                let (device, place) = header(bytes);
                ((device, place.attachment) == (offer.device, offer.attachment)).then_some(place.index)
            };
            self.held.values().filter_map(of).collect::<Vec<_>>()
        };
        let rest = offered.into_iter().map(|offer| {
            let held = held(&offer);
            offer.without(held)
        });
        rest.filter(|rest| !rest.is_empty()).collect()
    }

    /// One piece at a time.
    pub fn pieces(&self, mut lacking: Vec<Holding>) -> (Vec<Vec<u8>>, Vec<Holding>) {
        while let Some(holding) = lacking.first_mut() {
            let Some(place) = holding.first() else {
                lacking.remove(0);
                continue;
            };
            holding.remove(place);
            let wanted = (holding.device, holding.attachment, place);
            let is_it = |bytes: &&Vec<u8>| {
                let (device, place) = header(bytes);
                (device, place.attachment, place.index) == wanted
            };
            if let Some(found) = self.held.values().find(is_it) {
                return (vec![found.clone()], lacking);
            }
        }
        (Vec::new(), lacking)
    }
}

pub fn header(bytes: &[u8]) -> (DeviceId, ChunkPlace) {
    let header = *ReceivedChunk::new(bytes.to_vec()).unwrap().parse().unwrap().header();
    (header.device, header.place)
}

pub fn patient_of(bytes: &[u8]) -> PatientId {
    header(bytes).1.patient
}

impl Region {
    /// `tablet` attaches a photo of so many chunks to a patient's chart, and says in the chart what it is. Returns the ids.
    pub fn attach(&mut self, tablet: usize, patient: usize, total: u32) -> Vec<ChunkId> {
        let of = &self.patients[patient];
        let writer = &mut self.tablets[tablet];
        if !writer.trust.granted(writer.device(), of.id(), Scope::Chart) {
            return Vec::new();
        }
        let attachment = AttachmentId::generate(&self.rng).unwrap();
        let mut ids = Vec::new();
        for index in 0..total {
            let place = ChunkPlace { patient: of.id(), attachment, index, total };
            let content = vec![index as u8; 40_000];
            let chunk = SealedChunk::seal(&self.rng, &writer.keys, of.key(Scope::Chart), place, &content).unwrap();
            ids.push(chunk.id());
            writer.chunks.unsent.insert(chunk.id());
            writer.chunks.held.insert(chunk.id(), chunk.bytes().to_vec());
            writer.depart(Item::Chunk(chunk.into_bytes()));
        }
        self.write(tablet, patient, 1);
        ids
    }

    /// Somebody at `tablet` wants to look at these.
    pub fn want(&mut self, tablet: usize, ids: &[ChunkId]) {
        let chunks = &mut self.tablets[tablet].chunks;
        for id in ids.iter().filter(|id| !chunks.held.contains_key(id)) {
            chunks.wanted.retain(|(wanted, _)| wanted != id);
            chunks.wanted.push((*id, false));
        }
        chunks.changed = true;
    }

    /// How often `tablet` was sent each of these chunks.
    pub fn came(&self, tablet: usize, ids: &[ChunkId]) -> Vec<usize> {
        let came = &self.tablets[tablet].chunks.came;
        ids.iter().map(|id| came.get(id).copied().unwrap_or_default()).collect()
    }
}
