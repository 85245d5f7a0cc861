//! 申し送り: what waits for me, what I said, who has read it.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Document as _, Event, EventBody, HandOver};
use tendenko_replica::HandOverEntry;

use super::patients::Rows;
use super::{Answer, entry, patient};
use crate::error::{reading, saving};
use crate::tablet::Desk;
use crate::views::entries::{addressee, addressee_of, sent};
use crate::views::people::{millis, profession};

/// Hand-overs a screen can ask for at once.
const MOST: u16 = 500;

pub fn all(desk: &Desk, args: api::GetHandOvers) -> Answer<api::GetHandOvers> {
    let rows = Rows::new(desk)?;
    let limit = usize::from(args.limit.clamp(1, MOST));
    match args.which {
        api::HandOverBox::Waiting => waiting(desk, &rows, limit),
        api::HandOverBox::Written => {
            let written = desk.replica.written_hand_overs(limit).map_err(|error| reading(&error))?;
            written.iter().map(|entry| shown(desk, &rows, entry)).collect()
        }
        api::HandOverBox::Confirmed => {
            let confirmed = desk.replica.confirmed_hand_overs(limit).map_err(|error| reading(&error))?;
            confirmed.iter().map(|entry| shown(desk, &rows, entry)).collect()
        }
    }
}

/// Those that wait for the person at work: urgent first, then the newest.
pub fn waiting(desk: &Desk, rows: &Rows<'_>, limit: usize) -> Result<Vec<api::HandOverView>, ApiError> {
    let waiting = desk.replica.waiting_hand_overs(limit).map_err(|error| reading(&error))?;
    let mut waiting = waiting.iter().map(|entry| shown(desk, rows, entry)).collect::<Result<Vec<_>, _>>()?;
    waiting.sort_by_key(|line| (!line.urgent, std::cmp::Reverse(line.at)));
    Ok(waiting)
}

fn shown(desk: &Desk, rows: &Rows<'_>, found: &HandOverEntry) -> Result<api::HandOverView, ApiError> {
    let patient = desk.replica.patient(found.patient).map_err(|error| reading(&error))?;
    let event = &found.entry.event;
    let (to, urgent, text) = match event.body.hand_over() {
        Some(said) => (addressee(&said.to), said.urgent, said.text.clone()),
        None => (api::Addressee::Team, false, String::new()),
    };
    Ok(api::HandOverView {
        entry: api::EntryId(event.id.to_string()),
        patient: rows.name(&patient),
        at: millis(event.occurred_at),
        author: desk.viewer.author(&event.stamp.author),
        to,
        urgent,
        text,
        sent: sent(found.entry.sent),
        answered: found.answered.as_ref().map(|event| remark(desk, event)),
        answers: found.answers.iter().map(|event| remark(desk, event)).collect(),
        read_by: desk.viewer.readers(&found.entry.read_by),
        waits: found.waits,
    })
}

fn remark(desk: &Desk, event: &Event) -> api::Remark {
    api::Remark {
        author: desk.viewer.author(&event.stamp.author),
        at: millis(event.occurred_at),
        text: event.body.hand_over().map(|said| said.text.clone()).unwrap_or_default(),
    }
}

pub fn confirm(desk: &Desk, args: api::ConfirmHandOver) -> Answer<api::ConfirmHandOver> {
    let (patient, entry) = (patient(&args.patient)?, entry(&args.entry)?);
    desk.replica.confirm(patient, entry).map(drop).map_err(|error| saving(&error))
}

pub fn say(desk: &Desk, args: api::HandOver) -> Answer<api::HandOver> {
    let patient = patient(&args.patient)?;
    let text = args.draft.text.trim().to_owned();
    if text.is_empty() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    let answers = args.answers.as_ref().map(entry).transpose()?;
    let volume = match answers {
        Some(answered) => Some(desk.replica.volume_of_hand_over(patient, answered).map_err(|error| saving(&error))?),
        None => None,
    };
    let said = HandOver {
        to: addressee_of(args.draft.to),
        urgent: args.draft.urgent,
        text,
        answers,
        newer: Default::default(),
    };
    let saved = desk.replica.edit(patient, |edit| {
        let stamp = edit.stamp();
        let event = edit.event(EventBody::HandOver(said))?;
        let id = edit.volume_at(stamp.at)?.record(event)?;
        if let (Some(answered), Some(year)) = (answers, volume) {
            edit.volume(year)?.mark_read(answered, &stamp)?;
        }
        Ok(api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(stamp.at) })
    });
    saved.map_err(|error| saving(&error))
}

