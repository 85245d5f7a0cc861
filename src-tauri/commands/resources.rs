//! 資源リスト: the region's directory, searched and sorted.

use tendenko_app_api as api;
use tendenko_protocol::trust::{HealthcareService, Place, ServiceDirectory};
use tendenko_replica::search::fold_text;

use super::Answer;
use crate::tablet::Desk;

pub fn list(desk: &Desk, args: api::GetResources) -> Answer<api::GetResources> {
    let trust = desk.replica.trust();
    let (Some(directory), Some(published)) = (trust.directory(), trust.directory_published()) else {
        return Ok(api::Resources::default());
    };
    let edition = api::Edition { serial: directory.serial, published: api::Millis(published.0) };
    Ok(api::Resources { edition: Some(edition), ..looked_up(directory, &desk.replica.me().facility, &args) })
}

/// What was asked for, as somebody of this facility sees it.
fn looked_up(directory: &ServiceDirectory, facility: &str, args: &api::GetResources) -> api::Resources {
    let own = own(&directory.services, facility);
    let home = own.and_then(|own| own.place);
    let mut all: Vec<(&HealthcareService, bool, Option<u32>)> = directory
        .services
        .iter()
        .map(|one| {
            let mine = own.is_some_and(|own| std::ptr::eq(own, one));
            (one, mine, home.zip(one.place).filter(|_| !mine).map(|(home, place)| metres(home, place)))
        })
        .collect();
    all.sort_by_key(|(one, mine, metres)| {
        (!mine, metres.unwrap_or(u32::MAX), one.place.is_none(), one.kind.clone(), one.name.clone())
    });
    let words: Vec<String> = args.words.split_whitespace().map(fold_text).filter(|word| !word.is_empty()).collect();
    let found = (1..)
        .zip(&all)
        .filter(|(_, (one, ..))| args.kind.as_ref().is_none_or(|kind| *kind == one.kind) && says(one, &words))
        .map(|(number, (one, own, metres))| view(number, one, *own, *metres))
        .collect();
    api::Resources {
        edition: None,
        kinds: kinds(&directory.services),
        found,
        total: u32::try_from(all.len()).unwrap_or(u32::MAX),
        from: home.and(own).map(|own| own.name.clone()),
        outline: directory
            .outline
            .iter()
            .map(|line| api::MapOutline {
                name: line.name.clone(),
                places: line.places.iter().map(|place| shown(*place)).collect(),
            })
            .collect(),
    }
}

/// The entry of a facility: the one of its name, however that is spaced and wide. Of two nobody knows which.
fn own<'a>(services: &'a [HealthcareService], facility: &str) -> Option<&'a HealthcareService> {
    let plain = |name: &str| fold_text(&name.split_whitespace().collect::<String>());
    let wanted = plain(facility);
    let mut same = services.iter().filter(|one| plain(&one.name) == wanted);
    same.next().filter(|_| same.next().is_none())
}

/// Every kind, in the order in which they are first named.
fn kinds(services: &[HealthcareService]) -> Vec<api::ResourceKind> {
    let mut kinds: Vec<api::ResourceKind> = Vec::new();
    for one in services.iter().filter(|one| !one.kind.is_empty()) {
        match kinds.iter_mut().find(|known| known.name == one.kind) {
            Some(known) => known.count += 1,
            None => kinds.push(api::ResourceKind { name: one.kind.clone(), count: 1 }),
        }
    }
    kinds
}

/// Whether an entry says every word, in whatever kana and width.
fn says(one: &HealthcareService, words: &[String]) -> bool {
    let texts = [&one.name, &one.kind, &one.address, &one.phone, &one.hours, &one.capacity, &one.comment];
    let all: Vec<String> = texts.into_iter().chain(&one.types).map(|text| fold_text(text)).collect();
    words.iter().all(|word| all.iter().any(|text| text.contains(word.as_str())))
}

fn view(number: u32, one: &HealthcareService, own: bool, metres: Option<u32>) -> api::ResourceView {
    api::ResourceView {
        number,
        name: one.name.clone(),
        own,
        kind: one.kind.clone(),
        services: one.types.clone(),
        address: one.address.clone(),
        phone: one.phone.clone(),
        hours: one.hours.clone(),
        capacity: one.capacity.clone(),
        comment: one.comment.clone(),
        place: one.place.map(shown),
        metres,
    }
}

fn shown(place: Place) -> api::MapPlace {
    api::MapPlace(place.0, place.1)
}

