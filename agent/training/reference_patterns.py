"""The patterns of sentences that refer to the one before: the same for others, exemptions, narrowings, other values."""

from __future__ import annotations

RULES = {
    "only": "[restriction|rule|limitation|rule]",
    "deny": "[ban|ban|prohibition|restriction|rule]",
    "budget": "[limit|cap|budget|ceiling]",
    "delay": "[limit|rule|bound]",
    "headroom": "[limit|rule|bound]",
    "suspend": "[rule|provision|regulation]",
    "approval": "[requirement|rule|duty]",
    "prefer": "[preference|wish]",
}
"""What a rule of a kind is called afterwards."""
SAME = (
    "[the same|exactly the same|just the same|the very same] [goes|holds|applies|counts|is true|is valid|holds true] for {y}",
    "[the same|exactly the same|the same thing] [applies to|is true of|must be said of|is asked of] {y}",
    "the same {rule} [applies to|holds for|binds|is in force for|covers] {y}[| as well|, too]",
    "[this|that|it] also [binds|covers|includes|applies to|concerns|holds for|goes for|is valid for|extends to] {y}",
    "[this|that|the|that|this] {rule} [binds|covers|applies to|concerns|holds for|extends to] {y}[ as well| too| likewise|, too| just as much| also]",
    "[likewise|ditto|same|same here|idem|same thing|equally|similarly|the same|and the same] [for|with] {y}",
    "{y}: [same|ditto|likewise|the same|same {rule}|same thing|idem|as before]",
    "{y} [ditto|likewise|too|as well|, too|, likewise]", "and {y} [too|as well|likewise]", "also {y}",
    "[so it is|it is the same|it is no different|things are no different|no different] with {y}",
    "{y} {be} [no exception|treated [alike|the same way|the same]|to be treated likewise|in the same boat|under the same {rule}|no different]",
    "{y} {be} [bound by|subject to] [it|this|that {rule}|the same {rule}] [too|as well|likewise]",
    "{y} [follow{s}|obey{s}|fall{s} under] the same {rule}", "{y} [join{s} them|come{s} under this as well]",
    "[treat|handle] {y} [the same|likewise|in the same way|no differently]", "apply [the same|this] {rule} to {y}[ too| as well|]",
    "do the same [for|with] {y}", "we [want|expect|ask] the same [of|for] {y}", "[what|whatever] [goes|holds] for them [goes|holds] for {y}[| too]",
    "[extend|widen] [this|that|the {rule}] to {y}", "what was just said [also holds|holds as well|goes, too,] for {y}", "[count|include] {y} in, [too|as well]",
)  # fmt: skip
ECHO = (
    "so {aux} {y}", "so {aux} {y}", "and so {aux} {y}", "{y} {aux} [as well|too]", "so, by the way, {aux} {y}",
)  # fmt: skip
ECHO_NOT = (
    "neither {aux} {y}", "nor {aux} {y}", "{y} {aux} not[,|] either", "and neither {aux} {y}", "{y} {aux} not[,|] either", "no more {aux} {y}",
)  # fmt: skip
SAME_PLACE = (
    "[the same|exactly the same] [goes|holds|applies|is true|counts] for {place}", "[the same|this|that] [also |]holds {at}[ as well|, too| too]",
    "the same [{rule} |][holds|applies|is in force|is true] {at}", "{at}[,|] [the same|likewise|ditto|it is the same]", "{place}: [same|ditto|likewise|the same|same {rule}]",
    "so it is {at}", "[ditto|likewise|same] [for|with] {place}", "{at} [too|as well]", "[this|that|the] {rule} [covers|extends to|includes] {place} [as well|too]", "and {at} [as well|likewise]",
    "{place} is [no different|no exception|treated the same]",
)  # fmt: skip
EXEMPT = (
    "{y} {be} [exempt|exempted|excepted|excluded|spared|free] from [this|that|it|this {rule}|the {rule}|that {rule}]", "{y} {be} [exempt|exempted|excepted|excluded|spared]",
    "[this|that|the {rule}|this {rule}|it] does not [apply to|hold for|concern|bind|cover|affect|extend to|include] {y}",
    "[this|that|the {rule}|that {rule}|it] [is not for|spares|leaves out|is not meant for|exempts|excludes] {y}", "[this|that] doesn't [apply to|hold for|concern] {y}",
    "[an exception is made|we make an exception|there is an exception|one exception|make an exception] for {y}",
    "[the one exception|the only exception|exempt|exempted|exception|not affected|excepted|excluded|the exception|exceptions]: {y}", "the [one|only|sole] exception [is|being] {y}",
    "[exempt|excluded|excepted|exempted] [from this |from it |]{be} {y}", "{y} {be} [not affected|not affected by [it|this]|not bound by [it|this|the {rule}]|not included|not meant]",
    "{y} {do} not have to [comply|follow it|obey it|stick to it|follow this {rule}]", "[except|apart from|except for|other than|with the exception of|save for|but not] {y}",
    "[this|it|the {rule}] [goes for|binds|concerns|holds for] everybody [but|except] {y}", "[leave|take] {y} out of [this|it]: [they are|that is] exempt",
    "unless [it is|they are|the job is|the jobs are] {b}", "[not so|not, however,] {y}", "{y} {be} [an exception|the exception|out of scope here]", "for {y} [this|the {rule}|that] does not [hold|apply|count]",
    "[only|just|merely] {y} {be} [exempt|excepted|spared|not affected]",
)  # fmt: skip
EXEMPT_OF = {
    "deny": (
        "{y} may[, though| nevertheless| all the same|, however]", "only {y} may[| do so]", "{y} [may|can] still [run|do so|do that]",
        "{y} [may|can] [run|do so|do it] [anyway|regardless|all the same|nevertheless]",
    ),
    "only where": ("{y} may [run|go|be placed] [elsewhere|anywhere|wherever it suits]", "{y} may still [go elsewhere|run anywhere]", "{y} {be} free to run anywhere"),
    "only when": ("{y} may still run [at any time|around the clock|whenever it suits]", "{y} may run [at any time|around the clock|whenever it suits]"),
    "delay within": ("{y} may wait longer", "{y} can still wait longer", "{y} {be} free to wait longer"),
    "delay by": ("{y} may finish later", "{y} can still be later"),
    "approval": ("{y} may [still |]run [unasked|without asking]", "{y} need{s} no [approval|OK|yes]", "for {y} nobody need be asked"),
    "budget": ("{y} {do} not count[| towards it| here]", "{y} {be} not counted", "we do not count {y}"),
}  # fmt: skip
"""Exemptions in the words of a kind of rule."""
NARROW_WHEN = (
    "[this|that|the|this|that] [{rule} |][holds|applies|is in force|counts|is valid|binds] only {when}", "[this|that|the|this|that] [{rule} |][holds|applies|is in force|counts|is valid|binds] {when} only",
    "[it|this|that] is [only meant|meant only|only intended|valid only|only in force] {when}", "[but |and that |and this |][only|just] {when}", "{when} only", "[this|that|the] {rule} is [limited|confined|restricted] to these times: {when}",
    "we [need|want|apply] [this|that|the {rule}] only {when}", "[this|it] [holds|applies] {when}, [not at other times|at other times it does not]", "not always, [though: |]only {when}", "[the|this|that] {rule} is for {bare} only",
    "[this|that|it] is [only |just ]for {bare}", "at least {when}; [at any other time|otherwise] they are free to run there", "[I mean|meant is|we mean] {when} only", "the {rule} is [in force|on|active] {when} [alone|only]",
)  # fmt: skip
NARROW_WHERE = (
    "[this|that|the|this|that] [{rule} |][holds|applies|is in force|counts|is valid] only {at}", "[this|that|the|this|that] [{rule} |][holds|applies|is in force|counts|is valid] {at} only",
    "[but |and that |][only|just] {at}", "{at} only", "[this|that|it] is [only|just] about {place}", "[this|that|the] {rule} is [limited|confined|restricted] to {place}", "we [need|want|apply] [this|that|the {rule}] only {at}",
    "[it|this] concerns [only {place}|{place} only|{place} and nothing else]", "elsewhere it does not hold, only {at}", "[this|that] is [only meant|meant only] for {place}",
)  # fmt: skip
NARROW_JOBS = (
    "[this|that|the|this|that] [{rule} |][holds|applies|counts|is meant|is valid] only for {y}", "[this|that|it] [concerns|binds|affects|covers] only {y}", "[this|that|it] [concerns|binds|affects|covers] {y} only",
    "[but |and that |][only|just] for {y}", "[this|that|it] is [only|just] about {y}", "[this|that|the] {rule} is [limited|confined|restricted] to {y}", "we [need|want|ask] [this|that] only [of|for] {y}",
    "[this|that] [goes|is] for {y} alone", "[I mean|meant are|meant by this are|by that we mean] only {y}", "nobody else but {y} {be} bound by [it|this]", "others than {y} {be} free of [it|this]",
)  # fmt: skip
VALUE = (
    "{whom}[,|] it is {v}", "{whom}[,|] it's {v}", "{whom}[,|] the {rule} is {v}", "{whom}[,|] [its|their|our] limit is {v}", "[but |]{whom} [that is|it becomes|make it|we say|take|we set] {v}", "{whom}: {v}", "{whom}[,|] {v}[| instead]", "{v} {whom}",
    "[the limit|the {rule}|it] is {v} {whom}", "{whom}[,|] {v} [is the limit|is the {rule}|is what holds|applies|will do|is OK|is all right]", "{whom}, on the other hand, {v}", "{whom} [the figure|the number|the value] is {v}", "set it to {v} {whom}",
)  # fmt: skip
VALUE_OF = {
    "budget": ("{y} get{s} {v}", "{y} {have} {v}", "{y} may [have|use up|go up to] {v}", "{y} [at most|up to] {v}"),
    "delay within": ("{y} may wait {v}", "{y} {have} {v}", "{y} within {v}", "{y} can wait [up to|at most] {v}", "{y} [at most|up to] {v}"),
    "delay by": ("{y} by {v}", "{y} must be done by {v}", "{y} {have} until {v}"),
    "suspend": ("{y} [at most|up to|no more than] {v}", "{y} may be, [but only|but at most] {v}", "{y}: {v}[| at most]"),
    "approval": ("{y} only above {v}", "{y} from {v} on", "{y}: above {v}", "{y} need{s} one above {v}"),
}  # fmt: skip
"""Other values in the words of a kind of rule."""
AMONG = "[those|those|the ones|the ones|all] [of them |among them |]{t}"
THEY = "[they|they|they|these|these|those|these jobs|those jobs|such jobs|all of them|all these|all of these|the same jobs|jobs of this [kind|sort]]"
THEIR = {
    "budget carbon": ("their [emissions|carbon|carbon emissions|CO2] must [stay below|not exceed|be below|be limited to] {amount} {per}", "their carbon [budget|cap|limit] is {amount} {per}"),
    "budget money": ("their [cost|bill|spending|costs] must [stay below|not exceed|be limited to] {amount} {per}", "their [budget|spending limit] is {amount} {per}"),
    "budget energy": ("their [energy use|energy|consumption] must [stay below|not exceed|be limited to] {amount} {per}", "their energy [budget|cap] is {amount} {per}"),
    "delay within": ("their [wait|delay|waiting time|time in the queue] [must not exceed|is at most|must stay below|is limited to] {within}", "their start must not be later than {within} after submission"),
    "delay by": ("their [deadline|finish] is {by}", "their [results|output] must be [ready|there|done] by {by}"),
    "only where": ("their only [place|region|home] is {place}", "their place is {place} and [no other|nowhere else]"),
    "prefer": ("their [preferred|favourite|favoured] [place|region|site] is {place}", "their first choice is {place}"),
    "approval all": ("their start {at} [needs|requires] [approval|the approval of a person|a person's yes|somebody's OK]",),
    "suspend false": ("their [suspension|interruption] is [forbidden|not allowed|ruled out]", "[suspending|pausing|interrupting] them is [forbidden|not allowed|out of the question]"),
    "suspend true": ("their [suspension|interruption] is [fine|allowed|OK]", "[suspending|pausing|interrupting] them is [fine|allowed|no problem]"),
}  # fmt: skip
FACTS = (
    "{y} {be} [our biggest consumers|our bread and butter|what we sell|a recent addition|rather heavy|not in a hurry|known for their appetite|dear to us|on the rise]",
    "we [have|see|get|run] more and more of {y}", "{y} [bring{s}|earn{s}] most of our revenue", "then there {be} {y}", "[a word|now|some words] about {y}", "{y} deserve{s} [attention|a rule of its own|special care]",
    "nobody knows {y} better than the night shift", "[next|now]: {y}", "{y} often cause{s} trouble", "[regarding|as for|concerning] {y}: [read on|listen]",
)  # fmt: skip
"""Sentences that ask for nothing and say whom the next one means."""
NEITHER = (
    "neither [of them|of the two|of both|of these] [may|must|should|can|is allowed to] [run|be run|start|be placed] {at} {when}", "neither [of them|of the two|] {at} {when}", "{at} {when}[,|] neither [of them|of the two] may run",
    "neither may [run|start] {at} {when}", "none of the two [may|must] run {at} {when}", "[both|the two] must stay out of {place} {when}", "{place} is [off limits|closed|taboo] for both[| of them] {when}", "not {at} {when}, [both of them|either of them|neither of the two]",
    "we [want|run] neither [of them|of the two] {at} {when}",
)  # fmt: skip
BOTH = "[both|both of them|the two|they both|both of these|the two of them|all of these]"
WIDER = (
    "{y} may also [go to|use|run in|move to] {b}, but [no further|nowhere else|nothing else|that is all|not beyond]", "{y} may [go to|use|run in|move to] {b} [as well|too|in addition], but [no further|nowhere else|nothing else]",
    "{y} [may|can] [additionally|also|in addition] [run in|use|go to] {b}[| and nowhere else|, no more]", "for {y}, {b} is [allowed|open|fine|permitted] [as well|too|in addition][|, nothing else|, but nothing else]", "{y}: {b} [as well|too|in addition], [but no more|nothing else|no further]",
    "[to|for] {y} {b} is open, too", "{y} {have} {b} [besides|as well]", "{y} may go as far as {b}, [but|and] no further",
)  # fmt: skip
WIDER_TOO = (
    "{b} is [also|] [fine|allowed|OK|all right|permitted], too", "[they|these|those] may also [use|go to|run in] {b}", "{b} is [allowed|fine|OK|permitted] as well", "[also allowed|allowed as well|also fine|equally fine|permitted, too]: {b}", "in addition, they may [use|go to] {b}",
    "the same goes for {b}: they may run there, too", "{b} will do as well", "{b} counts as allowed, too", "add {b} to that",
)  # fmt: skip
WISH = (
    "[that|this|it] is [only|just|merely|but] a [wish|preference, not a law|wish, no must]", "[it|this|that] is [no must|no hard rule|no strict rule|not a hard rule|not a must|not set in stone]", "but [we do not|we don't|do not|don't] insist",
    "[but |]only [where possible|if possible|as far as possible|if it can be done|where feasible|when possible|if that can be arranged]", "[where possible|if possible|as far as possible], that is", "take it as a [wish|soft rule]", "a wish, no must",
    "[try to|please try to|do try to] [stick to it|follow this]", "do your best", "best effort[| is enough| will do]", "[that|this] [would be nice|would be good|is nice to have]", "a soft rule, [mind you|that is]", "[treat|see] [this|it] as [best effort|nice to have|soft]",
)  # fmt: skip
ZONE = (
    "[these|those|the|all] [hours|times] are [meant |given |]{z}", "[this is|that is|I mean|we mean] {z}", "[all times|the times|the hours|times][|:] {z}", "[read|take] the [times|hours] {z}", "the [clock|time] [meant|that counts] is {z}", "{z}, that is",
)  # fmt: skip
LESS = (
    "{b} is [excluded|not included|excepted|not meant|left out|exempted]", "[except|but not|not|excluding|other than|apart from] {b}", "[this|that|it] does not [include|cover|concern|extend to] {b}", "{b} does not count[| here]", "[without|minus|leaving out] {b}", "the exception is {b}",
    "not meant is {b}", "{b} is no part of [it|this]",
)  # fmt: skip
THERE = "[there|there|in that region|at that site|in the same place|at the same site|in this place|over there]"
AND = "[||||and |of course, |also, |besides, |moreover, |in addition, |by the way, ]"
BUT = "[||||but |however, |yet |then again, |mind you, |but ]"
LEVELS = {
    "critical": "[{n} of {p} priority|{p} {n}|{p}-priority {n}|{n} with {p} priority]",
    "high": "[{n} of exactly {p} priority|{n} with exactly {p} priority|{n} of just {p} priority]",
    "normal": "[{n} of {p} priority|{p}-priority {n}|{n} with {p} priority|{n} of just {p} priority]",
    "low": "[{n} of {p} priority|{p}-priority {n}|{n} with {p} priority]",
}
"""Jobs of one priority, the first time: a high one alone is not said to be at least that."""
ONES = {
    "critical": "[[the |]{p} ones|those of {p} priority|those with {p} priority|{p} ones]",
    "high": "[those of exactly {p} priority|[the |]ones with exactly {p} priority|[the |]merely {p} ones|exactly {p} ones|those of {p} priority, no more,|those with {p} priority exactly]",
    "normal": "[[the |]{p} ones|those of {p} priority|those with {p} priority|the ones of {p} priority|exactly {p} ones]",
    "low": "[[the |]{p} ones|those of {p} priority|those with {p} priority|the ones of {p} priority|{p}-priority ones]",
}
"""Jobs of another priority, after that."""
MAY_BE = "[{y} may be|{y} can be|with {y} it is fine|for {y} it is allowed|{y} may[|, though]]"
MAY_NOT_BE = "[{y} may not be|{y} must not be|{y} may not|{y} cannot be|for {y} it is forbidden|with {y} it is not allowed|not so {y}|never {y}]"
PERIODS = {
    "night": "[nights|the night|night hours|the night hours]",
    "morning": "[mornings|the morning]",
    "afternoon": "[afternoons|the afternoon]",
    "business hours": "[business|office] hours",
    "evening peak": "the evening peak",
}
"""Periods as something that a rule can be for."""
