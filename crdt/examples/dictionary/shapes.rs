//! What tablets seal, as bytes: changes of volumes and cards, one by one and bundled, by made-up people of made-up facilities.

use tendenko_crdt::*;

use crate::text::{self, Chance};

/// One payload.
pub struct Sample {
    /// The payload as it would be sealed.
    pub payload: Vec<u8>,
    /// How many changes are in it.
    pub changes: usize,
    /// What the record's header says of its author: device in hexadecimal digits, and the actor.
    pub header: Vec<u8>,
}

/// Somebody with a tablet.
struct Person {
    author: Author,
    actor: Actor,
    clock_offset_ms: Option<i64>,
}

const PROFESSIONS: [Profession; 5] =
    [Profession::Nurse, Profession::Pharmacist, Profession::Helper, Profession::CareManager, Profession::Physician];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Person {
    fn new(c: &mut Chance) -> Self {
        let device: [u8; 16] = c.bytes();
        let author = Author {
            member: hex(&c.bytes::<16>()),
            name: text::name(c).0,
            profession: PROFESSIONS[c.below(PROFESSIONS.len())].clone(),
            facility: text::office(c),
            device: hex(&device),
            newer: Default::default(),
        };
        let incarnation = u64::from_be_bytes(c.bytes());
        let clock_offset_ms = (c.below(4) > 0).then(|| c.within(0, 4000) as i64 - 2000);
        Self { author, actor: Actor::of(device, incarnation), clock_offset_ms }
    }

    fn stamp(&self, at: i64) -> Stamp {
        Stamp {
            author: self.author.clone(),
            at: Timestamp(at),
            clock_offset_ms: self.clock_offset_ms,
            newer: Default::default(),
        }
    }
}

fn vitals(c: &mut Chance) -> Vitals {
    let some = |c: &mut Chance, low: usize, high: usize| (c.below(5) > 0).then(|| c.within(low, high));
    Vitals {
        systolic: some(c, 88, 190).map(|n| n as u16),
        diastolic: some(c, 45, 110).map(|n| n as u16),
        pulse: some(c, 48, 120).map(|n| n as u16),
        spo2: some(c, 86, 99).map(|n| n as u16),
        temperature: some(c, 352, 389).map(|n| Tenths(n as i16)),
        weight: (c.below(4) == 0).then(|| Tenths(c.within(330, 820) as i16)),
        glucose: (c.below(6) == 0).then(|| c.within(60, 320) as u16),
        pain: (c.below(5) == 0).then(|| c.within(0, 10) as u16),
        respiration: (c.below(4) == 0).then(|| c.within(10, 30) as u16),
        newer: Default::default(),
    }
}

fn medicine(c: &mut Chance) -> Medicine {
    let (amount, unit) = (c.pick(&["1", "2", "3", "0.5", "1.5"]), c.pick(&["錠", "カプセル", "g", "包", "枚", "mL"]));
    let usage = format!(
        "1日{}回{}",
        c.within(1, 4),
        c.pick(&["朝食後", "朝夕食後", "毎食後", "就寝前", "起床時", "食前", "疼痛時"])
    );
    Medicine {
        drug: Drug {
            name: text::drug(c),
            code: None,
            general_name: None,
            general_code: None,
            newer: Default::default(),
        },
        amount: amount.into(),
        unit: unit.into(),
        basis: DoseBasis::PerDay,
        usage,
        timings: Vec::new(),
        form: String::new(),
        since: Some(format!("20{}-{:02}-{:02}", c.within(19, 30), c.within(1, 12), c.within(1, 28))),
        until: None,
        prescriber: None,
        source: Source::Prescription,
        note: None,
        dispensing: None,
        newer: Default::default(),
    }
}

fn body(c: &mut Chance) -> EventBody {
    match c.below(20) {
        0..=13 => EventBody::Visit(Visit {
            purpose: (c.below(3) == 0).then(|| text::purpose(c)),
            vitals: if c.below(8) == 0 { Vitals::default() } else { vitals(c) },
            care: text::care(c),
            note: {
                let sentences = c.within(1, 7);
                text::note(c, sentences)
            },
            sections: Vec::new(),
            newer: Default::default(),
        }),
        14..=15 => EventBody::Note(Note { text: text::note(c, 2), newer: Default::default() }),
        16..=17 => EventBody::HandOver(HandOver {
            to: match c.below(3) {
                0 => Addressee::Team,
                1 => Addressee::Profession(PROFESSIONS[c.below(PROFESSIONS.len())].clone()),
                _ => Addressee::Member { member: hex(&c.bytes::<16>()), name: text::name(c).0 },
            },
            urgent: c.below(4) == 0,
            text: text::note(c, 1),
            answers: None,
            newer: Default::default(),
        }),
        18 => EventBody::MedicationChange(MedicationChange {
            key: text::drug(c),
            change: MedicationChangeKind::Changed,
            before: vec![medicine(c)],
            after: Some(medicine(c)),
            newer: Default::default(),
        }),
        _ => EventBody::VisitPlan(VisitPlan {
            participants: vec![Participant {
                member: hex(&c.bytes::<16>()),
                name: text::name(c).0,
                profession: PROFESSIONS[c.below(PROFESSIONS.len())].clone(),
                newer: Default::default(),
            }],
            weekdays: vec![c.within(1, 7) as u8],
            time: format!("{:02}:{}0", c.within(8, 17), c.pick(&["0", "3"])),
            minutes: 30,
            purpose: text::purpose(c),
            from: format!("20{}-{:02}-{:02}", c.within(24, 30), c.within(1, 12), c.within(1, 28)),
            until: None,
            newer: Default::default(),
        }),
    }
}

