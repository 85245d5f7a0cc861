//! The list that a secretariat keeps of who offers what, read from CSV as spreadsheets write it, and the lines of its map.
//!
//! Columns are found by their names, Japanese or English, in any order; those that are not known are an error, because a
//! misspelt one would silently leave its content out. Errors name the line and the column, so that the cell can be found.

mod table;

use std::collections::BTreeMap;

use table::{Column, Row, rows};
use tendenko_protocol::limits::{MAX_DIRECTORY_POINTS, MAX_DIRECTORY_SERVICES, MAX_SERVICE_TYPES};
use tendenko_protocol::trust::{HealthcareService, MapLine, Place};

/// What is wrong with a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// Neither UTF-8 nor Shift_JIS.
    #[error("line {line} is neither UTF-8 nor Shift_JIS: save the file as CSV again")]
    Encoding {
        /// The first that cannot be read, from 1.
        line: u64,
    },
    /// Not CSV.
    #[error("line {line} is not CSV: {what}")]
    Csv {
        /// Where.
        line: u64,
        /// What the reader said.
        what: String,
    },
    /// The first line names a column that is not known, or one twice.
    #[error("line 1, column {column} (“{name}”): not a known column, or there twice")]
    Column {
        /// Which, from 1.
        column: usize,
        /// How what it is called begins.
        name: String,
    },
    /// A column that is needed is missing.
    #[error("line 1: the column “{name}” is missing")]
    Missing {
        /// What it is called.
        name: &'static str,
    },
    /// A cell cannot be right.
    #[error("line {line}, column {column} (“{name}”): {what}")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
        /// What the column is called.
        name: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// Two lines are about the same.
    #[error("line {line} is about the same as line {before}: name, kind and address are equal")]
    Twice {
        /// The second of them.
        line: u64,
        /// The first.
        before: u64,
    },
    /// More than a directory holds.
    #[error("line {line}: more than {most} lines, and a directory holds no more")]
    TooMany {
        /// The first too many.
        line: u64,
        /// How many there may be.
        most: usize,
    },
    /// A file that is no list.
    #[error("the file is larger than {LARGEST} bytes: it is no list, or has much more in it")]
    TooLarge,
    /// Nothing is in it.
    #[error("the list is empty")]
    Empty,
}

/// Most bytes of a file: many times what a directory can hold.
pub const LARGEST: usize = 1 << 20;

/// Names of the columns of services.
const SERVICES: [Column; 10] = [
    ["名称", "name"],
    ["種別", "kind"],
    ["サービス", "services"],
    ["住所", "address"],
    ["電話", "phone"],
    ["時間", "hours"],
    ["定員", "capacity"],
    ["備考", "comment"],
    ["緯度", "latitude"],
    ["経度", "longitude"],
];
const OUTLINE: [Column; 3] = [["線", "line"], ["緯度", "latitude"], ["経度", "longitude"]];

/// Reads those who offer something.
pub fn services(bytes: &[u8]) -> Result<Vec<HealthcareService>, ListingError> {
    let mut services = Vec::new();
    let mut before = BTreeMap::new();
    for row in rows(bytes, &SERVICES, MAX_DIRECTORY_SERVICES)? {
        let service = service(&row)?;
        let same = (service.name.clone(), service.kind.clone(), service.address.clone());
        if let Some(before) = before.insert(same, row.line()) {
            return Err(ListingError::Twice { line: row.line(), before });
        }
        services.push(service);
    }
    Ok(services)
}

