//! Photos as they come from a camera, made fit to be kept: smaller, upright, without what the camera wrote into them (place, device, time).
//!
//! A picture file is whatever somebody chose: it is decoded within bounds of size and memory before anything of it is kept, and only what was
//! decoded is written again.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};

/// Longest side of a kept photo, in pixels: a wound is judged by it, a document read.
const LONGEST_SIDE: u32 = 2_000;
/// Longest side of the small picture that travels inside the chart.
const THUMBNAIL_SIDE: u32 = 240;
/// JPEG quality, 1–100.
const QUALITY: u8 = 80;
/// Qualities tried until a small picture fits.
const THUMBNAIL_QUALITIES: [u8; 4] = [70, 50, 30, 10];
/// Longest side that is looked at, in pixels.
const MAX_SIDE: u32 = 20_000;
/// Memory that decoding may take, in bytes: 100 megapixels of colour.
const MAX_MEMORY: u64 = 400 * 1024 * 1024;

/// A photo as it is kept: JPEG, both.
pub struct Picture {
    pub bytes: Vec<u8>,
    pub thumbnail: Vec<u8>,
}

/// The file is not a picture that can be read, or one beyond all bounds.
#[derive(Debug)]
pub struct Unreadable;

/// Makes a photo fit to be kept.
pub fn fit(file: &[u8]) -> Result<Picture, Unreadable> {
    let picture = decode(file).map_err(|error| {
        tracing::info!(%error, "a picture file could not be read");
        Unreadable
    })?;
    let bytes = jpeg(&shrunk(&picture, LONGEST_SIDE), QUALITY)?;
    let small = shrunk(&picture, THUMBNAIL_SIDE);
    let thumbnail = THUMBNAIL_QUALITIES
        .into_iter()
        .filter_map(|quality| jpeg(&small, quality).ok())
        .find(|bytes| bytes.len() <= tendenko_crdt::MAX_THUMBNAIL)
        .ok_or(Unreadable)?;
    Ok(Picture { bytes, thumbnail })
}

fn decode(file: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn shrunk(picture: &DynamicImage, longest: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= longest {
        return picture.clone();
    }
    picture.resize(longest, longest, FilterType::Triangle)
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&picture.to_rgb8());
    written.map(|()| bytes).map_err(|_| Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn a_large_photo_becomes_a_small_one_with_a_thumbnail() {
        let Picture { bytes, thumbnail } = fit(&png(3_000, 1_500)).unwrap_or_else(|_| panic!("a picture"));
        let kept = image::load_from_memory(&bytes).unwrap();
        assert_eq!((kept.width(), kept.height()), (2_000, 1_000));
        let small = image::load_from_memory(&thumbnail).unwrap();
        assert_eq!((small.width(), small.height()), (240, 120));
        assert!(thumbnail.len() <= tendenko_crdt::MAX_THUMBNAIL);
    }

    #[test]
    fn what_is_no_picture_or_broken_is_refused() {
        let whole = png(64, 64);
        for file in [&b"not a picture"[..], &[], &whole[..whole.len() / 2]] {
            assert!(fit(file).is_err(), "{} bytes", file.len());
        }
    }
}
