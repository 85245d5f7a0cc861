//! Putting things together: medicines by the time they are taken, values that differ.

use tendenko_app_api::{MedicineView, Timing};

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
    use tendenko_app_api::{Dose, DoseBasis, Source};

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
    fn only_what_differs_is_named() {
        let line = |label: &str, text: &str| (label.to_owned(), text.to_owned());
        let values = [
            vec![line("用量", "1錠"), line("用法", "朝食後")],
            vec![line("用量", "0.5錠"), line("用法", "朝食後"), line("備考", "粉砕")],
        ];
        assert_eq!(differing(&values), ["用量", "備考"]);
    }
}
