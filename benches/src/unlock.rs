//! From the last digit of the PIN to the list of 200 patients.

use tendenko_crdt::{Identity, Sex};
use tendenko_replica::{Clock as _, KdfParams, Replica, SystemClock};
use tendenko_tests::region::{DrillRegion, NURSE, PIN};

use crate::Failure;
use crate::figures::{Series, Sheet};

const PATIENTS: usize = 200;
const TRIES: usize = 9;

pub fn measure(sheet: &mut Sheet) -> Result<(), Failure> {
    for (kdf, name, what) in [
        (KdfParams::tablet(), "unlock.list", "unlock → list of 200 patients, Argon2id as on a tablet"),
        (KdfParams::weak_for_tests(), "unlock.cheap", "the same without the price of a try (opening and reading only)"),
    ] {
        let folder = tempfile::tempdir()?;
        let region = DrillRegion::create_with(folder.path(), kdf)?;
        let tablet = region.enrol("nurse", NURSE)?;
        let replica = Replica::unlock(&tablet.dir, tablet.member, PIN, SystemClock.now())?;
        for number in 0..PATIENTS {
            replica.create_patient(Identity {
                name: format!("見本 {number}"),
                kana: format!("ミホン {number}"),
                sex: Sex::Female,
                birth_date: Some(format!("19{:02}-03-11", 25 + number % 30)),
                ..Identity::default()
            })?;
        }
        drop(replica);
        let mut series = Series::default();
        for _ in 0..TRIES {
            let listed = series.time(|| {
                let replica = Replica::unlock(&tablet.dir, tablet.member, PIN, SystemClock.now())?;
                Ok::<_, Failure>(replica.patients()?.len())
            })?;
            assert_eq!(listed, PATIENTS);
        }
        sheet.series(name, what, &series);
    }
    Ok(())
}
