//! Discovery by a folder that several tablets see: what multicast does on a network, for drills on machines that have none.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tendenko_protocol::ids::DeviceId;
use tendenko_site::discovery::{Announcement, Discovery, DiscoveryError, RegionTag, Sighting};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

/// How often the board is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// The folder.
#[derive(Debug, Clone)]
pub struct Noticeboard(pub PathBuf);

struct Running {
    task: AbortHandle,
    own: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        let _ = fs::remove_file(&self.own);
    }
}

/// What is pinned to the board.
#[derive(serde::Serialize, serde::Deserialize)]
struct Notice {
    region: RegionTag,
    device: String,
    label: String,
    port: u16,
}

impl Discovery for Noticeboard {
    fn start(
        self: Box<Self>,
        mut announce: watch::Receiver<Option<Announcement>>,
        seen: mpsc::Sender<Sighting>,
    ) -> Result<Box<dyn Send + Sync>, DiscoveryError> {
        fs::create_dir_all(&self.0).map_err(|error| DiscoveryError(error.to_string()))?;
        let own = self.0.join(std::process::id().to_string());
        let (board, pinned) = (self.0, own.clone());
        let task = tokio::spawn(async move {
            let mut there = BTreeSet::new();
            let mut every = tokio::time::interval(LOOK);
            loop {
                tokio::select! {
                    _ = every.tick() => look(&board, &mut there, &seen).await,
                    Ok(()) = announce.changed() => {
                        let said = announce.borrow_and_update().clone();
                        pin(&pinned, said);
                    }
                }
            }
        });
        Ok(Box::new(Running { task: task.abort_handle(), own }))
    }
}

fn pin(at: &Path, announcement: Option<Announcement>) {
    let Some(said) = announcement else {
        let _ = fs::remove_file(at);
        return;
    };
    let Announcement { region, device, label, port } = said;
    let notice = Notice { region, device: device.to_string(), label, port };
    let staged = at.with_extension("new");
    let written = serde_json::to_vec(&notice)
        .map_err(std::io::Error::other)
        .and_then(|bytes| fs::write(&staged, bytes))
        .and_then(|()| fs::rename(&staged, at));
    if let Err(error) = written {
        tracing::error!(%error, "nothing could be pinned to the board");
    }
}

async fn look(board: &Path, there: &mut BTreeSet<DeviceId>, seen: &mpsc::Sender<Sighting>) {
    let mut now = BTreeSet::new();
    for entry in fs::read_dir(board).into_iter().flatten().flatten() {
        let notice = fs::read(entry.path()).ok().and_then(|bytes| serde_json::from_slice::<Notice>(&bytes).ok());
        let Some(Notice { region, device, label, port }) = notice else { continue };
        let Ok(device) = device.parse() else { continue };
        now.insert(device);
        if !there.contains(&device) {
            let addresses = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))];
            let _ = seen.send(Sighting::Here { region, device, label, addresses }).await;
        }
    }
    for device in there.difference(&now) {
        let _ = seen.send(Sighting::Gone { device: *device }).await;
    }
    *there = now;
}
