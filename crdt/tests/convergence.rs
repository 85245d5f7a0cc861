//! Whatever order, batches and repetitions changes arrive in, tablets that have them all say the same, and what they say is
//! what causality says: a model without Automerge computes which values must stand.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use support::*;
use tendenko_crdt::*;

const TABLETS: usize = 4;

/// One thing a person does on a card or in a volume.
#[derive(Clone, Debug)]
enum Edit {
    Wishes { dnar: bool },
    PutMedicine { which: u8, amount: u8 },
    StopMedicine { which: u8 },
    AddAllergy { which: u8, severe: bool },
    RemoveAllergy { which: u8 },
    ImportDispensing { which: u8 },
    Visit { systolic: u16 },
    Correct { which: Index },
}

#[derive(Clone, Debug)]
enum Step {
    Edit { tablet: Index, edit: Edit },
    Deliver { to: Index, messages: Vec<Index>, how: How },
    SaveAndLoad { tablet: Index },
}

#[derive(Clone, Copy, Debug)]
enum How {
    OneByOne,
    Concatenated,
    Bundled,
}

fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        any::<bool>().prop_map(|dnar| Edit::Wishes { dnar }),
        (0..3u8, 1..4u8).prop_map(|(which, amount)| Edit::PutMedicine { which, amount }),
        (0..3u8).prop_map(|which| Edit::StopMedicine { which }),
        (0..2u8, any::<bool>()).prop_map(|(which, severe)| Edit::AddAllergy { which, severe }),
        (0..2u8).prop_map(|which| Edit::RemoveAllergy { which }),
        (0..3u8).prop_map(|which| Edit::ImportDispensing { which }),
        (90..180u16).prop_map(|systolic| Edit::Visit { systolic }),
        any::<Index>().prop_map(|which| Edit::Correct { which }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let how = prop_oneof![Just(How::OneByOne), Just(How::Concatenated), Just(How::Bundled)];
    let step = prop_oneof![
        5 => (any::<Index>(), edits()).prop_map(|(tablet, edit)| Step::Edit { tablet, edit }),
        3 => (any::<Index>(), prop::collection::vec(any::<Index>(), 1..6), how)
            .prop_map(|(to, messages, how)| Step::Deliver { to, messages, how }),
        1 => any::<Index>().prop_map(|tablet| Step::SaveAndLoad { tablet }),
    ];
    prop::collection::vec(step, 1..60)
}

/// One change on its way, with what the model knows about it.
struct Message {
    author: usize,
    on_card: bool,
    bytes: Vec<u8>,
    /// Every change the author had when writing it.
    past: BTreeSet<usize>,
    key: String,
    /// The value, as text; events have their id as key and stay.
    value: String,
}

struct Tablet {
    card: Card,
    volume: Volume,
    received: BTreeSet<usize>,
}

struct World {
    tablets: Vec<Tablet>,
    messages: Vec<Message>,
    clock: i64,
}

