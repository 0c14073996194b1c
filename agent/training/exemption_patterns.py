"""The patterns of exemptions, by where in the sentence they stand."""

from __future__ import annotations

BESIDE = "[, except {u},|, with the exception of {u},|, other than {u},|, apart from {u},| except {u}| (except {u})|, unless they are {u},|, but not {u},|, {u} excepted,| excluding {u}| (but not {u})|, save for {u},| (not {u})|, {u} excluded,|, not counting {u},| other than {u}|, bar {u},| - except {u} -]"
"""Behind the jobs that a rule is about."""
BEHIND = (
    "{v}[,|,| -|] [except|except for|except|with the exception of|apart from|save for|excepting|other than|not counting|barring] {u}",
    "{v} - [but not|not] {u}", "{v} ([except|except for|but not|not] {u})", "{v}, {u} [excepted|excluded|aside|apart]",
    "{v}[,|] unless [they are|it is|the job is|the jobs are|we talk about|it is about] {b}", "{v} unless {b}", "{v}, unless {b}",
    "{v}[;|.|,| -] [this|that|the rule|this rule] [does not apply to|does not hold for|does not concern|spares|is not for] {u}",
    "{v}[;|.| -] {u} {be} [exempt|exempted|excluded|spared|not affected|not meant]", "{v}[;|.| -] exempt: {u}", "{v}[,|;] but [this is not for|not for] {u}",
    "{v}[;|.| -] the [only |]exception [is|being|:] {u}", "{v}[,|] [if|where|provided] they are not {b}", "{v}, which [does not concern|does not apply to] {u}",
)  # fmt: skip
BEFORE = (
    "[except for|with the exception of|apart from|save for|other than|excepting|not counting] {u}, {v}", "unless [they are|it is] {b}, {v}",
    "leaving aside {u}, {v}", "{u} aside, {v}",
)  # fmt: skip
BEING = {
    "team": "[of the {n} team|from team {n}|owned by {n}|from {n}|jobs of {n}|submitted by {n}|by team {n}]",
    "customer": "[for {n}|for customer {n}|jobs of customer {n}|on behalf of {n}|done for {n}|for our customer {n}]",
    "tag": "[tagged {n}|marked {n}|labelled {n}|tagged as {n}]",
}
LENGTHS = {
    "longer": "[longer than|over|above|of more than] {d}",
    "shorter": "[shorter than|under|below|of less than] {d}",
}
