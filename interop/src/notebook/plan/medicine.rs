//! What the current list of medicines would say after the import, against what it says now.
//!
//! A medicine counts once per prescriber: the newest dispensing says how it is taken now. The same drug from two
//! prescribers stands twice, because that is what somebody has to notice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz};
use tendenko_crdt::{
    CardView, Code, DoseBasis, Drug, EntryId, EventBody, Item, Medicine, Newer, Presence, Source, Timing, Written,
    item_key,
};

use super::dispensing::{base_key, basis, drug, drug_notes, form, from_patient};
use super::{PlannedDispensing, PlannedMedicine, RunOut, filled};
use crate::fold::fold;
use crate::notebook::codes::{DosageForm, DrugCodeKind};
use crate::notebook::model::{DispensingGroup, DrugLine, NotebookDraft, OtcMedicine, PrescriptionGroup, Usage};
use crate::usage::timings;

/// How long a medicine without a stated end counts as taken.
const WITHOUT_END_DAYS: i32 = 90;

/// A proposed medicine against the list.
#[derive(Debug, Clone, PartialEq)]
pub enum MedicineChange {
    /// Not on the list.
    New,
    /// On the list with another amount or usage, and the notebook is newer.
    Changed {
        /// What the list says.
        from: Box<Medicine>,
    },
    /// On the list with the same amount and usage, and supplied again since.
    Renewed {
        /// What the list says.
        from: Box<Medicine>,
    },
    /// The list says exactly that.
    Same,
    /// The list is newer: somebody changed it after this dispensing.
    OlderThanCurrent {
        /// What the list says.
        current: Box<Medicine>,
    },
    /// The list has several values at once. People settle that first; an import must not do it silently.
    InConflict,
    /// The dispensing is known already, and the medicine is not on the list: somebody took it off, or left it out.
    NotOnList,
}

/// A medicine as the notebook has it.
struct Candidate {
    /// The key of its drug.
    base: String,
    medicine: Medicine,
    day: Option<Date>,
    ended: bool,
    known: bool,
    patient_origin: bool,
}

pub(super) fn plan(
    content: &NotebookDraft,
    dispensings: &[(&DispensingGroup, PlannedDispensing)],
    card: &CardView,
    today: Date,
) -> Vec<PlannedMedicine> {
    let mut candidates = dispensed(content, dispensings, today);
    candidates.extend(content.otc.iter().map(|otc| over_the_counter(content, otc, today)));
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    candidates
        .into_iter()
        .map(|candidate| {
            let base = candidate.base.clone();
            let current = counterpart(&candidate, &base, card, &taken);
            let key = match current {
                Some(item) => item.key.clone(),
                None => free_key(&base, card, &taken, numbers.entry(base.clone()).or_insert(0)),
            };
            taken.insert(key.clone());
            let candidate = completed(candidate, current);
            let change = change(&candidate, current, card);
            let mut medicine = candidate.medicine;
            if let MedicineChange::Renewed { from } = &change {
                medicine.since.clone_from(&from.since.clone().or(medicine.since.clone()));
            }
            PlannedMedicine { key, medicine, change, ended: candidate.ended, patient_origin: candidate.patient_origin }
        })
        .collect()
}

/// What is on the list, came from a notebook, is used up, and is not supplied again by what is planned.
pub(super) fn run_out(planned: &[PlannedMedicine], card: &CardView, today: Date) -> Vec<RunOut> {
    let supplied = |key: &str| planned.iter().any(|planned| planned.key == key && !planned.ended);
    let over = |medicine: &Medicine| {
        let until = medicine.until.as_deref().and_then(|until| until.parse::<Date>().ok());
        matches!(medicine.source, Source::Notebook | Source::Otc) && until.is_some_and(|until| until < today)
    };
    card.medicines
        .iter()
        .filter(|item| !item.is_conflict() && !supplied(&item.key))
        .filter_map(|item| {
            let medicine = item.any().filter(|medicine| over(medicine))?;
            Some(RunOut { key: item.key.clone(), medicine: medicine.clone() })
        })
        .collect()
}

/// The newest statement about every drug and prescriber, newest first.
fn dispensed(
    content: &NotebookDraft,
    dispensings: &[(&DispensingGroup, PlannedDispensing)],
    today: Date,
) -> Vec<Candidate> {
    let mut newest_first: Vec<_> = dispensings.iter().filter(|(_, planned)| !planned.in_future).collect();
    newest_first.sort_by_key(|(group, _)| std::cmp::Reverse(group.date.date));
    let mut found: Vec<Candidate> = Vec::new();
    let mut by_drug: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (group, planned) in newest_first {
        let earlier = found.len();
        for rp in group.prescriptions.iter().filter(|rp| rp.is_usable()) {
            let Some(usage) = &rp.usage else { continue };
            for line in rp.drugs.iter().filter(|line| is_medicine(line, usage)) {
                let candidate = candidate(content, group, planned, (rp, usage, line), today);
                let known = by_drug.entry(candidate.base.clone()).or_default();
                // Used up, and there is a newer statement about the drug, whoever prescribed it: history.
                let superseded = known
                    .iter()
                    .filter(|index| **index < earlier)
                    .any(|index| candidate.ended || found[*index].medicine.prescriber == candidate.medicine.prescriber);
                if !superseded {
                    known.push(found.len());
                    found.push(candidate);
                }
            }
        }
    }
    found
}

