//! `courier export` and `courier import`: the words of the command line, and lines for the operator.

use std::io::IsTerminal;
use std::ops::ControlFlow;

use ring::rand::SystemRandom;
use tendenko_protocol::courier::{ForWhom, Totals};
use tendenko_protocol::ids::{DeviceId, Millis, PatientId};
use tendenko_relay::Directory;
use tendenko_relay::courier::{self, CourierError, Request};

use super::args::{CourierExport, CourierImport};

/// Items between two signs of life at a terminal.
const SIGN: u64 = 5_000;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CourierCliError {
    #[error("--for {0}: say everyone, device:ID or patient:ID, with an id of 32 hexadecimal digits")]
    ForWhom(String),
    #[error("--for: name devices or patients, not both, and nobody beside everyone")]
    Mixed,
    #[error("--since {0}: say 90m, 12h, 3d, or a time such as 2026-11-20T09:00+09:00")]
    Since(String),
    #[error(transparent)]
    Courier(#[from] CourierError),
}

pub(super) fn export(export: CourierExport, now: Millis) -> Result<String, CourierCliError> {
    let since = export.since.as_deref().map(|text| since(text, now)).transpose()?;
    let request = Request { for_whom: for_whom(&export.for_whom)?, since, attachments: !export.without_attachments };
    let dir = Directory::new(export.dir);
    let totals = courier::export(&dir, &export.out, &request, &SystemRandom::new(), now, &mut signs())?;
    let Totals { statements, records, chunks, bytes } = totals;
    Ok(format!("written {statements} statements, {records} records, {chunks} pieces of attachments, {bytes} bytes"))
}

pub(super) fn import(import: CourierImport, now: Millis) -> Result<String, CourierCliError> {
    let dir = Directory::new(import.dir);
    let report = courier::import(&dir, &import.file, &SystemRandom::new(), now, &mut signs())?;
    Ok(report.to_string())
}

/// Shows a person at a terminal that it goes on.
fn signs() -> impl FnMut(Totals) -> ControlFlow<()> {
    let mut shown = 0;
    let to_person = std::io::stderr().is_terminal();
    move |totals| {
        if to_person && totals.items() >= shown + SIGN {
            shown = totals.items();
            eprintln!("{shown} items");
        }
        ControlFlow::Continue(())
    }
}

fn for_whom(given: &[String]) -> Result<ForWhom, CourierCliError> {
    let (mut everyone, mut devices, mut patients) = (false, Vec::new(), Vec::new());
    for text in given {
        let unknown = || CourierCliError::ForWhom(text.clone());
        match text.split_once(':') {
            None if text == "everyone" => everyone = true,
            Some(("device", id)) => devices.push(id.parse::<DeviceId>().map_err(|_| unknown())?),
            Some(("patient", id)) => patients.push(id.parse::<PatientId>().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        }
    }
    match (everyone, devices.is_empty(), patients.is_empty()) {
        (true, true, true) => Ok(ForWhom::Everyone),
        (false, false, true) => Ok(ForWhom::Devices(devices)),
        (false, true, false) => Ok(ForWhom::Patients(patients)),
        _ => Err(CourierCliError::Mixed),
    }
}

fn since(text: &str, now: Millis) -> Result<Millis, CourierCliError> {
    let unknown = || CourierCliError::Since(text.into());
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Millis(time.as_millisecond()));
    }
    let unit = match text.chars().last() {
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        _ => return Err(unknown()),
    };
    let count: i64 = text[..text.len() - 1].parse().map_err(|_| unknown())?;
    count.checked_mul(unit).filter(|span| *span > 0).map(|span| Millis(now.0 - span)).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_given_back_from_now_or_as_they_are_written() {
        let now = Millis(1_000_000_000_000);
        assert_eq!(since("90m", now).unwrap(), Millis(now.0 - 5_400_000));
        assert_eq!(since("3d", now).unwrap(), Millis(now.0 - 259_200_000));
        assert_eq!(since("1970-01-01T09:00:01+09:00", now).unwrap(), Millis(1_000));
        for text in ["", "d", "-3d", "3w", "yesterday", "99999999999999999d", "3日"] {
            assert!(since(text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_is_for_everyone_or_for_some() {
        let id = "00".repeat(16);
        let all = |list: &[&str]| for_whom(&list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(all(&["everyone"]).unwrap(), ForWhom::Everyone);
        let device = format!("device:{id}");
        assert_eq!(all(&[&device]).unwrap(), ForWhom::Devices(vec![DeviceId([0; 16])]));
        let patient = format!("patient:{id}");
        assert_eq!(all(&[&patient]).unwrap(), ForWhom::Patients(vec![PatientId([0; 16])]));
        for wrong in [vec!["everyone", &device], vec![device.as_str(), &patient], vec!["nurse"], vec!["device:0"]] {
            assert!(all(&wrong).is_err(), "{wrong:?}");
        }
    }
}
