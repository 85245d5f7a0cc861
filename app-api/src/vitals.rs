//! バイタル: what is measured, its units, and what is hard to believe.

use crate::{AuthorView, EntryId, Millis, PatientId};
use serde::{Deserialize, Serialize};

/// One set of measurements. Nothing measured = all `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vitals {
    /// Systolic blood pressure, mmHg.
    pub systolic: Option<u16>,
    /// Diastolic blood pressure, mmHg.
    pub diastolic: Option<u16>,
    /// Pulse, per minute.
    pub pulse: Option<u16>,
    /// Oxygen saturation, %.
    pub spo2: Option<u16>,
    /// Body temperature, tenths of °C: 365 = 36.5.
    pub temperature: Option<i16>,
    /// Weight, tenths of kg: 482 = 48.2.
    pub weight: Option<u16>,
    /// Blood sugar, mg/dL.
    pub glucose: Option<u16>,
    /// Pain, 0–10.
    pub pain: Option<u16>,
    /// Breaths per minute.
    pub respiration: Option<u16>,
}

/// The largest number a field takes, in its own scale: four digits, and a fifth for tenths would be no measurement of anything.
pub const LARGEST: i32 = 9_999;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Systolic blood pressure.
    Systolic,
    /// Diastolic blood pressure.
    Diastolic,
    /// Pulse.
    Pulse,
    /// Oxygen saturation.
    Spo2,
    /// Temperature.
    Temperature,
    /// Breaths.
    Respiration,
    /// Weight.
    Weight,
    /// Blood sugar.
    Glucose,
    /// Pain.
    Pain,
}

impl Measure {
    /// In the order of a visit.
    pub const ALL: [Measure; 9] = [
        Measure::Temperature,
        Measure::Systolic,
        Measure::Diastolic,
        Measure::Pulse,
        Measure::Spo2,
        Measure::Respiration,
        Measure::Glucose,
        Measure::Weight,
        Measure::Pain,
    ];

    /// Its name on the wire, in Fluent keys and in test ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Measure::Systolic => "systolic",
            Measure::Diastolic => "diastolic",
            Measure::Pulse => "pulse",
            Measure::Spo2 => "spo2",
            Measure::Temperature => "temperature",
            Measure::Respiration => "respiration",
            Measure::Weight => "weight",
            Measure::Glucose => "glucose",
            Measure::Pain => "pain",
        }
    }

    /// Its unit as written everywhere.
    pub fn unit(self) -> &'static str {
        match self {
            Measure::Systolic | Measure::Diastolic => "mmHg",
            Measure::Pulse | Measure::Respiration => "/min",
            Measure::Spo2 => "%",
            Measure::Temperature => "°C",
            Measure::Weight => "kg",
            Measure::Glucose => "mg/dL",
            Measure::Pain => "/10",
        }
    }

    /// Digits after the point: 1 means the number is in tenths.
    pub fn decimals(self) -> u8 {
        match self {
            Measure::Temperature | Measure::Weight => 1,
            _ => 0,
        }
    }

    /// What is plausible. Anything else is most likely a slip of the finger: it is asked about once, kept if the writer insists, and
    /// marked wherever it is shown.
    pub fn plausible(self) -> std::ops::RangeInclusive<i32> {
        match self {
            Measure::Systolic => 30..=300,
            Measure::Diastolic => 10..=200,
            Measure::Pulse => 10..=300,
            Measure::Spo2 => 30..=100,
            Measure::Temperature => 250..=450,
            Measure::Respiration => 1..=80,
            Measure::Weight => 5..=3000,
            Measure::Glucose => 10..=1500,
            Measure::Pain => 0..=10,
        }
    }

    /// A general guide for adults at rest, shown only when it is exceeded; the physician's own limits for a patient
    /// come first. Weight has none.
    pub fn usual(self) -> Option<std::ops::RangeInclusive<i32>> {
        match self {
            Measure::Systolic => Some(90..=160),
            Measure::Diastolic => Some(50..=100),
            Measure::Pulse => Some(50..=100),
            Measure::Spo2 => Some(93..=100),
            Measure::Temperature => Some(350..=374),
            Measure::Respiration => Some(10..=24),
            Measure::Glucose => Some(70..=250),
            Measure::Pain => Some(0..=3),
            Measure::Weight => None,
        }
    }
}

