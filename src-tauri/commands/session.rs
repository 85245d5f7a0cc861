//! State of the tablet, unlock, lock.

use std::path::Path;
use std::sync::Arc;

use tendenko_app_api::{self as api, ApiError, AppState, ErrorCode};
use tendenko_protocol::ids::MemberId;
use tendenko_replica::recovery::recover;
use tendenko_replica::{Clock, Replica, UnlockError};

use super::Answer;
use crate::error;
use crate::tablet::{Desk, Tablet, blocking};
use crate::views::people::{millis, profession};

/// Marks a demonstration tablet and holds its secret, which is no secret.
const DEMONSTRATION: &str = "demonstration";

pub async fn status(tablet: &Tablet, _: api::GetStatus) -> Answer<api::GetStatus> {
    let desk = tablet.desk();
    let (directory, now, damage) = (tablet.directory.clone(), millis(tablet.clock.now()), tablet.damage());
    blocking(move || {
        let (staff, damage) = match Replica::staff(&directory) {
            Ok(staff) => (staff, damage),
            Err(UnlockError::Damaged(_)) => {
                (Vec::new(), Some(AppState::Damaged { copy_kept: false, recovered: false }))
            }
            Err(error) => return Err(error::unlocking(&error)),
        };
        let demo_secret = demo_secret(&directory);
        Ok(api::AppStatus {
            state: match (&desk, damage) {
                (Some(_), _) => AppState::Unlocked,
                (None, Some(damaged)) => damaged,
                (None, None) if staff.is_empty() => AppState::NotEnrolled,
                (None, None) => AppState::Locked { wait_seconds: 0 },
            },
            staff: staff
                .into_iter()
                .map(|tile| api::StaffTile {
                    member: api::MemberId(tile.member.to_string()),
                    name: tile.name,
                    profession: profession(&tile.profession),
                })
                .collect(),
            me: desk.as_deref().map(me),
            demo: demo_secret.is_some(),
            demo_secret,
            region: desk.as_deref().map(|desk| desk.replica.region_name().to_owned()),
            tablet: desk.as_deref().and_then(label),
            now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    })
    .await
}

pub async fn unlock(tablet: &Tablet, args: api::Unlock) -> Answer<api::Unlock> {
    let member: MemberId = args.member.0.parse().map_err(|_| ApiError::new(ErrorCode::NotEnrolled))?;
    tablet.close().await;
    let (directory, clock) = (tablet.directory.clone(), tablet.clock.clone());
    let (opened, damage) = blocking(move || Ok(open_or_recover(&directory, member, &args.secret, clock))).await?;
    tablet.set_damage(damage);
    match opened {
        Ok(replica) => {
            tracing::info!("unlocked");
            Ok(me(&tablet.open(replica)))
        }
        Err(refusal) => {
            let refusal = error::unlocking(&refusal);
            tracing::info!(code = refusal.code.as_str(), "not unlocked");
            Err(refusal)
        }
    }
}

/// Opens the store. A damaged one is recovered as far as that goes, and the person is told before they go on: the next
/// try opens what was saved, and sync brings the rest.
fn open_or_recover(
    directory: &Path,
    member: MemberId,
    secret: &str,
    clock: Arc<dyn Clock>,
) -> (Result<Replica, UnlockError>, Option<AppState>) {
    let opened = Replica::unlock_with(directory, member, secret, clock.clone());
    let Err(UnlockError::Damaged(_)) = opened else { return (opened, None) };
    match recover(directory, member, secret, clock.now()) {
        Ok(_) => (opened, None),
        Err(error) => {
            tracing::error!(%error, "the store is damaged and could not be recovered");
            (opened, Some(AppState::Damaged { copy_kept: false, recovered: false }))
        }
    }
}

pub async fn lock(tablet: &Tablet, _: api::Lock) -> Answer<api::Lock> {
    tablet.close().await;
    tracing::info!("locked");
    Ok(())
}

fn me(desk: &Desk) -> api::Me {
    let me = desk.replica.me();
    api::Me {
        member: api::MemberId(me.member.to_string()),
        name: me.name.clone(),
        profession: profession(&me.profession),
        facility: me.facility.clone(),
        evacuation_site: desk.replica.trust().device(me.device).is_some_and(|device| device.evacuation_site),
    }
}

fn label(desk: &Desk) -> Option<String> {
    Some(desk.replica.trust().device(desk.replica.device_id())?.label.clone())
}

/// The secret of a demonstration tablet; none on a real one.
fn demo_secret(directory: &Path) -> Option<String> {
    let secret = std::fs::read_to_string(directory.join(DEMONSTRATION)).ok()?;
    Some(secret.trim().to_owned())
}
