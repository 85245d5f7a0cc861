//! From a script that fails to the few operations that matter.

use super::script::{Op, Script};
use super::{Failure, run_script};
use crate::simulation::sabotage::Sabotage;

/// Takes operations out, many at a time at first, as long as the same promise is still broken. At most so many tries.
pub fn shrink(failure: &Failure, sabotage: Option<Sabotage>, tries: usize, mut say: impl FnMut(usize)) -> Failure {
    let mut best = failure.clone();
    // What came after the failure does not matter, but the healing that showed it does.
    let mut left = tries;
    let mut part = best.script.operations.len().div_ceil(2).max(1);
    while left > 0 {
        let mut start = 0;
        let mut smaller = false;
        while start < best.script.operations.len() && left > 0 {
            let end = (start + part).min(best.script.operations.len());
            let mut operations = best.script.operations.clone();
            operations.drain(start..end);
            let script = Script { setting: best.script.setting, operations };
            left -= 1;
            match run_script(&script, sabotage).failure {
                Some(again) if again.violation.kind == best.violation.kind => {
                    best = again;
                    smaller = true;
                    say(best.script.operations.len());
                }
                _ => start = end,
            }
        }
        if part == 1 && !smaller {
            break;
        }
        part = if smaller { part } else { (part / 2).max(1) };
        part = part.min(best.script.operations.len().max(1));
    }
    best
}

/// Cuts off what comes after the last operation that happened.
pub fn cut_after(script: &Script, happened: usize) -> Script {
    let mut operations = script.operations.clone();
    operations.truncate(happened);
    if !operations.iter().any(|timed| matches!(timed.op, Op::Heal)) {
        let at = operations.last().map_or(0, |timed| timed.at + 60_000);
        operations.push(super::script::Timed { at, op: Op::Heal });
    }
    Script { setting: script.setting, operations }
}
