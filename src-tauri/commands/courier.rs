//! 受け渡し: courier files on sticks, and in the tablet's own folder for tablets that share one in another way.
//!
//! The screen names a folder and a file from the list it was given; nothing else on the machine is read or written.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::UNIX_EPOCH;

use sysinfo::Disks;
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::Timestamp;
use tendenko_replica::courier::{CourierError, CourierRequest, EXTENSION, End, ForWhom, Totals};

use super::Answer;
use crate::error::storing;
use crate::tablet::{Tablet, blocking};
use crate::views::sync::count;

/// Files listed of one folder.
const MOST_FILES: usize = 50;
/// Files looked at in one folder.
const MOST_LOOKED_AT: usize = 5_000;
/// Bytes after which the screen hears how far it is.
const STEP: u64 = 256 << 10;

pub async fn places(tablet: &Tablet, _: api::GetCourierPlaces) -> Answer<api::GetCourierPlaces> {
    let own = own_folder(tablet);
    blocking(move || Ok(places_with(&own))).await
}

pub async fn export(tablet: &Tablet, args: api::ExportCourier) -> Answer<api::ExportCourier> {
    let (own, work, teller) = (own_folder(tablet), tablet.courier.begin()?, tablet.teller());
    tablet
        .work(move |desk| {
            let folder = known_folder(&own, &args.folder)?;
            let name = free_name(&folder, desk.clock.now());
            let since = args.since.map(|since| Timestamp(since.0));
            let mut request = CourierRequest { for_whom: ForWhom::Everyone, since, attachments: true };
            let mut told = 0;
            let mut progress = |totals: Totals| {
                if totals.bytes >= told + STEP {
                    told = totals.bytes;
                    teller.tell(api::EVENT_COURIER, api::CourierProgress { bytes: totals.bytes, total: None });
                }
                work.go_on()
            };
            let file = folder.join(&name);
            let mut written = desk.replica.export_courier(&file, &request, &mut progress);
            if written.as_ref().is_err_and(|error| error.code() == "stick-full") {
                // Text comes before photos, also on a stick.
                request.attachments = false;
                written = desk.replica.export_courier(&file, &request, &mut progress);
            }
            let written = written.map_err(refused)?;
            let photos_left_out = !request.attachments;
            Ok(api::CourierWritten { name, records: count(written.records), bytes: written.bytes, photos_left_out })
        })
        .await
}

pub async fn import(tablet: &Tablet, args: api::ImportCourier) -> Answer<api::ImportCourier> {
    let (own, work, teller) = (own_folder(tablet), tablet.courier.begin()?, tablet.teller());
    tablet
        .work(move |desk| {
            let folder = known_folder(&own, &args.folder)?;
            let listed = files_in(&folder).into_iter().find(|file| file.name == args.name);
            let file = listed.ok_or_else(|| ApiError::new(ErrorCode::CourierGone))?;
            let mut told = 0;
            let mut progress = |totals: Totals| {
                if totals.bytes >= told + STEP {
                    told = totals.bytes;
                    let total = Some(file.bytes);
                    teller.tell(api::EVENT_COURIER, api::CourierProgress { bytes: totals.bytes, total });
                }
                work.go_on()
            };
            let report = desk.replica.import_courier(&folder.join(&file.name), &mut progress).map_err(refused)?;
            Ok(api::CourierReport {
                new: count(report.new),
                known: count(report.known),
                not_for_us: count(report.not_for_us),
                refused: count(report.refused.values().sum::<u64>() + report.unknown),
                end: match report.end {
                    End::Whole => api::CourierEnd::Whole,
                    End::Cut { .. } => api::CourierEnd::Cut,
                    End::Damaged { .. } => api::CourierEnd::Damaged,
                    End::CalledOff { .. } => api::CourierEnd::CalledOff,
                },
            })
        })
        .await
}

pub async fn cancel(tablet: &Tablet, _: api::CancelCourier) -> Answer<api::CancelCourier> {
    tablet.courier.call_off();
    Ok(())
}

/// The folder of a stick that is plugged in now. What is not encrypted does not lie on the tablet.
pub fn stick(folder: &str) -> Result<PathBuf, ApiError> {
    let disks = Disks::new_with_refreshed_list();
    let mut sticks = disks.iter().filter(|disk| disk.is_removable() && !disk.is_read_only());
    let found = sticks.find(|disk| disk.mount_point().to_string_lossy() == folder);
    found.map(|disk| disk.mount_point().to_owned()).ok_or_else(|| ApiError::new(ErrorCode::CourierGone))
}

pub fn own_folder(tablet: &Tablet) -> PathBuf {
    tablet.directory.join("courier")
}

/// Every stick that is plugged in, then the tablet's own folder.
fn places_with(own: &Path) -> Vec<api::CourierPlace> {
    let disks = Disks::new_with_refreshed_list();
    let mut places: Vec<_> = disks
        .iter()
        .filter(|disk| disk.is_removable() && !disk.is_read_only())
        .map(|disk| {
            let name = disk.mount_point().file_name().unwrap_or(disk.name()).to_string_lossy().into_owned();
            place(disk.mount_point(), name, true, disk.available_space())
        })
        .collect();
    if std::fs::create_dir_all(own).is_ok() {
        let holding = disks.iter().filter(|disk| own.starts_with(disk.mount_point()));
        let free =
            holding.max_by_key(|disk| disk.mount_point().as_os_str().len()).map_or(0, |disk| disk.available_space());
        places.push(place(own, String::new(), false, free));
    }
    places
}

