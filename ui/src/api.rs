//! Commands to the shell and events from it, over the window's bridge.

use crate::app::{Act, App, use_app};
use js_sys::{Function, Promise, Reflect};
use serde::{Serialize, de::DeserializeOwned};
use std::rc::Rc;
use tendenko_app_api::{ApiError, Command, ErrorCode};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

/// Sends a command and waits for its answer.
pub async fn call<C: Command>(command: &C) -> Result<C::Output, ApiError> {
    let answer = invoke(C::NAME, command).await.map_err(|refusal| {
        serde_wasm_bindgen::from_value::<ApiError>(refusal).unwrap_or_else(|_| unreadable("refusal"))
    })?;
    serde_wasm_bindgen::from_value(answer).map_err(|_| unreadable(C::NAME))
}

/// Calls back for every event of a name, as long as the page lives.
pub fn listen<T: DeserializeOwned + 'static>(event: &'static str, then: impl Fn(T) + 'static) {
    let handler = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
        let payload = Reflect::get(&message, &"payload".into()).unwrap_or(JsValue::NULL);
        if let Ok(payload) = serde_wasm_bindgen::from_value(payload) {
            then(payload);
        }
    });
    if let Ok(listen) = bridge("event", "listen") {
        // The promise only says that listening began; a page that cannot listen still works by asking.
        let _ = listen.call2(&JsValue::NULL, &event.into(), handler.as_ref());
    }
    handler.forget();
}

async fn invoke(name: &str, command: &impl Serialize) -> Result<JsValue, JsValue> {
    let args = command.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?;
    let payload = js_sys::Object::new();
    Reflect::set(&payload, &"args".into(), &args)?;
    let promise: Promise = bridge("core", "invoke")?.call2(&JsValue::NULL, &name.into(), &payload)?.dyn_into()?;
    JsFuture::from(promise).await
}

fn bridge(part: &str, function: &str) -> Result<Function, JsValue> {
    let tauri = Reflect::get(&js_sys::global(), &"__TAURI__".into())?;
    let part = Reflect::get(&tauri, &part.into())?;
    Reflect::get(&part, &function.into())?.dyn_into()
}

fn unreadable(what: &str) -> ApiError {
    ApiError::new(ErrorCode::Internal).with("detail", what)
}

/// An answer that is on its way, there, or refused.
pub enum Load<T> {
    /// On its way for the first time.
    Waiting,
    /// There; also while a newer one is on its way.
    Ready(Rc<T>),
    /// Refused.
    Failed(ApiError),
}

impl<T> Clone for Load<T> {
    fn clone(&self) -> Self {
        match self {
            Load::Waiting => Load::Waiting,
            Load::Ready(value) => Load::Ready(value.clone()),
            Load::Failed(error) => Load::Failed(error.clone()),
        }
    }
}

impl<T> Load<T> {
    /// The answer, where it is there.
    pub fn ready(&self) -> Option<&Rc<T>> {
        match self {
            Load::Ready(value) => Some(value),
            _ => None,
        }
    }

    /// Shows the answer, or that it is on its way, or why there is none.
    pub fn show(&self, app: &App, view: impl FnOnce(&Rc<T>) -> Html) -> Html {
        match self {
            Load::Waiting => html! { <div class="waiting" aria-busy="true" /> },
            Load::Ready(value) => view(value),
            Load::Failed(error) => crate::components::failure(app, error),
        }
    }
}

/// Asks on mount, again when the command changes, and again when records changed. An answer that was overtaken by a
/// newer question is dropped. A page about one patient must be keyed by the patient, so that it never shows another's.
#[hook]
pub fn use_command<C>(command: C) -> Load<C::Output>
where
    C: Command + Clone + PartialEq + 'static,
    C::Output: 'static,
{
    let app = use_app();
    let load = use_state(|| Load::Waiting);
    let newest = use_mut_ref(|| 0u32);
    {
        let (load, app) = (load.clone(), app.clone());
        use_effect_with((command, app.revision), move |(command, _)| {
            let command = command.clone();
            *newest.borrow_mut() += 1;
            let mine = *newest.borrow();
            spawn_local(async move {
                let answer = call(&command).await;
                if *newest.borrow() == mine {
                    load.set(match answer {
                        Ok(value) => Load::Ready(Rc::new(value)),
                        Err(error) => {
                            notice_lock(&app, &error);
                            Load::Failed(error)
                        }
                    });
                }
            });
        });
    }
    (*load).clone()
}

/// Sends a command that changes something, and says what came of it.
pub fn run<C: Command + 'static>(app: &App, command: C, then: impl FnOnce(Result<C::Output, ApiError>) + 'static) {
    let app = app.clone();
    spawn_local(async move {
        let answer = call(&command).await;
        if let Err(error) = &answer {
            notice_lock(&app, error);
        }
        then(answer);
    });
}

fn notice_lock(app: &App, error: &ApiError) {
    if error.code == ErrorCode::Locked {
        app.dispatch(Act::Locked);
    }
}
