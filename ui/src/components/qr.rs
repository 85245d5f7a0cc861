//! A QR code, drawn.

use qrcode::{Color, EcLevel, QrCode};
use yew::prelude::*;

/// Modules of white around the code, as the standard asks.
const QUIET: usize = 4;

#[derive(Properties, PartialEq)]
pub struct QrProps {
    /// What it says.
    pub bytes: Vec<u8>,
    /// Its name for those who do not see it.
    pub label: String,
    /// It is photographed from a moving screen or from paper: a part of it may be lost.
    #[prop_or_default]
    pub robust: bool,
}

/// A QR code, black on white in every theme: readers expect that.
#[component]
pub fn Qr(props: &QrProps) -> Html {
    let code = use_memo((props.bytes.clone(), props.robust), |(bytes, robust)| {
        let level = if *robust { EcLevel::M } else { EcLevel::L };
        QrCode::with_error_correction_level(bytes, level).ok()
    });
    let Some(code) = (*code).as_ref() else { return html! {} };
    let width = code.width();
    let side = width + 2 * QUIET;
    let dark = |row: &[Color], y: usize| -> String {
        let at = row.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
        at.map(|(x, _)| format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET)).collect()
    };
    let path: String = code.to_colors().chunks(width).enumerate().map(|(y, row)| dark(row, y)).collect();
    html! {
        <svg class="qr" viewBox={format!("0 0 {side} {side}")} role="img" aria-label={props.label.clone()} data-testid="qr" shape-rendering="crispEdges">
            <rect width={side.to_string()} height={side.to_string()} fill="#fff" /><path d={path} fill="#000" />
        </svg>
    }
}
