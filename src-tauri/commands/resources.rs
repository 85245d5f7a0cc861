//! 資源リスト: the region's directory, searched and sorted.

use std::collections::BTreeSet;

use tendenko_app_api as api;
use tendenko_protocol::trust::{HealthcareService, Place};
use tendenko_replica::search::fold_text;

use super::Answer;
use crate::tablet::Desk;

pub fn list(desk: &Desk, args: api::GetResources) -> Answer<api::GetResources> {
    let trust = desk.replica.trust();
    let Some(directory) = trust.directory() else { return Ok(api::Resources::default()) };
    let home = directory.services.iter().find(|one| one.name == desk.replica.me().facility).and_then(|one| one.place);
    let kinds: BTreeSet<&str> = directory.services.iter().map(|one| one.kind.as_str()).collect();
    let words: Vec<String> = args.words.split_whitespace().map(fold_text).filter(|word| !word.is_empty()).collect();
    let mut found: Vec<api::ResourceView> = directory
        .services
        .iter()
        .filter(|one| args.kind.as_ref().is_none_or(|kind| *kind == one.kind))
        .filter(|one| says(one, &words))
        .map(|one| view(one, home))
        .collect();
    found.sort_by(|a, b| {
        let far = |one: &api::ResourceView| one.metres.unwrap_or(u32::MAX);
        (far(a), &a.kind, &a.name).cmp(&(far(b), &b.kind, &b.name))
    });
    Ok(api::Resources {
        published: trust.directory_published().map(|at| api::Millis(at.0)),
        kinds: kinds.into_iter().filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
        found,
        outline: directory.outline.iter().map(|line| line.iter().map(|place| shown(*place)).collect()).collect(),
    })
}

/// Whether an entry says every word, in whatever kana and width.
fn says(one: &HealthcareService, words: &[String]) -> bool {
    let texts = [&one.name, &one.kind, &one.address, &one.phone, &one.comment];
    let all: Vec<String> = texts.into_iter().chain(&one.types).map(|text| fold_text(text)).collect();
    words.iter().all(|word| all.iter().any(|text| text.contains(word.as_str())))
}

fn view(one: &HealthcareService, home: Option<Place>) -> api::ResourceView {
    api::ResourceView {
        name: one.name.clone(),
        kind: one.kind.clone(),
        services: one.types.clone(),
        address: one.address.clone(),
        phone: one.phone.clone(),
        hours: one.hours.clone(),
        comment: one.comment.clone(),
        place: one.place.map(shown),
        metres: home.zip(one.place).map(|(home, place)| metres(home, place)),
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
    fn distances_are_those_of_the_earth() {
        // A degree of latitude is 111 km; in Kamaishi a degree of longitude is 86 km.
        assert_eq!(metres(Place(3_900_000, 14_100_000), Place(4_000_000, 14_100_000)) / 100, 1_111);
        assert_eq!(metres(Place(3_927_000, 14_100_000), Place(3_927_000, 14_200_000)) / 1_000, 86);
        assert_eq!(metres(Place(1, 2), Place(1, 2)), 0);
    }
}
