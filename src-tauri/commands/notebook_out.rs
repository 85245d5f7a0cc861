//! お薬手帳 to carry, and the codes of one that somebody else carries.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::ToSpan as _;
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_interop::notebook::{self, Encoding, Export, ExportError, Scope, Version, WhyNot, write, write_split};

use super::courier::stick;
use super::{Answer, patient, patients};
use crate::error::internal;
use crate::qr;
use crate::tablet::Desk;

/// What the texts of all notebooks and prescriptions begin with.
const JAHIS: &[u8] = b"JAHIS";
/// Characters of Base64 that the largest picture takes.
const MAX_ENCODED: usize = api::MAX_PICTURE.div_ceil(3) as usize * 4;

pub fn scan(_: &Desk, args: api::ScanNotebook) -> Answer<api::ScanNotebook> {
    if args.data.len() > MAX_ENCODED {
        return Err(ApiError::new(ErrorCode::PhotoTooLarge).with("max_mb", api::MAX_PICTURE / (1024 * 1024)));
    }
    let unreadable = || ApiError::new(ErrorCode::PhotoUnreadable);
    let picture = BASE64_STANDARD.decode(&args.data).map_err(|_| unreadable())?;
    let codes = qr::codes_in(&picture).map_err(|_| unreadable())?;
    if codes.is_empty() {
        return Err(ApiError::new(ErrorCode::NoQrCode));
    }
    let notebooks: Vec<_> = codes.into_iter().filter(|code| code.starts_with(JAHIS)).collect();
    if notebooks.is_empty() {
        return Err(ApiError::new(ErrorCode::NotANotebook));
    }
    Ok(notebooks.into_iter().map(|bytes| api::NotebookFile { name: "QRコード".into(), bytes }).collect())
}

pub fn export(desk: &Desk, args: api::ExportNotebook) -> Answer<api::ExportNotebook> {
    let export = made(desk, &args.patient, args.scope)?;
    // The moment names the set; two sets of one second are not of one patient's hand.
    let id = desk.now().strftime("%Y%m%d%H%M%S").to_string();
    let codes = write_split(&export.draft, Encoding::Cp932, Version::NEWEST, &id, api::MAX_CODE_BYTES);
    let whole = write(&export.draft, Encoding::Utf8, Version::NEWEST).map_err(|_| internal("notebook"))?;
    let groups = export.draft.dispensings.iter().flat_map(|group| &group.prescriptions);
    let dispensed: usize = groups.map(|group| group.drugs.len()).sum();
    Ok(api::NotebookExport {
        text: String::from_utf8_lossy(&whole).into_owned(),
        codes: codes.map_err(|_| internal("notebook"))?,
        not_said: export.not_said.into_iter().map(not_said).collect(),
        dispensed: u32::try_from(dispensed).unwrap_or(u32::MAX),
    })
}

pub fn save(desk: &Desk, args: api::SaveNotebook) -> Answer<api::SaveNotebook> {
    let export = made(desk, &args.patient, args.scope)?;
    let text = write(&export.draft, Encoding::Cp932, Version::NEWEST).map_err(|_| internal("notebook"))?;
    let folder = stick(&args.folder)?;
    let name = free_name(&folder, &desk.now().strftime("okusuri-%Y%m%d-%H%M%S").to_string());
    put(&folder, &name, &text).map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull => ApiError::new(ErrorCode::StickFull),
        _ => ApiError::new(ErrorCode::CourierGone),
    })?;
    Ok(name)
}

fn free_name(folder: &Path, stem: &str) -> String {
    let names = std::iter::once(stem.to_owned()).chain((2..100).map(|number| format!("{stem}-{number}")));
    let mut names = names.map(|name| format!("{name}.txt"));
    names.find(|name| !folder.join(name).exists()).unwrap_or_else(|| format!("{stem}.txt"))
}

