//! What the team agrees on and learns: goal, rhythm of the day, troubled moments and what helped, how the wishes came about.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Document as _, Event, EventBody, TeamGoal, Timestamp};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::minutes_of;

use super::planning::day_to_come;
use super::{Answer, patient, patients};
use crate::error::{field_required, reading, saving, too_long};
use crate::tablet::Desk;
use crate::views::card as card_views;
use crate::views::care_plan as views;
use crate::views::people::millis;

/// Statements of the past, and troubled moments, that a screen shows.
const MOST_PAST: usize = 50;
/// How long ago a moment can be told, in minutes: a week.
const LONGEST_AGO: u32 = 7 * 24 * 60;
/// Things of a day.
const MOST_ITEMS: usize = 40;

pub fn plan(desk: &Desk, args: api::GetCarePlan) -> Answer<api::GetCarePlan> {
    let patient = patient(&args.patient)?;
    let card = patients::card_of(desk, patient)?;
    let changes = standing(desk, patient, "wishes-change")?;
    let wishes_past = changes.iter().rev().take(MOST_PAST).filter_map(|event| match &event.body {
        EventBody::WishesChange(change) => Some(api::WishesStep {
            entry: api::EntryId(event.id.to_string()),
            before: change.before.iter().map(card_views::wishes_draft).collect(),
            after: card_views::wishes_draft(&change.after),
            written: desk.viewer.stamp(&event.stamp, event.reason.as_deref()),
        }),
        _ => None,
    });
    let moments = standing(desk, patient, "behaviour")?;
    let newest_first: Vec<&Event> = moments.iter().rev().collect();
    let behaviours = newest_first.iter().take(MOST_PAST).filter_map(|event| match &event.body {
        EventBody::Behaviour(said) => Some(api::BehaviourView {
            entry: api::EntryId(event.id.to_string()),
            at: millis(event.occurred_at),
            said: views::behaviour(said),
            written: desk.viewer.stamp(&event.stamp, event.reason.as_deref()),
        }),
        _ => None,
    });
    Ok(api::CarePlan {
        goals: stated(desk, patient, "team-goal", |body| match body {
            EventBody::TeamGoal(goal) => Some(views::goal(goal)),
            _ => None,
        })?,
        rhythms: stated(desk, patient, "day-rhythm", |body| match body {
            EventBody::DayRhythm(rhythm) => Some(views::rhythm(rhythm)),
            _ => None,
        })?,
        wishes: card.wishes.any().map(|written| card_views::wishes(&desk.viewer, written)),
        wishes_conflict: card.wishes.is_conflict(),
        wishes_past: wishes_past.collect(),
        behaviours: behaviours.collect(),
        helped: views::helped(&newest_first),
    })
}

pub fn set_goal(desk: &Desk, args: api::SetGoal) -> Answer<api::SetGoal> {
    let description = args.goal.description.trim().to_owned();
    if description.is_empty() {
        return Err(field_required("goal"));
    }
    let due = args.goal.due_date.as_deref().map(str::trim).filter(|typed| !typed.is_empty());
    let due_date = due.map(|typed| day_to_come(typed, desk.today(), "due-date")).transpose()?;
    let goal = TeamGoal {
        description,
        note: args.goal.note.trim().to_owned(),
        due_date: due_date.map(|day| day.to_string()),
        ..TeamGoal::default()
    };
    state(desk, patient(&args.patient)?, EventBody::TeamGoal(goal), &args.seen, &args.reason)
}

pub fn set_rhythm(desk: &Desk, args: api::SetRhythm) -> Answer<api::SetRhythm> {
    let rhythm = views::rhythm_of(args.rhythm);
    if rhythm.items.is_empty() {
        return Err(field_required("activity"));
    }
    if rhythm.items.iter().any(|item| minutes_of(&item.time).is_none()) {
        return Err(field_required("time"));
    }
    if rhythm.items.len() > MOST_ITEMS {
        return Err(too_long("activity"));
    }
    state(desk, patient(&args.patient)?, EventBody::DayRhythm(rhythm), &args.seen, &args.reason)
}