impl World {
    fn new() -> Self {
        let tablet = |n| Tablet { card: Card::new(actor(n)), volume: Volume::new(actor(n)), received: BTreeSet::new() };
        Self { tablets: (0..TABLETS as u8).map(tablet).collect(), messages: Vec::new(), clock: 0 }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Edit { tablet, edit } => self.edit(tablet.index(TABLETS), edit),
            Step::Deliver { to, messages, how } if !self.messages.is_empty() => {
                let picked: Vec<usize> = messages.iter().map(|index| index.index(self.messages.len())).collect();
                self.deliver(to.index(TABLETS), &picked, *how);
            }
            Step::Deliver { .. } => {}
            Step::SaveAndLoad { tablet } => self.save_and_load(tablet.index(TABLETS)),
        }
    }

    /// Changes whose whole past has arrived.
    fn applied(&self, tablet: usize) -> BTreeSet<usize> {
        let received = &self.tablets[tablet].received;
        received.iter().copied().filter(|&message| self.messages[message].past.is_subset(received)).collect()
    }

    fn edit(&mut self, author: usize, edit: &Edit) {
        self.clock += 1;
        let n = author as u8;
        // Clocks of tablets disagree by years; nothing may depend on them.
        let stamp = stamp(n, self.clock + [0, -40_000_000_000, 7, 40_000_000_000][author]);
        let why = Some("指示変更");
        // The past within the same document: card and volume know nothing of each other.
        let past = self.applied(author);
        let id = EntryId::derived("test", &self.clock.to_be_bytes());
        let known: Vec<EntryId> = self.tablets[author].volume.events().iter().map(|event| event.id).collect();
        let Tablet { card, volume, .. } = &mut self.tablets[author];
        let drug = |which: &u8| format!("薬{which}");
        let (written, key, value) = match edit {
            Edit::Wishes { dnar } => {
                let value = wishes(*dnar, "本人の希望");
                let text = format!("{value:?}");
                (card.set_wishes(value, &stamp, why), "r/wishes".to_owned(), text)
            }
            Edit::PutMedicine { which, amount } => {
                let value = medicine(&drug(which), &amount.to_string());
                let text = format!("{:?}", Presence::Present(&value));
                (card.put_medicine(&drug(which), value, &stamp, why), format!("s/medicine/{}", drug(which)), text)
            }
            Edit::StopMedicine { which } => {
                let text = format!("{:?}", Presence::<Medicine>::Removed);
                (card.stop_medicine(&drug(which), &stamp, why), format!("s/medicine/{}", drug(which)), text)
            }
            Edit::AddAllergy { which, severe } => {
                let value = Allergy { severity: severe.then(|| "重症".to_owned()), ..allergy("えび") };
                let text = format!("{:?}", Presence::Present(&value));
                let item = format!("物質{which}");
                (card.add_allergy(&item, value, &stamp, None), format!("s/allergy/{item}"), text)
            }
            Edit::RemoveAllergy { which } => {
                let text = format!("{:?}", Presence::<Allergy>::Removed);
                let item = format!("物質{which}");
                (card.remove_allergy(&item, &stamp, why), format!("s/allergy/{item}"), text)
            }
            Edit::ImportDispensing { which } => {
                let id = EntryId::derived("dispensing", &[*which]);
                let known = card.event(id).is_some();
                let mut dispensing = event(id, stamp, EventBody::Dispensing(dispensing(*which)));
                dispensing.occurred_at = Timestamp(i64::from(*which));
                let recorded = card.record(dispensing).map(|_| !known);
                (recorded, format!("e/{id}"), String::new())
            }
            Edit::Visit { systolic } => {
                let recorded = volume.record(event(id, stamp, visit(*systolic, "変わりなし")));
                (recorded.map(|_| true), format!("e/{id}"), String::new())
            }
            Edit::Correct { which } if !known.is_empty() => {
                let mut correction = event(id, stamp, note("訂正"));
                correction.corrects = Some(known[which.index(known.len())]);
                correction.reason = Some("入力誤り".into());
                (volume.record(correction).map(|_| true), format!("e/{id}"), String::new())
            }
            Edit::Correct { .. } => return,
        };
        let on_card = !matches!(edit, Edit::Visit { .. } | Edit::Correct { .. });
        let taken = if on_card { card.take_local() } else { volume.take_local() };
        match written {
            Ok(true) => {}
            // Nothing to do, or nothing to remove: then nothing may have been written.
            Ok(false) | Err(DocumentError::NoSuchItem) => {
                assert!(taken.changes.is_empty());
                return;
            }
            Err(error) => panic!("{edit:?}: {error}"),
        }
        assert_eq!(taken.changed_keys, std::slice::from_ref(&key));
        let [bytes] = taken.changes.try_into().expect("one edit, one change");
        let past = past.into_iter().filter(|&message| self.messages[message].on_card == on_card).collect();
        self.tablets[author].received.insert(self.messages.len());
        self.messages.push(Message { author, on_card, bytes, past, key, value });
    }

    fn deliver(&mut self, to: usize, picked: &[usize], how: How) {
        for on_card in [true, false] {
            let of_document: Vec<usize> =
                picked.iter().copied().filter(|&message| self.messages[message].on_card == on_card).collect();
            let mut inputs: Vec<Vec<u8>> = Vec::new();
            match how {
                How::OneByOne => inputs.extend(of_document.iter().map(|&message| self.messages[message].bytes.clone())),
                How::Concatenated => {
                    inputs.push(of_document.iter().flat_map(|&message| self.messages[message].bytes.clone()).collect());
                }
                How::Bundled => {
                    for author in 0..TABLETS {
                        let changes: Vec<Vec<u8>> = of_document
                            .iter()
                            .filter(|&&message| self.messages[message].author == author)
                            .map(|&message| self.messages[message].bytes.clone())
                            .collect();
                        let Tablet { card, volume, .. } = &mut self.tablets[author];
                        let bundled = if on_card { card.bundle(&changes) } else { volume.bundle(&changes) };
                        inputs.push(bundled.expect("an author has its own changes"));
                    }
                }
            }
            for input in inputs {
                let Tablet { card, volume, .. } = &mut self.tablets[to];
                let applied = if on_card { card.apply(&input) } else { volume.apply(&input) }.expect("intact changes");
                assert_eq!(applied.problems, []);
            }
        }
        self.tablets[to].received.extend(picked);
        self.check(to);
    }

    fn save_and_load(&mut self, tablet: usize) {
        let Tablet { card, volume, .. } = &mut self.tablets[tablet];
        let before = (card.view(), volume.events(), card.waiting(), volume.waiting());
        *card = Card::load(actor(tablet as u8), &card.save()).expect("own snapshot");
        *volume = Volume::load(actor(tablet as u8), &volume.save()).expect("own snapshot");
        assert_eq!((card.view(), volume.events(), card.waiting(), volume.waiting()), before);
        self.check(tablet);
    }

    /// Compares a tablet with the model: exactly the values that no later value it has followed.
    fn check(&self, tablet: usize) {
        let applied = self.applied(tablet);
        let mut standing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for &message in &applied {
            let Message { key, value, .. } = &self.messages[message];
            let followed = applied
                .iter()
                .any(|&later| self.messages[later].key == *key && self.messages[later].past.contains(&message));
            if !followed {
                standing.entry(key).or_default().insert(value);
            }
        }
        let Tablet { card, volume, received } = &self.tablets[tablet];
        let view = card.view();

        let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        if !view.wishes.is_empty() {
            shown.insert("r/wishes".into(), texts(&view.wishes));
        }
        for item in &view.medicines {
            shown.insert(format!("s/medicine/{}", item.key), texts(&item.presence));
        }
        for item in &view.allergies {
            shown.insert(format!("s/allergy/{}", item.key), texts(&item.presence));
        }
        for event in view.events.iter().chain(&volume.events()) {
            shown.insert(format!("e/{}", event.id), BTreeSet::from([String::new()]));
        }
        let removed = BTreeSet::from(["Removed"]);
        let expected: BTreeMap<String, BTreeSet<String>> = standing
            .into_iter()
            .filter(|(_, values)| *values != removed)
            .map(|(key, values)| (key.to_owned(), values.into_iter().map(str::to_owned).collect()))
            .collect();
        assert_eq!(shown, expected);

        let conflicts: BTreeSet<String> = view.conflicts.iter().map(|conflict| conflict.key.clone()).collect();
        let several = expected.iter().filter(|(_, values)| values.len() > 1).map(|(key, _)| key.clone()).collect();
        assert_eq!(conflicts, several);
        assert_eq!(view.problems, []);
        assert_eq!(volume.problems(), []);
        assert_eq!(card.waiting() + volume.waiting(), received.len() - applied.len());
    }
}

