//! What laboratories found of a made-up patient: three reports in half a year, the same every time.

use tendenko_crdt::{LabReport, LabResult};

use super::history::Dice;

/// Days before the last day on which samples were taken.
const DAYS_AGO: [u16; 3] = [160, 75, 12];

/// The reports of patient number `number`, oldest first, each with its day.
pub fn reports(number: u64) -> Vec<(u16, LabReport)> {
    let mut dice = Dice::new(number + 1_000);
    let mut tenths = |low: i32, high: i32| {
        let value = dice.between(low, high);
        format!("{}.{}", value / 10, value % 10)
    };
    DAYS_AGO
        .map(|days| {
            let report = LabReport {
                performer: "釜石中央病院 検査科".to_owned(),
                results: vec![
                    result("HbA1c（NGSP）", &tenths(52, 81), "%", "4.9", "6.0"),
                    result("クレアチニン", &tenths(6, 19), "mg/dL", "0.5", "1.1"),
                    result("アルブミン", &tenths(30, 44), "g/dL", "3.8", ""),
                    result("CRP", if days == 12 { "<0.1" } else { "0.4" }, "mg/dL", "", "0.3"),
                ],
                ..LabReport::default()
            };
            (days, report)
        })
        .to_vec()
}

fn result(name: &str, value: &str, unit: &str, low: &str, high: &str) -> LabResult {
    LabResult {
        name: name.to_owned(),
        value: value.to_owned(),
        unit: unit.to_owned(),
        low: low.to_owned(),
        high: high.to_owned(),
        ..LabResult::default()
    }
}