/// States something in the place of what was on the screen, and of nothing else.
fn state(
    desk: &Desk,
    patient: PatientId,
    body: EventBody,
    seen: &[api::EntryId],
    reason: &str,
) -> Result<api::Saved, ApiError> {
    let now = desk.replica.statements(patient, body.kind()).map_err(|error| reading(&error))?;
    let mut known: Vec<String> = now.current.iter().map(|event| event.id.to_string()).collect();
    let mut seen: Vec<String> = seen.iter().map(|entry| entry.0.clone()).collect();
    known.sort_unstable();
    seen.sort_unstable();
    if known != seen {
        return Err(ApiError::new(ErrorCode::ChangedMeanwhile));
    }
    let why = Some(reason.trim()).filter(|why| !why.is_empty());
    let entry = desk.replica.state(patient, body, why).map_err(|error| saving(&error))?;
    Ok(api::Saved { entry: Some(api::EntryId(entry.to_string())), at: millis(desk.clock.now()) })
}

pub fn record_behaviour(desk: &Desk, args: api::RecordBehaviour) -> Answer<api::RecordBehaviour> {
    let said = views::behaviour_of(args.behaviour);
    if said.behaviours.is_empty() && said.description.is_empty() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    if args.minutes_ago > LONGEST_AGO {
        return Err(ApiError::new(ErrorCode::OutOfRange).with("field", "when"));
    }
    let saved = desk.replica.edit(patient(&args.patient)?, |edit| {
        let mut event = edit.event(EventBody::Behaviour(said))?;
        let at = Timestamp(event.occurred_at.0 - i64::from(args.minutes_ago) * 60_000);
        event.occurred_at = at;
        let entry = edit.volume_at(at)?.record(event)?;
        Ok(api::Saved { entry: Some(api::EntryId(entry.to_string())), at: millis(at) })
    });
    saved.map_err(|error| saving(&error))
}

fn standing(desk: &Desk, patient: PatientId, kind: &str) -> Result<Vec<Event>, ApiError> {
    desk.replica.standing(patient, kind).map_err(|error| reading(&error))
}