/// Needles, containers and the like are dispensed, not taken.
fn is_medicine(line: &DrugLine, usage: &Usage) -> bool {
    match usage.form {
        DosageForm::Material => false,
        DosageForm::Other => line.code_kind != DrugCodeKind::None,
        _ => true,
    }
}

fn candidate(
    content: &NotebookDraft,
    group: &DispensingGroup,
    planned: &PlannedDispensing,
    (rp, usage, line): (&PrescriptionGroup, &Usage, &DrugLine),
    today: Date,
) -> Candidate {
    let day = group.date.date;
    let until = day
        .filter(|_| usage.form.counts_days())
        .zip(usage.quantity.whole().filter(|days| *days > 0))
        .and_then(|(day, days)| day.checked_add((i64::from(days) - 1).days()).ok());
    let patient_origin = from_patient(&content.origin, &line.creator);
    let notes = drug_notes(line, rp);
    let drug = drug(line);
    Candidate {
        base: base_key(&drug),
        medicine: Medicine {
            drug,
            amount: line.amount.text.clone(),
            unit: line.unit.clone(),
            basis: basis(&usage.form),
            usage: usage.text.clone(),
            timings: all_timings(usage, rp),
            form: form(usage),
            since: day.map(|day| day.to_string()),
            until: until.map(|until| until.to_string()),
            prescriber: prescriber(group, rp),
            source: Source::Notebook,
            note: note(notes, patient_origin),
            dispensing: Some(planned.overlaps.unwrap_or(planned.entry)),
            newer: Newer::default(),
        },
        day,
        ended: has_ended(day, until, today),
        known: planned.already_there || planned.overlaps.is_some(),
        patient_origin,
    }
}

/// The times the usage names, and what the form says by itself.
fn all_timings(usage: &Usage, rp: &PrescriptionGroup) -> Vec<Timing> {
    let mut found = timings(&usage.text);
    for supplement in &rp.supplements {
        found.extend(timings(&supplement.text).into_iter().filter(|timing| matches!(timing, Timing::Other(_))));
    }
    let by_form = match usage.form {
        DosageForm::AsNeeded => Some(Timing::AsNeeded),
        DosageForm::External => Some(Timing::External),
        DosageForm::Injection => Some(Timing::Injection),
        _ => None,
    };
    found.extend(by_form);
    found.sort();
    found.dedup();
    found
}

fn over_the_counter(content: &NotebookDraft, otc: &OtcMedicine, today: Date) -> Candidate {
    let patient_origin = from_patient(&content.origin, &otc.creator);
    let ingredients: Vec<&str> = otc.ingredients.iter().map(|ingredient| ingredient.name.as_str()).collect();
    let notes = if ingredients.is_empty() { Vec::new() } else { vec![format!("成分: {}", ingredients.join("、"))] };
    let drug = Drug {
        name: otc.name.clone(),
        code: filled(&otc.jan).map(|value| Code { system: "jan".to_owned(), value }),
        ..Drug::default()
    };
    Candidate {
        base: base_key(&drug),
        medicine: Medicine {
            drug,
            amount: String::new(),
            unit: String::new(),
            basis: DoseBasis::from("unstated"),
            usage: String::new(),
            timings: Vec::new(),
            form: "市販薬".to_owned(),
            since: otc.start.iso(),
            until: otc.end.iso(),
            prescriber: None,
            source: Source::Otc,
            note: note(notes, patient_origin),
            dispensing: None,
            newer: Newer::default(),
        },
        day: otc.start.date,
        ended: has_ended(otc.start.date, otc.end.date, today),
        known: false,
        patient_origin,
    }
}

fn note(mut notes: Vec<String>, patient_origin: bool) -> Option<String> {
    if patient_origin {
        notes.push("患者側からの記録".to_owned());
    }
    filled(&notes.join(" / "))
}