/// How far two places are apart, as the crow flies (haversine, a round earth: half a percent off at most).
fn metres(a: Place, b: Place) -> u32 {
    const EARTH: f64 = 6_371_000.0;
    let radians = |hundred_thousandths: i32| (f64::from(hundred_thousandths) / 100_000.0).to_radians();
    let (latitude, longitude) = (radians(b.0) - radians(a.0), radians(b.1) - radians(a.1));
    let half =
        (latitude / 2.0).sin().powi(2) + radians(a.0).cos() * radians(b.0).cos() * (longitude / 2.0).sin().powi(2);
    (2.0 * EARTH * half.sqrt().clamp(0.0, 1.0).asin()).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, kind: &str, types: &[&str]) -> HealthcareService {
        HealthcareService {
            name: name.into(),
            kind: kind.into(),
            types: types.iter().map(|one| (*one).to_owned()).collect(),
            ..HealthcareService::default()
        }
    }

    #[test]
    fn an_entry_is_found_in_any_kana_by_whatever_it_says() {
        let one = service("はまかぜ薬局", "薬局", &["訪問服薬", "在宅サービス"]);
        let found = |typed: &str| says(&one, &typed.split_whitespace().map(fold_text).collect::<Vec<_>>());
        for typed in ["", "ハマカゼ", "ﾊﾏｶｾﾞ", "はまかぜ　薬局", "在宅さーびす"] {
            assert!(found(typed), "{typed}");
        }
        assert!(!found("うみかぜ") && !found("はまかぜ 病院"));
    }

    #[test]
    fn numbers_stay_whatever_was_asked_for_with_my_own_facility_first_and_never_at_a_distance() {
        let placed = |name: &str, kind: &str, place| HealthcareService { place, ..service(name, kind, &[]) };
        let directory = ServiceDirectory {
            services: vec![
                placed("うみかぜ薬局", "薬局", Some(Place(3_928_000, 14_188_000))),
                placed("はまなす　訪問看護", "訪問看護ステーション", Some(Place(3_927_000, 14_188_000))),
                placed("あさひ薬局", "薬局", None),
                placed("なぎさ診療所", "医科診療所", Some(Place(3_927_000, 14_188_100))),
            ],
            ..ServiceDirectory::default()
        };
        let asked = |kind: Option<&str>| api::GetResources { words: String::new(), kind: kind.map(str::to_owned) };
        let lines = |found: &api::Resources| -> Vec<(u32, String, bool, Option<u32>)> {
            found.found.iter().map(|one| (one.number, one.name.clone(), one.own, one.metres)).collect()
        };
        let all = looked_up(&directory, "はまなす訪問看護", &asked(None));
        assert_eq!(
            lines(&all),
            [
                (1, "はまなす　訪問看護".to_owned(), true, None),
                (2, "なぎさ診療所".to_owned(), false, Some(86)),
                (3, "うみかぜ薬局".to_owned(), false, Some(1_112)),
                (4, "あさひ薬局".to_owned(), false, None),
            ]
        );
        assert_eq!((all.total, all.from.as_deref()), (4, Some("はまなす　訪問看護")));
        let kinds: Vec<_> = all.kinds.iter().map(|kind| (kind.name.as_str(), kind.count)).collect();
        assert_eq!(kinds, [("薬局", 2), ("訪問看護ステーション", 1), ("医科診療所", 1)]);
        let narrowed = looked_up(&directory, "はまなす訪問看護", &asked(Some("薬局")));
        assert_eq!(lines(&narrowed), [lines(&all)[2].clone(), lines(&all)[3].clone()]);
        let stranger = looked_up(&directory, "第一救護所", &asked(None));
        assert!(stranger.from.is_none() && stranger.found.iter().all(|one| !one.own && one.metres.is_none()));
        assert_eq!(stranger.found[3].name, "あさひ薬局", "those without a place are last");
    }

    #[test]
    fn distances_are_those_of_the_earth() {
        // A degree of latitude is 111 km; in Kamaishi a degree of longitude is 86 km.
        assert_eq!(metres(Place(3_900_000, 14_100_000), Place(4_000_000, 14_100_000)) / 100, 1_111);
        assert_eq!(metres(Place(3_927_000, 14_100_000), Place(3_927_000, 14_200_000)) / 1_000, 86);
        assert_eq!(metres(Place(1, 2), Place(1, 2)), 0);
    }
}
