//! The thirty people of the demonstration, from `tests/data/demo/patients.json`. None of them exists.

use serde::Deserialize;
use tendenko_crdt::{
    Allergy, Card, Contact, Diagnosis, DocumentError, EntryId, Identity, LocalNumber, Participant, Physician,
    Profession, Sex, SpecialNeed, Stamp, VisitPlan, Wishes, item_key,
};
use tendenko_replica::minutes_of;

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

/// How long a visit is planned to take.
const MINUTES: u16 = 30;

/// Who comes in the demonstration: those with a tablet, and their colleagues without one, who take what does not fit into one round.
pub struct Rounds<'a> {
    staff: &'a [(Profession, String, &'a str)],
    /// By whom, on which weekday, from when to when.
    taken: Vec<(String, u8, u16)>,
}

/// Colleagues without a tablet in the demonstration.
const COLLEAGUES: [&str; 4] = ["及川 美穂", "高橋 健一", "小野 千夏", "三浦 徹"];

impl<'a> Rounds<'a> {
    /// Nobody is on the way yet. `staff` names those who have a tablet.
    pub fn new(staff: &'a [(Profession, String, &'a str)]) -> Self {
        Self { staff, taken: Vec::new() }
    }

    /// The first of a profession who is free at that time.
    fn somebody(&mut self, profession: &Profession, weekdays: &[u8], start: u16) -> Participant {
        let known = self.staff.iter().filter(|(known, _, _)| known == profession);
        let known = known.map(|(_, member, name)| (member.clone(), (*name).to_owned()));
        let others = (0_u8..).zip(COLLEAGUES).map(|(number, name)| {
            let id = EntryId::derived("colleague", &[profession.as_str().as_bytes(), &[number]].concat());
            (id.to_string(), name.to_owned())
        });
        let everybody: Vec<(String, String)> = known.chain(others).collect();
        let free = |(member, _): &&(String, String)| {
            !self
                .taken
                .iter()
                .any(|(who, day, at)| who == member && weekdays.contains(day) && at.abs_diff(start) < MINUTES)
        };
        let (member, name) = everybody.iter().find(free).or(everybody.last()).cloned().unwrap_or_default();
        self.taken.extend(weekdays.iter().map(|day| (member.clone(), *day, start)));
        Participant { member, name, profession: profession.clone(), newer: Default::default() }
    }
}

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

    /// Who comes when.
    pub fn plans(&self, rounds: &mut Rounds<'_>) -> Vec<VisitPlan> {
        let plan = |plan: &Plan| VisitPlan {
            participants: vec![rounds.somebody(
                &plan.profession,
                &plan.weekdays,
                minutes_of(&plan.time).unwrap_or_default(),
            )],
            weekdays: plan.weekdays.clone(),
            time: plan.time.clone(),
            minutes: MINUTES,
            purpose: plan.purpose.clone(),
            from: plan.from.clone(),
            until: None,
            newer: Default::default(),
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
