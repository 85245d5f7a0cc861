//! What the teams of the demonstration agreed on and learnt, and what was planned apart from each other.

use tendenko_crdt::{
    Activity, Behaviour, BehaviourEvent, DayRhythm, Document as _, EventBody, Outcome, Participant, RhythmItem,
    TeamGoal, Timestamp, VisitPlan,
};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Replica, SaveError, date_in_japan};

use super::patients::DemoPatient;
use crate::region::RegionFailure;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A moment that was told: which behaviour, what happened, what led to it, what was done, whether it helped, how many days ago.
type Moment = (Behaviour, &'static str, &'static str, &'static str, Outcome, i64);

/// Writes it on both tablets, which meet afterwards.
pub fn agree(nurse: &Replica, chemist: &Replica, admitted: &[(PatientId, DemoPatient)]) -> Result<(), RegionFailure> {
    let of = |id: &str| {
        let found = admitted.iter().find(|(_, about)| about.id == id).map(|(patient, _)| *patient);
        found.ok_or_else(|| format!("{id} is not among the patients"))
    };
    let (hearty, forgetful, frail) = (of("p05")?, of("p07")?, of("p04")?);

    let goal = |description: &str, note: &str| {
        EventBody::TeamGoal(TeamGoal { description: description.into(), note: note.into(), ..TeamGoal::default() })
    };
    nurse.state(
        hearty,
        goal("苦しくなく、自宅の自分の部屋で過ごす", "体重が2日で2kg増えたら、その日のうちに主治医へ電話する。"),
        Some("退院前カンファレンスで決定"),
    )?;
    nurse.state(frail, goal("朝のお薬を毎日飲める", "朝8時半にヘルパーが声をかける。"), None)?;
    // Two people, apart from each other: the page of the patient shows both.
    nurse.state(forgetful, goal("夜は家で眠れる", "日中に体を動かし、昼寝は1時間までにする。"), None)?;
    chemist.state(forgetful, goal("眠気の少ない薬で、日中起きていられる", "夕の薬を減らして2週間みる。"), None)?;

    nurse.state(forgetful, EventBody::DayRhythm(rhythm()), None)?;
    let moments: [Moment; 4] = [
        (
            Behaviour::GoingHome,
            "「家に帰る」と玄関へ出られた",
            "夕方、家族が買い物に出たあと",
            "縁側で一緒にお茶を飲む",
            Outcome::Helped,
            12,
        ),
        (
            Behaviour::GoingHome,
            "荷物をまとめておられた",
            "夕方、外が暗くなったころ",
            "ここが家だと説明する",
            Outcome::NotHelped,
            8,
        ),
        (
            Behaviour::GoingHome,
            "「子どもが待っている」と落ち着かない",
            "テレビで子どもの声がした",
            "昔の写真を一緒に見る",
            Outcome::Partly,
            3,
        ),
        (
            Behaviour::Refusal,
            "着替えをいやがられた",
            "部屋が寒かった",
            "部屋を暖め、時間をおいて声をかける",
            Outcome::Helped,
            5,
        ),
    ];
    for (behaviour, description, antecedent, response, outcome, days_ago) in moments {
        let body = EventBody::Behaviour(BehaviourEvent {
            behaviours: vec![behaviour],
            description: description.into(),
            antecedent: antecedent.into(),
            response: response.into(),
            outcome: Some(outcome),
            newer: Default::default(),
        });
        tell(nurse, forgetful, body, days_ago)?;
    }

    // Today two visits to one patient overlap: who planned them did not know of each other. Tomorrow both come together.
    let today = date_in_japan(Timestamp(jiff::Timestamp::now().as_millisecond()));
    let day = |days: i64| today.saturating_add(jiff::Span::new().days(days)).to_string();
    for (replica, time) in [(nurse, "15:30"), (chemist, "15:50")] {
        tell(replica, hearty, EventBody::VisitPlan(once(&[replica], &day(0), time, "退院後の確認")), 0)?;
    }
    tell(nurse, forgetful, EventBody::VisitPlan(once(&[nurse, chemist], &day(1), "16:30", "お薬の見直し")), 0)?;
    Ok(())
}

fn tell(replica: &Replica, patient: PatientId, body: EventBody, days_ago: i64) -> Result<(), SaveError> {
    replica.edit(patient, |edit| {
        let mut event = edit.event(body)?;
        event.occurred_at = Timestamp(event.occurred_at.0 - days_ago * DAY);
        let at = event.occurred_at;
        edit.volume_at(at)?.record(event)?;
        Ok(())
    })
}

fn once(who: &[&Replica], date: &str, time: &str, purpose: &str) -> VisitPlan {
    let comes = |replica: &&Replica| Participant {
        member: replica.me().member.to_string(),
        name: replica.me().name.clone(),
        profession: replica.me().profession.clone(),
        newer: Default::default(),
    };
    VisitPlan {
        participants: who.iter().map(comes).collect(),
        weekdays: Vec::new(),
        time: time.into(),
        minutes: 40,
        purpose: purpose.into(),
        from: date.into(),
        until: None,
        newer: Default::default(),
    }
}

fn rhythm() -> DayRhythm {
    let day = [
        ("06:30", Activity::GetUp, "自分で起きる。声をかけると機嫌がよい"),
        ("07:30", Activity::Meal, "ご飯は小さめの茶碗で"),
        ("08:00", Activity::Medicine, "お茶で。飲みこむまで見る"),
        ("10:00", Activity::DayCare, "火・金"),
        ("12:30", Activity::Nap, "1時間まで"),
        ("16:00", Activity::Outing, "玄関先の鉢に水をやる"),
        ("19:00", Activity::Bath, "月・水・土。熱い湯は苦手"),
        ("20:30", Activity::Bed, "ラジオをつけておく"),
    ];
    let item = |(time, activity, note): (&str, Activity, &str)| RhythmItem {
        time: time.into(),
        activity,
        note: note.into(),
        newer: Default::default(),
    };
    DayRhythm { items: day.map(item).into(), ..DayRhythm::default() }
}
