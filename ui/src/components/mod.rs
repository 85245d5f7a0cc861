//! The parts that screens are made of.

mod card;
mod document;
mod entry;
mod facts;
mod fields;
mod file;
mod forms;
mod hand_over;
mod icon;
mod medicine;
mod paper;
mod patient;
mod photo;
mod qr;
mod room;
mod sheet;
mod windowed;

pub use card::{AllergyAction, CardView, panel};
pub use document::{DocumentOpen, addressed, document_brief, document_kind, document_link, letter, verdict};
pub use entry::{EntryView, addressee, dispensing, medicine_change};
pub use facts::{dose, dose_text, timings_text, vitals_line, when, who, written};
pub use fields::{Field, Fields, Values, choice, digits, is_complete, line, needed, value};
pub use file::FileView;
pub use forms::{Chips, ReasonField, RegimenFields, button_class, failure, is_whole, notice, text_of};
pub use hand_over::{AddresseeField, ConfirmButton, HandOverPanel, SaySheet, Saying, read_by, use_answering};
pub use icon::{ICONS, Icon};
pub use medicine::HowTaken;
pub use paper::PaperActions;
pub use patient::{PatientHead, PatientLine, PatientRowButton, head};
pub use photo::PhotoView;
pub use qr::Qr;
pub use room::RoomNotice;
pub use sheet::{Sheet, send_and_close};
pub use windowed::{Edge, Windowed};
