# Tests
tab-labs = Tests
kind-lab-report = Test results
kind-test-request = Test request
group-labs = Tests
labs-empty = No test results yet. Once some are written, they stand here as a table and as lines.
labs-earlier = Show earlier tests
labs-record = Write results
labs-request = Ask for tests
labs-table = Table of results
lab-reports = Results by date
test-requests = Test requests
lab-test = Test
lab-draw = See how { $test } went
lab-high = ↑high
lab-low = ↓low
lab-range = range { $low }–{ $high }
lab-range-low = range from { $low }
lab-range-high = range to { $high }
lab-range-behind = Shaded: reference range
lab-left-out = { $n ->
    [one] One result is no number or has another unit: not drawn
   *[other] { $n } results are no numbers or have another unit: not drawn
}
lab-computed = “↑high” and “↓low” are computed from the value and the range as written.
lab-no-line = { $test } has no numbers to draw.
lab-taken-on = Sample taken on
lab-taken-on-hint = today (another day: R8.11.1, 11/1 …)
lab-performer = Laboratory or institution
lab-conclusion = Comment
lab-name = Test
lab-value = Result
lab-unit = Unit
lab-from = Range from
lab-to = Range to
lab-files-explain = An ECG, an X-ray or the paper itself can be saved as a photo or PDF alone.
lab-count = { $n ->
    [one] (1 result)
   *[other] ({ $n } results)
}
lab-last = { $n ->
    [0] Last measured today:
    [one] Last measured yesterday:
   *[other] Last measured { $n } days ago:
}
lab-not-lately = Not in the newest { $n } reports.
lab-never = No earlier result on this tablet.
request-known = Measured before
request-other = Another test
request-add = Add
request-drop = Leave { $test } out
field-test = Test
field-conclusion = Comment