/// The people around a patient, without the one who asks: nobody hands over to themselves.
pub fn team(desk: &Desk, args: api::GetTeam) -> Answer<api::GetTeam> {
    let team = desk.replica.team(patient(&args.patient)?).into_iter();
    let others = team.filter(|member| member.member != desk.replica.me().member);
    Ok(others
        .map(|member| api::TeamMember {
            member: api::MemberId(member.member.to_string()),
            name: member.name,
            profession: profession(&member.profession),
            facility: member.facility,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{Office, admit};
    use crate::commands::{timeline, today};

    fn draft(to: api::Addressee, urgent: bool, text: &str) -> api::HandOverDraft {
        api::HandOverDraft { to, urgent, text: text.to_owned() }
    }

    fn box_of(desk: &Desk, which: api::HandOverBox) -> Vec<api::HandOverView> {
        all(desk, api::GetHandOvers { which, limit: 50 }).unwrap()
    }

    #[test]
    fn a_hand_over_is_said_confirmed_answered_and_seen_by_who_said_it() {
        let office = Office::open();
        let desk = office.at_work(office.pharmacist);
        let patient = admit(&desk);
        let team = super::team(&desk, api::GetTeam { patient: patient.clone() }).unwrap();
        assert_eq!(team.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["佐々木 恵"], "not oneself");
        let to_nurse = api::Addressee::Member { id: team[0].member.clone(), name: team[0].name.clone() };
        let say_as = |desk: &Desk, draft, answers| {
            super::say(desk, api::HandOver { patient: patient.clone(), draft, answers })
                .map(|saved| saved.entry.unwrap())
        };
        let nothing = say_as(&desk, draft(api::Addressee::Team, false, " 　"), None).unwrap_err();
        assert_eq!(nothing.code, ErrorCode::NothingToSave);
        let to_team = say_as(&desk, draft(api::Addressee::Team, false, "入浴は中止です"), None).unwrap();
        let urgent = say_as(&desk, draft(to_nurse, true, "血圧を測ってから電話をください"), None).unwrap();
        assert!(today::today(&desk, api::GetToday { date: None }).unwrap().hand_overs.is_empty(), "one's own");
        assert!(box_of(&desk, api::HandOverBox::Written).iter().all(|line| line.read_by.is_empty()));
        drop(desk);

        let desk = office.at_work(office.nurse);
        let waits = today::today(&desk, api::GetToday { date: None }).unwrap().hand_overs;
        assert_eq!(waits.iter().map(|line| &line.entry).collect::<Vec<_>>(), [&urgent, &to_team], "urgent first");
        let command = api::ConfirmHandOver { patient: patient.clone(), entry: to_team.clone() };
        confirm(&desk, command.clone()).unwrap();
        confirm(&desk, command).unwrap();
        let to_author =
            api::Addressee::Member { id: waits[0].author.member.clone(), name: waits[0].author.name.clone() };
        let answered = say_as(&desk, draft(to_author, false, "152/88でした"), Some(urgent.clone())).unwrap();
        assert!(box_of(&desk, api::HandOverBox::Waiting).is_empty(), "answering is confirming");
        assert_eq!(box_of(&desk, api::HandOverBox::Confirmed).len(), 2);
        let unknown = api::ConfirmHandOver { patient: patient.clone(), entry: api::EntryId("00".repeat(16)) };
        assert_eq!(confirm(&desk, unknown).unwrap_err().code, ErrorCode::NoSuchEntry);
        drop(desk);

        let desk = office.at_work(office.pharmacist);
        let written = box_of(&desk, api::HandOverBox::Written);
        assert!(
            written.iter().all(|line| line.read_by.iter().map(|reader| reader.author.name.as_str()).eq(["佐々木 恵"]))
        );
        let asked = written.iter().find(|line| line.entry == urgent).unwrap();
        assert_eq!(asked.answers.iter().map(|answer| answer.text.as_str()).collect::<Vec<_>>(), ["152/88でした"]);
        let waits = box_of(&desk, api::HandOverBox::Waiting);
        assert_eq!(waits.iter().map(|line| &line.entry).collect::<Vec<_>>(), [&answered]);
        assert_eq!(waits[0].answered.as_ref().unwrap().text, "血圧を測ってから電話をください");
        // The timeline has the three of them, and no mark as an entry of its own.
        let page = api::GetTimeline {
            patient,
            start: api::TimelineStart::Newest,
            filter: api::TimelineFilter::default(),
            limit: 50,
            since: None,
        };
        let page = timeline::page(&desk, page).unwrap();
        assert_eq!(page.entries.len(), 3);
        assert_eq!(page.entries.iter().filter(|entry| !entry.read_by.is_empty()).count(), 2);
    }
}
