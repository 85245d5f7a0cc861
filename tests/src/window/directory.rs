//! The region's directory in the window: looked up by words and kind, as a list and as a map that is moved by finger, wheel, keyboard and
//! buttons.

use std::time::Duration;

use fantoccini::Locator;
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use serde_json::{Value, json};

use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError};

/// Entries of the demonstration's directory, those with a place, and its pharmacies.
const ALL: usize = 60;
const PLACED: usize = 59;
const PHARMACIES: usize = 9;
const OWN: &str = "訪問看護ステーションはまなす";
/// Three of them are in one building, and say so.
const BUILDING: &str = "ビル";
/// The point that my own facility is in, which parts from its neighbours after so many touches at most.
const OWN_POINT: &str = ".map-point.is-own";
const TOUCHES: usize = 8;

/// What enlarges the map, done to the element `one` with its middle at `x`, `y`: a key, the wheel, two fingers that part.
const KEY: &str = "one.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }))";
const WHEEL: &str =
    "one.dispatchEvent(new WheelEvent('wheel', { deltaY: -400, clientX: x, clientY: y, cancelable: true }))";
const PINCH: &str = "const touch = (type, ...fingers) => { const event = new TouchEvent(type, { cancelable: true }); \
    Object.defineProperty(event, 'touches', { value: { length: fingers.length, item: n => fingers[n] } }); one.dispatchEvent(event); }; \
    const apart = far => [-far, far].map((far, identifier) => ({ identifier, clientX: x + far, clientY: y })); \
    touch('touchstart', ...apart(20)); touch('touchmove', ...apart(30)); touch('touchmove', ...apart(90)); touch('touchend')";

/// From any page with the rail, back to the settings.
pub(super) async fn look_up(walk: &mut Walk, desktop: &Desktop, page: &Page) -> Result<(), WindowError> {
    walk.step(
        "The region's directory is on the tablet: my own facility first, everybody else by their distance from it",
    );
    page.touch("nav-settings").await?;
    page.touch("to-resources").await?;
    page.see_count(&by_id("resource"), ALL).await?;
    page.see_text("[data-testid=resource][data-own=true]", OWN).await?;
    page.see_no_text("0.0 km").await?;
    page.see_text(&by_id("resources-edition"), "第1版").await?;
    walk.picture(desktop, page, "directory").await?;

    walk.step("Words in any kana and the kind narrow list and map alike");
    page.write("resources-search", "ﾊﾏｶｾﾞ").await?;
    page.see_only(&by_id("resource"), "はまかぜ薬局").await?;
    page.touch("resources-all").await?;
    choose(page, "resources-kind", "薬局").await?;
    page.see_count(&by_id("resource"), PHARMACIES).await?;
    page.touch("resources-view-map").await?;
    seen(page, PHARMACIES).await?;
    page.touch("resources-all").await?;
    seen(page, PLACED).await?;
    walk.picture(desktop, page, "directory-map").await?;

    walk.step("No two points of the map lie over each other, and none is lost; a group that is touched parts");
    apart(page).await?;
    for touch in 0..TOUCHES {
        let own = page.attribute(OWN_POINT, "data-count").await?;
        if own == "1" {
            break;
        }
        if touch + 1 == TOUCHES {
            return Err(WindowError::Unwanted(format!("a group of {own} after {TOUCHES} touches")));
        }
        page.touch_css(OWN_POINT).await?;
        page.see_css(&format!("{OWN_POINT}:not([data-count=\"{own}\"])")).await?;
        apart(page).await?;
    }
    walk.picture(desktop, page, "directory-parted").await?;
    page.write("resources-search", BUILDING).await?;
    page.see_css("[data-testid=map-point][data-count=\"3\"]").await?;
    page.touch("map-point").await?;
    page.see_count(&by_id("resource"), 3).await?;
    walk.picture(desktop, page, "directory-one-building").await?;
    page.touch("resources-all").await?;
    seen(page, PLACED).await?;

    walk.step("The map is moved by buttons, keyboard, wheel, mouse and fingers, and a drag chooses nothing");
    for deed in [KEY, WHEEL, PINCH] {
        on_the_map(page, deed).await?;
        fewer(page).await?;
        page.touch("map-whole").await?;
        seen(page, PLACED).await?;
    }
    page.touch("map-in").await?;
    fewer(page).await?;
    page.touch("map-home").await?;
    let from = at(page, OWN_POINT).await?;
    drag(page, 60, 30).await?;
    let to = at(page, OWN_POINT).await?;
    if (to.0 - from.0 - 60.0).abs() > 12.0 || (to.1 - from.1 - 30.0).abs() > 12.0 {
        return Err(WindowError::Unwanted(format!("dragged by 60, 30, and it went from {from:?} to {to:?}")));
    }
    // Those of the building are still chosen, and nothing else.
    page.see_count(&by_id("resource"), 3).await?;

    walk.step("What is chosen on the map is chosen in the list, and the other way round");
    page.touch_css(OWN_POINT).await?;
    page.see_only(&by_id("resource"), OWN).await?;
    walk.picture(desktop, page, "directory-chosen").await?;
    page.touch("resources-view-list").await?;
    page.see_text(".resource.is-chosen", OWN).await?;
    page.touch_css("[data-testid=resource][data-number=\"2\"] [data-testid=resource-on-map]").await?;
    page.see_css(".map-point.is-chosen").await?;
    page.see_count("[data-testid=resource][data-number=\"2\"]", 1).await?;
    page.touch("back").await?;
    page.see("settings").await
}