fn edit_card(c: &mut Chance, card: &mut Card, stamp: &Stamp) -> Result<(), DocumentError> {
    match c.below(5) {
        0 => {
            let (name, kana) = text::name(c);
            let identity = Identity {
                name,
                kana,
                sex: if c.below(2) == 0 { Sex::Female } else { Sex::Male },
                birth_date: Some(format!("19{}-{:02}-{:02}", c.within(25, 70), c.within(1, 12), c.within(1, 28))),
                address: text::address(c),
                phone: format!("0{}-{}-{:04}", c.within(10, 99), c.within(10, 99), c.within(0, 9999)),
                ..Identity::default()
            };
            card.set_identity(identity, stamp, Some("訂正")).map(drop)
        }
        1 => {
            let allergy = Allergy { substance: text::drug(c), reaction: Some(text::symptom(c)), ..Allergy::default() };
            card.add_allergy(&item_key::allergy(&allergy), allergy, stamp, Some("聴取")).map(drop)
        }
        2 => {
            let diagnosis = Diagnosis { name: text::symptom(c), since: None, ..Diagnosis::default() };
            card.add_diagnosis(&item_key::diagnosis(&diagnosis), diagnosis, stamp, Some("診断")).map(drop)
        }
        3 => {
            let contact =
                Contact {
                    name: text::name(c).0, relation: "長女".into(), phone: "090-".into(), ..Contact::default()
                };
            card.add_contact(&item_key::contact(&contact), contact, stamp, None).map(drop)
        }
        _ => {
            let medicine = medicine(c);
            card.put_medicine(&item_key::medicine(&medicine.drug), medicine, stamp, Some("処方変更")).map(drop)
        }
    }
}

/// Either class, to be written by several people.
fn patient<D: Document>(
    c: &mut Chance,
    records: usize,
    edit: impl Fn(&mut Chance, &mut D, &Stamp) -> Result<(), DocumentError>,
    into: &mut Vec<Sample>,
) -> Result<(), DocumentError> {
    let people: Vec<Person> = (0..c.within(2, 4)).map(|_| Person::new(c)).collect();
    let mut tablets: Vec<D> = people.iter().map(|person| D::new(person.actor)).collect();
    let mut at = 1_760_000_000_000 + c.within(0, 60_000_000) as i64 * 1000;
    for _ in 0..records {
        let who = c.below(people.len());
        let count = if c.below(3) > 0 { 1 } else { c.within(2, 12) };
        for _ in 0..count {
            at += c.within(60_000, 40_000_000) as i64;
            edit(c, &mut tablets[who], &people[who].stamp(at))?;
            tablets[who].save();
        }
        let changes = tablets[who].take_changes();
        if changes.is_empty() {
            continue;
        }
        let payload = tablets[who].bundle(&changes)?;
        for (other, tablet) in tablets.iter_mut().enumerate() {
            if other != who {
                tablet.apply(&payload)?;
            }
        }
        let header = [people[who].author.device.as_bytes(), people[who].actor.as_bytes()].concat();
        into.push(Sample { header, payload, changes: changes.len() });
    }
    Ok(())
}

/// Payloads of many patients.
pub fn samples(seed: u64, patients: usize) -> Result<Vec<Sample>, DocumentError> {
    let mut c = Chance::new(seed);
    let mut samples = Vec::new();
    for number in 0..patients {
        let records = c.within(2, 4);
        patient::<Volume>(
            &mut c,
            records,
            |c, volume, stamp| {
                let body = body(c);
                let occurred_at =
                    Timestamp(stamp.at.0 - if c.below(2) == 0 { 0 } else { c.within(0, 7_200_000) as i64 });
                let id = EntryId::new(c.bytes());
                let newer = Default::default();
                let event = Event { id, stamp: stamp.clone(), occurred_at, corrects: None, reason: None, body, newer };
                volume.record(event).map(drop)
            },
            &mut samples,
        )?;
        if number % 3 == 0 {
            patient::<Card>(&mut c, 3, edit_card, &mut samples)?;
        }
    }
    Ok(samples)
}
