//! The first flight, and the relay's answer to it.

use super::{ClientAction, Phase, Session};
use crate::ids::{ArrivalNo, Millis, RelayIncarnation};
use crate::limits::MAX_FIRST;
use crate::messages::{ClientMessage, Cursor, Lane, RelayMessage};
use crate::session::CloseReason;

impl Session {
    pub(super) fn connected(&mut self, now: Millis) -> Result<(), CloseReason> {
        if self.phase != Phase::New {
            return Err(CloseReason::Protocol("connected twice"));
        }
        let known_there = self.config.cursor.is_some_and(|cursor| cursor.relay == self.config.relay);
        self.hello(now, !known_there);
        self.config.first.truncate(MAX_FIRST);
        let backfill = self.config.backfill.clone();
        self.first_said = self.config.long_away || !known_there || !backfill.is_empty();
        let first = if self.first_said { self.config.first.clone() } else { Vec::new() };
        let has_none = self.config.cursor.is_none_or(|cursor| cursor.charts == ArrivalNo::NONE);
        let known = self.config.checkpoints.as_mut().map(std::mem::take).unwrap_or_default();
        let compares =
            self.config.cursor.is_some_and(|cursor| !known_there || cursor.incarnation == RelayIncarnation::NONE);
        match (compares, has_none) {
            (true, _) => {}
            (false, true) => self.ask_for_checkpoints(Vec::new(), known),
            (false, false) => self.begin_at_checkpoints(&backfill),
        }
        if compares {
            // No relay can go on from that: what it needs for comparing goes with the first flight.
            self.begin_comparison(false);
        }
        self.pull(backfill, first);
        Ok(())
    }

    pub(super) fn hello(&mut self, now: Millis, with_chain: bool) {
        self.phase = Phase::Greeting { sent_at: now, chain_sent: with_chain };
        let hello = ClientMessage::Hello {
            versions: self.config.versions.clone(),
            region: self.config.region,
            device: self.config.device,
            chain: if with_chain { self.config.chain.clone() } else { Vec::new() },
            cursor: self.config.cursor,
            clock: now,
        };
        self.send(Lane::Cards, hello);
    }

    pub(super) fn greeted(&mut self, now: Millis, sent_at: Millis, message: RelayMessage) -> Result<(), CloseReason> {
        let RelayMessage::Welcome { version, relay, incarnation, newest, clock, reconcile } = message else {
            return Err(CloseReason::Protocol("something other than a welcome came first"));
        };
        if relay != self.config.relay {
            return Err(CloseReason::Mismatch("another relay than TLS said"));
        }
        if !self.config.versions.contains(&version) {
            return Err(CloseReason::Mismatch("a version that was not offered"));
        }
        if !reconcile && self.config.cursor.is_some_and(|cursor| cursor.relay != relay) {
            return Err(CloseReason::Mismatch("another relay's cursor was accepted"));
        }
        self.phase = Phase::Open;
        let midway = sent_at.0.saturating_add(now.0.saturating_sub(sent_at.0) / 2);
        self.actions.push(ClientAction::Measured { clock_offset_ms: clock.0.saturating_sub(midway) });
        let none = ArrivalNo::NONE;
        let begin = if reconcile {
            Cursor { relay, incarnation, after: newest, charts: newest, acked: none }
        } else {
            let known = self.config.cursor.unwrap_or(Cursor::unfinished(relay));
            Cursor { relay, incarnation, ..known }
        };
        if !self.first_said && (reconcile || begin.charts < newest) {
            self.pull(Vec::new(), self.config.first.clone());
        }
        self.reached = Some(begin);
        self.started = Some(begin);
        self.newest = newest;
        if reconcile {
            self.reconciling = true;
            if self.comparison.is_none() {
                self.begin_comparison(false);
            }
        }
        Ok(())
    }
}
