//! Writing a plan into a card, exactly as shown.

use jiff::civil::Date;
use jiff::tz;
use tendenko_crdt::{Card, Document, DocumentError, Event, EventBody, Newer, Stamp, Timestamp};

use super::{ImportPlan, MedicineChange, PlannedDispensing, PlannedMedicine, PlannedRemark, RemarkProposal};

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// New dispensings.
    pub dispensings: usize,
    /// New or changed medicines.
    pub medicines: usize,
    /// New allergies and adverse reactions.
    pub remarks: usize,
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

    /// Writes everything suggested in the plan into the card it was made for. Whoever declined something takes it out of
    /// the plan first. Taking a plan over again writes nothing.
    ///
    /// # Errors
    /// As the card's own writers. The card may then hold a part of the plan: go back to the last saved one.
    pub fn take_over(&self, card: &mut Card, stamp: &Stamp) -> Result<TakenOver, DocumentError> {
        let mut taken = TakenOver::default();
        for planned in self.dispensings.iter().filter(|planned| planned.is_suggested()) {
            card.record(Self::event(planned, stamp))?;
            taken.dispensings += 1;
        }
        for planned in self.medicines.iter().filter(|planned| planned.is_suggested()) {
            let reason = self.reason(planned);
            let written = card.put_medicine(&planned.key, planned.medicine.clone(), stamp, reason.as_deref())?;
            taken.medicines += usize::from(written);
        }
        for PlannedRemark { proposal, already_there, .. } in &self.remarks {
            if let (RemarkProposal::Allergy { key, allergy }, false) = (proposal, already_there) {
                taken.remarks += usize::from(card.add_allergy(key, allergy.clone(), stamp, Some("お薬手帳"))?);
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
            .map(|dispensing| format!("お薬手帳（{} 調剤）", dispensing.dispensing.dispensed_on));
        match &planned.change {
            MedicineChange::New => None,
            _ => Some(day.unwrap_or_else(|| "お薬手帳".to_owned())),
        }
    }
}
