//! What a tablet without a screen can be told, and what it answers.

use serde::{Deserialize, Serialize};

/// One order: one line of JSON on standard input. Patients and entries are named by their ids in hexadecimal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Order {
    /// Which patients are here.
    Patients,
    /// Record a visit with this note.
    Visit {
        /// Whom.
        patient: String,
        /// What was observed.
        note: String,
    },
    /// Hand something over to everybody of a profession. Answered with [`Answer::Saved`].
    HandOver {
        /// About whom.
        patient: String,
        /// To which profession, as it is stored.
        to: String,
        /// What.
        text: String,
        /// To be read before anything else.
        urgent: bool,
    },
    /// Answer a question of a document. Answered with [`Answer::Saved`].
    AnswerQuestion {
        /// About whom.
        patient: String,
        /// The document.
        document: String,
        /// Its question.
        question: String,
        /// In words.
        text: String,
    },
    /// Write the next version of a document, with this remark. Answered with [`Answer::Saved`].
    NextVersion {
        /// About whom.
        patient: String,
        /// The version that it follows.
        document: String,
        /// What is remarked.
        remark: String,
    },
    /// Answer once somebody has confirmed a hand-over.
    AwaitConfirmed {
        /// About whom.
        patient: String,
        /// Which.
        entry: String,
        /// The name of who confirmed it.
        by: String,
    },
    /// Answer once a hand-over that says this waits for the person at work.
    AwaitHandOver {
        /// What it says.
        text: String,
    },
    /// Record visits without end, each answered with [`Answer::Saved`], until the process ends.
    Storm {
        /// Whom.
        patient: String,
        /// How each note begins.
        word: String,
    },
    /// Change the amount of a medicine. Settles it, if several amounts stand side by side.
    Dose {
        /// Whose.
        patient: String,
        /// Item key of the medicine.
        medicine: String,
        /// New amount.
        amount: String,
        /// Why.
        reason: String,
    },
    /// The medicines of a patient: item keys, each with the amounts that stand side by side.
    Medicines {
        /// Whose.
        patient: String,
    },
    /// Ids of all entries of a patient's chart and card.
    Entries {
        /// Whose.
        patient: String,
    },
    /// Attach a photo (of [`crate::records::photo`]) of so many bytes. Answered with [`Answer::Saved`].
    Attach {
        /// To whose chart.
        patient: String,
        /// Its size.
        bytes: usize,
    },
    /// Ask for the attachment that an entry mentions.
    Fetch {
        /// Whose.
        patient: String,
        /// Which entry.
        entry: String,
    },
    /// Answer once so many pieces of an attachment are here, or all of it.
    AwaitPieces {
        /// Whose.
        patient: String,
        /// Which entry.
        entry: String,
        /// How many.
        count: u32,
    },
    /// Answer once it is known that the relay lacks some of an attachment.
    AwaitAbsent {
        /// Whose.
        patient: String,
        /// Which entry.
        entry: String,
    },
    /// Answer once all of an attachment is here, or it is known that the relay lacks some of it.
    AwaitAnswered {
        /// Whose.
        patient: String,
        /// Which entry.
        entry: String,
    },
    /// Answer once the relay has acknowledged so many pieces of attachments in this session.
    AwaitGiven {
        /// How many.
        count: u64,
    },
    /// How much of an attachment is here.
    Pieces {
        /// Whose.
        patient: String,
        /// Which entry.
        entry: String,
    },
    /// Start (or go on) exchanging with the relay.
    Online,
    /// Stop exchanging, as if the network were gone.
    Offline,
    /// Answer once the relay has everything saved here, and everything it had for this tablet is here.
    AwaitSynced,
    /// Answer once this entry is here.
    AwaitEntry {
        /// Whose.
        patient: String,
        /// Which.
        entry: String,
    },
    /// Answer once a medicine has exactly this many amounts side by side.
    AwaitAmounts {
        /// Whose.
        patient: String,
        /// Item key of the medicine.
        medicine: String,
        /// How many.
        count: usize,
    },
    /// Answer once the exchange has met trouble.
    AwaitTrouble,
    /// How the exchange stands.
    Status,
    /// Write a courier file for everyone.
    ExportCourier {
        /// Where to.
        file: String,
    },
    /// Take a courier file.
    ImportCourier {
        /// Which.
        file: String,
    },
    /// Become the relay.
    Serve,
    /// Be it no longer.
    StopServing,
    /// A colleague's code was scanned.
    Scan {
        /// Its text.
        code: String,
    },
    /// How the site stands.
    Site,
    /// Answer once this tablet serves no longer.
    AwaitServed,
    /// Answer once the last exchange went over a colleague's tablet.
    AwaitOverTablet,
    /// Answer once a colleague was found whose certificate is not known here.
    AwaitStranger,
    /// A fingerprint of everything this tablet can read: equal on tablets that agree.
    Fingerprint {
        /// Only the cards, as an evacuation site holds.
        cards_only: bool,
    },
}

/// One answer: one line of JSON on standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Answer {
    /// Unlocked and ready for orders. First line.
    Ready {
        /// This device.
        device: String,
    },
    /// The patients that are here: id, name and whether the chart is here too.
    Patients {
        /// In the order of the patient list.
        patients: Vec<(String, String, bool)>,
    },
    /// Saved durably.
    Saved {
        /// The entry.
        entry: String,
    },
    /// Done.
    Done,
    /// Item keys, each with its amounts.
    Medicines {
        /// In the order of the card.
        medicines: Vec<(String, Vec<String>)>,
    },
    /// An attachment.
    Pieces {
        /// Pieces that are here.
        here: u32,
        /// Its bytes, if all of it is here and is what was attached: how many.
        whole: Option<usize>,
    },
    /// Entry ids.
    Entries {
        /// In no particular order.
        entries: Vec<String>,
    },
    /// How the exchange stands.
    Status {
        /// Entries saved here that no relay has acknowledged.
        unsent: u64,
        /// Connected and everything exchanged.
        idle: bool,
        /// Relay clock minus tablet clock, in ms.
        clock_offset_ms: Option<i64>,
        /// Records that were not taken, here or by the relay.
        rejected: u64,
        /// The last trouble, as a code.
        trouble: Option<String>,
        /// Patients that were shared with this tablet, as far as it knows, and those of whom everything is here.
        patients: (u64, u64),
        /// Patients of whom it says itself that not everything is here.
        incomplete: Vec<String>,
        /// The first exchange was not finished yet.
        may_be_more: bool,
        /// How the last exchange went.
        path: Option<String>,
    },
    /// What became of a courier file.
    Courier {
        /// Items in it.
        items: u64,
        /// Items that were new.
        new: u64,
        /// Items that were here already.
        known: u64,
        /// Items of patients this tablet is not granted.
        not_for_us: u64,
        /// Items that were not taken.
        refused: u64,
        /// The file was whole.
        whole: bool,
    },
    /// How the site stands.
    Site {
        /// The code to scan, while it serves.
        code: Option<String>,
        /// Guests that are connected.
        connected: Vec<String>,
        /// Labels of colleagues that serve, and whether they are certified.
        found: Vec<(String, bool)>,
        /// Why it ended.
        ended: Option<String>,
    },
    /// A fingerprint.
    Fingerprint {
        /// Hexadecimal.
        fingerprint: String,
    },
    /// The order could not be done; nothing changed.
    Failed {
        /// Why.
        why: String,
    },
}
