# Patients, a patient's page, card, medicines, vitals
search-label = Find a patient
search-hint = Name, kana or birth date
recent-patients = Recent patients
found = { $n ->
    [one] { $n } person found
   *[other] { $n } people found
}
found-nothing = Nobody found. A part of the kana, or the birth date alone (1937, S12.3.3), is enough.
patients-not-all-here = Patients with all records: { $here }
patients-empty = There are no patients yet. Patients who are shared with you appear here.
age = { $n } years
born = born { $date }
mark-same-name = Same name: take care
mark-allergy = Allergy
mark-dnar = DNAR
mark-incomplete = Earlier records on their way
mark-conflict = { $n } to check
mark-hand-over = { $n ->
    [one] { $n } hand-over
   *[other] { $n } hand-overs
}
mark-unread = { $n ->
    [one] { $n } change
   *[other] { $n } changes
}
no-allergies = No allergies or adverse reactions recorded
wishes-conflict = There are two versions of the wishes
as-of = As this tablet knew it at { $time }
as-of-never = Known to this tablet only
tabs-label = The patient's records
tab-timeline = Timeline
tab-medicines = Medicines
tab-vitals = Vitals
tab-card = Card
record-visit = Record a visit
mine = me
reason = Reason
clock-was-off = The clock of the tablet that wrote this was { $span } off

timeline-empty = Nothing is recorded yet. Visits you record appear here.
show-all = Show all
show-less = Show less
show-both-versions = Show both versions
corrected = Corrected
correct = Correct
before-correction = Before the correction
recorded-at = recorded
sent-pending = Not sent yet
sent-sealed = Being sent
urgent = Urgent
hand-over-to = To: { $to }
to-team = the whole team
plan-from = from { $date }
plan-until = until { $date }
site-access-because = The card was opened at the aid station. Reason: { $reason }
from-newer-version = This was written by a newer version. Update the app to read it.
dispensed-on = Dispensed { $date }
prescribed-by = Prescribed by { $who }

medicines-empty = No medicines are recorded yet. Take over a medicine notebook to list them here.
stopped-medicines = Stopped medicines
medicine-changes = Changes
dispensings = Dispensings
since = since { $date }
lasts-until = lasts until { $date }
general-name = General name { $name }
two-versions = There are two versions
two-versions-see = Check them
change-dose = Change the dose
stop-medicine = Stop
now = Now
amount = Amount
unit = Unit
usage = Usage
basis = Counted

vitals-empty = Nothing was measured yet. What you measure on a visit appears here.
vitals-table = Table of measurements
chart-spoken = Chart of { $title }. Latest { $value } { $unit }
vitals-empty-period = Nothing was measured in this period.
chart-usual = light band: usual range
period = Period
period-month = 1 month
period-quarter = 3 months
period-year = 1 year
period-all = all
chart-medicine-mark = vertical line: a medicine was changed
when = When
by-whom = Recorded by

card-medicines = Current medicines
card-allergies = Allergies and adverse reactions
card-diagnoses = Diagnoses
card-needs = Special needs
card-wishes = Wishes
card-contacts = Contacts
card-identity = About the person
nothing-recorded = Nothing recorded.
last-dispensed = Last dispensed { $date }
decided-on = Decided { $date }
decided-with = Discussed with { $people }
primary-physician = Primary physician
address = Address
phone = Telephone
blood-type = Blood type
remove = Withdraw
remove-allergy-of = Withdraw { $substance }
remove-allergy = Withdraw an allergy or adverse reaction
add-allergy = Add an allergy or adverse reaction
allergy-which = Which
substance = To what
reaction = What happened
set-wishes = Write the wishes anew
dnar-long = Do not attempt resuscitation (DNAR)
wishes-text = Wishes
wishes-on = Decided on
wishes-with = Discussed with

register-patient = Register a patient
register-look = Look at that person
register-another = It is somebody else: register
registered = Registered, and saved on this tablet.
edit-card = Change the card
card-contact = Emergency contact
card-diagnosis = Diagnosis
card-need = Special need
add-contact = Add a contact
add-diagnosis = Add a diagnosis
add-need = Add a special need
add-physician = Write down the primary physician