fn place(folder: &Path, name: String, removable: bool, free: u64) -> api::CourierPlace {
    api::CourierPlace { folder: folder.to_string_lossy().into_owned(), name, removable, free, files: files_in(folder) }
}

/// The folder, if it is one of the places now.
pub fn known_folder(own: &Path, folder: &str) -> Result<PathBuf, ApiError> {
    let known = places_with(own).into_iter().find(|place| place.folder == folder);
    known.map(|place| place.folder.into()).ok_or_else(|| ApiError::new(ErrorCode::CourierGone))
}

/// Courier files in a folder, also those that were not finished; the newest first.
fn files_in(folder: &Path) -> Vec<api::CourierFile> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(MOST_LOOKED_AT).flatten();
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let unfinished = name.strip_suffix(".part").unwrap_or(&name);
            let is_ours = Path::new(unfinished).extension().is_some_and(|extension| extension == EXTENSION);
            let about = entry.metadata().ok().filter(|about| is_ours && about.is_file())?;
            let since_epoch = about.modified().ok()?.duration_since(UNIX_EPOCH).ok();
            let written = since_epoch.and_then(|time| i64::try_from(time.as_millis()).ok()).map(api::Millis);
            Some(api::CourierFile { name, written, bytes: about.len() })
        })
        .collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.written));
    files.truncate(MOST_FILES);
    files
}

/// A name that is not taken, in letters every stick can hold.
fn free_name(folder: &Path, now: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let now = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(zone);
    let stem = now.strftime("tendenko-%Y%m%d-%H%M").to_string();
    let names = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem}-{number}")));
    let mut names = names.map(|name| format!("{name}.{EXTENSION}"));
    names.find(|name| !folder.join(name).exists()).unwrap_or(stem)
}

fn refused(error: CourierError) -> ApiError {
    tracing::warn!(code = error.code(), "a courier file was refused");
    match error.code() {
        "not-a-courier-file" | "courier-damaged" => ApiError::new(ErrorCode::NotACourierFile),
        "courier-version" => ApiError::new(ErrorCode::CourierNewer),
        "other-region" => ApiError::new(ErrorCode::CourierOtherRegion),
        "stick-full" => ApiError::new(ErrorCode::StickFull),
        "called-off" => ApiError::new(ErrorCode::CalledOff),
        "stick" => ApiError::new(ErrorCode::CourierGone),
        _ => match error {
            CourierError::Store(error) => storing(&error),
            other => crate::error::internal(other.code()),
        },
    }
}

/// One piece of work on a courier file at a time, which can be called off.
#[derive(Default)]
pub struct CourierWork(Mutex<Weak<AtomicBool>>);

/// The work under way; it is over when this is dropped.
pub struct UnderWay(Arc<AtomicBool>);

impl CourierWork {
    fn begin(&self) -> Result<UnderWay, ApiError> {
        let mut now = self.lock();
        if now.strong_count() > 0 {
            return Err(ApiError::new(ErrorCode::CourierBusy));
        }
        let called_off = Arc::default();
        *now = Arc::downgrade(&called_off);
        Ok(UnderWay(called_off))
    }

    fn call_off(&self) {
        if let Some(work) = self.lock().upgrade() {
            work.store(true, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Weak<AtomicBool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    fn go_on(&self) -> ControlFlow<()> {
        if self.0.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_courier_files_are_listed_and_a_new_one_takes_a_free_name() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp(1_795_143_600_000);
        let first = free_name(folder.path(), now);
        assert_eq!(first, "tendenko-20261120-1200.tendenko");
        for name in [first.as_str(), "cut.tendenko.part", "holiday.jpg", "notes.txt"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        assert_eq!(free_name(folder.path(), now), "tendenko-20261120-1200-2.tendenko");
        let mut names: Vec<_> = files_in(folder.path()).into_iter().map(|file| file.name).collect();
        names.sort();
        assert_eq!(names, ["cut.tendenko.part", first.as_str()]);
    }

    #[test]
    fn a_folder_that_was_not_offered_is_refused() {
        let own = tempfile::tempdir().unwrap();
        assert!(known_folder(own.path(), &own.path().to_string_lossy()).is_ok());
        assert_eq!(known_folder(own.path(), "/etc").unwrap_err().code, ErrorCode::CourierGone);
    }

    #[test]
    fn one_piece_of_work_at_a_time_and_it_can_be_called_off() {
        let work = CourierWork::default();
        let first = work.begin().unwrap();
        assert_eq!(work.begin().err().map(|error| error.code), Some(ErrorCode::CourierBusy));
        assert!(first.go_on().is_continue());
        work.call_off();
        assert!(first.go_on().is_break());
        drop(first);
        assert!(work.begin().unwrap().go_on().is_continue());
    }
}
