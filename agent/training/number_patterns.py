"""The words that people have for some shares and spans of time."""

from __future__ import annotations

SHARES = {
    "50 %": ("half", "one half", "half"), "80 %": ("four fifths", "four fifths"), "75 %": ("three quarters", "three quarters"),
    "25 %": ("a quarter", "one quarter", "a fourth"), "20 %": ("a fifth", "one fifth"), "90 %": ("nine tenths", "nine tenths"),
    "60 %": ("three fifths",), "40 %": ("two fifths",), "10 %": ("a tenth", "one tenth", "a tenth"), "70 %": ("seven tenths",),
    "30 %": ("three tenths",),
}  # fmt: skip
"""Fractions that people say for a share."""
ONE_IN = {
    "50 %": "[one {c} in two|every other {c}|every second {c}|one of two {c}s]", "25 %": "[one {c} in four|every fourth {c}|1 {c} in 4]",
    "20 %": "[one {c} in five|every fifth {c}|1 in 5 {c}s|one in five {c}s]", "10 %": "[one {c} in ten|every tenth {c}|one in ten {c}s|1 {c} in 10]",
    "75 %": "[three {c}s in four|three in four {c}s]", "80 %": "[four {c}s in five|four in five {c}s|4 of 5 {c}s]",
    "90 %": "[nine {c}s in ten|nine in ten {c}s]", "5 %": "[one {c} in twenty|every twentieth {c}]", "60 %": "[three {c}s in five|3 of every 5 {c}s]",
}  # fmt: skip
"""So many cores of so many."""


SPANS = {
    "0.5 h": "[half an hour|half an hour|0.5 hours|0.5 h|a half hour|half an hour]",
    "1.5 h": "[an hour and a half|one and a half hours|1.5 hours|1.5 h|1½ hours|one hour and a half]",
    "2.5 h": "[two and a half hours|2.5 hours|2.5h|two hours and a half|2½ hours]",
    "0.25 h": "[a quarter of an hour|quarter of an hour|a quarter of an hour|a quarter hour|0.25 h]",
    "15 min": "[a quarter of an hour|a quarter of an hour|quarter of an hour]",
    "45 min": "[three quarters of an hour|three quarters of an hour|forty-five minutes]",
    "90 min": "[an hour and a half|one and a half hours|ninety minutes]",
    "1 h": "[an hour|one hour|1 hour|1h|1 h|a single hour|one hour|an hour|1 hr]",
    "12 h": "[half a day|half a day|twelve hours]",
    "36 h": "[a day and a half|a day and a half|one and a half days|1.5 days]",
    "1 d": "[a day|one day|1 day|one full day|a day|a whole day|one whole day|a single day]",
    "7 d": "[a week|one week|7 days|seven days|a week|one whole week|a full week|one week]",
    "14 d": "[two weeks|14 days|a fortnight|fourteen days|two weeks|two full weeks]",
}
"""Spans that have words of their own; the short lists beside figures and words."""