fn prescriber(group: &DispensingGroup, rp: &PrescriptionGroup) -> Option<String> {
    // A hospital that dispenses itself has no record 51.
    let institution = group.prescriber.as_ref().or(group.institution.as_ref());
    let doctor = rp.doctor.as_ref();
    let parts = [
        institution.map(|institution| institution.name.as_str()),
        doctor.map(|doctor| doctor.department.as_str()),
        doctor.map(|doctor| doctor.name.as_str()),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    filled(&parts.join(" "))
}

fn has_ended(day: Option<Date>, until: Option<Date>, today: Date) -> bool {
    match (until, day) {
        (Some(until), _) => until < today,
        (None, Some(day)) => day.checked_add(WITHOUT_END_DAYS.days()).is_ok_and(|counted| counted < today),
        (None, None) => false,
    }
}

/// A record of a medicine without prescription has no room for dose, usage and remarks: that it names none says nothing against those of
/// the list.
fn completed(candidate: Candidate, current: Option<&Item<Medicine>>) -> Candidate {
    let new = &candidate.medicine;
    match current.and_then(Item::any) {
        Some(old) if new.source == Source::Otc && old.source == Source::Otc && new.amount.is_empty() => {
            let medicine = Medicine {
                since: new.since.clone().or(old.since.clone()),
                until: new.until.clone(),
                note: new.note.clone().or(old.note.clone()),
                ..old.clone()
            };
            Candidate { medicine, ..candidate }
        }
        _ => candidate,
    }
}

/// The item on the list that speaks of the same medicine.
fn counterpart<'a>(
    candidate: &Candidate,
    base: &str,
    card: &'a CardView,
    taken: &BTreeSet<String>,
) -> Option<&'a Item<Medicine>> {
    let numbered = format!("{base}#");
    let items: Vec<&Item<Medicine>> = card
        .medicines
        .iter()
        .filter(|item| item.key == base || item.key.starts_with(&numbered))
        .filter(|item| !taken.contains(&item.key))
        .collect();
    let new = &candidate.medicine;
    let by = |test: &dyn Fn(&Medicine) -> bool| {
        items.iter().copied().find(|item| item.present().any(|(medicine, _)| test(medicine)))
    };
    let same_prescriber = |old: &Medicine| old.prescriber == new.prescriber;
    let same_usage = |old: &Medicine| fold(&old.usage) == fold(&new.usage);
    // Another prescriber's supply that lasts beyond this dispensing is another medicine to take, not this one changed.
    let replaceable = |old: &Medicine| {
        old.prescriber.is_none()
            || new.prescriber.is_none()
            || same_prescriber(old)
            || old.until.as_deref().is_some_and(|until| new.since.as_deref().is_some_and(|since| until < since))
    };
    by(&|old| same_prescriber(old) && same_usage(old))
        .or_else(|| by(&same_prescriber))
        .or_else(|| by(&|old| replaceable(old) && same_usage(old)))
        .or_else(|| by(&replaceable))
}

/// The first key of this drug that nothing has; `last` is the number given last.
fn free_key(base: &str, card: &CardView, taken: &BTreeSet<String>, last: &mut usize) -> String {
    loop {
        *last += 1;
        let key = item_key::nth(base, *last);
        if !taken.contains(&key) && !card.medicines.iter().any(|item| item.key == key) {
            return key;
        }
    }
}

fn change(candidate: &Candidate, current: Option<&Item<Medicine>>, card: &CardView) -> MedicineChange {
    let Some(item) = current else {
        return if candidate.known { MedicineChange::NotOnList } else { MedicineChange::New };
    };
    let Some((old, written)) = item.present().next().filter(|_| !item.is_conflict()) else {
        return MedicineChange::InConflict;
    };
    let new = &candidate.medicine;
    let same = same_dose(old, new);
    let stated = stated_on(old, written, card);
    let newer = match (candidate.day, stated) {
        (Some(day), Some(stated)) => day.cmp(&stated),
        _ => std::cmp::Ordering::Equal,
    };
    let current = || Box::new(old.clone());
    match (same, newer) {
        (true, std::cmp::Ordering::Greater) => MedicineChange::Renewed { from: current() },
        (true, _) => MedicineChange::Same,
        (false, std::cmp::Ordering::Less) => MedicineChange::OlderThanCurrent { current: current() },
        // Imported before, and different now: somebody changed it since.
        (false, _) if candidate.known => MedicineChange::OlderThanCurrent { current: current() },
        (false, _) => MedicineChange::Changed { from: current() },
    }
}

fn same_dose(old: &Medicine, new: &Medicine) -> bool {
    let texts = |medicine: &Medicine| {
        let note = medicine.note.as_deref().unwrap_or("");
        [&medicine.amount, &medicine.unit, &medicine.usage, note].map(fold)
    };
    let end_of_otc = old.source != Source::Otc || old.until == new.until;
    texts(old) == texts(new) && old.basis == new.basis && end_of_otc
}

/// The day what the list says was last true: its dispensing, its first day, or, for what people entered, the day they did.
fn stated_on(old: &Medicine, written: &Written<Presence<Medicine>>, card: &CardView) -> Option<Date> {
    let day = |text: &str| text.parse::<Date>().ok();
    let dispensed = |id: EntryId| {
        card.events.iter().find(|event| event.id == id).and_then(|event| match &event.body {
            EventBody::Dispensing(dispensing) => day(&dispensing.dispensed_on),
            _ => None,
        })
    };
    let imported = matches!(old.source, Source::Notebook | Source::Otc);
    let entered = if imported { None } else { japanese_day(written.stamp.at.0) };
    [old.since.as_deref().and_then(day), old.dispensing.and_then(dispensed), entered].into_iter().flatten().max()
}

/// The day in Japan at a point in time.
fn japanese_day(ms: i64) -> Option<Date> {
    let at = Timestamp::from_millisecond(ms).ok()?;
    Some(at.to_zoned(tz::Offset::constant(9).to_time_zone()).date())
}
