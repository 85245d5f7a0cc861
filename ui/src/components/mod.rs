//! The parts that screens are made of.

mod card;
mod care_plan;
mod checklist;
mod document;
mod draft_files;
mod entry;
mod facts;
mod fields;
mod file;
mod filling;
mod form_files;
mod forms;
mod hand_over;
mod icon;
mod lab;
mod medicine;
mod observation;
mod paper;
mod patient;
mod photo;
mod plan;
mod qr;
mod room;
mod sheet;
mod warning;
mod windowed;
mod withdraw;

pub use card::{AllergyAction, CardView, panel};
pub use care_plan::{behaviour_view, goal_view, rhythm_view, wishes_view};
pub use checklist::Checklist;
pub use document::{DocumentOpen, addressed, document_brief, document_kind, document_link, letter, verdict};
pub use draft_files::{DraftFiles, use_taking_in};
pub use entry::{EntryView, addressee, dispensing, medicine_change};
pub use facts::{dose, dose_text, timings_text, vitals_line, when, who, written};
pub use fields::{Field, Fields, Values, choice, digits, is_complete, line, needed, value};
pub use file::{FileView, Files, file_list};
pub use filling::{Edit, use_filling};
pub use form_files::FormFiles;
pub use forms::{
    Chips, ReasonField, RegimenFields, area_field, button_class, failure, is_whole, notice, save_button, text_field,
    text_of,
};
pub use hand_over::{AddresseeField, ConfirmButton, HandOverPanel, SaySheet, Saying, read_by, use_answering};
pub use icon::{ICONS, Icon};
pub use lab::{lab_range, lab_report, lab_value, test_request};
pub use medicine::HowTaken;
pub use observation::{last_seen, observation};
pub use paper::{PaperActions, print};
pub use patient::{PatientHead, PatientLine, PatientRowButton, head};
pub use photo::PhotoView;
pub use plan::{clash_words, people, plan_line};
pub use qr::{Qr, QrContent};
pub use room::RoomNotice;
pub use sheet::{Sheet, send_and_close};
pub use warning::{warning_limits, warnings, warnings_before};
pub use windowed::{Edge, Windowed};
pub use withdraw::WithdrawButton;
