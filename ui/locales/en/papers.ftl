# What goes on paper: emergency transport, PDF
transport = Transport
transport-open = Open the emergency transport sheet
transport-title = Emergency transport: patient information
transport-vitals = Latest measurements
transport-visits = Recent visits
transport-team = Care team
transport-qr = QR code of what this sheet says
transport-qr-explain = The QR code holds name, allergies, special needs, wishes, medicines, diagnoses and contacts as text.
made-by = Made { $time } by { $who } ({ $facility })
save-pdf = Save as PDF
save-pdf-to = Save as PDF on “{ $place }”
pdf-saved = Saved “{ $name }” in { $folder }.
pdf-not-sealed = This file is not locked. Delete it once it has been handed over.
