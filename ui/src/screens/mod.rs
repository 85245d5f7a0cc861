//! The screens. Each asks for its own data and asks again when records change.

mod card_edit;
mod conflicts;
mod drafts;
mod gallery;
mod hand_overs;
mod nearby;
mod notebook;
mod patient;
mod patients;
mod schedule;
mod settings;
mod site;
mod stopped;
mod sync_sheet;
mod today;
mod unlock;
mod visit;

pub use card_edit::{CardEdit, Register};
pub use conflicts::Conflicts;
pub use gallery::Gallery;
pub use hand_overs::HandOvers;
pub use nearby::NearbyScreen;
pub use notebook::Notebook;
pub use patient::{Patient, PatientTab};
pub use patients::Patients;
pub use schedule::ScheduleScreen;
pub use settings::Settings;
pub use site::{Site, SiteCard};
pub use stopped::{Damaged, NotEnrolled, Stopped};
pub use sync_sheet::SyncSheet;
pub use today::TodayScreen;
pub use unlock::Unlock;
pub use visit::Visit;
