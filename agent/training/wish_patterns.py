"""The patterns of orders and wishes: verbs, frames around a clause, and what stands beside it."""

from __future__ import annotations

HARD = {
    "must": "[must|must|have to|need to|are to|shall|should|are required to|must always|are obliged to]",
    "mustnt": "[must not|must not|may not|cannot|can't|must never|are not allowed to|are never to|shall not|should never|mustn't|are forbidden to|should not|are not to|don't get to|can never|are not permitted to]",
    "mayonly": "[may only|can only|may only|are only allowed to|must only|are only to|should only|are to only|are only permitted to]",
}
SOFT = {
    "must": "[should ideally|should preferably|should, where possible,|should if possible|ought if possible to|would ideally|should, if at all possible,|should normally|should as far as possible|ought ideally to|should rather|had better|should try to|are supposed, if possible, to|should, if you can manage it,|should usually|are preferably to|should aim to]",
    "mustnt": "[should preferably not|should ideally not|should, if possible, not|would ideally not|should where possible not|would preferably not|should normally not|should rather not|had better not|should try not to|preferably do not|should not, where possible,|should not, if it can be avoided,|should usually not|ideally do not|should not normally|should as far as possible not]",
    "mayonly": "[should preferably only|should ideally only|should, if possible, only|should, where possible, only|should normally only|should rather only|should as far as possible only|would ideally only|should usually only]",
}
MILD = {
    "must": "[should|should|ought to|must|are to|have to]",
    "mustnt": "[should not|shouldn't|ought not to|must not|are not to|should never]",
    "mayonly": "[should only|should only|may only|ought to only|must only]",
}
"""Verbs beside which a wish can stand."""
HOPED = {
    "must": "[would|could]",
    "mustnt": "[would not|wouldn't|would not|would never]",
    "mayonly": "[would only|could only]",
}
SINGULAR = {"are ": "is ", "have to": "has to", "need to": "needs to", "don't get": "doesn't get", "do not": "does not"}

HOPES = (
    "[it would be|it'd be] [nice|good|great|lovely|best|preferable|helpful] if {v}",
    "[we would|we'd] [like|prefer|love] it if {v}",
    "[we'd|I'd|we would] [appreciate it|be happy|be glad|be pleased] if {v}",
    "[we|I] [hope|would wish] that {v}",
    "[the wish is|our wish is|in an ideal world,|in the best case,] {v}",
)
_COULD = (
    "[where|wherever|when|whenever|if] [possible|at all possible|feasible|it can be done|it can be arranged|you can"
    "|we can|practical|practicable|there is a choice|circumstances allow|nothing speaks against it|it makes no difference otherwise]"
)
BEFORE = (
    _COULD + ", {v}", _COULD + " {v}", _COULD + ", {v}",
    "[ideally|preferably|normally|by preference|as a preference|as far as possible|as far as we can|as much as possible"
    "|to the extent possible|unless there is no other way|unless it cannot be avoided|in the ideal case|given the choice|if we have the choice]"
    "[,|,|] {v}",
    "[nice to have|wish|preference|soft|soft rule|best effort|a wish, not a law|not mandatory, but|no must, but|recommended|recommendation]: {v}",
)  # fmt: skip
AFTER = (
    "{v}, " + _COULD, "{v} " + _COULD, "{v} " + _COULD,
    "{v}[,| -|] [ideally|preferably|as far as possible|as far as we can|as much as possible|to the extent possible|as best you can|for preference]",
    "{v} [unless there is no [other way|alternative|other choice]|if it can be [helped|avoided]|if that can be arranged|if you can manage it]",
    "{v}[,| -] [a wish, no must|nice to have|a preference, not a law|but that is only a wish|but it is no must|not a hard rule|best effort]",
    "{v} ([a wish, no must|nice to have|preference|no must|not a hard rule|best effort|soft|wish|if possible|where possible])",
    "{v}, but [it is no must|that is no hard rule|only if you can|only where that is possible|we won't insist|do not insist on it]",
)  # fmt: skip
TRY = (
    "[try|please try|do try|always try|do your best|aim|please aim|attempt|make an effort|strive|endeavour|we aim|we try|we want to try] to {v}",
    "[try|aim|do your best], " + _COULD + ", to {v}",
    "[ideally|preferably|ideally, please|as far as possible|by preference][,|] {v}",
    _COULD + ", {v}", _COULD + ", please {v}",
    "{v}, " + _COULD, "{v} " + _COULD, "please {v} " + _COULD,
    "{v}[,| -|] [ideally|preferably|as far as possible|as best you can]",
    "[we would|we'd|I would|I'd] [like|prefer|love|be happy] to {v}",
    "[we'd|I'd] [rather|sooner] {v}",
    "it would be [nice|good|great|better|best] to {v}",
    "{v} unless there is no [other way|alternative]",
    "[see|look] if you can {v}",
)  # fmt: skip
TRY_NOT = (
    "[try|please try|do try|always try|do your best|aim|please aim|we try] not to {v}",
    _COULD + ", [don't|do not|never] {v}", "[please |][don't|do not] {v} " + _COULD, "[don't|do not] {v}, " + _COULD,
    "[ideally|preferably|as far as possible][,|] [don't|do not] {v}", "ideally we [don't|would not|never] {v}",
    "[don't|do not|please don't] {v} [if you can help it|if it can be avoided|unless you have to|unless there is no other way|without need]",
    "[we'd|I'd] rather [not|you did not] {v}", "[we would|we'd] prefer not to {v}", "it would be [nice|good|better|best] not to {v}",
    "better not {v}", "[we would|we'd] like not to {v}, " + _COULD,
)  # fmt: skip
PLEASE = (
    "[please|please|kindly|be so kind as to|be so good as to|do us the favour and|pretty please,] {v}", "{v}, [please|thank you|thanks|if you please|kindly]",
    "[always|remember to|be sure to|see to it that you|we need to|you should|let us|you have to|you must|we ask you to|I beg you to|you are kindly asked to] {v}",
    "{v}", "{v}", "{v}", "{v}", "{v}", "{v}", "[operators must|the scheduler has to|make it a rule to|everybody has to|it is mandatory to|it is an order to] {v}",
    "[as a courtesy|out of courtesy] to [our neighbours|the customer], {v}", "thank you for making sure to {v}", "would you kindly {v}",
)  # fmt: skip
DONT = (
    "[do not|don't|never|please don't|please do not|kindly do not|please never] {v}", "[do not|don't|never] {v}[, please|, thank you|, thanks|]",
    "[under no circumstances|do not ever|we must not|we never|nobody may|you must not|never, ever,|the scheduler must not|at no time] {v}",
    "[it is forbidden to|be careful not to|be so kind as not to|we ask you not to|I beg you not to|there is no excuse to|nobody is allowed to] {v}",
)  # fmt: skip
