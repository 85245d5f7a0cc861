//! How long the page takes, as the page itself knows it, and how often it was touched.
//!
//! A driver looks at a page from outside, every tenth of a second. Here the page's own clock is read: from the touch to the first
//! picture of the screen that shows what was waited for.

use std::time::Duration;

use serde_json::json;

use super::page::by_id;
use super::{Page, WindowError};

/// `shown(css, text)`: is there an element of this selector that can be seen and says this; `painted(done)`: after the next picture.
const HELPERS: &str = "const shown = (css, text) => [...document.querySelectorAll(css)].some(one => one.offsetParent !== null && one.textContent.includes(text)); \
    const painted = next => requestAnimationFrame(() => { const turn = new MessageChannel(); turn.port1.onmessage = next; turn.port2.postMessage(0); }); \
    const type = (field, text) => { const kind = field.tagName === 'TEXTAREA' ? HTMLTextAreaElement : HTMLInputElement; \
        Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(field, text); field.dispatchEvent(new InputEvent('input', { bubbles: true })); };";

impl Page {
    /// Counts touches from zero.
    pub fn count_anew(&self) {
        self.touches.set(0);
    }

    /// Touches since then.
    pub fn touches(&self) -> usize {
        self.touches.get()
    }

    /// One more touch.
    pub(super) fn touched(&self) {
        self.touches.set(self.touches.get() + 1);
    }

    /// Touches what the selector finds, and waits for a picture in which an element with the test id says `text`; how long that took.
    pub async fn timed_touch(&self, touch: &str, id: &str, text: &str) -> Result<Duration, WindowError> {
        self.touched();
        self.see_css(touch).await?;
        let script = "const [touch, css, text, done] = arguments; const from = performance.now(); document.querySelector(touch).click(); \
            const look = () => shown(css, text) ? painted(() => done(performance.now() - from)) : requestAnimationFrame(look); look();";
        self.timed(script, vec![json!(touch), json!(by_id(id)), json!(text)]).await
    }

    /// Puts a text into a field at one go, and waits as [`Page::timed_touch`] does.
    pub async fn timed_typing(&self, field: &str, typed: &str, id: &str, text: &str) -> Result<Duration, WindowError> {
        self.see(field).await?;
        let script = "const [field, typed, css, text, done] = arguments; const from = performance.now(); \
            type(document.querySelector(field), typed); \
            const look = () => shown(css, text) ? painted(() => done(performance.now() - from)) : requestAnimationFrame(look); look();";
        self.timed(script, vec![json!(by_id(field)), json!(typed), json!(by_id(id)), json!(text)]).await
    }

    /// Types a text into a field, a character after the other; how long each took.
    pub async fn typing(&self, field: &str, text: &str) -> Result<Typing, WindowError> {
        self.see(field).await?;
        let mut typed = String::new();
        let mut typing = Typing::default();
        for character in text.chars() {
            typed.push(character);
            // What the page does about a key is done in the turn of the key: in its listeners, and in what they put behind them.
            let script = "const [css, typed, done] = arguments; const field = document.querySelector(css); const from = performance.now(); \
                type(field, typed); let worked; queueMicrotask(() => worked = performance.now() - from); \
                painted(() => done([worked, performance.now() - from]));";
            let arguments = vec![json!(by_id(field)), json!(typed)];
            let took = self.client.execute_async(&format!("{HELPERS} {script}"), arguments).await?;
            typing.worked.push(milliseconds(&took[0])?);
            typing.painted.push(milliseconds(&took[1])?);
        }
        typing.worked.sort_unstable();
        typing.painted.sort_unstable();
        Ok(typing)
    }

    /// A field that nothing listens to, on the page that is shown: what no typing can be below. Its test id is `bare`.
    pub async fn add_bare_field(&self) -> Result<(), WindowError> {
        let script = "const bare = document.createElement('textarea'); bare.dataset.testid = 'bare'; \
            bare.style.cssText = 'position: fixed; top: 0; left: 0; z-index: 9'; document.body.append(bare);";
        self.client.execute(script, Vec::new()).await?;
        Ok(())
    }

    /// Takes it away.
    pub async fn remove_bare_field(&self) -> Result<(), WindowError> {
        self.client.execute("document.querySelector('[data-testid=bare]').remove();", Vec::new()).await?;
        Ok(())
    }

    async fn timed(&self, script: &str, arguments: Vec<serde_json::Value>) -> Result<Duration, WindowError> {
        let took = self.client.execute_async(&format!("{HELPERS} {script}"), arguments).await?;
        milliseconds(&took)
    }
}

/// How long keys took, each list in order of length.
#[derive(Debug, Default)]
pub struct Typing {
    /// Until the page had done its work about it.
    pub worked: Vec<Duration>,
    /// Until a picture showed it.
    pub painted: Vec<Duration>,
}

fn milliseconds(took: &serde_json::Value) -> Result<Duration, WindowError> {
    let took = took.as_f64().ok_or_else(|| WindowError::Unwanted(format!("a time of {took}")))?;
    Ok(Duration::from_secs_f64(took / 1e3))
}
