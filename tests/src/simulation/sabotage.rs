//! Rules broken on purpose, in the hosts' models and never in production code, to show that the simulator sees it.

use std::fmt;
use std::str::FromStr;

/// One rule that hosts must keep, broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The relay reports a commit before it is written.
    AckBeforeCommit,
    /// The tablet writes the cursor in a transaction before that of the items it covers.
    CursorBeforeStore,
    /// The relay claims never to have lost anything.
    SkipLossCheck,
    /// The tablet does not remember which documents it must compare.
    ForgetSuspects,
    /// The tablet does not remember which scopes it must fill in.
    ForgetBackfill,
    /// Another record in a place that is taken replaces the one there.
    OverwriteFork,
    /// A restored or copied tablet goes on in its old life.
    IgnoreGuard,
    /// Going on as another loses what was not acknowledged.
    LoseSavesOnRenewal,
    /// The relay hands out records without looking at grants.
    ShowEverything,
    /// The tablet says that it has one record more of each log than it has.
    VectorAhead,
    /// The tablet sends records before the transaction that seals them.
    SendBeforeSeal,
    /// What is acknowledged is taken off the outbox, but the cursor that goes with it is not written.
    AckWithoutCursor,
    /// The relay gives no new number to a grant that comes to hold later.
    ForgetLateGrants,
    /// The relay does not say that it took back what it believed.
    HideForgotten,
    /// The tablet does not compare what came too early for a grant that does not hold yet.
    PassEarly,
    /// The tablet takes a scope for filled in though the relay may not have stored the grant.
    TrustBelief,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Sabotage; 16] = [
        Sabotage::AckBeforeCommit,
        Sabotage::CursorBeforeStore,
        Sabotage::SkipLossCheck,
        Sabotage::ForgetSuspects,
        Sabotage::ForgetBackfill,
        Sabotage::OverwriteFork,
        Sabotage::IgnoreGuard,
        Sabotage::LoseSavesOnRenewal,
        Sabotage::ShowEverything,
        Sabotage::VectorAhead,
        Sabotage::SendBeforeSeal,
        Sabotage::AckWithoutCursor,
        Sabotage::ForgetLateGrants,
        Sabotage::HideForgotten,
        Sabotage::PassEarly,
        Sabotage::TrustBelief,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Sabotage::AckBeforeCommit => "ack-before-commit",
            Sabotage::CursorBeforeStore => "cursor-before-store",
            Sabotage::SkipLossCheck => "skip-loss-check",
            Sabotage::ForgetSuspects => "forget-suspects",
            Sabotage::ForgetBackfill => "forget-backfill",
            Sabotage::OverwriteFork => "overwrite-fork",
            Sabotage::IgnoreGuard => "ignore-guard",
            Sabotage::LoseSavesOnRenewal => "lose-saves-on-renewal",
            Sabotage::ShowEverything => "show-everything",
            Sabotage::VectorAhead => "vector-ahead",
            Sabotage::SendBeforeSeal => "send-before-seal",
            Sabotage::AckWithoutCursor => "ack-without-cursor",
            Sabotage::ForgetLateGrants => "forget-late-grants",
            Sabotage::HideForgotten => "hide-forgotten",
            Sabotage::PassEarly => "pass-early",
            Sabotage::TrustBelief => "trust-belief",
        }
    }
}

impl fmt::Display for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Sabotage {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Sabotage::name).join(", ");
        Self::ALL.into_iter().find(|sabotage| sabotage.name() == name).ok_or_else(|| format!("one of: {}", known()))
    }
}
