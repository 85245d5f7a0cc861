//! From lines to content: which record belongs to which.
//!
//! Tolerant about order where the meaning is clear, strict where it is not: a drug whose usage is missing or contradicted
//! stays visible and is marked unusable.

use std::collections::BTreeMap;

use super::check::{self, rp_number};
use super::codes::{
    Creator, DosageForm, DrugCodeKind, GeneralCodeKind, InformationKind, IngredientCodeKind, NotebookSex, Origin,
    RemarkKind, ScoreTable, UsageCodeKind,
};
use super::model::{
    Dispenser, DispensingGroup, Doctor, DrugLine, FamilyPharmacist, Information, Ingredient, Institution, Memo,
    NotebookDraft, OtcMedicine, Patient, PatientEntry, PatientRemark, PrescriptionGroup, Remark, Split, Usage,
};
use super::problem::{Problem, ProblemCode};
use super::text::Line;
use super::value::{Amount, NotebookDate};
use super::{Header, Notebook, RawText};

/// Makes a notebook of lines that were found complete. `problems` are those known before.
pub(crate) fn notebook(header: Header, lines: Vec<Line>, raw: Vec<RawText>, problems: Vec<Problem>) -> Notebook {
    let mut assembly = Assembly {
        is_part: lines.iter().any(|line| line.record == "911" && line.field(2) != "1"),
        content: NotebookDraft { origin: header.origin.clone(), ..NotebookDraft::default() },
        problems,
        otc: BTreeMap::new(),
        doctor: None,
        opened: Vec::new(),
        implicit: false,
    };
    assembly.check_header(&header);
    for line in &lines {
        assembly.problems.extend(check::line(line, &header.origin));
        assembly.take(line);
    }
    assembly.close_dispensing();
    assembly.check_whole(&lines);
    let mut problems = assembly.problems;
    problems.sort_by_key(|problem| problem.line);
    Notebook { version: header.version, content: assembly.content, problems, lines, raw }
}

struct Assembly {
    is_part: bool,
    content: NotebookDraft,
    problems: Vec<Problem>,
    /// Where the OTC medicine with a sequence number stands.
    otc: BTreeMap<u16, usize>,
    /// The doctor of the groups that follow.
    doctor: Option<Doctor>,
    /// The line of the first drug of every group in the open dispensing.
    opened: Vec<u32>,
    /// The open dispensing has no record 5.
    implicit: bool,
}

impl Assembly {
    fn report(&mut self, line: u32, record: &str, field: Option<u8>, code: ProblemCode) {
        self.problems.push(Problem { line, record: record.to_owned(), field, code });
    }

    /// Reports what only makes sense in a whole notebook.
    fn report_in_whole(&mut self, line: &Line, field: Option<u8>, code: ProblemCode) {
        if !self.is_part {
            self.report(line.number, &line.record, field, code);
        }
    }

    fn check_header(&mut self, header: &Header) {
        if header.version.edition().is_none() {
            self.report(1, "", None, ProblemCode::UnknownVersion);
        }
        if matches!(header.origin, Origin::Unlisted(_)) {
            self.report(1, "", None, ProblemCode::UnknownCategory);
        }
    }

    fn check_whole(&mut self, lines: &[Line]) {
        if self.is_part {
            return;
        }
        if self.content.patient.is_none() {
            self.report(1, "1", None, ProblemCode::PatientMissing);
        } else if lines.iter().all(|line| matches!(line.record.as_str(), "1" | "911")) {
            self.report(1, "", None, ProblemCode::NothingInside);
        }
    }

