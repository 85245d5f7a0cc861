//! Who, when and why.

use tendenko_app_api as api;
use tendenko_crdt::{Author, Profession, Stamp, Timestamp, Written};

/// Knows who is looking, so that their own entries can be told from others'.
pub struct Viewer {
    /// The member at work, 32 hexadecimal digits.
    pub member: String,
}

impl Viewer {
    /// An author.
    pub fn author(&self, author: &Author) -> api::AuthorView {
        api::AuthorView {
            member: api::MemberId(author.member.clone()),
            name: author.name.clone(),
            profession: profession(&author.profession),
            facility: author.facility.clone(),
            mine: author.member == self.member,
        }
    }

    /// Who has read something, in the order in which they did.
    pub fn readers(&self, stamps: &[Stamp]) -> Vec<api::ReadBy> {
        stamps.iter().map(|stamp| api::ReadBy { author: self.author(&stamp.author), at: millis(stamp.at) }).collect()
    }

    /// Author, time and reason of a value.
    pub fn written<T>(&self, written: &Written<T>) -> api::WrittenView {
        self.stamp(&written.stamp, written.reason.as_deref())
    }

    /// Author, time and reason.
    pub fn stamp(&self, stamp: &Stamp, reason: Option<&str>) -> api::WrittenView {
        api::WrittenView {
            author: self.author(&stamp.author),
            at: millis(stamp.at),
            clock_offset_ms: stamp.clock_offset_ms,
            reason: reason.map(str::to_owned),
        }
    }
}

/// A moment.
pub fn millis(at: Timestamp) -> api::Millis {
    api::Millis(at.0)
}

/// A profession for the screen.
pub fn profession(profession: &Profession) -> api::Profession {
    match profession {
        Profession::Physician => api::Profession::Physician,
        Profession::Dentist => api::Profession::Dentist,
        Profession::Pharmacist => api::Profession::Pharmacist,
        Profession::Nurse => api::Profession::Nurse,
        Profession::CareManager => api::Profession::CareManager,
        Profession::Helper => api::Profession::Helper,
        Profession::Therapist => api::Profession::Therapist,
        Profession::Dietitian => api::Profession::Dietitian,
        Profession::Liaison => api::Profession::Liaison,
        Profession::Municipality => api::Profession::Municipality,
        Profession::Secretariat => api::Profession::Secretariat,
        Profession::Other(words) => api::Profession::Other(words.clone()),
    }
}

/// A profession for the record.
pub fn profession_of(profession: api::Profession) -> Profession {
    match profession {
        api::Profession::Physician => Profession::Physician,
        api::Profession::Dentist => Profession::Dentist,
        api::Profession::Pharmacist => Profession::Pharmacist,
        api::Profession::Nurse => Profession::Nurse,
        api::Profession::CareManager => Profession::CareManager,
        api::Profession::Helper => Profession::Helper,
        api::Profession::Therapist => Profession::Therapist,
        api::Profession::Dietitian => Profession::Dietitian,
        api::Profession::Liaison => Profession::Liaison,
        api::Profession::Municipality => Profession::Municipality,
        api::Profession::Secretariat => Profession::Secretariat,
        api::Profession::Other(words) => Profession::Other(words),
    }
}
