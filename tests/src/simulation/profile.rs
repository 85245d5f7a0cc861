//! What kind of days a world goes through: how often each operation comes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::dice::Dice;
use super::script::{Op, Script, Setting, Timed};

/// A kind of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// People work; connections come and go.
    Calm,
    /// Links down, relays killed, emptied and put back from backups, tablets lost, all at once.
    Tsunami,
    /// Revocations, forged grants, garbage, wrong clocks.
    Hostile,
    /// Tablets restored from backups and cloned, also so that no guard shows it.
    Clones,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 4] = [Profile::Calm, Profile::Tsunami, Profile::Hostile, Profile::Clones];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Calm => "calm",
            Profile::Tsunami => "tsunami",
            Profile::Hostile => "hostile",
            Profile::Clones => "clones",
        }
    }

    /// How often operations come, in order of `draw`.
    fn weights(self) -> [u32; 21] {
        //  save patient grant forge epoch revoke target break link isolate crashT crashR backT restT backR restR clone destroy full courier other
        match self {
            Profile::Calm => [60, 2, 12, 0, 0, 0, 14, 6, 2, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
            Profile::Tsunami => [60, 2, 12, 0, 0, 0, 16, 8, 6, 3, 5, 4, 0, 0, 4, 3, 0, 1, 2, 2, 2],
            Profile::Hostile => [60, 2, 14, 5, 0, 1, 16, 6, 3, 1, 3, 2, 0, 0, 1, 1, 0, 0, 3, 2, 8],
            Profile::Clones => [60, 2, 12, 0, 0, 0, 16, 6, 2, 1, 4, 2, 6, 5, 1, 1, 2, 1, 0, 1, 0],
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Profile::name).join(", ");
        Self::ALL.into_iter().find(|profile| profile.name() == name).ok_or_else(|| format!("one of: {}", known()))
    }
}

/// A script for a world: so many rounds of so many operations, each ended by a healing.
pub fn script(setting: Setting, rounds: usize, operations: usize) -> Script {
    let mut dice = Dice::new(setting.seed, 7);
    let mut list = Vec::new();
    let mut patients = setting.tablets;
    for _ in 0..rounds {
        let mut at = 0;
        for tablet in 0..setting.tablets {
            let op = Op::Target { tablet, relay: Some(dice.below(setting.relays)) };
            list.push(Timed { at, op });
        }
        // Some rounds are crowded, some are spread over days.
        let pace = [200, 2_000, 30_000][dice.below(3)];
        for _ in 0..operations {
            at += dice.between(0, 2 * pace);
            let op = draw(setting, &mut dice, &mut patients);
            list.push(Timed { at, op });
        }
        list.push(Timed { at: at + pace, op: Op::Heal });
    }
    Script { setting, operations: list }
}

fn draw(setting: Setting, dice: &mut Dice, patients: &mut usize) -> Op {
    let weights = setting.profile.weights();
    let mut left = dice.below(weights.iter().sum::<u32>() as usize) as u32;
    let which = weights.iter().position(|weight| {
        let here = left < *weight;
        left = left.saturating_sub(*weight);
        here
    });
    // A few more than there are at the start: clones come behind the others.
    let (tablet, relay) = (dice.below(setting.tablets + 2), dice.below(setting.relays));
    let (other, patient) = (dice.below(setting.tablets), dice.below(*patients));
    let ms = [50, 1_000, 60_000][dice.below(3)];
    match which.unwrap_or(0) {
        0 => Op::Save { tablet, patient, document: dice.below(3) as u8, register: dice.below(3) as u8 },
        1 => {
            *patients += 1;
            Op::NewPatient { tablet }
        }
        2 => Op::Grant { from: tablet, patient, to: other, card_only: dice.chance(300) },
        3 => Op::ForgeGrant { from: tablet, patient, to: other },
        4 => Op::NewEpoch { tablet, patient },
        5 => Op::Revoke { tablet, relay },
        6 => Op::Target { tablet, relay: (!dice.chance(250)).then_some(relay) },
        7 => Op::Break { tablet },
        8 => Op::Link { tablet, relay, up: dice.chance(600) },
        9 => Op::Isolate { relay, up: dice.chance(600) },
        10 => Op::CrashTablet { tablet, ms },
        11 => Op::CrashRelay { relay, ms },
        12 => Op::BackupTablet { tablet },
        13 => Op::RestoreTablet { tablet, guard: dice.chance(300) },
        14 => Op::BackupRelay { relay },
        15 if dice.chance(300) => Op::WipeRelay { relay },
        15 => Op::RestoreRelay { relay },
        16 => Op::CloneTablet { tablet: other, whole: dice.chance(500) },
        17 => Op::Destroy { tablet },
        18 => Op::FullRelay { relay, batches: 1 + dice.below(6) as u32 },
        19 => Op::Courier { from: tablet, to: other },
        _ if dice.chance(500) => Op::Garbage { tablet, kind: dice.below(4) as u8 },
        _ => {
            let years = (dice.below(21) as i64 - 10) * 365 * 86_400_000;
            if dice.chance(700) { Op::TabletClock { tablet, ms: years } } else { Op::RelayClock { relay, ms: years } }
        }
    }
}
