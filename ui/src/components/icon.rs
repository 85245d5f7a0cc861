//! Line icons, drawn here so that nothing is loaded. Always beside words, or on a button that has a name.

use yew::prelude::*;

/// Every icon with its line.
pub const ICONS: &[(&str, &str)] = &[
    ("today", "M5 5h14v15H5zM5 10h14M9 3v4M15 3v4M9 14h2M13 14h2"),
    (
        "patients",
        "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.5a3.3 3.3 0 0 1 0 6.3M18 14.5c2.2.8 3.5 2.9 3.5 5.5",
    ),
    (
        "ambulance",
        "M3 6h11v11H3zM14 10h4l3 3.5V17h-7zM7 19.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM17.5 19.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM8.5 8.5v5M6 11h5",
    ),
    ("hand-over", "M4 5h16v11H10l-5 4v-4H4zM8 9h8M8 12h5"),
    ("site", "M12 3 3 20h18zM12 10v7M8.5 13.5h7"),
    ("settings", "M4 7h10M18 7h2M4 17h2M10 17h10M16 4.5v5M8 14.5v5"),
    ("filter", "M4 6h16M7 12h10M10 18h4"),
    ("answer", "M10 6 4 12l6 6M4 12h10a6 6 0 0 1 6 6v1"),
    ("lock", "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3"),
    ("back", "M14 5l-7 7 7 7"),
    ("check", "M4 13l5 5L20 6"),
    ("pen", "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3"),
    ("search", "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 21 21"),
    ("warning", "M12 4 2.5 20h19zM12 10v5M12 17.2v.6"),
    ("pill", "M4.5 13.5l9-9a4.2 4.2 0 0 1 6 6l-9 9a4.2 4.2 0 0 1-6-6zM9 9l6 6"),
    ("file", "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6"),
    ("phone", "M6 3h4l1.5 5-2.5 2a12 12 0 0 0 5 5l2-2.5 5 1.5v4c0 1.5-1 2-2 2C11 20 4 13 4 5c0-1 .5-2 2-2z"),
    ("print", "M7 9V4h10v5M5 9h14v8h-3v3H8v-3H5zM8 14h8"),
    ("close", "M6 6l12 12M18 6 6 18"),
    ("erase", "M8 6h12v12H8l-5-6zM11 10l5 5M16 10l-5 5"),
    ("scan", "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 8h3v3H8zM13 13h3v3h-3z"),
    ("camera", "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z"),
    ("next", "M10 5l7 7-7 7"),
    (
        "place",
        "M12 21c-4-5-6.5-8-6.5-11.5a6.5 6.5 0 0 1 13 0C18.5 13 16 16 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
    ),
    ("home", "M4 11.5 12 5l8 6.5M6 10v9h12v-9M10 19v-5h4v5"),
    ("zoom-in", "M12 5v14M5 12h14"),
    ("zoom-out", "M5 12h14"),
];

#[derive(Properties, PartialEq)]
pub struct IconProps {
    /// Which one.
    pub name: &'static str,
}

/// A line icon of the text's size and colour.
#[component]
pub fn Icon(props: &IconProps) -> Html {
    let path = ICONS.iter().find(|(name, _)| *name == props.name).map_or("M12 12h.01", |(_, path)| *path);
    html! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={path} /></svg>
    }
}
