//! What the timeline asks of the shell, and when: where I stand, the stretch that is shown, and what has been seen.

use super::pages::{STEP, Stretch, place};
use crate::{
    api::{Load, run},
    app::App,
    components::Edge,
};
use std::{cell::RefCell, collections::BTreeSet, rc::Rc};
use tendenko_app_api::*;
use yew::prelude::*;

/// Where I stand with the patient, as of when this page was opened; asked again when records change.
#[hook]
pub fn use_head(app: &App, patient: &PatientId) -> Option<Rc<TimelineHead>> {
    let head = use_state(|| None::<Rc<TimelineHead>>);
    let asked = use_mut_ref(|| 0u32);
    {
        let (app, head, patient) = (app.clone(), head.clone(), patient.clone());
        let opened_at = head.as_ref().map(|head| head.since);
        use_effect_with(app.revision, move |_| {
            *asked.borrow_mut() += 1;
            let (mine, asked) = (*asked.borrow(), asked.clone());
            run(&app, GetTimelineHead { patient, since: opened_at }, move |answer| {
                // Refused: the page itself says why.
                if let (Ok(answer), true) = (answer, *asked.borrow() == mine) {
                    head.set(Some(Rc::new(answer)));
                }
            });
        });
    }
    (*head).clone()
}

/// Takes note of entries that are on the screen.
pub type TakeNote = Rc<dyn Fn(&[Rc<TimelineEntry>])>;

/// Takes note of what has been on the screen; once nothing unread is left, the shell is told.
#[hook]
pub fn use_unseen(app: &App, patient: &PatientId, head: Option<&Rc<TimelineHead>>) -> TakeNote {
    let seen = use_mut_ref(BTreeSet::<TimelineCursor>::new);
    let told = use_mut_ref(|| None::<i64>);
    let (app, patient, head) = (app.clone(), patient.clone(), head.cloned());
    let tell: TakeNote = {
        let head = head.clone();
        Rc::new(move |shown: &[Rc<TimelineEntry>]| {
            let Some(head) = &head else { return };
            let mut seen = seen.borrow_mut();
            seen.extend(shown.iter().map(|entry| place(entry)).filter(|place| head.unread.contains(place)));
            let all = head.unread.iter().all(|place| seen.contains(place));
            if all && head.news > head.since && told.borrow().is_none_or(|told| told < head.news) {
                *told.borrow_mut() = Some(head.news);
                // A mark that could not be written only means that the entries count as new once more.
                run(&app, MarkSeen { patient: patient.clone(), news: head.news }, |_| ());
            }
        })
    };
    {
        // Nothing of what is new is an entry: it was seen with the header.
        let tell = tell.clone();
        use_effect_with(head, move |_| tell(&[]));
    }
    tell
}

/// The stretch of the timeline that is shown.
#[derive(Clone)]
pub struct List {
    /// The stretch.
    pub load: Load<Stretch>,
    /// The keys of its rows: a new list where anything about them is new.
    pub keys: Rc<Vec<String>>,
    /// Grows with every new stretch, which begins with nothing measured.
    pub generation: u32,
    /// More of it is on its way.
    pub busy: bool,
    /// The row that a jump led to.
    pub show: Option<(u32, String)>,
    /// Begins anew.
    pub ask: Callback<TimelineStart>,
    /// An end is near.
    pub reach: Callback<Edge>,
}

/// What a hook keeps between two answers.
#[derive(Default)]
struct Asking {
    /// The newest question; an answer to another one is dropped.
    number: u32,
    /// A page for one of the ends is on its way.
    more: bool,
    stretch: Stretch,
}

#[hook]
pub fn use_stretch(app: &App, patient: &PatientId, filter: &TimelineFilter, since: Option<i64>) -> List {
    let load = use_state(|| Load::<Stretch>::Waiting);
    let generation = use_state(|| 0u32);
    let busy = use_state(|| false);
    let show = use_state(|| None::<(u32, String)>);
    let asking = use_mut_ref(Asking::default);

    let get = {
        let (patient, filter) = (patient.clone(), filter.clone());
        move |start: TimelineStart, limit: u16| GetTimeline {
            patient: patient.clone(),
            start,
            filter: filter.clone(),
            limit,
            since,
        }
    };
    let begin = {
        let (app, asking, load, generation, show, busy, get) =
            (app.clone(), asking.clone(), load.clone(), generation.clone(), show.clone(), busy.clone(), get.clone());
        Callback::from(move |start: TimelineStart| {
            let number = next_question(&asking);
            busy.set(false);
            let (asking, load, generation, show) = (asking.clone(), load.clone(), generation.clone(), show.clone());
            run(&app, get(start.clone(), STEP), move |answer| {
                if asking.borrow().number != number {
                    return;
                }
                match answer {
                    Ok(page) => {
                        let stretch = Stretch::from(page, &start);
                        let first = stretch.entries.first().map(|entry| (number, entry.id.0.clone()));
                        asking.borrow_mut().stretch = stretch.clone();
                        load.set(Load::Ready(Rc::new(stretch)));
                        generation.set(number);
                        show.set(first.filter(|_| start != TimelineStart::Newest));
                    }
                    Err(error) => load.set(Load::Failed(error)),
                }
            });
        })
    };
    let more = {
        let (app, asking, load, busy, get) = (app.clone(), asking.clone(), load.clone(), busy.clone(), get.clone());
        move |start: TimelineStart, limit: u16| {
            let number = asking.borrow().number;
            asking.borrow_mut().more = true;
            busy.set(true);
            let (asking, load, busy) = (asking.clone(), load.clone(), busy.clone());
            run(&app, get(start.clone(), limit), move |answer| {
                if asking.borrow().number != number {
                    return;
                }
                let mut asking = asking.borrow_mut();
                asking.more = false;
                busy.set(false);
                match answer {
                    Ok(page) => {
                        asking.stretch.take(&start, page);
                        load.set(Load::Ready(Rc::new(asking.stretch.clone())));
                    }
                    Err(error) => load.set(Load::Failed(error)),
                }
            });
        }
    };
    {
        // Another question, or as of another time: from the newest again.
        let begin = begin.clone();
        use_effect_with((filter.clone(), since), move |(_, since)| {
            if since.is_some() {
                begin.emit(TimelineStart::Newest);
            }
        });
    }
    {
        let (asking, more) = (asking.clone(), more.clone());
        use_effect_with(app.revision, move |_| {
            let again = asking.borrow().stretch.clone();
            if asking.borrow().number > 0 && !again.entries.is_empty() {
                let (start, many) = again.ask_again();
                more(start, many);
            }
        });
    }
    let reach = {
        let asking = asking.clone();
        Callback::from(move |edge: Edge| {
            let start = {
                let asking = asking.borrow();
                if asking.more {
                    return;
                }
                match edge {
                    Edge::Start => asking.stretch.ask_newer(),
                    Edge::End => asking.stretch.ask_older(),
                }
            };
            if let Some(start) = start {
                more(start, STEP);
            }
        })
    };
    let keys = {
        let stretch = load.ready().cloned();
        let same = stretch.as_ref().map(|stretch| Rc::as_ptr(stretch) as usize);
        use_memo(same, move |_| {
            stretch.map(|stretch| stretch.entries.iter().map(|entry| entry.id.0.clone()).collect()).unwrap_or_default()
        })
    };
    List { load: (*load).clone(), keys, generation: *generation, busy: *busy, show: (*show).clone(), ask: begin, reach }
}

fn next_question(asking: &RefCell<Asking>) -> u32 {
    let mut asking = asking.borrow_mut();
    asking.number += 1;
    asking.more = false;
    asking.number
}