fn stated<T>(
    desk: &Desk,
    patient: PatientId,
    kind: &str,
    said: impl Fn(&EventBody) -> Option<T>,
) -> Result<api::Stated<T>, ApiError> {
    let statements = desk.replica.statements(patient, kind).map_err(|error| reading(&error))?;
    let view = |event: &Event| {
        Some(api::StatedView {
            entry: api::EntryId(event.id.to_string()),
            said: said(&event.body)?,
            written: desk.viewer.stamp(&event.stamp, event.reason.as_deref()),
        })
    };
    Ok(api::Stated {
        current: statements.current.iter().filter_map(view).collect(),
        past: statements.past.iter().take(MOST_PAST).filter_map(view).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{NOON, Office, admit};
    use crate::commands::{card, timeline};

    fn of(desk: &Desk, patient: &api::PatientId) -> api::CarePlan {
        plan(desk, api::GetCarePlan { patient: patient.clone() }).unwrap()
    }

    #[test]
    fn a_goal_takes_the_place_of_what_was_on_the_screen_and_of_nothing_else() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let set = |description: &str, seen: &[api::EntryId]| {
            let goal = api::GoalDraft {
                description: description.to_owned(),
                due_date: Some("R9.3.31".into()),
                ..Default::default()
            };
            let reason = String::new();
            set_goal(&desk, api::SetGoal { patient: patient.clone(), goal, seen: seen.to_vec(), reason })
        };
        assert_eq!(set(" ", &[]).unwrap_err().code, ErrorCode::FieldRequired);
        let first = set("家で過ごす", &[]).unwrap().entry.unwrap();
        assert_eq!(set("施設で過ごす", &[]).unwrap_err().code, ErrorCode::ChangedMeanwhile);
        set("週に1回、外に出る", std::slice::from_ref(&first)).unwrap();
        let goals = of(&desk, &patient).goals;
        assert_eq!(goals.current.len(), 1);
        assert_eq!(goals.current[0].said.due_date.as_deref(), Some("2027-03-31"));
        assert_eq!(goals.past.iter().map(|past| &past.entry).collect::<Vec<_>>(), [&first]);
    }

    #[test]
    fn a_day_is_put_into_its_order_and_must_have_times() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let line = |time: &str, activity: &str| api::RhythmLine {
            time: time.into(),
            activity: activity.into(),
            note: String::new(),
        };
        let set = |items: Vec<api::RhythmLine>| {
            let rhythm = api::RhythmDraft { items };
            set_rhythm(
                &desk,
                api::SetRhythm { patient: patient.clone(), rhythm, seen: Vec::new(), reason: String::new() },
            )
        };
        assert_eq!(set(vec![line("7時", "get-up")]).unwrap_err().params["field"], "time");
        assert_eq!(set(vec![line("", "")]).unwrap_err().params["field"], "activity");
        set(vec![line("21:00", "bed"), line("06:30", "get-up"), line("", "")]).unwrap();
        let items = &of(&desk, &patient).rhythms.current[0].said.items;
        assert_eq!(items.iter().map(|item| item.time.as_str()).collect::<Vec<_>>(), ["06:30", "21:00"]);
    }

    #[test]
    fn what_helped_is_told_to_the_next_one_and_found_in_the_timeline() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let tell = |behaviours: &[&str], response: &str, outcome: Option<&str>, minutes_ago| {
            let behaviour = api::BehaviourDraft {
                behaviours: behaviours.iter().map(|one| (*one).to_owned()).collect(),
                response: response.to_owned(),
                outcome: outcome.map(str::to_owned),
                ..Default::default()
            };
            record_behaviour(&desk, api::RecordBehaviour { patient: patient.clone(), behaviour, minutes_ago })
        };
        assert_eq!(tell(&[], " ", None, 0).unwrap_err().code, ErrorCode::NothingToSave);
        tell(&["going-home"], "一緒に縁側でお茶を飲む", Some("helped"), 60).unwrap();
        tell(&["going-home", "anxiety"], "理由を説明する", Some("not-helped"), 30).unwrap();
        tell(&["going-home"], "歌をうたう", Some("partly"), 10).unwrap();
        tell(&["night"], "", None, 0).unwrap();
        let found = of(&desk, &patient);
        assert_eq!(found.behaviours.len(), 4);
        let helped: Vec<_> = found.helped.iter().map(|one| (one.behaviour.as_str(), one.seen)).collect();
        assert_eq!(helped, [("going-home", 3), ("anxiety", 1)], "of what nobody tried anything, nothing is told");
        let tried: Vec<_> = found.helped[0].helped.iter().map(|one| (one.response.as_str(), one.partly)).collect();
        assert_eq!(tried, [("歌をうたう", true), ("一緒に縁側でお茶を飲む", false)]);
        assert_eq!(found.helped[0].not_helped[0].response, "理由を説明する");

        let page = api::GetTimeline {
            patient,
            start: api::TimelineStart::Newest,
            filter: api::TimelineFilter {
                words: "縁側".into(),
                kinds: vec![api::EntryKind::Behaviour],
                ..Default::default()
            },
            limit: 50,
            since: None,
        };
        assert_eq!(timeline::page(&desk, page).unwrap().entries.len(), 1);
    }

    #[test]
    fn how_the_wishes_came_about_is_kept() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        for (later, text) in [(0, "家で過ごしたい"), (1, "入院も考える")] {
            office.clock.set(Timestamp(NOON + later));
            let wishes = api::WishesDraft { text: text.to_owned(), ..Default::default() };
            let command =
                api::SetWishes { patient: patient.clone(), wishes, reason: "ご家族と話し合い".to_owned() };
            card::set_wishes(&desk, command).unwrap();
        }
        let found = of(&desk, &patient);
        assert_eq!(found.wishes.unwrap().text, "入院も考える");
        let steps: Vec<_> = found
            .wishes_past
            .iter()
            .map(|step| (step.before.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(), step.after.text.as_str()))
            .collect();
        assert_eq!(steps, [(vec!["家で過ごしたい"], "入院も考える"), (vec![], "家で過ごしたい")]);
    }
}
