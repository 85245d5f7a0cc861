//! The team in the window: a patient registered on this tablet is shared with the pharmacy, goals and what helps are written, visits are planned
//! and changed, and what gets in each other's way says so.

use tendenko_crdt::{
    Activity, Behaviour, BehaviourEvent, DayRhythm, Document as _, EventBody, Outcome, Participant, RhythmItem,
    TeamGoal, VisitPlan,
};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Replica, SaveError};

use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError};
use crate::region::PHARMACIST;
use crate::tablet::{Order, RemoteTablet};

const CONSENT: &str = "本日、ご本人とご長男から口頭で同意";
const GOAL: &str = "転ばずに、毎日庭に出られる";
const RESPONSE: &str = "一緒に洗濯物をたたむ";

/// The page of a patient is open whom nobody else has yet.
pub async fn play(
    walk: &mut Walk,
    desktop: &Desktop,
    page: &Page,
    pharmacist: &mut RemoteTablet,
) -> Result<(), WindowError> {
    walk.step("A new patient is with one facility alone; the pharmacy is added, with the consent it rests on");
    page.touch("tab-team").await?;
    page.see("team-alone").await?;
    page.touch("add-member").await?;
    page.touch_text(&by_id("colleague"), PHARMACIST.facility).await?;
    page.write("consent", CONSENT).await?;
    walk.picture(desktop, page, "add-to-team").await?;
    page.touch_enabled("sheet-save").await?;
    page.see_text(&by_id("team-facility"), PHARMACIST.name).await?;
    page.see_text(&by_id("team-facility"), CONSENT).await?;
    page.see_gone("add-sheet").await?;

    walk.step("A goal, the rhythm of the day, and what helped");
    page.touch("goal-write").await?;
    page.write("goal-description", GOAL).await?;
    page.touch_enabled("sheet-save").await?;
    page.see_text(&by_id("goal"), GOAL).await?;
    page.see_gone("goal-sheet").await?;
    page.touch("rhythm-write").await?;
    walk.picture(desktop, page, "rhythm-sheet").await?;
    page.touch_enabled("sheet-save").await?;
    page.see_text(&by_id("rhythm"), "起床").await?;
    page.see_gone("rhythm-sheet").await?;
    page.touch("behaviour-write").await?;
    page.touch("behaviour-going-home").await?;
    page.write("behaviour-response", RESPONSE).await?;
    page.touch("outcome-helped").await?;
    walk.picture(desktop, page, "behaviour-sheet").await?;
    page.touch_enabled("sheet-save").await?;
    page.see_text(&by_id("helped"), RESPONSE).await?;
    page.see_gone("behaviour-sheet").await?;
    walk.picture(desktop, page, "team").await?;

    walk.step("Both come together every day; the pharmacist's tablet has the new patient with the plan");
    page.touch("plan-visit").await?;
    page.touch_text("[data-testid^=plan-who]", PHARMACIST.name).await?;
    for day in 1..=7 {
        page.touch(&format!("weekday-{day}")).await?;
    }
    page.write("plan-time", "0930").await?;
    page.touch("plan-minutes-40").await?;
    page.write("plan-purpose", "服薬確認").await?;
    walk.picture(desktop, page, "plan-sheet").await?;
    page.touch_enabled("sheet-save").await?;
    page.see_gone("plan-sheet").await?;
    page.see_text(&by_id("plan"), "09:30–10:10").await?;
    page.see("joint").await?;
    page.touch("to-schedule").await?;
    page.see_count(&by_id("visit-row"), 7).await?;
    let entry = page.attribute(&by_id("visit-row"), "data-plan").await?;
    let patient = page.attribute(&by_id("patient-head"), "data-patient").await?;
    pharmacist.run(&Order::AwaitEntry { patient, entry })?;

    walk.step("One day is left out, with a reason, and the others stay");
    page.touch("visit-row").await?;
    page.touch("visit-drop").await?;
    page.write("reason", "受診のため").await?;
    walk.picture(desktop, page, "visit-sheet").await?;
    page.touch_enabled("sheet-save").await?;
    page.see_gone("visit-sheet").await?;
    page.see_text(&by_id("visit-row"), "この日は休み（受診のため）").await?;
    page.see_count(&by_id("visit-row"), 7).await?;

    walk.step("A second visit at the same time says in words that it is one");
    page.touch("plan-visit").await?;
    page.touch("repeat-once").await?;
    page.write("plan-from", &tomorrow()).await?;
    page.write("plan-time", "10:00").await?;
    page.touch_enabled("sheet-save").await?;
    page.see_gone("plan-sheet").await?;
    page.see_text(&by_id("clash"), "同じ時間に").await?;
    walk.picture(desktop, page, "schedule-patient").await?;
    page.touch("nav-today").await?;
    page.touch("to-schedule").await?;
    page.see_text(&by_id("visit-row"), "千葉 ハル").await?;
    walk.picture(desktop, page, "schedule").await
}

fn tomorrow() -> String {
    let today = jiff::Timestamp::now().to_zoned(crate::records::japan()).date();
    today.tomorrow().unwrap_or(today).to_string()
}

/// What a team has agreed on and planned, so that no screen is looked at empty.
pub fn agree(replica: &Replica, patient: PatientId) -> Result<(), SaveError> {
    let newer = Default::default;
    let goal = TeamGoal {
        description: GOAL.into(),
        note: "週に3回は声をかけて庭へ。手すりの位置を理学療法士と確かめる。".into(),
        due_date: Some("2027-03-31".into()),
        ..TeamGoal::default()
    };
    replica.state(patient, EventBody::TeamGoal(goal), Some("担当者会議で決定"))?;
    let item = |time: &str, activity, note: &str| RhythmItem {
        time: time.into(),
        activity,
        note: note.into(),
        newer: newer(),
    };
    let items = vec![
        item("06:30", Activity::GetUp, "声をかけると機嫌よく起きる"),
        item("07:30", Activity::Meal, "ご飯は小さめの茶碗で"),
        item("13:00", Activity::Nap, "1時間まで"),
        item("21:00", Activity::Bed, "ラジオをつけておく"),
    ];
    replica.state(patient, EventBody::DayRhythm(DayRhythm { items, ..DayRhythm::default() }), None)?;
    let me = replica.me().clone();
    let comes = Participant { member: me.member.to_string(), name: me.name, profession: me.profession, newer: newer() };
    let plan = |time: &str, purpose: &str| {
        EventBody::VisitPlan(VisitPlan {
            participants: vec![comes.clone()],
            weekdays: (1..=7).collect(),
            time: time.into(),
            minutes: 40,
            purpose: purpose.into(),
            from: "2026-01-01".into(),
            until: None,
            newer: newer(),
        })
    };
    let moment = EventBody::Behaviour(BehaviourEvent {
        behaviours: vec![Behaviour::GoingHome, Behaviour::Wandering],
        description: "「家に帰る」と玄関へ出られた".into(),
        antecedent: "夕方、家族が買い物に出たあと".into(),
        response: RESPONSE.into(),
        outcome: Some(Outcome::Helped),
        newer: newer(),
    });
    replica.edit(patient, |edit| {
        for body in [plan("09:30", "血圧測定、内服確認"), plan("10:00", "入浴の見守り"), moment] {
            let event = edit.event(body)?;
            let at = event.occurred_at;
            edit.volume_at(at)?.record(event)?;
        }
        Ok(())
    })
}