fn texts<T: std::fmt::Debug>(register: &Register<T>) -> BTreeSet<String> {
    register.values.iter().map(|written| format!("{:?}", written.value)).collect()
}

fn dispensing(which: u8) -> Dispensing {
    Dispensing {
        dispensed_on: format!("2026-01-{:02}", which + 1),
        pharmacy: None,
        pharmacist: None,
        prescriber: None,
        drugs: Vec::new(),
        source: Source::Notebook,
        notes: Vec::new(),
        newer: Newer::default(),
    }
}

proptest! {
    #![proptest_config(support::cases(96))]

    #[test]
    fn tablets_agree_with_causality_and_with_each_other(steps in steps(), order in prop::collection::vec(any::<Index>(), 80)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        // The link is back: everything reaches everybody, in an order of its own for each tablet, some of it twice.
        for tablet in 0..TABLETS {
            let mut all: Vec<usize> = (0..world.messages.len()).collect();
            for (position, index) in order.iter().enumerate().take(all.len()) {
                let other = (index.index(all.len()) + tablet) % all.len();
                let position = position % all.len();
                all.swap(position, other);
            }
            let again: Vec<usize> = all.iter().copied().take(5).collect();
            let how = [How::OneByOne, How::Concatenated, How::Bundled, How::OneByOne][tablet];
            world.deliver(tablet, &all, how);
            world.deliver(tablet, &again, How::OneByOne);
            world.save_and_load(tablet);
        }
        let first = (world.tablets[0].card.view(), world.tablets[0].volume.events());
        for tablet in &world.tablets {
            prop_assert_eq!(tablet.card.waiting() + tablet.volume.waiting(), 0);
            prop_assert_eq!(&(tablet.card.view(), tablet.volume.events()), &first);
        }
    }
}
