//! A medicine put on the list by hand: what it is, how it is taken as one value, where it is known from, and why. What the
//! record says against it stands there while the name is typed, and does not keep it from being added.

use crate::{
    api::use_command,
    app::use_app,
    components::{
        Field, Fields, ReasonField, RegimenFields, Values, choice, is_complete, is_whole, line, needed, use_filling,
        value, warnings_before,
    },
    names,
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

const WHAT: &[Field] = &[
    needed("drug"),
    line("general-name"),
    choice("source", "source", &["prescription", "interview", "otc"]),
    choice("form", "form", &["internal", "as-needed", "external", "injection"]),
];
const MORE: &[Field] = &[line("since-day"), line("prescriber"), line("remark")];
const SOURCES: [Source; 3] = [Source::Prescription, Source::Interview, Source::Otc];
/// Characters from which on a name is looked at.
const ENOUGH: usize = 2;

#[derive(Properties, PartialEq)]
pub struct AddSheetProps {
    /// Whose.
    pub patient: PatientId,
    /// Done, or called off.
    pub on_close: Callback<()>,
}

/// Puts a medicine on the list.
#[component]
pub fn AddSheet(props: &AddSheetProps) -> Html {
    let app = use_app();
    let first = AddMedicine {
        patient: props.patient.clone(),
        medicine: MedicineDraft {
            name: String::new(),
            general_name: String::new(),
            // What an amount counts is never taken for granted: it has to be chosen.
            regimen: Regimen {
                dose: Dose { amount: String::new(), unit: String::new(), basis: DoseBasis::Unstated },
                usage: String::new(),
            },
            form: MedicineForm::Internal,
            source: Source::Prescription,
            since: String::new(),
            prescriber: String::new(),
            note: String::new(),
        },
        reason: String::new(),
    };
    let sheet = use_filling(first, props.on_close.clone());
    let on_values = sheet.set(|form, values: Rc<Values>| take(&mut form.medicine, &values));
    sheet.show(app.words.t("add-medicine"), "add-medicine-sheet", |form| {
        let medicine = &form.medicine;
        let values = Rc::new(values(medicine));
        let ready = is_complete(WHAT, &values) && is_whole(&medicine.regimen) && !form.reason.trim().is_empty();
        html! {
            <>
                <Fields fields={WHAT} values={values.clone()} on_values={on_values.clone()} />
                <Against patient={props.patient.clone()} name={medicine.name.trim().to_owned()} general_name={medicine.general_name.trim().to_owned()} />
                <RegimenFields regimen={medicine.regimen.clone()} on_change={sheet.set(|form, next| form.medicine.regimen = next)} />
                <Fields fields={MORE} {values} {on_values} />
                <ReasonField text={form.reason.clone()} on_text={sheet.set(|form, text| form.reason = text)} />
                { sheet.end("add-medicine-save", app.words.t("save"), ready) }
            </>
        }
    })
}

/// What stands in the fields.
fn values(medicine: &MedicineDraft) -> Values {
    Values::from([
        ("drug", medicine.name.clone()),
        ("general-name", medicine.general_name.clone()),
        ("source", names::source(&medicine.source).to_owned()),
        ("form", names::form(&medicine.form).to_owned()),
        ("since-day", medicine.since.clone()),
        ("prescriber", medicine.prescriber.clone()),
        ("remark", medicine.note.clone()),
    ])
}

/// The other way round.
fn take(medicine: &mut MedicineDraft, values: &Values) {
    let text = |name: &str| value(values, name).to_owned();
    medicine.name = text("drug");
    medicine.general_name = text("general-name");
    medicine.source = source(value(values, "source"));
    medicine.form = form(value(values, "form"));
    medicine.since = text("since-day");
    medicine.prescriber = text("prescriber");
    medicine.note = text("remark");
}

fn form(name: &str) -> MedicineForm {
    MedicineForm::ALL.into_iter().find(|form| names::form(form) == name).unwrap_or(MedicineForm::Internal)
}

fn source(name: &str) -> Source {
    SOURCES.into_iter().find(|source| names::source(source) == name).unwrap_or(Source::Interview)
}

#[derive(Properties, PartialEq)]
struct AgainstProps {
    patient: PatientId,
    name: String,
    general_name: String,
}

/// What the record says against what is being typed.
#[component]
fn Against(props: &AgainstProps) -> Html {
    let app = use_app();
    let enough = |text: &str| if text.chars().count() < ENOUGH { String::new() } else { text.to_owned() };
    let found = use_command(CheckMedicine {
        patient: props.patient.clone(),
        name: enough(&props.name),
        general_name: enough(&props.general_name),
    });
    found.ready().map_or_else(Html::default, |found| warnings_before(&app, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_comes_back_from_the_draft_unchanged() {
        let typed = MedicineDraft {
            name: "アムロジピン錠5mg ".into(),
            general_name: "アムロジピン".into(),
            regimen: Regimen {
                dose: Dose { amount: "1".into(), unit: "錠".into(), basis: DoseBasis::PerDay },
                usage: "朝食後".into(),
            },
            form: MedicineForm::External,
            source: Source::Otc,
            since: "R8.11".into(),
            prescriber: "菊池".into(),
            note: "粉砕".into(),
        };
        let mut read = MedicineDraft { form: MedicineForm::Internal, source: Source::Prescription, ..typed.clone() };
        for text in [&mut read.name, &mut read.general_name, &mut read.since, &mut read.prescriber, &mut read.note] {
            text.clear();
        }
        take(&mut read, &values(&typed));
        assert_eq!(read, typed);
    }
}