/// Chooses a value of a field that offers several.
async fn choose(page: &Page, id: &str, value: &str) -> Result<(), WindowError> {
    page.see(id).await?;
    Ok(page.client.find(Locator::Css(&by_id(id))).await?.select_by_value(value).await?)
}

/// Waits until so many entries are in view.
async fn seen(page: &Page, count: usize) -> Result<(), WindowError> {
    page.see_css(&format!("[data-testid=map-status][data-seen=\"{count}\"]")).await
}

/// Waits until fewer than all are in view: the map was enlarged.
async fn fewer(page: &Page) -> Result<(), WindowError> {
    page.see_css(&format!("[data-testid=map-status]:not([data-seen=\"{PLACED}\"])")).await
}

/// Does something to the map.
async fn on_the_map(page: &Page, deed: &str) -> Result<(), WindowError> {
    let script = format!(
        "const one = document.querySelector('[data-testid=map-pane]'), box = one.getBoundingClientRect(), \
         x = box.x + box.width / 2, y = box.y + box.height / 2; {deed};"
    );
    page.client.execute(&script, Vec::new()).await?;
    Ok(())
}

/// Makes sure that no two touch targets of the map lie over each other, and that those that are seen stand for as many as the map says.
async fn apart(page: &Page) -> Result<(), WindowError> {
    let script = "const all = [...document.querySelectorAll('.map-point')].map(one => [one.getBoundingClientRect(), Number(one.dataset.count)]); \
        const over = all.flatMap(([a], n) => all.slice(0, n).filter(([b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 \
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)).length; \
        return [over, all.reduce((sum, [, count]) => sum + count, 0), Number(document.querySelector('[data-testid=map-status]').dataset.seen)];";
    page.drawn().await?;
    match page.client.execute(script, Vec::new()).await? {
        Value::Array(found) if found.first() == Some(&json!(0)) && found.get(1) == found.get(2) => Ok(()),
        found => Err(WindowError::Unwanted(format!("places over each other, places shown, places in view: {found}"))),
    }
}

/// Where the middle of an element is, as soon as the element is there.
async fn at(page: &Page, css: &str) -> Result<(f64, f64), WindowError> {
    page.see_css(css).await?;
    page.drawn().await?;
    let (x, y, width, height) = page.client.find(Locator::Css(css)).await?.rectangle().await?;
    Ok((x + width / 2.0, y + height / 2.0))
}

/// Drags my own facility's point, and the map with it.
async fn drag(page: &Page, x: i64, y: i64) -> Result<(), WindowError> {
    let element = page.client.find(Locator::Css(OWN_POINT)).await?;
    let by =
        |x: i64, y: i64| PointerAction::MoveBy { duration: Some(Duration::from_millis(50)), x: x as f64, y: y as f64 };
    let mouse = MouseActions::new("mouse".to_owned())
        .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
        .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
        // What a finger slips before it drags does not move the map.
        .then(by(9, 0))
        .then(by(x, y))
        .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
    page.client.perform_actions(mouse).await?;
    Ok(page.client.release_actions().await?)
}