fn service(row: &Row) -> Result<HealthcareService, ListingError> {
    let name = row.text("名称")?;
    if name.is_empty() {
        return Err(row.wrong("名称", "a name is needed"));
    }
    let types: Vec<String> = row
        .text("サービス")?
        .split(['、', '，', ',', '/', '・'])
        .map(|one| one.trim().to_owned())
        .filter(|one| !one.is_empty())
        .collect();
    if types.len() > MAX_SERVICE_TYPES {
        return Err(row.wrong("サービス", "more than 16 services"));
    }
    Ok(HealthcareService {
        name,
        kind: row.text("種別")?,
        types,
        address: row.text("住所")?,
        phone: row.text("電話")?,
        hours: row.text("時間")?,
        capacity: row.text("定員")?,
        comment: row.text("備考")?,
        place: place(row)?,
    })
}

/// Reads the lines of the map, each in the order of its points. A name with one point is written there without a line.
pub fn outline(bytes: &[u8]) -> Result<Vec<MapLine>, ListingError> {
    let mut lines: Vec<MapLine> = Vec::new();
    for row in rows(bytes, &OUTLINE, MAX_DIRECTORY_POINTS)? {
        let name = row.text("線")?;
        let place = place(&row)?.ok_or_else(|| row.wrong("緯度", "a point needs both numbers"))?;
        match lines.iter_mut().find(|known| known.name == name) {
            Some(line) => line.places.push(place),
            None => lines.push(MapLine { name, places: vec![place] }),
        }
    }
    Ok(lines)
}

