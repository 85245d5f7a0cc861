//! Dispensings: those that the format can hold as they are; everything else as a memo.

use std::collections::BTreeSet;

use jiff::civil::Date;
use tendenko_crdt::{DispensedDrug, Dispensing, Medicine, Timing};

use super::out::{Out, basis};
use super::{WhyNot, says_the_same};
use crate::notebook::codes::{
    Creator, DosageForm, DrugCodeKind, GeneralCodeKind, InformationKind, ScoreTable, UsageCodeKind,
};
use crate::notebook::model::{
    Dispenser, DispensingGroup, Doctor, DrugLine, Information, Institution, NotebookDraft, PrescriptionGroup, Remark,
    Usage,
};
use crate::notebook::value::{Amount, NotebookDate};
use crate::notebook::write::WriteError;
use crate::usage;

impl Out {
    /// A dispensing: whole, or as far as the list rests on it.
    pub fn dispensing(&mut self, dispensing: &Dispensing, day: Date, whole: bool, of_list: &[&Medicine]) {
        let mut group = self.heading(dispensing, day);
        let mut used = BTreeSet::new();
        for drug in &dispensing.drugs {
            let listed = of_list.iter().find(|medicine| says_the_same(drug, medicine));
            if !whole && listed.is_none() {
                continue;
            }
            let prescription = self.prescription(dispensing, drug, listed.map(|medicine| medicine.timings.as_slice()));
            let same = |known: &PrescriptionGroup| {
                known.number == prescription.number
                    && known.usage == prescription.usage
                    && known.doctor == prescription.doctor
                    && known.supplements == prescription.supplements
            };
            let alone = DispensingGroup { prescriptions: vec![prescription.clone()], ..group.clone() };
            if self.refused(NotebookDraft { dispensings: vec![alone], ..NotebookDraft::default() }).is_some() {
                self.unfit(drug, day);
                continue;
            }
            match group.prescriptions.iter_mut().find(|known| same(known)) {
                Some(known) => known.drugs.extend(prescription.drugs),
                None => {
                    // A number that two usages share in the record would contradict itself in the text.
                    let number = if used.insert(prescription.number) {
                        prescription.number
                    } else {
                        (1..=999).find(|number| used.insert(*number)).unwrap_or(prescription.number)
                    };
                    group.prescriptions.push(PrescriptionGroup { number, ..prescription });
                }
            }
        }
        if !group.prescriptions.is_empty() {
            // A doctor holds until the next one is named, and cannot be taken back.
            group.prescriptions.sort_by_key(|prescription| prescription.doctor.is_some());
            self.draft.dispensings.push(group);
        }
    }

