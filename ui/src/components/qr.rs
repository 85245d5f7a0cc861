//! A QR code, drawn.
//!
//! Words are put in as UTF-8 that says so (ECI 26). Left to itself, the encoder takes pairs of those bytes for Shift JIS, and readers show other
//! characters than were written.

use qrcode::{Color, EcLevel, QrCode, Version, bits::Bits, types::QrError};
use yew::prelude::*;

/// Modules of white around the code, as the standard asks.
const QUIET: usize = 4;
/// The name of UTF-8 among the character sets of a code.
const UTF_8: u32 = 26;

/// What a code says.
#[derive(Clone, PartialEq)]
pub enum QrContent {
    /// Words.
    Text(String),
    /// Bytes in a character set that their readers expect.
    Bytes(Vec<u8>),
}

#[derive(Properties, PartialEq)]
pub struct QrProps {
    /// What it says.
    pub content: QrContent,
    /// Its name for those who do not see it.
    pub label: String,
    /// It is photographed from a moving screen or from paper: a part of it may be lost.
    #[prop_or_default]
    pub robust: bool,
}

/// A QR code, black on white in every theme: readers expect that.
#[component]
pub fn Qr(props: &QrProps) -> Html {
    let code = use_memo((props.content.clone(), props.robust), |(content, robust)| {
        let level = if *robust { EcLevel::M } else { EcLevel::L };
        let code = match content {
            QrContent::Text(text) => encode(text, level),
            QrContent::Bytes(bytes) => QrCode::with_error_correction_level(bytes, level),
        };
        code.ok()
    });
    let text = match &props.content {
        QrContent::Text(text) => Some(text.clone()),
        QrContent::Bytes(_) => None,
    };
    let Some(code) = (*code).as_ref() else { return html! {} };
    let width = code.width();
    let side = width + 2 * QUIET;
    let dark = |row: &[Color], y: usize| -> String {
        let at = row.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
        at.map(|(x, _)| format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET)).collect()
    };
    let path: String = code.to_colors().chunks(width).enumerate().map(|(y, row)| dark(row, y)).collect();
    html! {
        <svg class="qr" viewBox={format!("0 0 {side} {side}")} role="img" aria-label={props.label.clone()} data-testid="qr"
            data-text={text} shape-rendering="crispEdges">
            <rect width={side.to_string()} height={side.to_string()} fill="#fff" /><path d={path} fill="#000" />
        </svg>
    }
}

/// The smallest code that holds a text.
fn encode(text: &str, level: EcLevel) -> Result<QrCode, QrError> {
    if text.is_ascii() {
        return QrCode::with_error_correction_level(text, level);
    }
    for size in 1..=40 {
        let mut bits = Bits::new(Version::Normal(size));
        let fits = bits
            .push_eci_designator(UTF_8)
            .and_then(|()| bits.push_byte_data(text.as_bytes()))
            .and_then(|()| bits.push_terminator(level));
        match fits {
            Ok(()) => return QrCode::with_bits(bits, level),
            Err(QrError::DataTooLong) => {}
            Err(error) => return Err(error),
        }
    }
    Err(QrError::DataTooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader makes of the code of a text.
    fn read(text: &str) -> String {
        let code = encode(text, EcLevel::L).expect("it fits");
        let (width, colors) = (code.width(), code.to_colors());
        let (side, scale) = (width + 2 * QUIET, 4);
        let mut seen = rqrr::PreparedImage::prepare_from_greyscale(side * scale, side * scale, |x, y| {
            let (x, y) = ((x / scale).wrapping_sub(QUIET), (y / scale).wrapping_sub(QUIET));
            if x < width && y < width && colors[y * width + x] == Color::Dark { 0 } else { 255 }
        });
        let grids = seen.detect_grids();
        grids.first().and_then(|grid| grid.decode().ok()).map(|(_, text)| text).unwrap_or_default()
    }

    #[test]
    fn a_reader_sees_what_was_written() {
        for text in [
            "TENDENKO:1:6BFOXN%TSMAHN",
            "アレルギー ピリン系解熱剤（全身の発疹）",
            "小笠原 フミヱ、昭和12年3月3日生 89歳",
        ] {
            assert_eq!(read(text), text);
        }
        let long = "お薬 ".repeat(200);
        assert_eq!(read(&long), long);
    }

    #[test]
    fn what_fits_nowhere_is_no_code() {
        assert!(encode(&"薬".repeat(1_000), EcLevel::L).is_err());
    }
}
