//! The hello, and whether to let the tablet in.

use super::{Phase, RelayAction, Session};
use crate::ids::{DeviceId, Millis};
use crate::messages::{Backfill, ClientMessage, Lane, Refusal, RelayMessage};
use crate::session::{CloseReason, CursorVerdict, Standing, judge};

impl Session {
    pub(super) fn received(&mut self, lane: Lane, message: ClientMessage) -> Result<(), CloseReason> {
        let fits = match &message {
            ClientMessage::Push { .. } => true,
            ClientMessage::Want { .. } | ClientMessage::Offer { .. } => lane == Lane::Attachments,
            ClientMessage::Vectors { .. } | ClientMessage::Twins { .. } => lane != Lane::Attachments,
            _ => lane == Lane::Cards,
        };
        if !fits {
            return Err(CloseReason::Protocol("this does not go on this lane"));
        }
        match (&self.phase, message) {
            (_, ClientMessage::Bye) => Err(CloseReason::Bye),
            (Phase::Hello { .. }, ClientMessage::Hello { versions, region, device, chain, cursor, .. }) => {
                let version = versions.iter().copied().find(|version| self.config.versions.contains(version));
                let Some(version) = version else {
                    let ours = self.config.versions.clone();
                    return Err(CloseReason::Refused { reason: Refusal::Versions, versions, ours });
                };
                if region != self.config.region {
                    return Err(self.refusal(Refusal::OtherRegion));
                }
                if device != DeviceId::of_key(&self.config.peer_key) {
                    return Err(self.refusal(Refusal::WrongKey));
                }
                self.device = Some(device);
                self.phase = Phase::Checking { version, cursor, chain_seen: !chain.is_empty() };
                self.actions.push(RelayAction::CheckDevice { device, chain });
                Ok(())
            }
            (Phase::Hello { chain_wanted: false }, _) if lane == Lane::Cards => {
                Err(CloseReason::Protocol("the first message was not a hello"))
            }
            (_, ClientMessage::Hello { .. }) => Err(CloseReason::Protocol("a second hello")),
            (Phase::Open, message) => self.open(lane, message),
            (_, message) => {
                self.held_bytes += weight(&message);
                self.held.push_back((lane, message));
                Ok(())
            }
        }
    }

    pub(super) fn not_admitted(&mut self, reason: Refusal) -> Result<(), CloseReason> {
        match self.phase {
            Phase::Checking { chain_seen: false, .. } if reason == Refusal::UnknownDevice => {
                self.phase = Phase::Hello { chain_wanted: true };
                self.send(Lane::Cards, RelayMessage::ChainWanted);
                Ok(())
            }
            _ => Err(self.refusal(reason)),
        }
    }

    pub(super) fn admitted(&mut self, standing: Standing, now: Millis) -> Result<(), CloseReason> {
        let Phase::Checking { version, cursor, .. } = self.phase else {
            return Err(CloseReason::Protocol("admitted without a hello"));
        };
        match judge(&standing, cursor.as_ref()) {
            CursorVerdict::Continue(after) => {
                for (lane, state) in self.lanes.iter_mut() {
                    state.sent_through = after[lane];
                    state.said = after[lane];
                }
                self.welcome(version, &standing, now, false)
            }
            CursorVerdict::Reconcile => self.welcome(version, &standing, now, true),
            CursorVerdict::Lost => {
                self.phase = Phase::Minting { version };
                self.actions.push(RelayAction::MintIncarnation);
                Ok(())
            }
        }
    }

    pub(super) fn minted(&mut self, standing: &Standing, now: Millis) -> Result<(), CloseReason> {
        let Phase::Minting { version } = self.phase else {
            return Err(CloseReason::Protocol("a new incarnation was not asked for"));
        };
        self.welcome(version, standing, now, true)
    }

    fn welcome(&mut self, version: u16, standing: &Standing, now: Millis, reconcile: bool) -> Result<(), CloseReason> {
        self.phase = Phase::Open;
        self.newest = self.newest.max(standing.newest);
        if reconcile {
            for (_, state) in self.lanes.iter_mut() {
                state.sent_through = standing.newest;
                state.said = standing.newest;
            }
        }
        let welcome = RelayMessage::Welcome {
            version,
            relay: standing.relay,
            incarnation: standing.incarnation,
            newest: standing.newest,
            clock: now,
            reconcile,
        };
        self.send(Lane::Cards, welcome);
        self.begin_cards();
        self.held_bytes = 0;
        for (lane, message) in std::mem::take(&mut self.held) {
            self.open(lane, message)?;
        }
        Ok(())
    }
}

/// What a held message weighs, roughly.
fn weight(message: &ClientMessage) -> usize {
    64 + match message {
        ClientMessage::Push { items, .. } => items.iter().map(|item| item.bytes().len() + 8).sum(),
        ClientMessage::Sums { sums } => 40 * sums.len(),
        ClientMessage::Statements { buckets } => 4 * buckets.buckets.len(),
        ClientMessage::Vectors { documents, .. } => documents.iter().map(|(_, vector)| 24 + 32 * vector.0.len()).sum(),
        ClientMessage::Twins { prints, .. } => 24 * prints.len(),
        ClientMessage::Begin { patients, known } => {
            16 * patients.len() + known.iter().map(|(_, vector)| 24 + 32 * vector.0.len()).sum::<usize>()
        }
        ClientMessage::Pull { backfill, first } => {
            let logs = |scope: &Backfill| scope.has.iter().map(|(_, vector)| 24 + 32 * vector.0.len()).sum::<usize>();
            backfill.iter().map(|scope| 24 + logs(scope)).sum::<usize>() + 16 * first.len()
        }
        ClientMessage::Want { chunks } => 32 * chunks.len(),
        ClientMessage::Offer { attachments } => 128 * attachments.len(),
        ClientMessage::Hello { .. } | ClientMessage::Bye => 0,
    }
}
