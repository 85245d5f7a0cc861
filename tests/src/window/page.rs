//! What is on the screen: found by test id or by what it says, touched as by a finger.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, json};

use super::WindowError;
use crate::process::PATIENCE;

const GLANCE: Duration = Duration::from_millis(100);
/// How much of the page's text an error shows.
const SHOWN: usize = 600;

/// Looks for what keeps people from using a page; see tests/vendor/axe-core.
const AXE: &str = include_str!("../../vendor/axe-core/axe.min.js");

/// The page in the app's window.
pub struct Page {
    pub(super) client: Client,
    pub(super) touches: Cell<usize>,
}

impl Page {
    pub(super) async fn open(port: u16, app: &Path) -> Result<Self, WindowError> {
        let mut capabilities = Map::new();
        capabilities.insert("tauri:options".into(), json!({ "application": app }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await?;
        Ok(Self { client, touches: Cell::new(0) })
    }

    /// Closes the window, as its owner would.
    pub async fn close(self) -> Result<(), WindowError> {
        Ok(self.client.close().await?)
    }

    /// Touches the element with this test id, as soon as it is there.
    pub async fn touch(&self, id: &str) -> Result<(), WindowError> {
        self.touch_css(&by_id(id)).await
    }

    /// Touches the element with this test id as soon as it accepts a touch.
    pub async fn touch_enabled(&self, id: &str) -> Result<(), WindowError> {
        self.touch_css(&format!("{}:not([disabled])", by_id(id))).await
    }

    /// Touches the first element that this selector finds.
    pub async fn touch_css(&self, css: &str) -> Result<(), WindowError> {
        self.touched();
        self.try_until(css, async |element| self.click(&element).await).await
    }

    /// A driver does not always bring into sight what lies further down in a part of the page that scrolls by itself.
    async fn click(&self, element: &Element) -> bool {
        self.stands_still(element).await;
        if element.clone().click().await.is_ok() {
            return true;
        }
        self.bring_into_sight(element).await;
        false
    }

    /// Waits until nothing is being fetched, the element is where it was a picture ago, and nothing lies over it: a driver looks where a button is,
    /// and touches that place a moment later, whatever is there. What is out of sight in a part of the page that scrolls by itself is brought
    /// into sight. Not for long: what a test waits for says itself when it does not come.
    async fn stands_still(&self, element: &Element) {
        let script = "const [one, done] = arguments; let last = '', still = 0, pictures = 0; const look = () => { \
            const box = one.getBoundingClientRect(), now = [box.x, box.y, box.width, box.height].join(); \
            const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); \
            const reached = found && (one.contains(found) || found.contains(one) && found.matches('label, button')); \
            if (!reached) { one.scrollIntoView({ block: 'center' }); } \
            still = reached && now === last && !document.querySelector('.waiting') ? still + 1 : 0; last = now; \
            if (still > 1 || ++pictures > 90) { done(); } else { requestAnimationFrame(look); } }; look();";
        if let Ok(element) = serde_json::to_value(element) {
            // Refused when the element has just left the page: the touch tells.
            let _ = self.client.execute_async(script, vec![element]).await;
        }
    }

    async fn bring_into_sight(&self, element: &Element) {
        if let Ok(element) = serde_json::to_value(element) {
            // Refused when the element has just left the page: the next look tells.
            let _ = self.client.execute("arguments[0].scrollIntoView({ block: 'center' });", vec![element]).await;
        }
    }

    /// Touches the first element of this selector whose text contains `text`.
    pub async fn touch_text(&self, css: &str, text: &str) -> Result<(), WindowError> {
        self.touched();
        let what = format!("{css} with “{text}”");
        let from = Instant::now();
        loop {
            for element in self.all(css).await? {
                if element.text().await.is_ok_and(|shown| shown.contains(text)) && self.click(&element).await {
                    return Ok(());
                }
            }
            self.look_again(&what, from).await?;
        }
    }

    /// Touches `button` until `sheet` is gone. A sheet that just grows may move under the finger.
    pub async fn dismiss(&self, button: &str, sheet: &str) -> Result<(), WindowError> {
        let from = Instant::now();
        while !self.all(&by_id(sheet)).await?.is_empty() {
            if let Some(close) = self.all(&by_id(button)).await?.into_iter().next() {
                // Refused when the sheet is being drawn or went away meanwhile: the next look tells.
                let _ = close.click().await;
            }
            self.look_again(&format!("the end of {sheet}"), from).await?;
        }
        Ok(())
    }

    /// Types into the field with this test id, replacing what is in it. A driver that empties a field tells nobody, and a page that is drawn
    /// meanwhile puts back what it knows: so the page is told.
    pub async fn write(&self, id: &str, text: &str) -> Result<(), WindowError> {
        let empty = "const one = arguments[0]; if (one.value !== '') { one.value = ''; \
            one.dispatchEvent(new InputEvent('input', { bubbles: true })); }";
        self.try_until(&by_id(id), async |field| {
            let Ok(element) = serde_json::to_value(&field) else { return false };
            let emptied = self.client.execute(empty, vec![element]).await.is_ok();
            let written = emptied && field.send_keys(text).await.is_ok();
            if !written {
                self.bring_into_sight(&field).await;
            }
            written
        })
        .await
    }

    /// Gives a file to the file field with this test id.
    pub async fn choose_file(&self, id: &str, path: &Path) -> Result<(), WindowError> {
        let path = path.to_string_lossy();
        self.try_until(&by_id(id), async |field| field.send_keys(&path).await.is_ok()).await
    }

    /// Waits until the element with this test id is there.
    pub async fn see(&self, id: &str) -> Result<(), WindowError> {
        self.see_css(&by_id(id)).await
    }

    /// Waits until this selector finds something.
    pub async fn see_css(&self, css: &str) -> Result<(), WindowError> {
        self.try_until(css, async |_| true).await
    }

    /// Makes sure that nothing on the page says `text` now.
    pub async fn see_no_text(&self, text: &str) -> Result<(), WindowError> {
        match self.text("body").await? {
            Some(shown) if shown.contains(text) => Err(WindowError::Unwanted(text.to_owned())),
            _ => Ok(()),
        }
    }

    /// An attribute of the first element of this selector, as soon as it is there.
    pub async fn attribute(&self, css: &str, name: &str) -> Result<String, WindowError> {
        let from = Instant::now();
        loop {
            if let Some(element) = self.all(css).await?.into_iter().next()
                && let Some(value) = element.attr(name).await?
            {
                return Ok(value);
            }
            self.look_again(css, from).await?;
        }
    }

    /// Waits until no element has this test id.
    pub async fn see_gone(&self, id: &str) -> Result<(), WindowError> {
        let (css, from) = (by_id(id), Instant::now());
        while !self.all(&css).await?.is_empty() {
            self.look_again(&format!("the end of {css}"), from).await?;
        }
        Ok(())
    }

    /// Waits until an element of this selector says `text`.
    pub async fn see_text(&self, css: &str, text: &str) -> Result<(), WindowError> {
        let what = format!("{css} with “{text}”");
        let from = Instant::now();
        loop {
            for element in self.all(css).await? {
                if element.text().await.is_ok_and(|shown| shown.contains(text)) {
                    return Ok(());
                }
            }
            self.look_again(&what, from).await?;
        }
    }

    /// Waits until the field with this test id holds `text`.
    pub async fn see_value(&self, id: &str, text: &str) -> Result<(), WindowError> {
        let (css, from) = (by_id(id), Instant::now());
        loop {
            if let Some(field) = self.all(&css).await?.into_iter().next()
                && field.prop("value").await.is_ok_and(|value| value.as_deref() == Some(text))
            {
                return Ok(());
            }
            self.look_again(&format!("{css} holding “{text}”"), from).await?;
        }
    }

    /// Waits until the field with this test id holds `text` among other things.
    pub async fn see_value_with(&self, id: &str, text: &str) -> Result<(), WindowError> {
        let held = |value: Option<String>| value.is_some_and(|value| value.contains(text));
        self.try_until(&by_id(id), async |field| field.prop("value").await.is_ok_and(held)).await
    }

    /// Types into the last field with this test id.
    pub async fn write_last(&self, id: &str, text: &str) -> Result<(), WindowError> {
        let from = Instant::now();
        loop {
            if let Some(field) = self.all(&by_id(id)).await?.pop()
                && field.send_keys(text).await.is_ok()
            {
                return Ok(());
            }
            self.look_again(id, from).await?;
        }
    }

    /// Makes the window as large as a screen of this size.
    pub async fn resize(&self, (width, height): (u32, u32)) -> Result<(), WindowError> {
        Ok(self.client.set_window_size(width, height).await?)
    }

    /// Scrolls the element with this test id to its end, and waits until it is drawn.
    pub async fn scroll_to_end(&self, id: &str) -> Result<(), WindowError> {
        let script =
            "const found = document.querySelector(arguments[0]); if (found) { found.scrollTop = found.scrollHeight; }";
        self.client.execute(script, vec![json!(by_id(id))]).await?;
        self.drawn().await
    }

    /// The elements that are wider than the page, by class: there must be none. What a drawing cuts off at its edge is none of them.
    pub async fn too_wide(&self) -> Result<Vec<String>, WindowError> {
        let script = "return [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1 \
            && !one.ownerSVGElement && !one.closest('.table-box, .visually-hidden, .skip')).map(one => one.getAttribute('class') || one.tagName);";
        let found = self.client.execute(script, Vec::new()).await?;
        Ok(serde_json::from_value(found).unwrap_or_default())
    }

    /// Touch targets that are smaller than 44 pixels, by what they say: there must be none.
    pub async fn too_small(&self) -> Result<Vec<String>, WindowError> {
        let script = "return [...document.querySelectorAll('button, select, input:not([type=checkbox]), a[href]')].filter(one => { \
            const box = one.getBoundingClientRect(); return box.width > 0 && (box.width < 43.5 || box.height < 43.5) \
            && !one.closest('.visually-hidden, .skip'); }).map(one => one.textContent || one.className);";
        let found = self.client.execute(script, Vec::new()).await?;
        Ok(serde_json::from_value(found).unwrap_or_default())
    }

    /// What is on the page against WCAG 2.2 at level AA, as axe sees it: there must be nothing.
    pub async fn violations(&self) -> Result<Vec<String>, WindowError> {
        if self.client.execute("return typeof axe === 'undefined';", Vec::new()).await? == json!(true) {
            self.client.execute(AXE, Vec::new()).await?;
        }
        let script = "const done = arguments[0]; \
            axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'], resultTypes: ['violations'] }) \
            .then(found => done(found.passes.length < 5 ? ['axe looked at nothing'] : found.violations.flatMap(rule => rule.nodes.map(node => rule.id + ' ' + node.target.join(' ') + ': ' \
            + [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ')))), error => done([String(error)]));";
        let found = self.client.execute_async(script, Vec::new()).await?;
        Ok(serde_json::from_value(found).unwrap_or_else(|_| vec!["axe gave no answer".to_owned()]))
    }

    /// Whether an element of this selector says `text` now.
    pub async fn text_has(&self, css: &str, text: &str) -> Result<bool, WindowError> {
        for element in self.all(css).await? {
            // One that has just left the page says nothing.
            if element.text().await.is_ok_and(|shown| shown.contains(text)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits until this selector finds so many elements.
    pub async fn see_count(&self, css: &str, count: usize) -> Result<(), WindowError> {
        let from = Instant::now();
        while self.count(css).await? != count {
            self.look_again(&format!("{count} of {css}"), from).await?;
        }
        Ok(())
    }

    /// Waits until there is one element of this selector, and it says `text`.
    pub async fn see_only(&self, css: &str, text: &str) -> Result<(), WindowError> {
        self.see_count(css, 1).await?;
        self.see_text(css, text).await
    }

    /// How many elements this selector finds now.
    pub async fn count(&self, css: &str) -> Result<usize, WindowError> {
        Ok(self.all(css).await?.len())
    }

    /// What the first element of this selector says now, or nothing.
    pub async fn text(&self, css: &str) -> Result<Option<String>, WindowError> {
        match self.all(css).await?.into_iter().next() {
            Some(element) => Ok(Some(element.text().await?)),
            None => Ok(None),
        }
    }

    /// Waits until what is on the page has been drawn.
    pub async fn drawn(&self) -> Result<(), WindowError> {
        let script = "const done = arguments[0]; document.fonts.ready.then(() => \
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))));";
        self.client.execute_async(script, Vec::new()).await?;
        Ok(())
    }

    /// What this selector finds now. When the page is being redrawn under it, it is asked again: the driver then says that an element
    /// is stale, or that it could not read what the page answered (an "unknown error").
    async fn all(&self, css: &str) -> Result<Vec<Element>, WindowError> {
        let from = Instant::now();
        loop {
            match self.client.find_all(Locator::Css(css)).await {
                Err(error)
                    if (error.is_stale_element_reference() || error.is_unknown_error())
                        && from.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(GLANCE).await;
                }
                found => return Ok(found?),
            }
        }
    }

    /// Finds by selector and tries until it works: a page that is just being redrawn may refuse once.
    async fn try_until(&self, css: &str, works: impl AsyncFn(Element) -> bool) -> Result<(), WindowError> {
        let from = Instant::now();
        loop {
            if let Some(element) = self.all(css).await?.into_iter().next()
                && works(element).await
            {
                return Ok(());
            }
            self.look_again(css, from).await?;
        }
    }

    async fn look_again(&self, what: &str, from: Instant) -> Result<(), WindowError> {
        if from.elapsed() > PATIENCE {
            let body = self.text("body").await?.unwrap_or_default();
            let seen = body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
            return Err(WindowError::Missing { what: what.to_owned(), waited: PATIENCE, seen });
        }
        tokio::time::sleep(GLANCE).await;
        Ok(())
    }
}

/// The selector of a test id.
pub fn by_id(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}
