# Documents
tab-documents = Documents
kind-document = Document
kind-checklist-answer = Answer to a question
group-documents = Documents
documents-empty = No documents yet. Referral letters, discharge summaries and conference papers will be listed here.
write-document = Write a document
document-discharge-summary = Discharge summary
document-conference = Discharge conference paper
document-hospital-stay = Hospital stay
document-referral = Referral letter
document-reply = Reply
letter-discharge-summary = Discharge summary
letter-conference = Discharge conference paper
letter-hospital-stay = During the hospital stay
letter-referral = Referral letter
letter-reply = Reply to a referral
letter-other = Document
open-document = Open the document
filled-in = Copied from the card and the last visits. Read it over and correct it before saving.
document-title = Title
to-facility-label = To (facility)
to-name-label = To (physician or person)
to-facility = To { $facility }
to-somebody = To { $name }, { $facility }
reply-title = Re: { $title }
part-diagnoses = Diagnoses
part-purpose = Purpose of the referral
part-history = History
part-course = Course and test results
part-treatment = Treatment so far
part-prescription = Current prescription
part-allergies = Allergies and adverse reactions
part-remarks = Remarks
part-state = Present state
part-instructions = After discharge
part-next-visit = Next appointment
part-home-issues = Issues at home
part-support = Support after discharge
part-requests = Requests to each profession
part-meals = Meals and fluids
part-taking = How medicines are taken
part-daily-living = Daily activities
part-sleep = Sleep and excretion
part-mind = Cognition and mood
part-family = Family
part-findings = Findings
part-judgement = Diagnosis and judgement
part-plan = Further plan
checklist = Questions to settle
checklist-explain = Anyone in the team can answer them before the conference.
checklist-add = Add a question
checklist-number = Question { $number }
checklist-remove = Remove question { $number }
questions-in-it = { $n ->
    [one] { $n } question
   *[other] { $n } questions
}
questions-open = { $n ->
    [one] { $n } question open
   *[other] { $n } questions open
}
questions-all-answered = All questions answered
answer-question = Answer
answer-again = Add an answer
answer-text = Answer in words
answer-question-save = Save the answer
answer-saved = The answer was saved.
verdict-yes = Yes
verdict-no = No
verdict-unclear = Not clear
files = Files
files-in-it = { $n ->
    [one] { $n } file
   *[other] { $n } files
}
file-add = Add a PDF or a photo
file-remove = Remove { $name }
save-file = Take out
waiting-letters = Letters to us
awaits-reply = Awaiting reply
write-version = Write a new version
write-reply = Write a reply
answers-letter = The letter it answers
replies = Replies
versions-apart = Two versions
versions-apart-explain = These versions were written apart from each other. Write a new one based on either. Both stay until then.
follow-version = Write from this version
take-up = This version also replaces the other one
earlier-versions = Earlier versions
check-paper = Check a paper’s signature
check-paper-explain = Photograph the QR code of a printed document to see which tablet signed it, and whether this tablet holds the same text.
check-paper-picture = Photograph the QR code
paper-signed-by = “{ $tablet }” ({ $facility }) signed this on { $time }.
paper-same = What was signed is the very text this tablet holds. Compare it with the paper.
paper-other-text = What was signed is not the text this tablet holds.
paper-not-held = The signature is genuine, but this tablet does not hold the document. Whether the paper says the same cannot be checked here.
paper-revoked = That tablet is no longer trusted in this region.
paper-about = A document about { $name }
signature-qr = QR code of this document’s signature
signed-by = Signed by tablet “{ $tablet }” on { $time }
signed-explain = Signed with the tablet’s key (not a qualified signature with a person’s card). A tablet of the region that photographs the code can tell whether the record holds the same text.
