//! The list that a secretariat keeps of who offers what, read from CSV as spreadsheets write it.
//!
//! Columns are found by their names, Japanese or English, in any order; those that are not known are an error, because a
//! misspelt one would silently leave its content out. Errors name the line and the column, so that the cell can be found.

use std::rc::Rc;

use tendenko_protocol::limits::{MAX_SERVICE_TYPES, MAX_TEXT};
use tendenko_protocol::trust::{HealthcareService, Place};

/// What is wrong with a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// Neither UTF-8 nor Shift_JIS.
    #[error("the file is neither UTF-8 nor Shift_JIS: save it as CSV again")]
    Encoding,
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
        /// What it is called.
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
    /// Nothing is in it.
    #[error("the list is empty")]
    Empty,
}

/// Names of the columns of services, each Japanese and English.
const SERVICES: [[&str; 2]; 9] = [
    ["名称", "name"],
    ["種別", "kind"],
    ["サービス", "services"],
    ["住所", "address"],
    ["電話", "phone"],
    ["時間", "hours"],
    ["備考", "comment"],
    ["緯度", "latitude"],
    ["経度", "longitude"],
];
const OUTLINE: [[&str; 2]; 3] = [["線", "line"], ["緯度", "latitude"], ["経度", "longitude"]];

/// Reads those who offer something.
pub fn services(bytes: &[u8]) -> Result<Vec<HealthcareService>, ListingError> {
    let rows = rows(bytes, &SERVICES)?;
    let mut services = Vec::new();
    for row in &rows {
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
        services.push(HealthcareService {
            name,
            kind: row.text("種別")?,
            types,
            address: row.text("住所")?,
            phone: row.text("電話")?,
            hours: row.text("時間")?,
            comment: row.text("備考")?,
            place: row.place()?,
        });
    }
    if services.is_empty() { Err(ListingError::Empty) } else { Ok(services) }
}

/// Reads the lines of the map, each in the order of its points.
pub fn outline(bytes: &[u8]) -> Result<Vec<Vec<Place>>, ListingError> {
    let mut lines: Vec<(String, Vec<Place>)> = Vec::new();
    for row in &rows(bytes, &OUTLINE)? {
        let name = row.text("線")?;
        let place = row.place()?.ok_or_else(|| row.wrong("緯度", "a point needs both numbers"))?;
        match lines.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push(place),
            None => lines.push((name, vec![place])),
        }
    }
    if lines.is_empty() { Err(ListingError::Empty) } else { Ok(lines.into_iter().map(|(_, points)| points).collect()) }
}

/// A line of the list.
struct Row {
    line: u64,
    /// The Japanese names of the columns, in the list's order.
    columns: Rc<[&'static str]>,
    cells: Vec<String>,
}

impl Row {
    fn cell(&self, name: &'static str) -> &str {
        let place = self.columns.iter().position(|column| *column == name);
        place.and_then(|place| self.cells.get(place)).map_or("", |text| text.trim())
    }

    fn wrong(&self, name: &'static str, what: &'static str) -> ListingError {
        let column = self.columns.iter().position(|column| *column == name).map_or(0, |place| place + 1);
        ListingError::Cell { line: self.line, column, name, what }
    }

    fn text(&self, name: &'static str) -> Result<String, ListingError> {
        let text = self.cell(name);
        if text.len() > MAX_TEXT {
            return Err(self.wrong(name, "too long (170 Japanese characters at most)"));
        }
        Ok(text.to_owned())
    }

    fn place(&self) -> Result<Option<Place>, ListingError> {
        let degrees = |name, most: f64| match self.cell(name) {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(degrees) if degrees.abs() <= most => Ok(Some((degrees * 100_000.0).round() as i32)),
                _ => Err(self.wrong(name, "not a number of degrees, such as 39.2758")),
            },
        };
        match (degrees("緯度", 90.0)?, degrees("経度", 180.0)?) {
            (Some(latitude), Some(longitude)) => Ok(Some(Place(latitude, longitude))),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(self.wrong("緯度", "both numbers are needed, or none")),
            (Some(_), None) => Err(self.wrong("経度", "both numbers are needed, or none")),
        }
    }
}

fn rows(bytes: &[u8], columns: &'static [[&'static str; 2]]) -> Result<Vec<Row>, ListingError> {
    let text = decoded(bytes)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| not_csv(&error))?.clone();
    let mut names: Vec<&'static str> = Vec::new();
    for (place, name) in header.iter().enumerate() {
        let known = columns.iter().find(|known| known.contains(&name.trim())).map(|known| known[0]);
        match known.filter(|known| !names.contains(known)) {
            Some(known) => names.push(known),
            None => return Err(ListingError::Column { column: place + 1, name: name.to_owned() }),
        }
    }
    if !names.contains(&columns[0][0]) {
        return Err(ListingError::Missing { name: columns[0][0] });
    }
    let columns: Rc<[&'static str]> = names.into();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| not_csv(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() > columns.len() {
            let what = format!("{} cells, and the first line names {} columns", record.len(), columns.len());
            return Err(ListingError::Csv { line, what });
        }
        let cells = record.iter().map(str::to_owned).collect();
        rows.push(Row { line, columns: Rc::clone(&columns), cells });
    }
    Ok(rows)
}

/// What the file says: UTF-8 with or without a mark, or Shift_JIS as spreadsheets in Japan save it.
fn decoded(bytes: &[u8]) -> Result<String, ListingError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(bytes);
    if broken { Err(ListingError::Encoding) } else { Ok(text.into_owned()) }
}

fn not_csv(error: &csv::Error) -> ListingError {
    ListingError::Csv { line: error.position().map_or(0, csv::Position::line), what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "名称,種別,サービス,住所,電話,時間,備考,緯度,経度\n\
        はまかぜ薬局,薬局,訪問服薬・無菌調製,釜石市大町0-0,0193-00-0000,平日 9–18,,39.27581,141.88559\n\
        \"はまなす,訪問看護\",訪問看護ステーション,訪問看護,,,,24時間,,\n";

    #[test]
    fn a_list_is_read_by_the_names_of_its_columns() {
        let read = services(LIST.as_bytes()).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].types, ["訪問服薬", "無菌調製"]);
        assert_eq!(read[0].place, Some(Place(3_927_581, 14_188_559)));
        assert_eq!(
            (read[1].name.as_str(), read[1].comment.as_str(), read[1].place),
            ("はまなす,訪問看護", "24時間", None)
        );
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
        assert_eq!(services(b"\xff\xfe\xff"), Err(ListingError::Encoding));
    }

    #[test]
    fn points_of_one_line_stay_together_in_their_order() {
        let read =
            outline("line,latitude,longitude\n海岸,39,141\n川,39.5,141.5\n海岸,39.1,141.1\n".as_bytes()).unwrap();
        assert_eq!(
            read,
            [vec![Place(3_900_000, 14_100_000), Place(3_910_000, 14_110_000)], vec![Place(3_950_000, 14_150_000)]]
        );
        assert!(outline("線,緯度,経度\n海岸,39,\n".as_bytes()).is_err());
    }
}