    /// A drug of a dispensing that a field cannot hold, as people read it.
    fn unfit(&mut self, drug: &DispensedDrug, day: Date) {
        let quantity = drug.quantity.map(|quantity| format!("{quantity}{}", drug.quantity_unit));
        let dose = format!("{} {}{}", basis(&drug.basis), drug.amount, drug.unit);
        let parts = [Some(drug.drug.name.clone()), Some(dose), Some(drug.usage.clone()), quantity];
        let parts = parts.into_iter().flatten().chain(drug.notes.iter().cloned());
        self.memo(&format!("【{day} 調剤】{}", parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")));
        self.not_said(&drug.drug.name, WhyNot::Unfit);
    }

    /// Day, pharmacy, prescriber and remarks; of those that do not fit, the name as a remark.
    fn heading(&mut self, dispensing: &Dispensing, day: Date) -> DispensingGroup {
        let staff = Creator::MedicalStaff;
        let mut group = DispensingGroup {
            date: NotebookDate::western(day),
            creator: staff.clone(),
            institution: dispensing.pharmacy.as_ref().map(|found| self.institution(found)),
            dispenser: dispensing.pharmacist.as_ref().map(|name| Dispenser {
                name: self.text(name),
                contact: String::new(),
                creator: staff.clone(),
            }),
            prescriber: dispensing.prescriber.as_ref().and_then(|by| by.institution.as_ref()).map(|found| {
                Institution {
                    postal_code: String::new(),
                    address: String::new(),
                    phone: String::new(),
                    ..self.institution(found)
                }
            }),
            ..DispensingGroup::default()
        };
        for note in &dispensing.notes {
            self.note(&mut group, note);
        }
        self.fitted(group)
    }

    /// Puts a remark where it came from.
    fn note(&mut self, group: &mut DispensingGroup, note: &str) {
        let (label, text) = note.split_once(": ").unwrap_or(("", note));
        let text = self.text(text);
        let remark = Remark { text: text.clone(), creator: Creator::MedicalStaff };
        match label {
            "注意" => group.cautions.push(remark),
            "医療機関から" => group.information.push(Information {
                text,
                kind: InformationKind::Other,
                creator: Creator::MedicalStaff,
            }),
            "残薬" => group.leftovers.push(remark),
            "備考" => group.remarks.push(remark),
            _ => group.remarks.push(Remark { text: self.text(note), creator: Creator::MedicalStaff }),
        }
    }

    /// Takes out of a heading what does not fit, and names it.
    fn fitted(&mut self, mut group: DispensingGroup) -> DispensingGroup {
        let sample = PrescriptionGroup {
            number: 1,
            drugs: vec![DrugLine {
                name: "薬".to_owned(),
                amount: Amount::read("1"),
                unit: "錠".to_owned(),
                code_kind: DrugCodeKind::None,
                creator: Creator::MedicalStaff,
                ..DrugLine::default()
            }],
            usage: Some(Usage {
                quantity: Amount::read("1"),
                unit: "日分".to_owned(),
                form: DosageForm::Internal,
                code_kind: UsageCodeKind::None,
                creator: Creator::MedicalStaff,
                ..Usage::default()
            }),
            ..PrescriptionGroup::default()
        };
        // Every turn takes something out: at most so many as there is.
        loop {
            let whole = DispensingGroup { prescriptions: vec![sample.clone()], ..group.clone() };
            let draft = NotebookDraft { dispensings: vec![whole], ..NotebookDraft::default() };
            let Some(WriteError { record, field, .. }) = self.refused(draft) else { return group };
            let left_out = match (record, field) {
                ("11", 5..=7) => group.institution.as_mut().map(|found| {
                    let detail = match field {
                        5 => &mut found.postal_code,
                        6 => &mut found.address,
                        _ => &mut found.phone,
                    };
                    std::mem::take(detail)
                }),
                ("11", _) => group.institution.take().map(|found| found.name),
                ("15", _) => group.dispenser.take().map(|found| found.name),
                ("51", _) => group.prescriber.take().map(|found| found.name),
                ("401", _) => group.cautions.pop().map(|remark| remark.text),
                ("411", _) => group.information.pop().map(|remark| remark.text),
                ("421", _) => group.leftovers.pop().map(|remark| remark.text),
                ("501", _) => group.remarks.pop().map(|remark| remark.text),
                _ => None,
            };
            let Some(text) = left_out else { return group };
            self.memo(&format!("【{} 調剤】{text}", group.date.iso().unwrap_or_default()));
            self.not_said(&text, WhyNot::Detail);
        }
    }

    fn institution(&mut self, found: &tendenko_crdt::Institution) -> Institution {
        Institution {
            name: self.text(&found.name),
            prefecture: found.prefecture.clone().unwrap_or_default(),
            score_table: ScoreTable::from_code(found.fee_table.as_deref().unwrap_or_default()),
            code: found.code.clone().unwrap_or_default(),
            postal_code: self.text(found.postal_code.as_deref().unwrap_or_default()),
            address: self.text(found.address.as_deref().unwrap_or_default()),
            phone: self.text(found.phone.as_deref().unwrap_or_default()),
            creator: Creator::MedicalStaff,
        }
    }

    /// One drug with its usage. `timings`: when the list says it is taken, where it is on the list.
    fn prescription(
        &mut self,
        dispensing: &Dispensing,
        drug: &DispensedDrug,
        timings: Option<&[Timing]>,
    ) -> PrescriptionGroup {
        let staff = Creator::MedicalStaff;
        let prescriber = dispensing.prescriber.as_ref();
        let mut doctor = prescriber.and_then(|by| by.doctor.as_ref()).map(|name| Doctor {
            name: self.text(name),
            department: self.text(prescriber.and_then(|by| by.department.as_deref()).unwrap_or_default()),
            creator: staff.clone(),
        });
        let (mut supplements, mut of_group, mut cautions) = (Vec::new(), Vec::new(), Vec::new());
        // What was said of the usage and not of one drug, as far as it matters: a reader takes intervals from there.
        let of_usage = |note: &String| {
            let together: Vec<_> = dispensing.drugs.iter().filter(|other| other.rp == drug.rp).collect();
            let mut intervals =
                usage::timings(note).into_iter().filter(|timing| matches!(timing, Timing::Other(_))).peekable();
            together.iter().all(|other| other.notes.contains(note))
                && intervals.peek().is_some()
                && match timings {
                    Some(known) => intervals.all(|interval| known.contains(&interval)),
                    None => together.len() > 1,
                }
        };
        for note in &drug.notes {
            if let Some(other) = note.strip_prefix("処方医: ") {
                doctor = Some(self.doctor(other));
            } else if let Some(caution) = note.strip_prefix("注意: ") {
                cautions.push(Remark { text: self.text(caution), creator: staff.clone() });
            } else {
                let remark = Remark { text: self.text(note), creator: staff.clone() };
                if of_usage(note) { of_group.push(remark) } else { supplements.push(remark) }
            }
        }
        PrescriptionGroup {
            number: drug.rp,
            doctor,
            drugs: vec![DrugLine { supplements, cautions, ..self.line(drug) }],
            usage: Some(Usage {
                text: self.text(&drug.usage),
                quantity: Amount::read(&drug.quantity.map(|quantity| quantity.to_string()).unwrap_or_default()),
                unit: self.text(&drug.quantity_unit),
                form: form(&drug.form),
                code_kind: UsageCodeKind::None,
                code: String::new(),
                creator: staff,
            }),
            other_usages: Vec::new(),
            supplements: of_group,
            cautions: Vec::new(),
        }
    }

    fn doctor(&mut self, text: &str) -> Doctor {
        let inside = text.strip_suffix('）').and_then(|text| text.split_once('（'));
        let (name, department) = inside.unwrap_or((text, ""));
        Doctor { name: self.text(name), department: self.text(department), creator: Creator::MedicalStaff }
    }

    fn line(&mut self, drug: &DispensedDrug) -> DrugLine {
        let code = drug.drug.code.as_ref();
        let kind = code.and_then(|code| drug_code_kind(&code.system));
        if let Some(code) = code.filter(|_| kind.is_none()) {
            self.not_said(&code.value, WhyNot::Detail);
        }
        let general = drug.drug.general_code.as_ref().filter(|code| code.system == "general-name");
        DrugLine {
            name: self.text(&drug.drug.name),
            amount: Amount::read(&drug.amount),
            unit: self.text(&drug.unit),
            code: code.filter(|_| kind.is_some()).map(|code| code.value.clone()).unwrap_or_default(),
            code_kind: kind.unwrap_or(DrugCodeKind::None),
            creator: Creator::MedicalStaff,
            general_name: self.text(drug.drug.general_name.as_deref().unwrap_or_default()),
            general_code_kind: match general {
                Some(_) => GeneralCodeKind::General,
                None => GeneralCodeKind::default(),
            },
            general_code: general.map(|code| code.value.clone()).unwrap_or_default(),
            ..DrugLine::default()
        }
    }
}

fn form(name: &str) -> DosageForm {
    let known = DosageForm::CODES.iter().map(|code| DosageForm::from_code(code));
    known.into_iter().find(|form| form.name() == name).unwrap_or_default()
}

fn drug_code_kind(system: &str) -> Option<DrugCodeKind> {
    let known = DrugCodeKind::CODES.iter().map(|code| DrugCodeKind::from_code(code));
    known.into_iter().find(|kind| kind.system() == Some(system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_and_code_has_its_way_back() {
        for code in DosageForm::CODES {
            let known = DosageForm::from_code(code);
            assert_eq!(form(known.name()), known);
        }
        for code in DrugCodeKind::CODES {
            let known = DrugCodeKind::from_code(code);
            assert_eq!(known.system().and_then(drug_code_kind).unwrap_or(DrugCodeKind::None), known);
        }
    }
}
