//! Every bound on what is read from outside, in one place. Checked before anything is allocated.

/// A sealed record on the wire and on disk, whole, in bytes.
pub const MAX_RECORD: usize = 65_536;
/// A record's payload after decompression, in bytes.
pub const MAX_PAYLOAD: usize = 1 << 20;
/// A record's header, in bytes.
pub const MAX_HEADER: usize = 256;
/// The header of one part of a checkpoint, in bytes: what it covers, above all.
pub const MAX_CHECKPOINT_HEADER: usize = 20 << 10;
/// What the parts of a checkpoint say together, after decompression, in bytes.
pub const MAX_CHECKPOINT: usize = 16 << 20;
/// A part's share of what is compressed, in bytes: what a thin link carries in two seconds.
pub const CHECKPOINT_PART: usize = 15 << 10;
/// Parts of one checkpoint.
pub const MAX_CHECKPOINT_PARTS: u16 = 256;
/// Logs that one checkpoint covers.
pub const MAX_COVERED: usize = 256;
/// A sealed chunk of an attachment on the wire and on disk, whole, in bytes.
pub const MAX_CHUNK: usize = 65_536;
/// A chunk's content, in bytes. Small enough that a cut link costs little, large enough that ids and signatures do not count.
pub const MAX_CHUNK_CONTENT: usize = 48 << 10;
/// A photo or document, whole, in bytes.
pub const MAX_ATTACHMENT: usize = 25_000_000;
/// Chunks of one attachment.
pub const MAX_ATTACHMENT_CHUNKS: usize = MAX_ATTACHMENT.div_ceil(MAX_CHUNK_CONTENT);
/// A signed statement, whole, in bytes.
pub const MAX_STATEMENT: usize = 65_536;
/// Any name, label, address or reason inside a statement, in bytes of UTF-8.
pub const MAX_TEXT: usize = 512;
/// Addresses in one relay certificate.
pub const MAX_ADDRESSES: usize = 16;
/// Logs named in one revocation.
pub const MAX_REVOKED_LOGS: usize = 1_000;
/// Those who offer something, in a region's directory.
pub const MAX_DIRECTORY_SERVICES: usize = 500;
/// The greatest number of a region's directory: one edition a second for thirty years.
pub const MAX_DIRECTORY_SERIAL: u64 = 999_999_999;
/// Kinds of service that one of them offers.
pub const MAX_SERVICE_TYPES: usize = 16;
/// Points of the map's lines in a region's directory.
pub const MAX_DIRECTORY_POINTS: usize = 1_000;
/// Statements that wait for their issuer's certificate.
pub const MAX_WAITING: usize = 10_000;
/// An enrolment request, in bytes.
pub const MAX_ENROLMENT_REQUEST: usize = 4_096;
/// An enrolment bundle, in bytes.
pub const MAX_ENROLMENT_BUNDLE: usize = 4 << 20;
/// Statements in one enrolment bundle.
pub const MAX_BUNDLE_STATEMENTS: usize = 20_000;

/// One frame's content, in bytes.
pub const MAX_FRAME: usize = 1 << 20;
/// What a packed frame may unpack to, as a multiple of its own size.
pub const MAX_UNPACKED: usize = 16;
/// Items (records and statements) in one message.
pub const MAX_ITEMS: usize = 4_096;
/// Statements in the chain of a hello.
pub const MAX_CHAIN: usize = 16;
/// Chunks named in one message, and asked for and not answered in one session.
pub const MAX_WANTED: usize = 64;
/// Attachments in one offer.
pub const MAX_OFFER: usize = 1_024;
/// Protocol versions offered in a hello or a refusal.
pub const MAX_VERSIONS: usize = 32;
/// (patient, scope) pairs in the backfill list of one pull.
pub const MAX_BACKFILL: usize = 1_024;
/// Patients wanted first in one pull.
pub const MAX_FIRST: usize = 256;
/// Documents in one message of vectors.
pub const MAX_DOCUMENTS: usize = 2_048;
/// Logs in one document's vector: device incarnations that ever wrote to it.
pub const MAX_LOGS: usize = 4_096;
/// Records of one log that are compared one by one, when two histories of it exist: the last ones.
pub const MAX_PRINTS: usize = 65_536;
/// Buckets that the sums of one set are divided into.
pub const MAX_BUCKETS: usize = 4_096;
/// Depth of nested CBOR arrays and maps anywhere.
pub const MAX_DEPTH: usize = 12;
/// CBOR items in one frame, of any kind.
pub const MAX_CBOR_ITEMS: usize = 200_000;

/// Bytes pushed and not yet answered on the cards lane, and on the charts lane, at most.
pub const PUSH_WINDOW: usize = 256 << 10;
/// The same on the attachments lane (but one item always fits).
pub const ATTACHMENT_WINDOW: usize = 64 << 10;
/// Chunks that a tablet has asked for and that have not come, at most: what a broken link can make come twice.
pub const WANT_WINDOW: usize = 4;
/// Bytes of items read from a store at once, as a goal (one item may be larger).
pub const PAGE: usize = 128 << 10;
/// Bytes of items put into one message, as a goal (one item may be larger). A message is taken whole or not at all, so this much is lost with a
/// link: two seconds' worth at 64 kbit/s.
pub const MESSAGE: usize = 16 << 10;
/// Bytes of a record that a tablet seals, as a goal, for the same reason (one change may be larger, up to [`MAX_RECORD`]).
pub const COMFORTABLE_RECORD: usize = 16 << 10;
/// Log entries (device, incarnation, seq) put into one message of vectors, as a goal.
pub const VECTOR_PAGE: usize = 2_000;
/// Bytes received on one lane and not yet stored, after which a side stops reading from it.
pub const RECEIVE_WINDOW: usize = 2 << 20;
/// Messages given to the host for one lane and not yet taken by its stream, after which a relay stops reading from that lane.
pub const MAX_UNWRITTEN: u32 = 64;
/// Past relay incarnations a relay compares a cursor with.
pub const MAX_PAST: usize = 1_024;

/// The content of one frame of a courier file, in bytes: the largest item.
pub const MAX_COURIER_FRAME: usize = 65_536;
/// Devices or patients that one courier file is for, by name.
pub const MAX_COURIER_NAMES: usize = 2_000;

/// The text of an invitation, in characters, and what it decodes to, in bytes.
pub const MAX_INVITATION: usize = 4_296;
/// Addresses in an invitation.
pub const MAX_INVITATION_ADDRESSES: usize = 8;
/// Statements in an invitation.
pub const MAX_INVITATION_CHAIN: usize = 3;

/// The text of a signature on paper, in characters, and what it decodes to, in bytes: what the largest QR code holds.
pub const MAX_PAPER: usize = 4_296;
/// Statements in a signature on paper.
pub const MAX_PAPER_CHAIN: usize = 3;
