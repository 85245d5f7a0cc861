//! QR codes in a picture that somebody took: the bytes of each, as they are. Medicine notebooks are written in Shift_JIS.
//!
//! A picture is decoded within bounds of size and memory. It is looked at in two sizes: one in which a code that fills it is
//! found quickly, and, where that did not read every code in it, a larger one for several codes on one sheet.

use std::io::Cursor;

use image::{DynamicImage, ImageReader, Limits};

/// Width and height of a picture that is looked at, in pixels.
const MOST_PIXELS: u32 = 12_000;
/// Memory a picture may take while it is decoded, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// Longest sides in which a picture is looked at, one after the other.
const SIDES: [u32; 2] = [1_600, 3_200];
/// Codes read from one picture at most.
const MOST_CODES: usize = 40;

/// The file is not a picture that can be read, or one beyond all bounds.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

/// What the codes in a picture say, each once; none where there is none.
pub fn codes_in(picture: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(picture)).with_guessed_format().map_err(|_| Unreadable)?;
    reader.limits(limits);
    let seen = reader.decode().map_err(|_| Unreadable)?;
    let mut found: Vec<Vec<u8>> = Vec::new();
    for side in SIDES {
        let larger = seen.width().max(seen.height()) > side;
        let (codes, all) = if larger { read(&seen.thumbnail(side, side)) } else { read(&seen) };
        for code in codes {
            if !found.contains(&code) && found.len() < MOST_CODES {
                found.push(code);
            }
        }
        if !larger || (all && !found.is_empty()) {
            break;
        }
    }
    Ok(found)
}

/// What the codes of a picture say, and whether every one that was seen could be read.
fn read(picture: &DynamicImage) -> (Vec<Vec<u8>>, bool) {
    let picture = picture.to_luma8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut grey =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| picture.get_pixel(x as u32, y as u32).0[0]);
    let grids = grey.detect_grids();
    let codes: Vec<_> = grids
        .iter()
        .take(MOST_CODES)
        .filter_map(|grid| {
            let mut bytes = Vec::new();
            grid.decode_to(&mut bytes).ok().map(|_| bytes)
        })
        .collect();
    let all = codes.len() == grids.len();
    (codes, all)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Codes beside each other as a PNG picture, each module so many pixels.
    pub fn picture(codes: &[Vec<u8>], scale: u32) -> Vec<u8> {
        const QUIET: u32 = 4;
        let drawn: Vec<_> = codes
            .iter()
            .map(|bytes| qrcode::QrCode::with_error_correction_level(bytes, qrcode::EcLevel::M).unwrap())
            .collect();
        let side = drawn.iter().map(|code| code.width() as u32 + 2 * QUIET).max().unwrap();
        let picture = image::GrayImage::from_fn(side * scale * codes.len() as u32, side * scale, |x, y| {
            let (x, y) = (x / scale, y / scale);
            let code = &drawn[(x / side) as usize];
            let (x, y) = ((x % side).wrapping_sub(QUIET), y.wrapping_sub(QUIET));
            let width = code.width() as u32;
            let dark = x < width && y < width && code.to_colors()[(y * width + x) as usize] == qrcode::Color::Dark;
            image::Luma([if dark { 0 } else { 255 }])
        });
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
        png.into_inner()
    }

    #[test]
    fn several_codes_of_one_picture_are_read_byte_by_byte() {
        // アムロジピン in Shift_JIS: no UTF-8, and what QR codes have a mode of their own for.
        let japanese = [0x83, 0x41, 0x83, 0x80, 0x83, 0x8D, 0x83, 0x57, 0x83, 0x73, 0x83, 0x93].to_vec();
        let plain = b"JAHISTC08,1".to_vec();
        let mut found = codes_in(&picture(&[japanese.clone(), plain.clone()], 6)).unwrap();
        found.sort();
        assert_eq!(found, [plain, japanese]);
    }

    #[test]
    fn a_picture_without_a_code_has_none_and_what_is_no_picture_is_refused() {
        let whole = picture(&[b"code".to_vec()], 8);
        let blank = image::GrayImage::from_pixel(400, 300, image::Luma([200]));
        let mut png = Cursor::new(Vec::new());
        blank.write_to(&mut png, image::ImageFormat::Png).unwrap();
        assert_eq!(codes_in(png.get_ref()), Ok(Vec::new()));
        for file in [&b"not a picture"[..], &[], &whole[..whole.len() / 2]] {
            assert_eq!(codes_in(file), Err(Unreadable), "{} bytes", file.len());
        }
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_refused_before_it_takes_memory() {
        let mut png = picture(&[b"code".to_vec()], 1);
        // Width and height of the header, and its checksum, which is looked at first.
        png[16..24].copy_from_slice(&[0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00]);
        assert_eq!(codes_in(&png), Err(Unreadable));
    }
}
