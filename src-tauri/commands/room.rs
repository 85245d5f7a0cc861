//! 空き容量. The whole disk's, because whatever fills it keeps records from being saved.

use std::path::Path;

use tendenko_app_api::{self as api, Room};

use super::Answer;
use crate::error::storing;
use crate::tablet::{Desk, Tablet};

/// So much room is kept for text inside the store while the disk has little.
const FOR_TEXT: u64 = 32 << 20;

pub async fn get(tablet: &Tablet, _: api::GetRoom) -> Answer<api::GetRoom> {
    let directory = tablet.directory.clone();
    tablet.work(move |desk| of(desk, &directory)).await
}

fn of(desk: &Desk, directory: &Path) -> Answer<api::GetRoom> {
    let free = fs4::available_space(directory)
        .inspect_err(|error| tracing::warn!(%error, "free space cannot be found out"))
        .ok();
    let room = Room { free };
    if room.is_low() {
        let storage = desk.replica.attachment_storage().map_err(|error| storing(&error))?;
        if storage.bytes > storage.unsent_bytes {
            desk.replica.release_local_copies(FOR_TEXT).map_err(|error| storing(&error))?;
        }
    }
    Ok(room)
}