impl Vitals {
    /// One of them, in its own scale (tenths where [`Measure::decimals`] is 1).
    pub fn get(&self, measure: Measure) -> Option<i32> {
        match measure {
            Measure::Systolic => self.systolic.map(i32::from),
            Measure::Diastolic => self.diastolic.map(i32::from),
            Measure::Pulse => self.pulse.map(i32::from),
            Measure::Spo2 => self.spo2.map(i32::from),
            Measure::Temperature => self.temperature.map(i32::from),
            Measure::Respiration => self.respiration.map(i32::from),
            Measure::Weight => self.weight.map(i32::from),
            Measure::Glucose => self.glucose.map(i32::from),
            Measure::Pain => self.pain.map(i32::from),
        }
    }

    /// Sets one of them. False, and nothing changed, when the number does not fit at all ([`LARGEST`]).
    pub fn set(&mut self, measure: Measure, value: Option<i32>) -> bool {
        if value.is_some_and(|value| !(0..=LARGEST).contains(&value)) {
            return false;
        }
        let number = value.and_then(|value| u16::try_from(value).ok());
        match measure {
            Measure::Systolic => self.systolic = number,
            Measure::Diastolic => self.diastolic = number,
            Measure::Pulse => self.pulse = number,
            Measure::Spo2 => self.spo2 = number,
            Measure::Temperature => self.temperature = value.and_then(|value| i16::try_from(value).ok()),
            Measure::Respiration => self.respiration = number,
            Measure::Weight => self.weight = number,
            Measure::Glucose => self.glucose = number,
            Measure::Pain => self.pain = number,
        }
        true
    }

    /// Nothing was measured.
    pub fn is_empty(&self) -> bool {
        *self == Vitals::default()
    }

    /// Every number that is hard to believe, in the order of a visit.
    pub fn implausible(&self) -> impl Iterator<Item = Measure> + '_ {
        Measure::ALL
            .into_iter()
            .filter(|measure| self.get(*measure).is_some_and(|value| !measure.plausible().contains(&value)))
    }

    /// The first number that does not fit, where there is one: the shell refuses it with `out-of-range`.
    pub fn impossible(&self) -> Option<Measure> {
        Measure::ALL.into_iter().find(|measure| self.get(*measure).is_some_and(|value| !(0..=LARGEST).contains(&value)))
    }
}

/// Asks for a patient's measurements over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetVitals {
    /// Whose.
    pub patient: PatientId,
    /// Only from here on; none = as far back as the limit reaches.
    pub since: Option<Millis>,
    /// At most so many, the newest.
    pub limit: u16,
}

/// Measurements over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VitalsHistory {
    /// Newest first; corrected visits in their newest version only.
    pub points: Vec<VitalsPoint>,
    /// Changes of medicines in the same span, newest first.
    pub medicine_changes: Vec<MedicineMark>,
}

/// One set of measurements in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VitalsPoint {
    /// When.
    pub at: Millis,
    /// By whom.
    pub author: AuthorView,
    /// The visit.
    pub entry: EntryId,
    /// What.
    pub vitals: Vitals,
}

/// A change of a medicine, as a mark on the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicineMark {
    /// When.
    pub at: Millis,
    /// Which medicine.
    pub name: String,
}

/// Asks for the last value of every measure, to be shown greyed beside the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetLastVitals {
    /// Whose.
    pub patient: PatientId,
}

/// The last value of every measure that ever had one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastVitals {
    /// In any order.
    pub values: Vec<LastValue>,
}

/// The last value of one measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastValue {
    /// Of what.
    pub measure: Measure,
    /// The number, in the scale of [`Vitals::get`].
    pub value: i32,
    /// When.
    pub at: Millis,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_kept_exactly() {
        for measure in Measure::ALL {
            for value in [0, *measure.plausible().start(), *measure.plausible().end(), LARGEST] {
                let mut vitals = Vitals::default();
                assert!(vitals.set(measure, Some(value)));
                assert_eq!(vitals.get(measure), Some(value), "{measure:?}");
                assert_eq!(vitals.impossible(), None);
                let believed = measure.plausible().contains(&value);
                assert_eq!(vitals.implausible().next(), (!believed).then_some(measure));
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut vitals = Vitals::default();
        vitals.set(Measure::Temperature, Some(365));
        assert!(!vitals.set(Measure::Temperature, Some(LARGEST + 1)));
        assert!(!vitals.set(Measure::Temperature, Some(-1)));
        assert_eq!(vitals.temperature, Some(365));
    }
}
