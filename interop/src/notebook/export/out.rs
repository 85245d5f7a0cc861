//! Patient, allergies, medicines without prescription, and memos; what every text goes through.

use jiff::civil::Date;
use tendenko_crdt::{Allergy, AllergyKind, DoseBasis, Identity, Medicine, Sex, Source};

use super::{ExportError, NotSaid, WhyNot};
use crate::notebook::codes::{Creator, NotebookSex, Origin, RemarkKind};
use crate::notebook::model::{Memo, NotebookDraft, OtcMedicine, Patient, PatientRemark, Version};
use crate::notebook::plan::split_reaction;
use crate::notebook::text::Encoding;
use crate::notebook::value::NotebookDate;
use crate::notebook::write::{WriteError, fit, refusal};

/// Bytes of a memo at most.
const MEMO_BYTES: usize = 400;

/// What is being put together.
pub(super) struct Out {
    pub draft: NotebookDraft,
    pub not_said: Vec<NotSaid>,
    memo_date: Date,
    patient: Option<Patient>,
}

impl Out {
    /// A notebook of this patient, with nothing else in it.
    pub fn of(identity: &Identity, today: Date) -> Result<Self, ExportError> {
        let draft = NotebookDraft { origin: Origin::ToPatient, ..NotebookDraft::default() };
        let mut out = Self { draft, not_said: Vec::new(), memo_date: today, patient: None };
        out.patient(identity)?;
        Ok(out)
    }

    pub fn not_said(&mut self, what: &str, why: WhyNot) {
        let said = NotSaid { what: what.to_owned(), why };
        if !self.not_said.contains(&said) {
            self.not_said.push(said);
        }
    }

    /// A text as it can be written.
    pub fn text(&mut self, text: &str) -> String {
        let (written, lacking) = writable(text);
        if lacking {
            self.not_said(text.trim(), WhyNot::Character);
        }
        written
    }

    /// Whether the writer takes a draft with this patient.
    pub fn refused(&self, draft: NotebookDraft) -> Option<WriteError> {
        let patient = draft.patient.or_else(|| self.patient.clone());
        refusal(&NotebookDraft { origin: Origin::ToPatient, patient, ..draft }, Version::NEWEST)
    }

    fn patient(&mut self, identity: &Identity) -> Result<(), ExportError> {
        let sex = match identity.sex {
            Sex::Male => NotebookSex::Male,
            Sex::Female => NotebookSex::Female,
            _ => return Err(ExportError::Sex),
        };
        let birth = identity.birth_date.as_deref().and_then(|birth| birth.parse::<Date>().ok());
        let mut patient = Patient {
            name: self.text(&identity.name),
            sex,
            birth_date: NotebookDate::western(birth.ok_or(ExportError::BirthDate)?),
            postal_code: self.text(&identity.postal_code),
            address: self.text(&identity.address),
            phone: self.text(&identity.phone),
            blood_type: self.text(identity.blood_type.as_deref().unwrap_or_default()),
            kana: self.text(&identity.kana),
            ..Patient::default()
        };
        // What does not fit goes, and is named; name, sex and birth date cannot.
        while let Some(WriteError { field, .. }) =
            self.refused(NotebookDraft { patient: Some(patient.clone()), ..NotebookDraft::default() })
        {
            let optional = match field {
                4 => &mut patient.postal_code,
                5 => &mut patient.address,
                6 => &mut patient.phone,
                8 => &mut patient.blood_type,
                10 => &mut patient.kana,
                3 => return Err(ExportError::BirthDate),
                _ => return Err(ExportError::Name),
            };
            let text = std::mem::take(optional);
            self.not_said(&text, WhyNot::Detail);
        }
        self.patient = Some(patient.clone());
        self.draft.patient = Some(patient);
        Ok(())
    }

    pub fn allergy(&mut self, allergy: &Allergy) {
        let kind = match allergy.kind {
            AllergyKind::AdverseReaction => RemarkKind::SideEffect,
            AllergyKind::Allergy | AllergyKind::Other(_) => RemarkKind::Allergy,
        };
        if allergy.severity.is_some() || allergy.noted.is_some() {
            self.not_said(&allergy.substance, WhyNot::AllergyDetail);
        }
        let substance = self.text(&allergy.substance);
        let reaction = allergy.reaction.as_deref().map(|reaction| self.text(reaction));
        let whole = match &reaction {
            Some(reaction) => format!("{substance}（{reaction}）"),
            None => substance.clone(),
        };
        let remark = PatientRemark { kind, text: whole.clone(), creator: Creator::MedicalStaff };
        let alone = NotebookDraft { remarks: vec![remark.clone()], ..NotebookDraft::default() };
        if split_reaction(&whole) == (substance, reaction) && self.refused(alone).is_none() {
            self.draft.remarks.push(remark);
        } else {
            let heading = if remark.kind == RemarkKind::Allergy { "アレルギー" } else { "副作用" };
            self.memo(&format!("{heading}: {whole}"));
            self.not_said(&allergy.substance, WhyNot::Unfit);
        }
    }

