//! The parts that screens are made of.

mod card;
mod entry;
mod facts;
mod fields;
mod forms;
mod hand_over;
mod icon;
mod lab;
mod medicine;
mod observation;
mod patient;
mod photo;
mod qr;
mod room;
mod sheet;
mod warning;
mod windowed;
mod withdraw;

pub use card::{AllergyAction, CardView};
pub use entry::{EntryView, addressee, dispensing, medicine_change};
pub use facts::{dose, dose_text, timings_text, vitals_line, when, who, written};
pub use fields::{Field, Fields, Values, choice, digits, is_complete, line, needed, value};
pub use forms::{Chips, ReasonField, RegimenFields, button_class, failure, is_whole, notice, text_of};
pub use hand_over::{AddresseeField, ConfirmButton, HandOverPanel, SaySheet, Saying, read_by, use_answering};
pub use icon::{ICONS, Icon};
pub use lab::{lab_range, lab_report, lab_value, test_request};
pub use medicine::HowTaken;
pub use observation::{last_seen, observation};
pub use patient::{PatientHead, PatientLine, PatientRowButton, head};
pub use photo::PhotoView;
pub use qr::Qr;
pub use room::RoomNotice;
pub use sheet::{Sheet, send_and_close};
pub use warning::{warning_limits, warnings, warnings_before};
pub use windowed::{Edge, Windowed};
pub use withdraw::WithdrawButton;
