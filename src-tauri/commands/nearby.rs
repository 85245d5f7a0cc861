//! 回線がないとき: this tablet as the relay of those around it, and the tablets it finds.

use std::io::Cursor;

use image::{ImageReader, Limits};
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_site::{Ending, Found, ScanError, SiteStatus};

use super::Answer;
use crate::error::storing;
use crate::tablet::{Tablet, blocking};
use crate::views::sync::count;

/// Width and height of a picture that is looked at, in pixels.
const MOST_PIXELS: u32 = 10_000;
/// Memory a picture may take while it is decoded, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// A picture is made smaller than this before the code in it is looked for: a code fills a good part of it.
const ENOUGH_PIXELS: u32 = 1_600;

pub async fn status(tablet: &Tablet, _: api::GetNearby) -> Answer<api::GetNearby> {
    Ok(nearby(tablet.site()?.status()))
}

pub async fn start(tablet: &Tablet, _: api::StartServing) -> Answer<api::StartServing> {
    let site = tablet.site()?;
    site.open().await.map_err(|error| {
        tracing::warn!(%error, "this tablet cannot serve");
        ApiError::new(ErrorCode::CannotServe)
    })?;
    Ok(nearby(site.status()))
}

pub async fn stop(tablet: &Tablet, _: api::StopServing) -> Answer<api::StopServing> {
    let site = tablet.site()?;
    site.close().await;
    Ok(nearby(site.status()))
}

pub async fn scan(tablet: &Tablet, args: api::ScanServer) -> Answer<api::ScanServer> {
    let site = tablet.site()?;
    let texts = blocking(move || codes_in(&args.picture)).await?;
    let mut refusal = ApiError::new(ErrorCode::NoQrCode);
    for text in texts {
        match site.scanned(&text).await {
            Ok(tablet) => return Ok(found(tablet)),
            Err(ScanError::Store(error)) => return Err(storing(&error)),
            Err(error) => {
                tracing::info!(code = error.code(), "a scanned code leads nowhere");
                refusal = ApiError::new(ErrorCode::NotAServer);
            }
        }
    }
    Err(refusal)
}

/// The texts of the QR codes in a picture; none where there is none, or where it is no picture.
pub fn codes_in(picture: &[u8]) -> Result<Vec<String>, ApiError> {
    if picture.len() > api::MAX_QR_PICTURE {
        return Err(ApiError::new(ErrorCode::NoQrCode));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader =
        ImageReader::new(Cursor::new(picture)).with_guessed_format().map_err(|_| ApiError::new(ErrorCode::NoQrCode))?;
    reader.limits(limits);
    let seen = reader.decode().map_err(|_| ApiError::new(ErrorCode::NoQrCode))?;
    let seen = if seen.width().max(seen.height()) > ENOUGH_PIXELS {
        seen.thumbnail(ENOUGH_PIXELS, ENOUGH_PIXELS)
    } else {
        seen
    };
    let seen = seen.to_luma8();
    let (width, height) = (seen.width() as usize, seen.height() as usize);
    let mut grey =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| seen.get_pixel(x as u32, y as u32).0[0]);
    Ok(grey.detect_grids().into_iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect())
}

/// How things stand, for the screen.
pub fn nearby(status: SiteStatus) -> api::Nearby {
    api::Nearby {
        serving: status.serving.map(|serving| api::Serving {
            qr: serving.qr,
            guests: serving.connected.into_iter().map(|guest| guest.label).collect(),
            carried: count(serving.carried),
            waiting: count(serving.waiting),
            hub: serving.hub,
        }),
        found: status.found.into_iter().map(found).collect(),
        ended: status.ended.map(|ending| match ending {
            Ending::HubIsBack => api::Ending::HubIsBack,
            Ending::Idle => api::Ending::Idle,
            Ending::Told => api::Ending::Told,
        }),
        deaf: status.deaf,
    }
}

fn found(tablet: Found) -> api::FoundTablet {
    api::FoundTablet { label: tablet.label, certified: tablet.certified }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_from_a_picture_and_anything_else_is_refused() {
        let text = "TENDENKO:1:ABC";
        let code = qrcode::QrCode::new(text).unwrap();
        let (width, scale, quiet) = (code.width() as u32, 8, 4);
        let colors = code.to_colors();
        let side = (width + 2 * quiet) * scale;
        let picture = image::GrayImage::from_fn(side, side, |x, y| {
            let (x, y) = ((x / scale).wrapping_sub(quiet), (y / scale).wrapping_sub(quiet));
            let dark = x < width && y < width && colors[(y * width + x) as usize] == qrcode::Color::Dark;
            image::Luma([if dark { 0 } else { 255 }])
        });
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
        assert_eq!(codes_in(png.get_ref()).unwrap(), [text]);
        assert_eq!(codes_in(b"not a picture").unwrap_err().code, ErrorCode::NoQrCode);
        assert_eq!(codes_in(&png.get_ref()[..200]).unwrap_err().code, ErrorCode::NoQrCode);
    }
}