    pub fn otc(&mut self, medicine: &Medicine) {
        let date = |day: &Option<String>| {
            day.as_deref().and_then(|day| day.parse::<Date>().ok()).map(NotebookDate::western).unwrap_or_default()
        };
        let jan = medicine.drug.code.as_ref().filter(|code| code.system == "jan");
        let otc = OtcMedicine {
            name: self.text(&medicine.drug.name),
            start: date(&medicine.since),
            end: date(&medicine.until),
            creator: Creator::MedicalStaff,
            jan: jan.map(|code| code.value.clone()).unwrap_or_default(),
            ..OtcMedicine::default()
        };
        let alone = NotebookDraft { otc: vec![otc.clone()], ..NotebookDraft::default() };
        if self.refused(alone).is_some() {
            return self.memo_of(medicine, WhyNot::Unfit);
        }
        self.draft.otc.push(otc);
        if !medicine.amount.is_empty() || !medicine.usage.is_empty() {
            self.memo_of(medicine, WhyNot::Unfit);
        }
    }

    /// A medicine as people read it.
    pub fn memo_of(&mut self, medicine: &Medicine, why: WhyNot) {
        let mark = match (why, &medicine.source) {
            (WhyNot::Undecided, _) => "確認中",
            (WhyNot::ChangedSince, _) => "調剤のあとで変更",
            (_, Source::Prescription) => "処方",
            (_, Source::Otc) => "市販薬",
            (_, Source::Notebook) => "お薬手帳",
            _ => "聞き取り",
        };
        let since = medicine.since.as_ref().map(|since| format!("{since}から"));
        let dose = format!("{} {}{}", basis(&medicine.basis), medicine.amount, medicine.unit);
        let dose = if medicine.amount.is_empty() { String::new() } else { dose };
        let parts = [
            Some(medicine.drug.name.clone()),
            Some(dose),
            Some(medicine.usage.clone()),
            since,
            medicine.prescriber.as_ref().map(|by| format!("処方 {by}")),
            medicine.note.clone(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        self.memo(&format!("【{mark}】{}", parts.join(" ")));
        self.not_said(&medicine.drug.name, why);
    }

    /// A memo, in as many records as it takes.
    pub fn memo(&mut self, text: &str) {
        let text = self.text(text);
        for text in pieces(&text) {
            let date = NotebookDate::western(self.memo_date);
            self.draft.memos.push(Memo { text, date, creator: Creator::MedicalStaff });
        }
    }
}

/// What an amount counts, in words.
pub(super) fn basis(basis: &DoseBasis) -> &str {
    match basis {
        DoseBasis::PerDay => "1日量",
        DoseBasis::PerDose => "1回量",
        DoseBasis::Total => "全量",
        DoseBasis::Unrecognised(word) if word == "unstated" => "量",
        DoseBasis::Unrecognised(word) => word,
    }
}

/// A text as Shift_JIS writes it, and whether a character had to be replaced because it has none.
fn writable(text: &str) -> (String, bool) {
    let codec = Encoding::Cp932.codec();
    let mut lacking = false;
    let written = fit(text)
        .chars()
        .map(|c| match c {
            '〜' => '～',
            '−' => '－',
            '—' => '―',
            '‖' => '∥',
            '\u{2011}' => '‐',
            '\u{00A0}' => ' ',
            other => other,
        })
        .map(|c| {
            let mut space = [0; 4];
            let (bytes, _, unmappable) = codec.encode(c.encode_utf8(&mut space));
            let private = ('\u{E000}'..='\u{F8FF}').contains(&c);
            let back = codec.decode_without_bom_handling(&bytes).0;
            if unmappable || private || back.chars().ne([c]) {
                lacking = true;
                '〓'
            } else {
                c
            }
        })
        .collect::<String>();
    (written.trim().to_owned(), lacking)
}

/// A text in pieces that a memo holds.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut bytes = 0;
    for c in text.chars() {
        let more = if c.is_ascii() { 1 } else { 2 };
        if bytes + more > MEMO_BYTES {
            pieces.push(String::new());
            bytes = 0;
        }
        bytes += more;
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces.into_iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shift_jis_writes_differently_is_the_same_and_what_it_lacks_is_named() {
        assert_eq!(writable("1〜2錠，\"朝\","), ("1～2錠，”朝”，".to_owned(), false));
        assert_eq!(writable("髙﨑"), ("髙﨑".to_owned(), false));
        assert_eq!(writable("𠮷田"), ("〓田".to_owned(), true));
    }

    #[test]
    fn a_long_memo_takes_several() {
        let text = "長い説明".repeat(120);
        let pieces = pieces(&text);
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), text);
    }
}
