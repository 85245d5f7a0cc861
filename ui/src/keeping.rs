//! What is being typed, whatever form it is in: in the page's memory at once, in the sealed store a moment later.
//!
//! One write is under way at a time, of the newest text: a slow disk makes fewer writes, not a queue of old ones. Whoever saves or throws a
//! draft away waits for that write first ([`Keeping::settle`]), or it would bring the draft back.

use crate::api::call;
use futures_util::lock::Mutex;
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    hash::Hash,
    rc::Rc,
};
use tendenko_app_api::{ApiError, Command};
use wasm_bindgen_futures::spawn_local;

/// Which draft, and how the store is told of it.
pub trait Kept: Clone + Eq + Hash + 'static {
    /// What is typed.
    type Form: Clone + 'static;
    /// Keeps it.
    type Put: Command<Output = ()>;
    /// Throws it away.
    type Discard: Command<Output = ()>;

    /// The command that keeps this draft.
    fn put(&self, form: Self::Form) -> Self::Put;
    /// The command that throws it away.
    fn discard(&self) -> Self::Discard;
    /// Where all of its kind are in memory.
    fn all() -> Rc<Keeping<Self, Self::Form>>;
}

/// The draft as it is in memory; none = nothing was typed since the unlock, or it is not read yet.
pub fn get<K: Kept>(key: &K) -> Option<K::Form> {
    K::all().get(key)
}

/// Keeps a draft: in memory at once, in the store as soon as the write before is done. `refused` hears of it when that cannot be.
pub fn put<K: Kept>(key: &K, form: &K::Form, refused: impl Fn(ApiError) + 'static) {
    K::all().put(key, form);
    let key = key.clone();
    spawn_local(async move {
        if let Err(error) = settle(&key).await {
            refused(error);
        }
    });
}

/// Returns when the store has what memory has.
pub async fn settle<K: Kept>(key: &K) -> Result<(), ApiError> {
    K::all().settle(key, async |form| call(&key.put(form)).await).await
}

/// Forgets a draft in memory, because the store has forgotten it.
pub fn forget<K: Kept>(key: &K) {
    K::all().forget(key);
}

/// Throws a draft away.
pub fn discard<K: Kept>(key: &K) {
    forget(key);
    let key = key.clone();
    spawn_local(async move {
        // If either fails, the draft is offered again: nothing is lost.
        let _ = settle(&key).await;
        let _ = call(&key.discard()).await;
    });
}

/// Drafts of one kind of form.
pub struct Keeping<K, F> {
    drafts: RefCell<HashMap<K, F>>,
    /// Newer here than in the store.
    unwritten: RefCell<HashSet<K>>,
    writing: Mutex<()>,
}

impl<K, F> Default for Keeping<K, F> {
    fn default() -> Self {
        Self { drafts: RefCell::default(), unwritten: RefCell::default(), writing: Mutex::new(()) }
    }
}

impl<K: Clone + Eq + Hash, F: Clone> Keeping<K, F> {
    /// The draft as it is in memory; none = nothing was typed since the unlock, or it is not read yet.
    pub fn get(&self, key: &K) -> Option<F> {
        self.drafts.borrow().get(key).cloned()
    }

    /// Keeps a draft in memory. It is in the store after the next [`Keeping::settle`].
    pub fn put(&self, key: &K, form: &F) {
        self.drafts.borrow_mut().insert(key.clone(), form.clone());
        self.unwritten.borrow_mut().insert(key.clone());
    }

    /// Takes what was read from the store; what is in memory is newer. Returns what holds.
    pub fn read(&self, key: &K, stored: Option<F>) -> Option<F> {
        let typed = self.get(key);
        if let (None, Some(stored)) = (&typed, &stored) {
            self.drafts.borrow_mut().insert(key.clone(), stored.clone());
        }
        typed.or(stored)
    }

    /// Returns when the store has what memory has. What could not be written is tried again with the next change.
    pub async fn settle(&self, key: &K, write: impl AsyncFnOnce(F) -> Result<(), ApiError>) -> Result<(), ApiError> {
        let _one_at_a_time = self.writing.lock().await;
        if !self.unwritten.borrow_mut().remove(key) {
            return Ok(());
        }
        let Some(form) = self.get(key) else { return Ok(()) };
        let written = write(form).await;
        if written.is_err() && self.get(key).is_some() {
            self.unwritten.borrow_mut().insert(key.clone());
        }
        written
    }

    /// Forgets a draft in memory, because the store has forgotten it.
    pub fn forget(&self, key: &K) {
        self.drafts.borrow_mut().remove(key);
        self.unwritten.borrow_mut().remove(key);
    }

    /// Leaves nothing in memory: the tablet is locked.
    pub fn clear(&self) {
        self.drafts.borrow_mut().clear();
        self.unwritten.borrow_mut().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use tendenko_app_api::ErrorCode;

    #[test]
    fn the_newest_text_is_written_and_a_refused_write_is_tried_again() {
        let keeping = Keeping::default();
        for text in ["a", "ab", "abc"] {
            keeping.put(&1, &text);
        }
        let written = RefCell::new(Vec::new());
        let refuse = async |_| Err(ApiError::new(ErrorCode::DiskFull));
        assert!(keeping.settle(&1, refuse).now_or_never().expect("nothing waits").is_err());
        let write = async |text: &'static str| {
            written.borrow_mut().push(text);
            Ok(())
        };
        keeping.settle(&1, &write).now_or_never().expect("nothing waits").expect("written");
        keeping.settle(&1, &write).now_or_never().expect("nothing waits").expect("nothing to write");
        assert_eq!(*written.borrow(), ["abc"]);
        keeping.put(&1, &"abcd");
        keeping.forget(&1);
        keeping.settle(&1, &write).now_or_never().expect("nothing waits").expect("nothing to write");
        assert_eq!((written.borrow().len(), keeping.get(&1)), (1, None));
    }

    #[test]
    fn what_was_typed_is_newer_than_what_was_read() {
        let keeping = Keeping::default();
        assert_eq!(keeping.read(&1, Some("stored")), Some("stored"));
        keeping.put(&1, &"typed");
        assert_eq!(keeping.read(&1, Some("stored")), Some("typed"));
        keeping.clear();
        assert_eq!(keeping.read(&1, None), None);
    }
}
