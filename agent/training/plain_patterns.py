"""Short plain clauses, as most people write them; a share of the rules is said with these, whatever else there is."""

from __future__ import annotations

from agent.training.placement_patterns import CHEAP, CLEAN, DEAR, DIRTY, Patterns

_NOT = "[don't|do not|never]"
_WHO = "[somebody|someone|a person|an operator|a human|one of us]"
_ANYTHING = "[run anything|run jobs|compute anything|start anything|use the machines]"
_NOBODY = "[nobody|no one|no team|no user] [but|except|other than|apart from]"

PLAIN: Patterns = {
    "only where": {
        "D": ["{jobs} may run {at} only", "{jobs} run{s} {at} only", "{jobs} run{s} {at} and nowhere else", "{jobs} stay{s} {at}"],
        "I": ["run {jobs} only {at}", "keep {jobs} {at}"], "N": [],
        "F": ["{jobs}: {place} only", "{jobs}: only {at}", "{jobs}: {place} and nowhere else", "{jobs} {at} only", "{jobs}: just {place}"],
    },
    "only when": {
        "D": ["{jobs} run{s} {when} only", "{jobs} may run {when} only", "{jobs} may only run {when}"], "I": ["run {jobs} {when} only"], "N": [],
        "F": ["{jobs}: {when} only", "{jobs} {when} only", "{jobs}: only {when}"],
    },
    "deny where": {
        "D": ["{jobs} may not run {at}", "{jobs} must not run {at}", "{jobs} never run{s} {at}", "no {bare} may run {at}", "{place} [takes|gets|runs] no {bare}", "{at}, " + _NOT + " run {jobs}"],
        "I": ["keep {jobs} out of {place}"], "N": ["run {jobs} {at}", "start {jobs} {at}"],
        "F": ["no {bare} {at}", "{jobs}: not {at}", "{place}: no {bare}", "never {jobs} {at}"],
    },
    "deny everything": {
        "D": ["nothing [runs|may run|is to run|goes|should run|is allowed to run] {at}", "{place} {mustnt} be used", "{place} takes no [jobs|work]", "we [do not|don't] use {place}[| any more]", "{place} {must} stay empty", "no one may use {place}"],
        "I": ["leave {place} [empty|alone|unused]", "stay out of {place}"], "N": ["use {place}", "run anything {at}"],
        "F": ["nothing {at}", "{place}: nothing", "{place}: closed", "no jobs {at}, whoever asks"],
    },
    "deny nowhere": {
        "D": ["neither {noplace} [takes|runs|may run|accepts|is for|gets|hosts|wants] {jobs}", "neither {noplace} may be used for {jobs}", "{jobs} may run neither in {noplace}"],
        "I": [], "N": [], "F": ["{jobs}: neither {noplace}", "neither {noplace} for {jobs}"],
    },
    "deny reserved": {
        "D": [_NOBODY + " {u} may " + _ANYTHING + " {at}", "{at}, " + _NOBODY + " {u} may " + _ANYTHING, "only {u} may run jobs {at}"],
        "I": [], "N": ["let anyone but {u} run jobs {at}"], "F": ["{place}: nobody but {u}"],
    },
    "deny reserved work": {
        "D": [_NOBODY + " {u} may [run|compute|process|start|place] {bare} {at}", "{at}, " + _NOBODY + " {u} may [run|start] {bare}", "only {u} may run {bare} {at}", "nobody may run {bare} {at}, except {u}"],
        "I": [], "N": ["let anyone [but|except] {u} run {bare} {at}", "run {bare} {at}, except for {u}"], "F": ["{bare} {at}: only {u}", "no {bare} {at}, except for {u}"],
    },
    "deny when": {
        "D": ["{jobs} may not run {when}", "{when}, " + _NOT + " run {jobs}", "no {bare} may run {when}", "nobody runs {bare} {when}"],
        "I": [], "N": ["run {jobs} {when}"], "F": ["no {bare} {when}", "{when}: no {bare}", "{jobs}: not {when}"],
    },
    "deny where when": {
        "D": ["{jobs} may not run {at} {when}", "{when}, " + _NOT + " run {jobs} {at}"], "I": ["keep {jobs} out of {place} {when}"],
        "N": ["run {jobs} {at} {when}"], "F": ["no {bare} {at} {when}", "{place}, {when}: no {bare}"],
    },
    "deny carbon": {
        "D": [DIRTY + ", " + _NOT + " [start|run|launch] {jobs} {at}", DIRTY + ", {jobs} {at} {must} wait"], "I": ["start {jobs} {at} only if " + CLEAN],
        "N": ["start {jobs} {at} " + DIRTY], "F": ["no {bare} {at} above {carbon_above}", DIRTY + ": no {bare} {at}"],
    },
    "deny price": {
        "D": [DEAR + ", " + _NOT + " [start|run|launch] {jobs} {at}", DEAR + ", {jobs} {at} {must} wait", "at more than {price_above}, {jobs} {at} {mustnt} start"], "I": ["start {jobs} {at} only if " + CHEAP],
        "N": ["start {jobs} {at} " + DEAR], "F": ["no {bare} {at} above {price_above}", DEAR + ": no {bare} {at}"],
    },
    "prefer": {
        "D": ["{place} {are} our [favourite|favorite|preferred|favoured] {places} {forjobs}", "{place} {are} the {places} we [prefer|like best|favour] {forjobs}", "we [prefer|like|favour] {place} {forjobs}", "our [favourite|preferred] {places} {forjobs} {are} {place}", "{place} {are} what we [prefer|like best] {forjobs}", "{place} {are} [our first choice|preferred|liked best] {forjobs}"],
        "I": ["prefer {place} {forjobs}", "favour {place} {forjobs}"], "N": [], "F": ["favourite {places} {forjobs}: {place}", "{place} first {forjobs}, if possible"],
    },
    "budget money": {
        "D": ["{who} may {each} [spend|pay|use up] {amount} {per} {at}", "{who} may {each} spend up to {amount} {per} {at}", "{who} {have} {amount} {per} to spend {at}", "{who} get{s} {amount} {per} {at}", "the budget of {who} {at} is {amount} {per}"],
        "I": [], "N": [], "F": ["{who} {at}: {amount} {per}", "budget of {who} {at}: {amount} {per}"],
    },
    "budget carbon": {
        "D": ["{who} may {each} emit {amount} {per} {at}", "{who} may [cause|emit] up to {amount} {per} {at}", "{who} {have} a carbon budget of {amount} {per} {at}"],
        "I": [], "N": [], "F": ["{who} {at}: {amount} {per}"],
    },
    "budget energy": {
        "D": ["{who} may {each} use {amount} {per} {at}", "{who} may [draw|consume|use] up to {amount} {per} {at}", "{who} {have} {amount} {per} {at}"],
        "I": [], "N": [], "F": ["{who} {at}: {amount} {per}"],
    },
    "headroom max": {
        "D": ["at most {portion} {at} may be busy {when}", "no more than {portion} {at} may be in use {when}"],
        "I": ["use at most {portion} {at} {when}"], "N": ["[fill|load|use] the [CPUs|cores] [of|in] {place} [beyond|above|past|to more than] {max} {when}", "use more than {portion} {at} {when}"],
        "F": ["at most {portion} {at} {when}"],
    },
    "headroom free": {
        "D": ["{portion} {at} {must} [stay|be|remain] [free|idle] {when}", "{portion} {at} stay[|s] free {when}", "we keep {portion} {at} free {when}"],
        "I": ["keep {portion} free {at} {when}", "leave {portion} idle {at} {when}"], "N": [], "F": ["{portion} free {at} {when}"],
    },
    "approval all": {
        "D": [_WHO + " [has to|must] [approve|OK|agree to] {jobs} {at}", _WHO + " has to approve {jobs} [going to|sent to|headed for|bound for|placed in] {place}", "{jobs} {at} need{s} approval", "{jobs} {at} {have} to be approved by " + _WHO],
        "I": ["ask " + _WHO + " before [placing|running|starting] [any|] {bare} {at}"], "N": [], "F": ["{jobs} {at}: ask first"],
    },
    "approval all everywhere": {
        "D": ["{jobs} need{s} approval [everywhere|in every region|wherever they run|in all regions]", _WHO + " has to approve {jobs} everywhere"], "I": [], "N": [], "F": ["{jobs}: approval needed everywhere"],
    },
    "approval limit": {
        "D": ["{jobs} {at} that {exceed} {have} to be approved by " + _WHO, "{jobs} {at} that {exceed} need{s} approval", "approval is needed for {jobs} {at} above {amount}", _WHO + " must approve {jobs} {at} that {exceed}"],
        "I": ["ask " + _WHO + " before [placing|running|starting] {jobs} {at} that {exceed}"], "N": [], "F": ["{jobs} {at} above {amount}: approval needed"],
    },
    "approval limit everywhere": {
        "D": ["{jobs} that {exceed} need{s} approval [everywhere|in every region|wherever they run]", "above {amount}, {jobs} need{s} approval everywhere"], "I": [], "N": [], "F": [],
    },
    "objective shares": {
        "D": ["our weights {forjobs} are {weights}", "{forjobs} we weigh {weights}"], "I": ["weigh {weights} {forjobs}", "weight {weights} {forjobs}"], "N": [], "F": ["{weights} {forjobs}", "weights {forjobs}: {weights}"],
    },
    "suspend false": {"D": ["{jobs} may not be [paused|suspended|interrupted]"], "I": [], "N": ["[pause|suspend|interrupt] {jobs}"], "F": ["no pausing of {jobs}"]},
    "suspend true": {"D": ["{jobs} may be [paused|suspended|interrupted]", "it is fine to [pause|suspend] {jobs}"], "I": [], "N": [], "F": ["{jobs}: may be paused"]},
    "delay within": {"D": ["{jobs} must start within {within}", "{jobs} may wait {within}, no longer"], "I": ["start {jobs} within {within}"], "N": [], "F": ["{jobs}: within {within}"]},
    "delay by": {"D": ["{jobs} must be done by {by}"], "I": ["finish {jobs} by {by}"], "N": [], "F": ["{jobs}: done by {by}"]},
}  # fmt: skip
