//! Rules broken on purpose, in the hosts' models and never in production code, to show that the simulator sees it.

use std::fmt;
use std::str::FromStr;

use tendenko_protocol::document::Vector;
use tendenko_protocol::ids::Print;

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
    /// Both sides tell logs apart by their length only.
    BlindToTwins,
    /// An edge relay does not put into its outbox what it takes.
    KeepToItself,
    /// An edge relay takes off its outbox what it has sent, not what was acked.
    SendAndForget,
    /// What a relay forwards before it is written goes to edge relays, too, which take it for durable there.
    ForwardToRelays,
    /// An edge relay writes the cursor before the batch that it covers.
    UpstreamCursorFirst,
    /// A relay keeps a checkpoint without looking whether it has the records.
    CoverAnything,
    /// A tablet begins at a checkpoint with the first of its parts.
    BeginAtOnce,
    /// A tablet makes checkpoints from one that it has not proven.
    PassOnUnproven,
    /// A tablet does not compare what a checkpoint said with the records.
    BelieveForGood,
    /// A tablet does not ask for the records where a part is of no use.
    IgnoreUselessParts,
    /// What was written on top of a lie goes with it.
    DropWhatWasBuilt,
    /// A chart is not proven while a record does not fit into what a checkpoint said.
    LetLiesStandInTheWay,
}

/// What vectors say when a log is known by its length only.
pub fn blind(vector: &mut Vector) {
    vector.0.values_mut().for_each(|known| known.print = Print(known.seq.0));
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Sabotage; 25] = [
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
        Sabotage::BlindToTwins,
        Sabotage::KeepToItself,
        Sabotage::SendAndForget,
        Sabotage::ForwardToRelays,
        Sabotage::UpstreamCursorFirst,
        Sabotage::CoverAnything,
        Sabotage::BeginAtOnce,
        Sabotage::PassOnUnproven,
        Sabotage::BelieveForGood,
        Sabotage::IgnoreUselessParts,
        Sabotage::DropWhatWasBuilt,
        Sabotage::LetLiesStandInTheWay,
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
            Sabotage::BlindToTwins => "blind-to-twins",
            Sabotage::KeepToItself => "keep-to-itself",
            Sabotage::SendAndForget => "send-and-forget",
            Sabotage::ForwardToRelays => "forward-to-relays",
            Sabotage::UpstreamCursorFirst => "upstream-cursor-first",
            Sabotage::CoverAnything => "cover-anything",
            Sabotage::BeginAtOnce => "begin-at-once",
            Sabotage::PassOnUnproven => "pass-on-unproven",
            Sabotage::BelieveForGood => "believe-for-good",
            Sabotage::IgnoreUselessParts => "ignore-useless-parts",
            Sabotage::DropWhatWasBuilt => "drop-what-was-built",
            Sabotage::LetLiesStandInTheWay => "let-lies-stand-in-the-way",
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
