//! Ten years of a card, a busy year of a chart: they load, merge and take the space they should. Prints, asserts no times.

mod support;

use std::time::Instant;

use support::*;
use tendenko_crdt::*;

fn entry(number: u32) -> Event {
    let author = (number % 3) as u8;
    let id = EntryId::derived("long history", &number.to_be_bytes());
    let note = format!(
        "訪問時、本人は居間で過ごしていた。食事は{}割程度摂取。排便{}日前。服薬は声かけで可能。",
        number % 10,
        number % 4
    );
    event(
        id,
        stamp(author, 1_700_000_000_000 + i64::from(number) * 3_600_000),
        visit(110 + (number % 60) as u16, &note),
    )
}

#[test]
fn a_volume_of_thousands_of_entries() {
    const ENTRIES: u32 = 3_000;
    let mut tablets: Vec<Volume> = (0..3).map(|n| Volume::new(actor(n))).collect();
    let mut changes = Vec::new();
    for number in 0..ENTRIES {
        let volume = &mut tablets[(number % 3) as usize];
        volume.record(entry(number)).unwrap();
        changes.extend(volume.take_changes());
    }
    let mut whole = Volume::new(actor(9));
    let began = Instant::now();
    let applied = whole.apply(&changes.concat()).unwrap();
    println!("{ENTRIES} changes merged at once in {:?}", began.elapsed());
    assert_eq!((applied.new_changes, applied.changed_keys.len()), (ENTRIES as usize, ENTRIES as usize));

    let snapshot = whole.save();
    let began = Instant::now();
    let mut loaded = Volume::load(actor(9), &snapshot).unwrap();
    println!("{} bytes loaded in {:?}", snapshot.len(), began.elapsed());
    let began = Instant::now();
    assert_eq!(loaded.events().len(), ENTRIES as usize);
    println!("all entries read in {:?}", began.elapsed());

    let began = Instant::now();
    loaded.record(event(EntryId::new([0; 16]), stamp(9, 1), note("もう一つ"))).unwrap();
    let more = loaded.take_changes();
    println!("one more entry recorded in {:?}", began.elapsed());
    let began = Instant::now();
    assert_eq!(whole.apply(&more.concat()).unwrap().new_changes, 1);
    println!("one more entry merged in {:?}", began.elapsed());
    assert_eq!(whole.events(), loaded.events());
}

#[test]
fn a_card_of_ten_years() {
    let mut card = Card::new(actor(0));
    for month in 0..120i64 {
        let why = Some("定期処方");
        for which in 0..8 {
            let name = format!("薬{which}");
            let amount = (1 + (month / 6) % 3).to_string();
            card.put_medicine(&name, medicine(&name, &amount), &stamp(0, month), why).unwrap();
        }
        let id = EntryId::derived("dispensing", &month.to_be_bytes());
        card.record(event(id, stamp(0, month), note("調剤"))).unwrap();
        card.take_changes();
    }
    let snapshot = card.save();
    let began = Instant::now();
    let mut loaded = Card::load(actor(0), &snapshot).unwrap();
    let view = loaded.view();
    println!("a card of ten years, {} bytes, loaded and read in {:?}", snapshot.len(), began.elapsed());
    assert_eq!((view.medicines.len(), view.events.len()), (8, 120));
    let began = Instant::now();
    let history = loaded.medicine_history("薬0");
    println!("history of one medicine in {:?}", began.elapsed());
    assert_eq!(history.len(), 20);
}

/// What a visit costs before it is sealed: alone, and in the bundle of an afternoon or a week.
#[test]
fn bytes_per_visit_record() {
    for visits in [1, 8, 64, 256] {
        let mut volume = Volume::new(actor(0));
        let mut changes = Vec::new();
        for number in 0..visits {
            let mut event = entry(number);
            event.stamp = stamp(0, event.stamp.at.0);
            volume.record(event).unwrap();
            changes.extend(volume.take_changes());
        }
        let one_by_one: usize = changes.iter().map(Vec::len).sum();
        let bundle = volume.bundle(&changes).unwrap();
        println!(
            "{visits:>4} visits: {:>5} bytes each as changes, {:>5} each bundled",
            one_by_one / visits as usize,
            bundle.len() / visits as usize
        );
        assert!(bundle.len() <= one_by_one);
        assert_eq!(Volume::new(actor(1)).apply(&bundle).unwrap().new_changes, visits as usize);
    }
}