/// Writes a file whole or not at all: on the disk before it has its name.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!("{name}.part"));
    let written = (|| {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, folder.join(name))
    })();
    if written.is_err() {
        // What is left of it is worth nothing; that it cannot be removed changes nothing about that.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

fn made(desk: &Desk, of: &api::PatientId, scope: api::NotebookScope) -> Result<Export, ApiError> {
    let card = patients::card_of(desk, patient(of)?)?;
    let today = desk.today();
    let scope = match scope {
        api::NotebookScope::Current => Scope::Current,
        api::NotebookScope::Year => Scope::DispensedSince(today.checked_sub(1.year()).unwrap_or(today)),
    };
    notebook::export(&card, scope, today).map_err(|error| {
        let field = match error {
            ExportError::Name => "name",
            ExportError::Sex => "sex",
            ExportError::BirthDate => "birth-date",
        };
        ApiError::new(ErrorCode::NotebookNeeds).with("field", field)
    })
}

fn not_said(said: notebook::NotSaid) -> api::NotSaidView {
    api::NotSaidView {
        what: said.what,
        why: match said.why {
            WhyNot::NotDispensed => api::WhyNot::NotDispensed,
            WhyNot::ChangedSince => api::WhyNot::ChangedSince,
            WhyNot::Undecided => api::WhyNot::Undecided,
            WhyNot::Unfit => api::WhyNot::Unfit,
            WhyNot::AllergyDetail => api::WhyNot::AllergyDetail,
            WhyNot::Detail => api::WhyNot::Detail,
            WhyNot::Character => api::WhyNot::Character,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::medicine_add::tests::{added, draft};
    use crate::commands::testing::{Office, admit};
    use crate::commands::{card_edit, notebook as notebook_in};
    use crate::qr::tests::picture;

    fn scanned(picture: &[u8]) -> Result<Vec<api::NotebookFile>, ErrorCode> {
        let office = Office::open();
        let desk = office.at_work(office.pharmacist);
        let data = BASE64_STANDARD.encode(picture);
        scan(&desk, api::ScanNotebook { data }).map_err(|error| error.code)
    }

    /// A patient of whom everything is known that a notebook needs, with enough medicines for several codes.
    fn of_many(desk: &Desk) -> api::PatientId {
        let patient = admit(desk);
        let identity = api::IdentityDraft {
            name: "小笠原 フミヱ".into(),
            kana: "オガサワラ フミエ".into(),
            sex: api::Sex::Female,
            birth_date: "S12.3.3".into(),
            ..Default::default()
        };
        let change = api::CardChange::Identity(identity);
        card_edit::change(desk, api::ChangeCard { patient: patient.clone(), change }).unwrap();
        let mut text =
            "JAHISTC08,1\r\n1,小笠原 フミヱ,2,S120303\r\n5,20261101,1\r\n11,見本みなと薬局,03,4,0000001,,,,1\r\n"
                .to_owned();
        for number in 1..=30 {
            text +=
                &format!("201,{number},見本の長い名前のお薬その{number}錠２．５ｍｇ,1,錠,4,2171022F1{number:03},1\r\n");
            text += &format!("301,{number},１日１回朝食後に服用,28,日分,1,1,,1\r\n");
        }
        let files = vec![api::NotebookFile { name: "手帳.txt".into(), bytes: text.into_bytes() }];
        let import = api::ImportNotebook {
            patient: patient.clone(),
            files,
            same_patient_confirmed: true,
            allergies: Vec::new(),
        };
        assert_eq!(notebook_in::import(desk, import).unwrap().medicines, 30);
        patient
    }

    #[test]
    fn what_is_shown_as_codes_is_read_from_photos_of_them_part_by_part_and_changes_nothing() {
        let office = Office::open();
        let desk = office.at_work(office.pharmacist);
        let patient = of_many(&desk);
        added(&desk, &patient, draft("聞き取りのお薬"));
        let export =
            export(&desk, api::ExportNotebook { patient: patient.clone(), scope: api::NotebookScope::Current });
        let export = export.unwrap();
        assert!(export.codes.len() >= 3 && export.codes.iter().all(|code| code.len() <= api::MAX_CODE_BYTES));
        assert_eq!(export.dispensed, 30);
        assert_eq!(export.not_said.len(), 1, "{:?}", export.not_said);
        assert_eq!(
            (export.not_said[0].what.as_str(), export.not_said[0].why),
            ("聞き取りのお薬", api::WhyNot::NotDispensed)
        );

        let scan = |codes: &[Vec<u8>]| {
            super::scan(&desk, api::ScanNotebook { data: BASE64_STANDARD.encode(picture(codes, 4)) }).unwrap()
        };
        // Two in one photo, the others one by one; the second is missing at first.
        let mut files = scan(&export.codes[..1]);
        for code in &export.codes[2..] {
            files.extend(scan(std::slice::from_ref(code)));
        }
        let preview = |files: &[api::NotebookFile]| {
            notebook_in::preview(&desk, api::PreviewNotebook { patient: patient.clone(), files: files.to_vec() })
        };
        let refused = preview(&files).unwrap_err();
        assert_eq!((refused.code, refused.params["missing"].as_str()), (ErrorCode::NotebookIncomplete, "2"));
        files.extend(scan(&export.codes[..2]));
        let preview = preview(&files).unwrap();
        assert_eq!(preview.patient_match, api::PatientMatch::Same);
        assert!(preview.dispensings.iter().all(|planned| planned.already_there));
        assert!(
            preview.medicines.iter().all(|planned| planned.change == api::MedicinePlan::Same),
            "{:?}",
            preview.medicines
        );
    }

    #[test]
    fn a_photo_without_a_notebook_is_refused_in_its_own_words() {
        assert_eq!(scanned(b"not a picture"), Err(ErrorCode::PhotoUnreadable));
        assert_eq!(scanned(&picture(&[b"https://example.jp/".to_vec()], 8)), Err(ErrorCode::NotANotebook));
        let blank = image::GrayImage::from_pixel(300, 300, image::Luma([255]));
        let mut png = io::Cursor::new(Vec::new());
        blank.write_to(&mut png, image::ImageFormat::Png).unwrap();
        assert_eq!(scanned(png.get_ref()), Err(ErrorCode::NoQrCode));
    }

    #[test]
    fn what_a_notebook_cannot_do_without_is_named() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let refused = export(&desk, api::ExportNotebook { patient, scope: api::NotebookScope::Year }).unwrap_err();
        assert_eq!((refused.code, refused.params["field"].as_str()), (ErrorCode::NotebookNeeds, "sex"));
    }

    #[test]
    fn a_file_is_there_whole_under_a_name_that_was_free() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a.txt", b"one").unwrap();
        assert_eq!(free_name(folder.path(), "a"), "a-2.txt");
        assert_eq!(std::fs::read(folder.path().join("a.txt")).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(put(&folder.path().join("gone"), "a.txt", b"one").is_err());
    }
}
