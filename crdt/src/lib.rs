//! Care-record documents over Automerge: types, edits, merge, conflicts. No I/O, no crypto, no clock
