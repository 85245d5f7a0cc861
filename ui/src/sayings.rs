//! Hand-overs that are being written, outside a visit. As [`crate::drafts`]: in memory only, each its writer's alone, and kept until
//! they are saved.

use std::{cell::RefCell, collections::HashMap};
use tendenko_app_api::{EntryId, HandOverDraft, MemberId, PatientId};

/// Who writes, about whom, in answer to what.
pub type Key = (MemberId, PatientId, Option<EntryId>);

thread_local! {
    static SAYINGS: RefCell<HashMap<Key, HandOverDraft>> = RefCell::new(HashMap::new());
}

/// As it was left; none = nothing was typed.
pub fn get(key: &Key) -> Option<HandOverDraft> {
    SAYINGS.with_borrow(|sayings| sayings.get(key).cloned())
}

/// Keeps what was typed. Without a text there is nothing to keep.
pub fn put(key: &Key, draft: &HandOverDraft) {
    SAYINGS.with_borrow_mut(|sayings| {
        if draft.text.is_empty() {
            sayings.remove(key);
        } else {
            sayings.insert(key.clone(), draft.clone());
        }
    });
}

/// Forgets it: it was saved.
pub fn forget(key: &Key) {
    SAYINGS.with_borrow_mut(|sayings| sayings.remove(key));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendenko_app_api::Addressee;

    #[test]
    fn what_was_typed_stays_until_it_is_saved_and_is_its_writers_alone() {
        let key = |member: &str| (MemberId(member.into()), PatientId("p".into()), None);
        let draft = HandOverDraft { to: Addressee::Team, urgent: true, text: "入浴は中止".into() };
        put(&key("a"), &draft);
        assert_eq!((get(&key("a")), get(&key("b"))), (Some(draft.clone()), None));
        put(&key("a"), &HandOverDraft { text: String::new(), ..draft.clone() });
        assert_eq!(get(&key("a")), None);
        put(&key("a"), &draft);
        forget(&key("a"));
        assert_eq!(get(&key("a")), None);
    }
}
