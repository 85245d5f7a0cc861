//! Courier files: whole, cut anywhere, damaged anywhere, fed in any pieces.

use proptest::prelude::*;
use tendenko_protocol::courier::{
    ForWhom, Header, Incoming, MAGIC, Maker, Outgoing, Part, Reader, ReaderError, Writer,
};
use tendenko_protocol::ids::{DeviceId, Millis, RegionId};
use tendenko_protocol::messages::Item;

fn header() -> Header {
    Header {
        version: 1,
        region: RegionId([1; 16]),
        created: Millis(7),
        maker: Maker::Device(DeviceId([2; 16])),
        for_whom: ForWhom::Devices(vec![DeviceId([3; 16])]),
        since: Some(Millis(5)),
    }
}

/// The file, and where each frame ends.
fn file(items: &[Item]) -> (Vec<u8>, Vec<usize>) {
    let (mut writer, mut bytes) = Writer::begin(&header());
    let mut ends = vec![bytes.len()];
    for item in items {
        writer.item(item, &mut bytes);
        ends.push(bytes.len());
    }
    bytes.extend(writer.end().1);
    ends.push(bytes.len());
    (bytes, ends)
}

/// All parts that verify, how many bytes those are, and what stopped the reading.
fn read(bytes: &[u8], piece: usize) -> (Vec<Part>, u64, Option<ReaderError>) {
    let mut reader = Reader::new();
    let mut parts = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        reader.feed(piece);
        loop {
            match reader.next_part() {
                Ok(Some(part)) => parts.push(part),
                Ok(None) => break,
                Err(error) => return (parts, reader.verified(), Some(error)),
            }
        }
    }
    (parts, reader.verified(), None)
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..300);
    let item = (any::<bool>(), bytes)
        .prop_map(|(record, bytes)| if record { Item::Record(bytes) } else { Item::Statement(bytes) });
    proptest::collection::vec(item, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_whole_file_says_what_was_put_in(items in items(), piece in 1..400_usize) {
        let (bytes, _) = file(&items);
        let (parts, verified, error) = read(&bytes, piece);
        prop_assert_eq!(error, None);
        prop_assert_eq!(verified, bytes.len() as u64);
        prop_assert_eq!(&parts[0], &Part::Header(header()));
        let read = parts[1..parts.len() - 1].to_vec();
        prop_assert_eq!(read, items.into_iter().map(Part::Item).collect::<Vec<_>>());
        prop_assert!(matches!(parts.last(), Some(Part::End(_))));
    }

    #[test]
    fn a_cut_file_is_read_up_to_the_last_whole_frame(items in items(), at in any::<prop::sample::Index>()) {
        let (bytes, ends) = file(&items);
        let at = at.index(bytes.len());
        let (parts, verified, error) = read(&bytes[..at], 61);
        prop_assert_eq!(error, None);
        let whole = ends.iter().filter(|&&end| end <= at).count();
        prop_assert_eq!(parts.len(), whole);
        if whole > 0 {
            prop_assert_eq!(verified as usize, ends[whole - 1]);
        }
    }

    #[test]
    fn nothing_behind_a_changed_byte_is_taken(
        items in items(), at in any::<prop::sample::Index>(), bit in 0..8_u8, piece in 1..400_usize,
    ) {
        let (mut bytes, ends) = file(&items);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let (parts, verified, _) = read(&bytes, piece);
        let before = ends.iter().filter(|&&end| end <= at).count();
        prop_assert_eq!(parts.len(), before, "exactly the frames before the damage");
        prop_assert!(verified as usize <= at);
    }
}

#[test]
fn frames_cannot_be_left_out_moved_or_repeated() {
    let items: Vec<_> = (0..4_u8).map(|n| Item::Record(vec![n; 40])).collect();
    let (bytes, ends) = file(&items);
    let frame = |n: usize| bytes[ends[n]..ends[n + 1]].to_vec();
    let start = bytes[..ends[0]].to_vec();
    for order in [vec![1, 2, 3, 4], vec![0, 2, 3, 4], vec![0, 0, 1, 2, 3, 4], vec![1, 0, 2, 3, 4], vec![0, 1, 2, 4]] {
        let changed: Vec<u8> = start.iter().copied().chain(order.iter().flat_map(|n| frame(*n))).collect();
        let (parts, _, error) = read(&changed, 1000);
        assert!(!matches!(parts.last(), Some(Part::End(_))), "{order:?}");
        assert!(matches!(error, Some(ReaderError::Damaged { .. })), "{order:?}");
    }
}

#[test]
fn other_files_and_later_versions_are_named() {
    assert_eq!(read(b"PK\x03\x04 a zip archive", 3).2, Some(ReaderError::NotACourierFile));
    let later = Writer::begin(&Header { version: 9, ..header() }).1;
    assert_eq!(read(&later, 1000).2, Some(ReaderError::Version(9)));
    let mut huge = MAGIC.to_vec();
    huge.extend([0xff; 40]);
    assert_eq!(read(&huge, 1000).2, Some(ReaderError::Damaged { at: MAGIC.len() as u64 }));
    let crowd = ForWhom::Devices(vec![DeviceId([3; 16]); 2_001]);
    let crowded = Writer::begin(&Header { for_whom: crowd, ..header() }).1;
    assert!(matches!(read(&crowded, 1000).2, Some(ReaderError::Header(_))));
}

#[test]
fn a_stick_pulled_out_ends_the_file_there() {
    /// Gives some bytes, then fails as a missing device does.
    struct Stick(std::io::Cursor<Vec<u8>>);
    impl std::io::Read for Stick {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(into)? {
                0 => Err(std::io::Error::other("no such device")),
                length => Ok(length),
            }
        }
    }
    let items: Vec<_> = (0..9_u8).map(|n| Item::Record(vec![n; 40])).collect();
    let mut outgoing = Outgoing::begin(Vec::new(), &header());
    items.iter().for_each(|item| outgoing.put(item).unwrap());
    let (totals, bytes) = outgoing.finish().unwrap();
    assert_eq!((totals.records, totals.bytes), (9, 360));

    let mut incoming = Incoming::new(Stick(std::io::Cursor::new(bytes[..bytes.len() / 2].to_vec())));
    let mut read = 0;
    while let Some(part) = incoming.next_part().unwrap() {
        read += usize::from(matches!(part, Part::Item(_)));
    }
    assert!((1..9).contains(&read), "{read}");
    assert!(incoming.verified() <= bytes.len() as u64 / 2);
}
