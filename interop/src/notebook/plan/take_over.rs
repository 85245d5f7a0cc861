//! Writing a plan into a card, exactly as shown.

use jiff::civil::Date;
use jiff::tz;
use tendenko_crdt::{
    Card, Document, DocumentError, Event, EventBody, MedicationChange, MedicationChangeKind, Newer, Stamp, Timestamp,
};

use super::{ImportPlan, MedicineChange, PlannedDispensing, PlannedMedicine, PlannedRemark, RemarkProposal};

/// The reason that stands beside what a notebook brought.
const NOTEBOOK: &str = "お薬手帳";

/// What was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TakenOver {
    /// New dispensings.
    pub dispensings: usize,
    /// New or changed medicines.
    pub medicines: usize,
    /// New allergies and adverse reactions.
    pub allergies: usize,
    /// Medicines of the list that now say something else, with the reason: for the chart to tell.
    pub changed: Vec<(MedicationChange, String)>,
}

impl ImportPlan {
    /// The entry of a planned dispensing. The same on every tablet but for the stamp: it happened at noon, Japanese time,
    /// of its day, because a notebook knows no hour.
    pub fn event(planned: &PlannedDispensing, stamp: &Stamp) -> Event {
        let noon = planned.dispensing.dispensed_on.parse::<Date>().ok().and_then(|day| {
            let noon = day.at(12, 0, 0, 0).to_zoned(tz::Offset::constant(9).to_time_zone()).ok()?;
            Some(Timestamp(noon.timestamp().as_millisecond()))
        });
        Event {
            id: planned.entry,
            stamp: stamp.clone(),
            occurred_at: noon.unwrap_or(stamp.at),
            corrects: None,
            reason: None,
            body: EventBody::Dispensing(planned.dispensing.clone()),
            newer: Newer::default(),
        }
    }

    /// Writes everything suggested in the plan into the card it was made for, and of the proposed allergies those whose key
    /// a person agreed to. Whoever declined something else takes it out of the plan first. Taking a plan over again writes
    /// nothing.
    ///
    /// # Errors
    /// As the card's own writers. The card may then hold a part of the plan: go back to the last saved one.
    pub fn take_over(
        &self,
        card: &mut Card,
        stamp: &Stamp,
        agreed: impl Fn(&str) -> bool,
    ) -> Result<TakenOver, DocumentError> {
        let mut taken = TakenOver::default();
        for planned in self.dispensings.iter().filter(|planned| planned.is_suggested()) {
            card.record(Self::event(planned, stamp))?;
            taken.dispensings += 1;
        }
        for planned in self.medicines.iter().filter(|planned| planned.is_suggested()) {
            let reason = self.reason(planned);
            if !card.put_medicine(&planned.key, planned.medicine.clone(), stamp, reason.as_deref())? {
                continue;
            }
            taken.medicines += 1;
            if let (MedicineChange::Changed { from }, Some(reason)) = (&planned.change, reason) {
                let change = MedicationChange {
                    key: planned.key.clone(),
                    change: MedicationChangeKind::Changed,
                    before: vec![(**from).clone()],
                    after: Some(planned.medicine.clone()),
                    newer: Newer::default(),
                };
                taken.changed.push((change, reason));
            }
        }
        for PlannedRemark { proposal, already_there, .. } in &self.remarks {
            if let (RemarkProposal::Allergy { key, allergy }, false) = (proposal, already_there)
                && agreed(key)
            {
                taken.allergies += usize::from(card.add_allergy(key, allergy.clone(), stamp, Some(NOTEBOOK))?);
            }
        }
        Ok(taken)
    }

    /// Why a medicine on the list changes.
    fn reason(&self, planned: &PlannedMedicine) -> Option<String> {
        let day = self
            .dispensings
            .iter()
            .find(|dispensing| Some(dispensing.entry) == planned.medicine.dispensing)
            .map(|dispensing| format!("{NOTEBOOK}（{} 調剤）", dispensing.dispensing.dispensed_on));
        match &planned.change {
            MedicineChange::New => None,
            _ => Some(day.unwrap_or_else(|| NOTEBOOK.to_owned())),
        }
    }
}