    fn take(&mut self, line: &Line) {
        if self.content.split.is_some() && line.record != "911" {
            self.report(line.number, &line.record, None, ProblemCode::AfterSplitControl);
        }
        match line.record.as_str() {
            "1" => self.patient(line),
            "2" if !line.field(2).is_empty() => {
                self.content.remarks.push(PatientRemark {
                    kind: RemarkKind::from_code(line.field(1)),
                    text: owned(line, 2),
                    creator: creator(line, 3),
                });
            }
            "3" if !line.field(1).is_empty() => {
                if !line.field(5).is_empty() {
                    self.otc.insert(rp_number(line.field(5)), self.content.otc.len());
                }
                self.content.otc.push(OtcMedicine {
                    name: owned(line, 1),
                    start: NotebookDate::read(line.field(2)),
                    end: NotebookDate::read(line.field(3)),
                    creator: creator(line, 4),
                    sequence: owned(line, 5),
                    jan: owned(line, 6),
                    ingredients: Vec::new(),
                });
            }
            "31" => self.ingredient(line),
            "4" if !line.field(1).is_empty() => {
                self.content.memos.push(Memo {
                    text: owned(line, 1),
                    date: NotebookDate::read(line.field(2)),
                    creator: creator(line, 3),
                });
            }
            "5" => {
                self.close_dispensing();
                self.implicit = false;
                self.content.dispensings.push(DispensingGroup {
                    date: NotebookDate::read(line.field(1)),
                    creator: creator(line, 2),
                    ..DispensingGroup::default()
                });
                self.opened.clear();
                self.opened.push(line.number);
            }
            "11" | "15" | "51" | "55" => self.people(line),
            "201" => self.drug(line),
            "281" | "291" => self.drug_remark(line),
            "301" => self.usage(line),
            "311" | "391" => self.group_remark(line),
            "401" | "411" | "421" | "501" | "601" => self.remark(line),
            "701" if !line.field(1).is_empty() => {
                self.content.family_pharmacists.push(FamilyPharmacist {
                    name: owned(line, 1),
                    pharmacy: owned(line, 2),
                    contact: owned(line, 3),
                    start: NotebookDate::read(line.field(4)),
                    end: NotebookDate::read(line.field(5)),
                    creator: creator(line, 6),
                });
            }
            "911" => self.split(line),
            _ => {}
        }
    }

    fn patient(&mut self, line: &Line) {
        if self.content.patient.is_some() {
            self.report(line.number, "1", None, ProblemCode::RecordTwice);
            return;
        }
        self.content.patient = Some(Patient {
            name: owned(line, 1),
            sex: NotebookSex::from_code(line.field(2)),
            birth_date: NotebookDate::read(line.field(3)),
            postal_code: owned(line, 4),
            address: owned(line, 5),
            phone: owned(line, 6),
            emergency_contact: owned(line, 7),
            blood_type: owned(line, 8),
            weight: Amount::read(line.field(9)),
            kana: owned(line, 10),
        });
    }

    fn ingredient(&mut self, line: &Line) {
        let sequence = rp_number(line.field(1));
        let owner = self.otc.get(&sequence).and_then(|index| self.content.otc.get_mut(*index));
        match owner {
            Some(otc) if !line.field(2).is_empty() => otc.ingredients.push(Ingredient {
                name: owned(line, 2),
                code_kind: IngredientCodeKind::from_code(line.field(3)),
                code: owned(line, 4),
                creator: creator(line, 5),
            }),
            Some(_) => {}
            None => self.report_in_whole(line, None, ProblemCode::IngredientWithoutMedicine),
        }
    }

    /// The dispensing a record belongs to. Where record 5 is missing, one without a date stands in.
    fn dispensing(&mut self, line: &Line) -> &mut DispensingGroup {
        if self.content.dispensings.is_empty() {
            self.implicit = true;
            self.report_in_whole(line, None, ProblemCode::DateMissing);
            self.content.dispensings.push(DispensingGroup::default());
            self.opened.push(line.number);
        }
        let last = self.content.dispensings.len() - 1;
        &mut self.content.dispensings[last]
    }

