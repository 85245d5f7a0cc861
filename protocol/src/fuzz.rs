//! One entry per parser, for fuzzers: any bytes in, no panic, nothing out.

use crate::messages::{ClientMessage, FrameDecoder, RelayMessage};
use crate::record::ReceivedBytes;
use crate::trust::{EnrolmentBundle, EnrolmentRequest, UnverifiedStatement};

/// A sealed record.
pub fn record(bytes: &[u8]) {
    let _ = ReceivedBytes::new(bytes.to_vec()).and_then(ReceivedBytes::parse);
}

/// A signed statement.
pub fn statement(bytes: &[u8]) {
    let _ = UnverifiedStatement::parse(bytes);
}

/// An enrolment request.
pub fn enrolment_request(bytes: &[u8]) {
    let _ = EnrolmentRequest::from_bytes(bytes);
}

/// An enrolment bundle.
pub fn enrolment_bundle(bytes: &[u8]) {
    let _ = EnrolmentBundle::from_bytes(bytes);
}

/// A stream of frames with messages from a tablet.
pub fn client_stream(bytes: &[u8]) {
    frames(bytes, |content| {
        let _ = ClientMessage::decode(content);
    });
}

/// A stream of frames with messages from a relay.
pub fn relay_stream(bytes: &[u8]) {
    frames(bytes, |content| {
        let _ = RelayMessage::decode(content);
    });
}

fn frames(bytes: &[u8], each: impl Fn(&[u8])) {
    let mut decoder = FrameDecoder::new();
    decoder.feed(bytes);
    while let Ok(Some(content)) = decoder.next_frame() {
        each(&content);
    }
}
