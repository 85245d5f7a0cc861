//! The sync line.

use tendenko_app_api as api;
use tendenko_replica::{DataUse, SyncPath, SyncState, SyncStatus};

use super::people::millis;

/// How the exchange with the relay stands.
pub fn status(status: &SyncStatus) -> api::SyncView {
    api::SyncView {
        state: match status.state {
            SyncState::Offline => api::SyncState::Offline,
            // Trying again every while is how being offline works, and no news.
            SyncState::Connecting if status.last_error.is_some() => api::SyncState::Offline,
            SyncState::Connecting => api::SyncState::Connecting,
            SyncState::Sending { done, total } => api::SyncState::Sending { done: count(done), total: count(total) },
            SyncState::Receiving { done, total } => {
                api::SyncState::Receiving { done: count(done), total: (total > 0).then(|| count(total)) }
            }
            SyncState::Idle => api::SyncState::Idle,
        },
        unsent: count(status.unsent),
        last_contact: status.last_contact.map(millis),
        clock_offset_ms: status.clock_offset_ms,
        relay: status.relay.clone(),
        rejected: count(status.rejected),
        problem: match &status.misbehaving {
            Some(_) => Some(api::SyncProblem::Misbehaves),
            None => status.last_error.as_deref().map(problem),
        },
        path: status.path.map(|path| match path {
            SyncPath::Hub => api::SyncPath::Hub,
            SyncPath::Edge => api::SyncPath::Edge,
            SyncPath::Tablet => api::SyncPath::Tablet,
            SyncPath::Courier => api::SyncPath::Courier,
        }),
        patients: api::PatientsHere {
            complete: count(status.patients_complete),
            known: count(status.patients_known),
            unproven: count(status.patients_unproven),
            may_be_more: !status.first_sync_done,
        },
        month: traffic(&status.month),
        data_saver: status.data_saver,
    }
}

/// Bytes both ways.
pub fn traffic(used: &DataUse) -> api::Traffic {
    api::Traffic { sent: used.sent, received: used.received }
}

fn problem(code: &str) -> api::SyncProblem {
    match code {
        "address" | "unreachable" | "connection" => api::SyncProblem::Unreachable,
        "unknown-relay" => api::SyncProblem::UnknownRelay,
        "unknown-device" | "other-region" | "wrong-key" => api::SyncProblem::UnknownTablet,
        "revoked" => api::SyncProblem::Revoked,
        "versions" => api::SyncProblem::Version,
        _ => api::SyncProblem::Other,
    }
}

/// A count for the screen, which has no use for more than four thousand million.
pub fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tablet_without_a_link_looks_offline_also_while_it_tries_again() {
        let first = SyncStatus { state: SyncState::Connecting, ..SyncStatus::default() };
        assert_eq!(status(&first).state, api::SyncState::Connecting);
        let again = SyncStatus { last_error: Some("unreachable".into()), ..first };
        assert_eq!(status(&again).state, api::SyncState::Offline);
        assert_eq!(status(&again).problem, Some(api::SyncProblem::Unreachable));
    }
}