    fn people(&mut self, line: &Line) {
        let institution = |creator_field: usize| Institution {
            name: owned(line, 1),
            prefecture: owned(line, 2),
            score_table: ScoreTable::from_code(line.field(3)),
            code: owned(line, 4),
            creator: creator(line, creator_field),
            ..Institution::default()
        };
        let dispensing = self.dispensing(line);
        let twice = match line.record.as_str() {
            "11" => set_once(
                &mut dispensing.institution,
                Institution {
                    postal_code: owned(line, 5),
                    address: owned(line, 6),
                    phone: owned(line, 7),
                    ..institution(8)
                },
            ),
            "15" => set_once(
                &mut dispensing.dispenser,
                Dispenser { name: owned(line, 1), contact: owned(line, 2), creator: creator(line, 3) },
            ),
            "51" => set_once(&mut dispensing.prescriber, institution(5)),
            _ => {
                self.doctor =
                    Some(Doctor { name: owned(line, 1), department: owned(line, 2), creator: creator(line, 3) });
                false
            }
        };
        if twice {
            self.report(line.number, &line.record, None, ProblemCode::RecordTwice);
        }
    }

    fn drug(&mut self, line: &Line) {
        let doctor = self.doctor.clone();
        let number = rp_number(line.field(1));
        let groups = &mut self.dispensing(line).prescriptions;
        let drug = DrugLine {
            name: owned(line, 2),
            amount: Amount::read(line.field(3)),
            unit: owned(line, 4),
            code_kind: DrugCodeKind::from_code(line.field(5)),
            code: owned(line, 6),
            creator: creator(line, 7),
            general_name: owned(line, 8),
            general_code_kind: GeneralCodeKind::from_code(line.field(9)),
            general_code: owned(line, 10),
            supplements: Vec::new(),
            cautions: Vec::new(),
        };
        // A group takes drugs until its usage has been seen; the same number afterwards is another group.
        match groups.iter_mut().rev().find(|group| group.number == number && group.usage.is_none()) {
            Some(group) => group.drugs.push(drug),
            None => {
                groups.push(PrescriptionGroup { number, doctor, drugs: vec![drug], ..PrescriptionGroup::default() });
                self.opened.push(line.number);
            }
        }
    }

    fn drug_remark(&mut self, line: &Line) {
        let number = rp_number(line.field(1));
        let remark = Remark { text: owned(line, 2), creator: creator(line, 3) };
        let groups = &mut self.dispensing(line).prescriptions;
        // It belongs to the drug directly before it; the number only confirms that.
        let last = groups.last_mut();
        let other = last.as_ref().is_some_and(|group| group.number != number);
        match last.and_then(|group| group.drugs.last_mut()) {
            _ if remark.text.is_empty() => {}
            Some(drug) if line.record == "281" => drug.supplements.push(remark),
            Some(drug) => drug.cautions.push(remark),
            None => {
                self.report_in_whole(line, None, ProblemCode::GroupWithoutDrug);
                return;
            }
        }
        if other {
            self.report_in_whole(line, Some(1), ProblemCode::OtherGroup);
        }
    }

    fn usage(&mut self, line: &Line) {
        let number = rp_number(line.field(1));
        let usage = Usage {
            text: owned(line, 2),
            quantity: Amount::read(line.field(3)),
            unit: owned(line, 4),
            form: DosageForm::from_code(line.field(5)),
            code_kind: UsageCodeKind::from_code(line.field(6)),
            code: owned(line, 7),
            creator: creator(line, 8),
        };
        let dispensing = self.dispensing(line);
        let from_pharmacy = dispensing.prescriber.is_some();
        let groups = &mut dispensing.prescriptions;
        let waiting = groups.iter().rposition(|group| group.number == number && group.usage.is_none());
        let index = waiting.or_else(|| groups.iter().rposition(|group| group.number == number));
        let Some(group) = index.and_then(|index| groups.get_mut(index)) else {
            self.report_in_whole(line, None, ProblemCode::GroupWithoutDrug);
            return;
        };
        if group.usage.is_some() {
            if group.usage.as_ref() != Some(&usage) {
                group.other_usages.push(usage);
                self.report(line.number, "301", None, ProblemCode::UsageTwice);
            }
            return;
        }
        let meaning_unknown =
            usage.form.amount_meaning().is_none() && group.drugs.iter().any(|drug| !drug.amount.is_empty());
        let textless =
            usage.text.is_empty() && from_pharmacy && !matches!(usage.form, DosageForm::Material | DosageForm::Other);
        group.usage = Some(usage);
        if meaning_unknown {
            self.report(line.number, "301", Some(5), ProblemCode::MeaningUnknown);
        }
        if textless {
            self.report(line.number, "301", Some(2), ProblemCode::UsageTextMissing);
        }
    }

