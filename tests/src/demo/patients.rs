//! The thirty people of the demonstration, from `tests/data/demo/patients.json`. None of them exists.

use serde::Deserialize;
use tendenko_crdt::{
    Allergy, Card, Contact, Diagnosis, DocumentError, Identity, LocalNumber, Physician, Profession, Sex, SpecialNeed,
    Stamp, VisitPlan, Wishes, item_key,
};

/// One of them, as described in the file.
#[derive(Debug, Clone, Deserialize)]
pub struct DemoPatient {
    /// Stable name within the demonstration.
    pub id: String,
    name: String,
    kana: String,
    sex: Sex,
    birth_date: Option<String>,
    postal_code: String,
    address: String,
    phone: String,
    blood_type: Option<String>,
    numbers: Vec<LocalNumber>,
    allergies: Vec<Allergy>,
    diagnoses: Vec<Diagnosis>,
    special_needs: Vec<SpecialNeed>,
    wishes: Option<Wishes>,
    primary_physician: Option<Physician>,
    contacts: Vec<Contact>,
    visits: Vec<Plan>,
    /// Notebook files, in the order in which to take them over.
    pub notebooks: Vec<String>,
}

/// When somebody of a profession comes.
#[derive(Debug, Clone, Deserialize)]
struct Plan {
    profession: Profession,
    weekdays: Vec<u8>,
    time: String,
    purpose: String,
    from: String,
}

/// All of them.
pub fn patients() -> Vec<DemoPatient> {
    serde_json::from_str(include_str!("../../data/demo/patients.json")).expect("the project's own file is well formed")
}

/// A colleague without a tablet in the demonstration.
const ELSEWHERE: &str = "00000000000000000000000000000000";

impl DemoPatient {
    /// Who the patient is.
    pub fn identity(&self) -> Identity {
        Identity {
            name: self.name.clone(),
            kana: self.kana.clone(),
            sex: self.sex.clone(),
            birth_date: self.birth_date.clone(),
            postal_code: self.postal_code.clone(),
            address: self.address.clone(),
            phone: self.phone.clone(),
            blood_type: self.blood_type.clone(),
            numbers: self.numbers.clone(),
            newer: Default::default(),
        }
    }

    /// Names of the diagnoses.
    pub fn diagnoses(&self) -> Vec<String> {
        self.diagnoses.iter().map(|diagnosis| diagnosis.name.clone()).collect()
    }

    /// Writes the card, except for the medicines: those come from the notebooks.
    pub fn write_card(&self, card: &mut Card, stamp: &Stamp) -> Result<(), DocumentError> {
        card.set_identity(self.identity(), stamp, None)?;
        for contact in &self.contacts {
            card.add_contact(&item_key::contact(contact), contact.clone(), stamp, None)?;
        }
        for allergy in &self.allergies {
            card.add_allergy(&item_key::allergy(allergy), allergy.clone(), stamp, None)?;
        }
        for diagnosis in &self.diagnoses {
            card.add_diagnosis(&item_key::diagnosis(diagnosis), diagnosis.clone(), stamp, None)?;
        }
        for need in &self.special_needs {
            card.add_special_need(&item_key::special_need(need), need.clone(), stamp, None)?;
        }
        if let Some(wishes) = &self.wishes {
            card.set_wishes(wishes.clone(), stamp, Some("本人・ご家族と話し合い"))?;
        }
        if let Some(physician) = &self.primary_physician {
            card.set_primary_physician(physician.clone(), stamp, None)?;
        }
        Ok(())
    }

    /// Who comes when. `staff` names the members of the professions that have a tablet here.
    pub fn plans(&self, staff: &[(Profession, String, &str)]) -> Vec<VisitPlan> {
        let plan = |plan: &Plan| {
            let known = staff.iter().find(|(profession, _, _)| *profession == plan.profession);
            let (member, name) = known.map_or((ELSEWHERE, "担当者"), |(_, member, name)| (member.as_str(), *name));
            VisitPlan {
                member: member.to_owned(),
                member_name: name.to_owned(),
                profession: plan.profession.clone(),
                weekdays: plan.weekdays.clone(),
                time: plan.time.clone(),
                purpose: plan.purpose.clone(),
                from: plan.from.clone(),
                until: None,
                newer: Default::default(),
            }
        };
        self.visits.iter().map(plan).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_describes_thirty_people_and_names_notebooks_that_exist() {
        let all = patients();
        assert_eq!(all.len(), 30);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/jahis/demo");
        for name in all.iter().flat_map(|patient| &patient.notebooks) {
            assert!(folder.join(name).exists(), "{name}");
        }
    }
}
