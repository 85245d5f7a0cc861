//! Putting things together: medicines by the time they are taken, what was told of one, values that differ.

use crate::dates::Day;
use tendenko_app_api::{
    DispensedDrugView, DispensingView, MedicineChangeEntry, MedicineView, Medicines, ObservationEntry, Timing,
};

/// In the order of a day, then what has no time of day.
const TIMINGS: [Timing; 8] = [
    Timing::Morning,
    Timing::Noon,
    Timing::Evening,
    Timing::Bedtime,
    Timing::AsNeeded,
    Timing::External,
    Timing::Injection,
    Timing::Other,
];

/// Medicines under each time they are taken, in the order of a day. One that is taken twice a day stands in both, and
/// one without any known time stands under [`Timing::Other`]: none is ever left out.
pub fn by_timing(medicines: &[MedicineView]) -> Vec<(Timing, Vec<&MedicineView>)> {
    TIMINGS
        .into_iter()
        .filter_map(|timing| {
            let taken: Vec<_> = medicines
                .iter()
                .filter(|medicine| {
                    medicine.timings.contains(&timing) || (timing == Timing::Other && medicine.timings.is_empty())
                })
                .collect();
            (!taken.is_empty()).then_some((timing, taken))
        })
        .collect()
}

/// Something that was told of one medicine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told<'a> {
    /// It was started, changed, stopped.
    Changed(&'a MedicineChangeEntry),
    /// It was counted, or its effect seen.
    Seen(&'a ObservationEntry),
    /// It was handed over.
    Dispensed(&'a DispensingView, &'a DispensedDrugView),
}

/// Everything that was told of one medicine, newest first. A dispensing knows the day only: within a day it stands last.
pub fn told<'a>(all: &'a Medicines, key: &str) -> Vec<Told<'a>> {
    let product = key.split('#').next().unwrap_or(key);
    let changed = all.changes.iter().filter(|entry| entry.change.key == key);
    let changed = changed.map(|entry| (Day::of(entry.at), entry.at.0, Told::Changed(entry)));
    let seen = all.observations.iter().filter(|entry| entry.observation.key == key);
    let seen = seen.map(|entry| (Day::of(entry.at), entry.at.0, Told::Seen(entry)));
    let given = all.dispensings.iter().filter_map(|entry| {
        let given = &entry.dispensing;
        let drug = given.drugs.iter().find(|drug| drug.product == product)?;
        Some((Day::parse(&given.dispensed_on)?, i64::MIN, Told::Dispensed(given, drug)))
    });
    let mut told: Vec<_> = changed.chain(seen).chain(given).collect();
    told.sort_by_key(|(day, at, _)| std::cmp::Reverse((*day, *at)));
    told.into_iter().map(|(.., told)| told).collect()
}

/// For each labelled line of several values: whether it differs among them, or is missing in some.
pub fn differing(values: &[Vec<(String, String)>]) -> Vec<String> {
    let mut labels: Vec<&String> = Vec::new();
    for (label, _) in values.iter().flatten() {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
        .into_iter()
        .filter(|label| {
            let texts: Vec<_> = values
                .iter()
                .map(|lines| lines.iter().find(|(other, _)| other == *label).map(|(_, text)| text))
                .collect();
            texts.windows(2).any(|pair| pair[0] != pair[1])
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendenko_app_api::*;

    fn medicine(name: &str, timings: &[Timing]) -> MedicineView {
        MedicineView {
            key: name.into(),
            name: name.into(),
            general_name: None,
            dose: Dose { amount: "1".into(), unit: "錠".into(), basis: DoseBasis::PerDay },
            usage: String::new(),
            timings: timings.to_vec(),
            form: String::new(),
            since: None,
            until: None,
            prescriber: None,
            source: Source::Notebook,
            note: None,
            written: None,
            conflict: false,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn no_medicine_is_left_out() {
        let medicines = [
            medicine("a", &[Timing::Evening, Timing::Morning]),
            medicine("b", &[]),
            medicine("c", &[Timing::AsNeeded]),
        ];
        let groups: Vec<_> = by_timing(&medicines)
            .into_iter()
            .map(|(timing, taken)| (timing, taken.iter().map(|medicine| medicine.name.clone()).collect::<String>()))
            .collect();
        let expected = [(Timing::Morning, "a"), (Timing::Evening, "a"), (Timing::AsNeeded, "c"), (Timing::Other, "b")];
        assert_eq!(groups, expected.map(|(timing, names)| (timing, names.to_owned())));
    }

    #[test]
    fn of_one_medicine_everything_is_told_and_nothing_of_another() {
        let author = AuthorView {
            member: MemberId(String::new()),
            name: String::new(),
            profession: Profession::Helper,
            facility: String::new(),
            mine: false,
        };
        let at = |iso: &str| {
            let day = (-40_000..40_000).map(|number| Millis(number * 86_400_000)).find(|at| Day::of(*at).iso() == iso);
            day.expect("a day")
        };
        let seen = |key: &str, iso: &str| ObservationEntry {
            entry: EntryId(iso.into()),
            at: at(iso),
            author: author.clone(),
            sent: Sent::Acked,
            observation: ObservationView {
                key: key.into(),
                name: String::new(),
                leftover: None,
                effect: Some(Effect::Worked),
                text: String::new(),
            },
            not_on_card: false,
        };
        let dose = Dose { amount: "1".into(), unit: "錠".into(), basis: DoseBasis::PerDay };
        let given = |product: &str, iso: &str| DispensingEntry {
            entry: EntryId(iso.into()),
            author: author.clone(),
            recorded_at: at(iso),
            sent: Sent::Acked,
            dispensing: DispensingView {
                dispensed_on: iso.into(),
                pharmacy: None,
                prescriber: None,
                drugs: vec![DispensedDrugView {
                    name: String::new(),
                    dose: dose.clone(),
                    usage: String::new(),
                    quantity: None,
                    product: product.into(),
                    notes: Vec::new(),
                }],
                source: Source::Notebook,
                notes: Vec::new(),
            },
        };
        let all = Medicines {
            current: Vec::new(),
            stopped: Vec::new(),
            dispensings: vec![given("a", "2026-11-01"), given("b", "2026-11-02"), given("a", "2026-11-20")],
            changes: Vec::new(),
            observations: vec![seen("a#2", "2026-11-20"), seen("a", "2026-11-19")],
        };
        let days = |key: &str| {
            told(&all, key)
                .into_iter()
                .map(|told| match told {
                    Told::Seen(entry) => format!("seen {}", entry.entry),
                    Told::Dispensed(given, _) => given.dispensed_on.clone(),
                    Told::Changed(_) => unreachable!(),
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(days("a#2"), ["seen 2026-11-20", "2026-11-20", "2026-11-01"]);
        assert_eq!(days("a"), ["2026-11-20", "seen 2026-11-19", "2026-11-01"]);
    }

    #[test]
    fn only_what_differs_is_named() {
        let line = |label: &str, text: &str| (label.to_owned(), text.to_owned());
        let values = [
            vec![line("用量", "1錠"), line("用法", "朝食後")],
            vec![line("用量", "0.5錠"), line("用法", "朝食後"), line("備考", "粉砕")],
        ];
        assert_eq!(differing(&values), ["用量", "備考"]);
    }
}