    fn group_remark(&mut self, line: &Line) {
        let number = rp_number(line.field(1));
        let remark = Remark { text: owned(line, 2), creator: creator(line, 3) };
        let groups = &mut self.dispensing(line).prescriptions;
        match groups.iter_mut().rev().find(|group| group.number == number) {
            _ if remark.text.is_empty() => {}
            Some(group) if line.record == "311" => group.supplements.push(remark),
            Some(group) => group.cautions.push(remark),
            None => self.report_in_whole(line, None, ProblemCode::GroupWithoutDrug),
        }
    }

    fn remark(&mut self, line: &Line) {
        if line.field(1).is_empty() {
            return;
        }
        let dispensing = self.dispensing(line);
        let remark = || Remark { text: owned(line, 1), creator: creator(line, 2) };
        match line.record.as_str() {
            "401" => dispensing.cautions.push(remark()),
            "411" => dispensing.information.push(Information {
                text: owned(line, 1),
                kind: InformationKind::from_code(line.field(2)),
                creator: creator(line, 3),
            }),
            "421" => dispensing.leftovers.push(remark()),
            "501" => dispensing.remarks.push(remark()),
            _ => dispensing
                .patient_entries
                .push(PatientEntry { text: owned(line, 1), date: NotebookDate::read(line.field(2)) }),
        }
    }

    fn split(&mut self, line: &Line) {
        let split = Split { id: owned(line, 1), parts: rp_number(line.field(2)), part: rp_number(line.field(3)) };
        if split.part == 0 || split.part > split.parts {
            self.report(line.number, "911", None, ProblemCode::SplitControlOdd);
        }
        if split.parts != 1 {
            self.report(line.number, "911", None, ProblemCode::PartOfSet);
        }
        if set_once(&mut self.content.split, split) {
            self.report(line.number, "911", None, ProblemCode::RecordTwice);
        }
    }

    /// Checks what can only be seen when a dispensing is over.
    fn close_dispensing(&mut self) {
        self.doctor = None;
        let opened = std::mem::take(&mut self.opened);
        let (Some(dispensing), false) = (self.content.dispensings.last(), self.is_part) else {
            return;
        };
        let first = opened.first().copied().unwrap_or(1);
        let mut found = Vec::new();
        if dispensing.institution.is_none() && !self.implicit {
            found.push((first, "5", ProblemCode::InstitutionMissing));
        }
        if dispensing.prescriptions.is_empty() {
            found.push((first, "5", ProblemCode::NoDrugs));
        }
        for (group, line) in dispensing.prescriptions.iter().zip(opened.iter().skip(1)) {
            if group.usage.is_none() {
                found.push((*line, "201", ProblemCode::UsageMissing));
            }
        }
        for (line, record, code) in found {
            self.report(line, record, None, code);
        }
    }
}

fn owned(line: &Line, field: usize) -> String {
    line.field(field).to_owned()
}

fn creator(line: &Line, field: usize) -> Creator {
    Creator::from_code(line.field(field))
}

/// Sets a value that may be set once; tells whether it was set before.
fn set_once<T>(slot: &mut Option<T>, value: T) -> bool {
    if slot.is_some() {
        return true;
    }
    *slot = Some(value);
    false
}
