# Frame, unlock, sync, settings
app-name = Tendenko
skip-to-screen = Skip to the screen
nav-label = Screens
nav-today = Today
nav-patients = Patients
nav-hand-overs = Hand-overs
nav-site = Aid station
nav-settings = Settings
back = Back
close = Close
save = Save
saving = Saving…
required = required
lock = Lock the screen
demo-mark = Practice
demo-notice = This is practice data. Everybody in it is invented.
demo-secret = The PIN is { $secret }.

who-are-you = Who is using this tablet?
secret-of = { $secret } of { $name }
pin = PIN
passphrase = Passphrase
use-passphrase = Use a passphrase
use-pin = Use a PIN
unlock = Open
unlocking = Opening…
number-pad = Number keys
erase-one = Erase one
wait-seconds = { $n ->
    [one] Please wait { $n } second.
   *[other] Please wait { $n } seconds.
}
not-enrolled-title = This tablet is not enrolled yet
not-enrolled-text = Please have it enrolled by the secretariat of your region. The names of its staff will then appear here.
damaged-title = The records cannot be opened
damaged-text = The records on this tablet are damaged.
damaged-copy-kept = A copy of the damaged records is kept on this tablet.
damaged-recovered = What could be read was brought over. The rest returns when the tablet is connected.
damaged-what-to-do = Please leave the tablet switched on and call the secretariat.
stopped-title = The screen could not be opened

sync-idle = Up to date { $time }
sync-waiting = Waiting to send
sync-offline = Offline
sync-connecting = Connecting
sync-sending = Sending { $done }/{ $total }
sync-receiving = Receiving { $done }/{ $total }
sync-receiving-some = Receiving
sync-unsent = { $n ->
    [one] {" "}— { $n } not sent yet (saved)
   *[other] {" "}— { $n } not sent yet (all saved)
}
cancel = Cancel
sync-title = Sync
sync-now = Try now
sync-explain-offline = There is no connection. Records are saved on this tablet and are sent by themselves when it returns.
sync-explain-receiving = Records of others are arriving. What has arrived can be read already.
sync-explain-sending = Saved records are being sent.
sync-explain-idle = Everything has arrived.
sync-unsent-label = Not sent yet
sync-last-contact = Last contact
sync-with = Connected to
sync-never = Not yet
sync-path = Way
path-hub = The region's relay
path-edge = The evacuation site's relay
path-tablet = A tablet nearby
path-courier = USB stick
sync-patients = Patients with all records
sync-patients-all = all { $known }
sync-patients-some = { $complete } of { $known } (records of the others have not arrived yet)
sync-patients-so-far = { $complete } of { $known } (there may be more)
sync-unproven = Shown from a copy
sync-unproven-value = { $n ->
    [one] { $n } patient (put together by a colleague’s tablet; the records themselves come, and are compared, when nothing else is to be done)
   *[other] { $n } patients (put together by a colleague’s tablet; the records themselves come, and are compared, when nothing else is to be done)
}
sync-patients-here = {" "}— { $complete } of { $known } patients complete
sync-receiving-patients = Receiving — { $complete } of { $known } patients complete
sync-month = Traffic this month
data = Data use
data-saver = Data saver
data-saver-off = Off
data-saver-on = On
data-saver-explain-off = Records, and copies of photos and documents, are received whenever there is a connection.
data-saver-explain-on = Records in words are always received. Photos and documents only when you open them.
sync-traffic-value = sent { $sent }, received { $received }
sync-clock-off = The clock of this tablet is { $span } off. Records stay usable. Please set the clock.
sync-rejected = { $n ->
    [one] { $n } record could not be accepted. It is kept apart; please call the secretariat.
   *[other] { $n } records could not be accepted. They are kept apart; please call the secretariat.
}
sync-nothing-waits = Nothing waits to be sent.
sync-what-waits = Waiting to be sent
items = { $n }
and-more = and { $n } more
problem-unreachable = Nobody answers. Please try again where there is a signal.
problem-unknown-relay = Who answered could not be confirmed as belonging to this region. Please call the secretariat.
problem-unknown-tablet = This tablet is not known there. Please call the secretariat.
problem-revoked = The enrolment of this tablet was withdrawn. Please call the secretariat.
problem-version = The versions do not match. Please update the app.
problem-misbehaves = The relay sends what it should not. None of that was taken. Please tell the secretariat.
problem-other = The connection did not work. It is tried again by itself.

language = Language
text-size = Text size
size-small = Small
size-medium = Medium
size-large = Large
theme = Colours
theme-auto = As the tablet
theme-light = Light
theme-dark = Dark
theme-contrast = High contrast
gallery = Parts of the screens
about = This tablet
version = Version { $version }
span-minutes = { $n } minutes
span-hours = { $n } hours
span-days = { $n } days
room-low = This tablet is nearly full ({ $free } left). What is written stays. Copies of photos that the relay has make room first, by themselves. Please remove files that are not needed.
