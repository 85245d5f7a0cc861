//! A walk with a colleague: the nurse's window, and the pharmacist's tablet beside it, over a real relay.

use std::path::Path;

use super::desktop::SCREEN;
use super::{Desktop, Walk, WindowError};
use crate::region::RegionFailure;
use crate::scene::Scene;
use crate::tablet::RemoteTablet;

/// Makes the scene, brings relay and tablets up, opens the nurse's desktop and plays; true when every step passed. Pictures go to `pictures`.
pub async fn play(
    pictures: &Path,
    first_step: &str,
    scene: impl FnOnce() -> Result<Scene, RegionFailure>,
    in_the_window: impl AsyncFnOnce(&mut Walk, &Desktop, &Scene, &mut RemoteTablet) -> Result<(), WindowError>,
) -> bool {
    let mut walk = Walk::new(pictures);
    walk.step(first_step);
    let scene = match scene() {
        Ok(scene) => scene,
        Err(error) => return walk.end(Err(WindowError::Scene(error)), None),
    };
    let outcome = async {
        let _relay = scene.relay()?;
        drop(scene.start_online(&scene.nurse)?);
        let mut pharmacist = scene.start_online(&scene.pharmacist)?;
        let desktop = Desktop::start(SCREEN, &scene.nurse.dir, &pictures.join("logs"))?;
        let played = in_the_window(&mut walk, &desktop, &scene, &mut pharmacist).await;
        Ok((desktop, played))
    }
    .await;
    match outcome {
        Ok((desktop, played)) => walk.end(played, Some(&desktop)),
        Err(error) => walk.end(Err(error), None),
    }
}
