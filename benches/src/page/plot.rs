//! Plots as plain SVG: bars with the range of all runs, and lines over the length of the history. Black on white, so that they read on
//! any page; ours in one colour, everybody else in another.

use std::fmt::Write as _;

use crate::peers::report::Summary;

const OURS: &str = "#0b6e99";
const OTHERS: &str = "#9aa5ad";
const LINES: [&str; 6] = [OURS, "#5fa8c4", "#c1553b", "#7a8b2f", "#8a5aa6", "#b08900"];
const FONT: &str = "font-family=\"Helvetica, Arial, sans-serif\"";

/// Bars of one figure.
pub struct Bars {
    /// What it is, with its unit.
    pub title: String,
    /// Name, figure (already in the unit), whether it is ours. Without a figure: did not finish.
    pub bars: Vec<(&'static str, Option<Summary>)>,
    /// Decimal places.
    pub digits: usize,
}

/// Panels of bars side by side.
pub fn bars(panels: &[Bars]) -> String {
    let (name_width, bar_width, value_width, row, head) = (110.0, 150.0, 62.0, 20.0, 26.0);
    let most = panels.iter().map(|panel| panel.bars.len()).max().unwrap_or(0) as f64;
    let panel_width = bar_width + value_width;
    let width = name_width + panel_width * panels.len() as f64 + 8.0;
    let height = head + row * most + 10.0;
    let mut svg = begin(width, height);
    for (place, panel) in panels.iter().enumerate() {
        let left = name_width + panel_width * place as f64;
        text(&mut svg, left, 17.0, "start", 12, "bold", &panel.title);
        let greatest = panel.bars.iter().filter_map(|(_, s)| s.map(|s| s.most)).fold(0.0, f64::max).max(1e-12);
        let x = |value: f64| left + value / greatest * bar_width;
        for (line, (name, summary)) in panel.bars.iter().enumerate() {
            let top = head + row * line as f64;
            if place == 0 {
                text(&mut svg, name_width - 8.0, top + 13.0, "end", 12, "normal", name);
            }
            let Some(summary) = summary else {
                text(&mut svg, left + 4.0, top + 13.0, "start", 11, "normal", "–");
                continue;
            };
            let colour = if name.starts_with("tendenko") { OURS } else { OTHERS };
            let _ = write!(
                svg,
                r#"<rect x="{left:.1}" y="{:.1}" width="{:.1}" height="14" fill="{colour}"/>"#,
                top + 2.0,
                (x(summary.median) - left).max(1.0)
            );
            if summary.runs > 1 {
                let _ = write!(
                    svg,
                    r##"<path d="M{:.1} {y:.1}H{:.1}" stroke="#222" stroke-width="1.5"/>"##,
                    x(summary.least),
                    x(summary.most),
                    y = top + 9.0
                );
            }
            let value = format!("{:.*}", panel.digits, summary.median);
            text(&mut svg, x(summary.most) + 5.0, top + 13.0, "start", 11, "normal", &value);
        }
    }
    svg + "</svg>\n"
}

/// One figure over the length of the history, both on logarithmic scales.
pub struct Lines {
    /// What it is, with its unit.
    pub title: String,
    /// Name, and points of (multiple of the history, figure).
    pub lines: Vec<(&'static str, Vec<(f64, f64)>)>,
}

/// Panels of lines side by side, and a legend.
pub fn lines(panels: &[Lines]) -> String {
    let (panel_width, plot_width, top, plot_height) = (236.0, 170.0, 34.0, 150.0);
    let width = panel_width * panels.len() as f64 + 8.0;
    let mut svg = begin(width, top + plot_height + 52.0);
    let mut names: Vec<&str> = Vec::new();
    for (place, panel) in panels.iter().enumerate() {
        let left = panel_width * place as f64 + 52.0;
        text(&mut svg, left - 44.0, 17.0, "start", 12, "bold", &panel.title);
        let values = || panel.lines.iter().flat_map(|(_, points)| points.iter().map(|point| point.1));
        let low = values().fold(f64::MAX, f64::min).max(1e-9).log10().floor();
        let high = values().fold(1e-9, f64::max).log10().ceil().max(low + 1.0);
        let y = |value: f64| top + plot_height - (value.max(1e-9).log10() - low) / (high - low) * plot_height;
        let x = |growth: f64| left + growth.log2() / 4.0 * plot_width;
        let mut power = low;
        while power <= high {
            let at = y(10_f64.powf(power));
            let _ = write!(svg, r##"<path d="M{left:.1} {at:.1}h{plot_width:.1}" stroke="#ddd"/>"##);
            text(&mut svg, left - 5.0, at + 4.0, "end", 10, "normal", &plain(10_f64.powf(power)));
            power += 1.0;
        }
        for growth in [1.0, 4.0, 16.0] {
            text(&mut svg, x(growth), top + plot_height + 14.0, "middle", 10, "normal", &format!("× {growth}"));
        }
        for (name, points) in &panel.lines {
            if !names.contains(name) {
                names.push(name);
            }
            let colour = colour_of(&names, name);
            let path: Vec<String> =
                points.iter().map(|(growth, value)| format!("{:.1} {:.1}", x(*growth), y(*value))).collect();
            let _ = write!(
                svg,
                r#"<path d="M{}" fill="none" stroke="{colour}" stroke-width="{}"/>"#,
                path.join("L"),
                if name.starts_with("tendenko") { 3 } else { 2 }
            );
            for (growth, value) in points {
                let _ = write!(svg, r#"<circle cx="{:.1}" cy="{:.1}" r="3" fill="{colour}"/>"#, x(*growth), y(*value));
            }
        }
    }
    for (place, name) in names.iter().enumerate() {
        let left = 12.0 + 140.0 * place as f64;
        let base = top + plot_height + 40.0;
        let colour = colour_of(&names, name);
        let _ = write!(svg, r#"<rect x="{left:.1}" y="{:.1}" width="12" height="12" fill="{colour}"/>"#, base - 10.0);
        text(&mut svg, left + 17.0, base, "start", 12, "normal", name);
    }
    svg + "</svg>\n"
}

fn colour_of(names: &[&str], name: &str) -> &'static str {
    let place = names.iter().position(|known| *known == name).unwrap_or(0);
    LINES[place % LINES.len()]
}

fn plain(value: f64) -> String {
    if value >= 1.0 { format!("{value:.0}") } else { format!("{value}") }
}

fn begin(width: f64, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" {FONT}>\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    )
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, size: u32, weight: &str, what: &str) {
    let what = what.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" font-weight=\"{weight}\" fill=\"#222\">{what}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_figures() {
        let of = |median: f64| Some(Summary { median, least: median, most: median, runs: 1 });
        let svg = bars(&[Bars {
            title: "a < b".into(),
            bars: vec![("tendenko", of(1.0)), ("samod", of(3.0)), ("pouchdb", None)],
            digits: 1,
        }]);
        assert!(svg.contains(r#"width="50.0""#) && svg.contains(r#"width="150.0""#) && svg.contains("a &lt; b"));
        assert!(svg.contains('–'), "what did not finish is shown as such");
    }
}