/// Where a line of the list is, if it says so.
fn place(row: &Row) -> Result<Option<Place>, ListingError> {
    let degrees = |name, most: f64| match row.cell(name) {
        "" => Ok(None),
        text => match text.parse::<f64>() {
            Ok(degrees) if degrees.abs() <= most => Ok(Some((degrees * 100_000.0).round() as i32)),
            Ok(degrees) if degrees.abs() <= 180.0 => {
                Err(row.wrong(name, "more than 90 degrees: latitude and longitude may have been exchanged"))
            }
            _ => Err(row.wrong(name, "not a number of degrees, such as 39.2758")),
        },
    };
    match (degrees("緯度", 90.0)?, degrees("経度", 180.0)?) {
        (Some(latitude), Some(longitude)) => Ok(Some(Place(latitude, longitude))),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(row.wrong("緯度", "both numbers are needed, or none")),
        (Some(_), None) => Err(row.wrong("経度", "both numbers are needed, or none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "名称,種別,サービス,住所,電話,時間,定員,備考,緯度,経度\n\
        はまかぜ薬局,薬局,訪問服薬・無菌調製,釜石市大町0-0,0193-00-0000,平日 9–18,,,39.27581,141.88559\n\
        \"はまなす,訪問看護\",訪問看護ステーション,訪問看護,,,,25名,\"24時間\n(連絡)\",,\n";

    #[test]
    fn a_list_is_read_by_the_names_of_its_columns() {
        let read = services(LIST.as_bytes()).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].types, ["訪問服薬", "無菌調製"]);
        assert_eq!(read[0].place, Some(Place(3_927_581, 14_188_559)));
        assert_eq!(
            (read[1].name.as_str(), read[1].comment.as_str(), read[1].place),
            ("はまなす,訪問看護", "24時間 (連絡)", None)
        );
        assert_eq!(read[1].capacity, "25名");
        let english = services("phone,name\n0193,A\n".as_bytes()).unwrap();
        assert_eq!((english[0].name.as_str(), english[0].phone.as_str()), ("A", "0193"));
        // As a spreadsheet saves it: Shift_JIS, or with a mark.
        let plain = LIST.replace('–', "-");
        let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(&plain);
        assert_eq!(services(&shift_jis).unwrap()[0].name, "はまかぜ薬局");
        assert_eq!(services(&[b"\xEF\xBB\xBF", LIST.as_bytes()].concat()).unwrap(), read);
    }

    #[test]
    fn an_error_names_the_line_and_the_column() {
        let wrong = |text: &str| services(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            wrong("名称,緯度,経度\nA,39.2,北\n"),
            "line 2, column 3 (“経度”): not a number of degrees, such as 39.2758"
        );
        assert_eq!(
            wrong("名称,緯度,経度\nA,39.2,141.8\nB,,141.8\n"),
            "line 3, column 2 (“緯度”): both numbers are needed, or none"
        );
        assert_eq!(wrong("種別,名称\n薬局,\n"), "line 2, column 2 (“名称”): a name is needed");
        assert_eq!(wrong("名称,でんわ\nA,1\n"), "line 1, column 2 (“でんわ”): not a known column, or there twice");
        assert_eq!(wrong("種別\n薬局\n"), "line 1: the column “名称” is missing");
        assert!(wrong("名称\nA,B\n").starts_with("line 2 is not CSV: 2 cells"));
        assert_eq!(wrong("名称\n"), "the list is empty");
        let long = format!("名称,備考\nA,{}\n", "あ".repeat(171));
        assert_eq!(wrong(&long), "line 2, column 2 (“備考”): too long (170 Japanese characters at most)");
        assert_eq!(
            wrong("名称,緯度,経度\nA,141.8,39.2\n").split(": ").last(),
            Some("latitude and longitude may have been exchanged")
        );
        assert_eq!(
            wrong("名称,種別\nA,薬局\n\nA,薬局\n"),
            "line 4 is about the same as line 2: name, kind and address are equal"
        );
        let open = format!("名称,備考\nA,\"{}", "あ\n".repeat(200));
        assert_eq!(
            wrong(&open),
            "line 2, column 2 (“備考”): too long, over several lines: a closing quotation mark may be missing"
        );
    }

    #[test]
    fn what_is_no_letter_is_named_by_its_line() {
        let at = |bytes: &[u8]| services(bytes).unwrap_err();
        let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode("名称,種別\nはまかぜ薬局,薬局\n");
        assert_eq!(at(&[&shift_jis[..], b"\xfd\xfd,\n"].concat()), ListingError::Encoding { line: 3 });
        let marked = [b"\xEF\xBB\xBF", "名称\nA\n".as_bytes(), b"\x83\x6e\n"].concat();
        assert_eq!(at(&marked), ListingError::Encoding { line: 3 }, "a file that says it is UTF-8 is nothing else");
        assert_eq!(at(b"\xff\xfe\xff"), ListingError::Encoding { line: 1 });
    }

    #[test]
    fn an_error_is_short_and_a_list_has_an_end_whatever_the_file_is_like() {
        assert_eq!(services(&vec![b' '; LARGEST + 1]), Err(ListingError::TooLarge));
        let long = "長".repeat(100_000);
        let said = services(format!("名称,{long}\nA,\n").as_bytes()).unwrap_err().to_string();
        assert!(said.len() < 200 && said.starts_with("line 1, column 2 (“長長"), "{said}");
        let many: String = (0..600).map(|number| format!("施設{number}\n")).collect();
        assert_eq!(
            services(format!("名称\n{many}").as_bytes()),
            Err(ListingError::TooMany { line: 502, most: MAX_DIRECTORY_SERVICES })
        );
        let points = "海岸,39,141\n".repeat(1_001);
        assert_eq!(
            outline(format!("線,緯度,経度\n{points}").as_bytes()),
            Err(ListingError::TooMany { line: 1_002, most: MAX_DIRECTORY_POINTS })
        );
    }

    #[test]
    fn points_of_one_line_stay_together_in_their_order() {
        let read =
            outline("line,latitude,longitude\n海岸,39,141\n川,39.5,141.5\n海岸,39.1,141.1\n".as_bytes()).unwrap();
        let line = |name: &str, places: &[Place]| MapLine { name: name.into(), places: places.to_vec() };
        assert_eq!(
            read,
            [
                line("海岸", &[Place(3_900_000, 14_100_000), Place(3_910_000, 14_110_000)]),
                line("川", &[Place(3_950_000, 14_150_000)])
            ]
        );
        assert!(outline("線,緯度,経度\n海岸,39,\n".as_bytes()).is_err());
    }
}
