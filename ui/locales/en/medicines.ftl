# Medicines: adding, leftovers, effects, warnings
add-medicine = Add a medicine
observe = Note leftover or effect
observe-title = Leftover and effect
observe-explain = Anybody who notices something can write it here. The list of medicines does not change.
observations = Leftovers and effects
observation-text = What you noticed (effect, how it is taken, changes)
leftover-amount = Left over
leftover-expected = Should be left (if known)
leftover-is = { $amount } { $unit } left
leftover-should = { " " }(should be { $amount } { $unit })
effect = Effect
effect-worked = Works
effect-no-change = No change
effect-worse = Worse
effect-suspected-reaction = Suspected adverse reaction
reaction-to-card = Add to the card as adverse reaction
reaction-on-card = Added to the card's allergies and adverse reactions.
medicine-history = History of this medicine
form-internal = Oral
form-as-needed = As needed
form-external = External
form-injection = Injection
warning-allergy = May be the allergy “{ $other }”
warning-adverse-reaction = May be the earlier adverse reaction “{ $other }”
warning-same-product = The same medicine is on the list: { $other }
warning-same-ingredient = Another medicine with the same ingredient is on the list: { $other }
ground-words-in-name = Because “{ $shared }” is in the name
ground-words-in-general-name = Because “{ $shared }” is in the general name
ground-product-code = Because the product code { $shared } is the same
ground-product-name = Because the name “{ $shared }” is the same
ground-general-code = Because the general-name code { $shared } is the same
ground-general-name = Because the general name “{ $shared }” is the same
ground-ingredient-code = Because the price-list codes begin with the same { $shared } (ingredient and route)
warning-limits = Warnings come from the words and codes of the record alone. Interactions are not looked up.
field-drug = Name of the medicine
field-general-name = General name (if known)
field-source = Known from
field-form = Form
field-since-day = Since (R8.11.1, 2026/11/1 …; if known)
field-prescriber = Prescribed by (if known)
field-leftover = Left over
field-observation = What you noticed
error-date-unreadable = This could not be read as a date. Write it like R8.11.1, 2026/11/1 or 11/1.
kind-medicine-observation = Leftover and effect

# The medicine notebook: read from photos, and carried
notebook-photo = Photo of QR codes
notebook-reading = Reading…
notebook-again = Start again
notebook-kept = { $n ->
    [one] One part that was read is kept. Go on reading.
   *[other] { $n } parts that were read are kept. Go on reading.
}
notebook-out = Notebook to carry
notebook-out-explain = An electronic medicine notebook (JAHIS) for the patient to carry. Clinics, pharmacies and notebook apps can read it.
notebook-dispensed = { $n ->
    [one] It holds one dispensed medicine.
   *[other] It holds { $n } dispensed medicines.
}
notebook-read-all = Read all { $n } codes, one after the other.
notebook-code = QR code of the notebook, { $number } of { $of }
notebook-text = See its text
notebook-file-out = As a file
notebook-no-stick = Plug in a USB stick to save it as a file.
notebook-plain = The file is not encrypted. Save it on the patient's own stick only.
notebook-save-to = Save to { $name }
notebook-saved = { $name } was saved.
scope = What goes into it
scope-current = Medicines taken now
scope-year = And a year of dispensings
not-said = What the notebook's format has no place for
not-said-not-dispensed = Not dispensed: it stands in the memo.
not-said-changed-since = Changed since it was dispensed: how it is taken now stands in the memo.
not-said-undecided = Two versions: both stand in the memo.
not-said-unfit = It does not fit into its field: it stands in the memo.
not-said-allergy-detail = Severity and date are left out.
not-said-detail = It does not fit into its field: left out, or moved to the memo.
not-said-character = A character that the notebook lacks stands as 〓.
error-notebook-mixed = These seem to be parts of different notebooks. Read the codes of one notebook only.
error-notebook-needs = The card has no “{ $field }”, which a notebook needs. Write it on the card first.

withdraw = Take back
withdraw-title = Take an entry back
withdraw-explain = That it was taken back, and why, stays in the record, and the entry stays readable. Its photos and files are taken back with it. Write the right one anew.
