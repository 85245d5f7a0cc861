//! 回線がないとき: this tablet as the relay of those around it, and the tablets it finds.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_site::{Ending, Found, ScanError, SiteStatus};

use super::Answer;
use crate::error::storing;
use crate::qr;
use crate::tablet::{Tablet, blocking};
use crate::views::sync::count;

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
    let none = || ApiError::new(ErrorCode::NoQrCode);
    if picture.len() > api::MAX_QR_PICTURE {
        return Err(none());
    }
    let codes = qr::codes_in(picture).map_err(|_| none())?;
    Ok(codes.into_iter().filter_map(|code| String::from_utf8(code).ok()).collect())
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
        let picture = qr::tests::picture(&[text.as_bytes().to_vec()], 8);
        assert_eq!(codes_in(&picture).unwrap(), [text]);
        assert_eq!(codes_in(b"not a picture").unwrap_err().code, ErrorCode::NoQrCode);
        assert_eq!(codes_in(&picture[..200]).unwrap_err().code, ErrorCode::NoQrCode);
    }
}
