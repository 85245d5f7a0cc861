//! The Yew interface: what a person sees of Tendenko, and nothing that decides about records.
//!
//! - [`api`] carries commands to the shell and events back.
//! - [`app`] is the state that all screens share, the frame around them, and which screen is shown.
//! - [`components`] are the parts that screens are made of, [`screens`] the screens.
//! - [`dates`], [`numbers`], [`groups`], [`chart`], [`map`], [`summary`], [`windowing`], [`names`] and [`i18n`] are pure and tested on the host.
//!
//! The page runs under a strict content policy: no inline script or style exists in here, and every look is a class
//! of `styles/`. Nothing about patients is ever kept by the page itself: drafts live in memory only ([`drafts`], [`sayings`]).

mod api;
mod app;
mod chart;
mod components;
mod dates;
mod document_drafts;
mod drafts;
mod files;
mod groups;
mod i18n;
mod keeping;
mod labs;
mod letters;
mod map;
mod names;
mod numbers;
mod prefs;
mod sayings;
mod screens;
mod sheet_drafts;
mod summary;
mod windowing;

fn main() {
    yew::Renderer::<app::Root>::new().render();
}
