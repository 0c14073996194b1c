"""The patterns of clauses, by what a rule says and by their form (see `clauses`)."""

from __future__ import annotations

Patterns = dict[str, dict[str, list[str]]]

_SUSPENDED = "[suspended|paused|interrupted|preempted|stopped halfway|put on hold]"
_SUSPEND = "[suspend|pause|interrupt|preempt]"
_YES = "[approval|approval|sign-off|a person's yes|explicit approval|a human OK|somebody's go-ahead]"
_CO2 = "[carbon|CO2|emissions|carbon footprint|carbon emissions]"
_RUN = "[run|run|be run|be scheduled|be placed|execute|be executed]"
_DIRTY = (
    "[while|when|whenever|as long as|if|once|at times when] "
    "[the carbon intensity [there |]is [above|over|higher than]|the grid [there |]is [dirtier than|above|over]"
    "|the carbon intensity exceeds|grid intensity is [above|over]|intensity [tops|exceeds|goes over]"
    "|the grid emits more than|carbon is above] {carbon_above}"
)
_CLEAN = (
    "[the carbon intensity is [below|at or below|under|at most|no higher than]|the grid is [cleaner than|at or below|below]"
    "|grid intensity is [under|below]|intensity drops below|carbon is under] {carbon_above}"
)
_DEAR = (
    "[while|when|whenever|as long as|if|once] [the [power |electricity |]price is [above|over|higher than]"
    "|[power|electricity|energy] costs more than|prices [exceed|are above|rise above]|the price of [power|electricity] exceeds"
    "|electricity is dearer than|power is pricier than] {price_above}"
)
_CHEAP = (
    "[the price is [below|at or below|under|at most]|[power|electricity] costs [less than|at most|no more than]"
    "|prices are [below|under]|power is cheaper than] {price_above}"
)

PATTERNS: Patterns = {
    "only where": {
        "D": [
            "{jobs} {mayonly} " + _RUN + " {at}",
            "{jobs} {mustnt} [leave|run outside|go outside|be moved out of|be processed outside|be placed outside] {place}",
            "{jobs} {must} [stay|remain|be kept|be held] [in|within|inside] {place}",
            "{jobs} run{s} only {at}",
            "{jobs} {must} [run|be run|execute] [exclusively|solely|only] {at}",
            "{jobs} stay{s} [in|within|inside] {place}[| and nowhere else| at all times]",
            "{place} [is the only place where|is the only place for|only for] {jobs}[| may run| can run]",
            "[nowhere but|only] {at} [may|can] {jobs} [run|be run]",
            "{jobs} {be} [restricted|confined|limited|bound|pinned] to {place}",
            "{jobs} belong{s} {at}[ only| and nowhere else]",
            "{jobs} never leave{s} {place}",
            "[it is only|only] {at} that {jobs} {must} run",
            "{jobs} {must} not [be run|run|end up] anywhere [but|other than|except] {at}",
        ],
        "I": [
            "[keep|hold|leave] {jobs} [in|within|inside] {place}",
            "[restrict|confine|limit|pin] {jobs} to {place}",
            "[run|place|schedule|execute] {jobs} [only|exclusively] {at}",
            "[use|choose] [only|nothing but] {place} for {jobs}",
            "[run|schedule] {jobs} {at} [only|and nowhere else|alone]",
        ],
        "N": [
            "[run|place|schedule|send|move] {jobs} outside [of |]{place}",
            "let {jobs} [leave|out of|run outside] {place}",
            "[take|move] {jobs} out of {place}",
        ],
        "F": [
            "{jobs}: {place} only", "no {bare} outside {place}", "only {place} for {jobs}", "{jobs} - {at} only",
            "{jobs}: nothing but {place}", "{jobs} only {at}, [please|period|full stop]", "{jobs} -> {place} only",
        ],
    },
    "only when": {
        "D": [
            "{jobs} {mayonly} [run|run|be run|execute] {when}", "{when}, and only then, [may|can] {jobs} run",
            "{jobs} run{s} only {when}", "{jobs} {must} [run|be run|be done] [only|exclusively] {when}",
            "{jobs} {be} [confined|restricted|limited] to these times: {when}", "only {when} [may|can] {jobs} run",
            "{jobs} {mustnt} run [except|other than|unless it is] {when}",
        ],
        "I": ["[run|schedule|execute] {jobs} only {when}", "[run|schedule] {jobs} {when} [only|and at no other time]",
              "[restrict|limit|confine] {jobs} to [runs|running|times] {when}"],
        "N": ["[run|schedule] {jobs} [except|other than] {when}"],
        "F": ["{jobs}: only {when}", "no {bare} except {when}", "{jobs} only {when}", "{jobs} - {when} only"],
    },
    "only where when": {
        "D": [
            "{jobs} {mayonly} run {at}, and [only|that only|there only] {when}", "{jobs} run{s} only {at} and only {when}",
            "only {when} and only {at} [may|can] {jobs} run", "{jobs} {mayonly} run {when} and only {at}",
        ],
        "I": ["[run|schedule] {jobs} only {at} and only {when}", "[restrict|limit] {jobs} to {place}, and there to {when}"],
        "N": [],
        "F": ["{jobs}: only {at}, only {when}", "{jobs}: {place} only, and only {when}"],
    },
    "deny where": {
        "D": [
            "{jobs} {mustnt} " + _RUN + " {at}", "{place} [is|remains] off limits [for|to] {jobs}", "{place} is [closed to|taboo for|no place for|not an option for|out of bounds for] {jobs}",
            "no {bare} [may|should|can|shall|is to|must] [run|be run|end up|be placed] {at}", "{jobs} {must} [stay|keep] [out of|away from|clear of] {place}", "{jobs} {must} avoid {place}",
            "we [do not|don't|never] [run|place|want] {jobs} {at}", "{jobs} stay{s} out of {place}", "{jobs} {be} [banned|barred|kept] from {place}",
            "{jobs} may run [anywhere|everywhere] [but|except] {at}", "{at} {jobs} {mustnt} run", "{jobs} {be} not [allowed|permitted|welcome|wanted] {at}",
            "{place} {mustnt} [be used for|host|take|run|see] {jobs}", "nobody [may|should] run {jobs} {at}", "{jobs} {have} no business {at}",
        ],
        "I": ["keep {jobs} [out of|away from|off|clear of] {place}", "[avoid|exclude|rule out|ban] {place} for {jobs}", "[ban|bar] {jobs} from {place}",
              "[avoid|refrain from] [running|placing|scheduling] {jobs} {at}", "steer {jobs} [clear of|away from] {place}"],
        "N": ["[run|place|schedule|put|start] {jobs} {at}", "use {place} for {jobs}", "[send|move] {jobs} to {place}", "let {jobs} [run|end up|land] {at}"],
        "F": ["no {bare} {at}", "{jobs}: not {at}", "{jobs} - never {at}", "{jobs}: anywhere but {at}", "{place}: no {bare}", "not {at}: {jobs}"],
    },
    "deny when": {
        "D": [
            "{jobs} {mustnt} " + _RUN + " {when}", "{when} {jobs} {mustnt} [run|be running|be run]", "{when}, no {bare} [may|should|can|must] [run|be running|be active]",
            "no {bare} [may|should|can|is to|must] [run|be running] {when}", "{jobs} {must} [stay quiet|rest|be idle|not run|be off] {when}", "{jobs} {be} not [allowed|permitted|wanted|welcome] {when}",
            "we don't [run|want] {jobs} {when}", "there {mustnt} be any {bare} running {when}",
        ],
        "I": ["avoid [running |]{jobs} {when}", "[keep|leave] the [machines|clusters|servers] free of {jobs} {when}", "[ban|forbid|rule out|block] {jobs} {when}"],
        "N": ["[run|schedule|start|execute] {jobs} {when}", "let {jobs} run {when}", "{when} [run|schedule] {jobs}"],
        "F": ["no {bare} {when}", "{jobs}: not {when}", "{when}: no {bare}", "{jobs} - never {when}"],
    },
    "deny where when": {
        "D": [
            "{jobs} {mustnt} " + _RUN + " {at} {when}", "{when} {jobs} {mustnt} " + _RUN + " {at}", "{when}, {place} is off limits [for|to] {jobs}",
            "{place} is [closed to|off limits for|no place for|taboo for] {jobs} {when}", "no {bare} [may|should|can|must] [run|be running|be placed] {at} {when}",
            "{jobs} {must} [stay|keep] [out of|away from] {place} {when}", "{when}, {jobs} {must} avoid {place}", "{when} we want no {bare} {at}",
            "{at}, {jobs} {mustnt} [run|be run] {when}", "{when}, no {bare} {at}", "we [don't|never] [run|want] {jobs} {at} {when}",
            "{place} {mustnt} [be used for|host|run] {jobs} {when}",
        ],
        "I": ["keep {jobs} [out of|away from|off] {place} {when}", "avoid {place} for {jobs} {when}", "{when}, keep {jobs} [out of|away from] {place}", "[ban|bar] {jobs} from {place} {when}"],
        "N": ["[run|place|schedule|start] {jobs} {at} {when}", "use {place} for {jobs} {when}", "[send|move] {jobs} to {place} {when}"],
        "F": ["no {bare} {at} {when}", "{jobs}: not {at} {when}", "{place} {when}: no {bare}", "{when} no {bare} {at}", "{at} {when}: no {bare}"],
    },
    "deny carbon": {
        "D": [
            "{jobs} {mustnt} [start|be started|start up|begin|run|resume] {at} " + _DIRTY, _DIRTY + ", {jobs} {mustnt} [start|run|begin|be started] {at}",
            "{jobs} {mayonly} [start|run|begin|be started] {at} [if|when|while|as long as] " + _CLEAN, "no {bare} [may|should|can] [start|run|begin] {at} " + _DIRTY,
            "{jobs} {must} [wait|hold off|not start] {at} " + _DIRTY, "[above|over|beyond] {carbon_above}, {jobs} {mustnt} start {at}",
            "{jobs} {mustnt} start {at} [above|at more than|at over] {carbon_above}", "{jobs} {must} wait {at} until " + _CLEAN,
        ],
        "I": ["[hold|hold back|delay|keep back] {jobs} {at} " + _DIRTY, "[start|run|launch] {jobs} {at} only [when|if|while] " + _CLEAN],
        "N": ["[start|run|launch|begin] {jobs} {at} " + _DIRTY, "[start|run] {jobs} {at} [above|at more than] {carbon_above}", "[start|run] {jobs} {at} unless " + _CLEAN],
        "F": ["no {bare} {at} [above|over|at more than] {carbon_above}", "{jobs} {at}: only [below|under|up to] {carbon_above}", "no {bare} {at} " + _DIRTY],
    },
    "deny price": {
        "D": [
            "{jobs} {mustnt} [start|be started|begin|run|resume] {at} " + _DEAR, _DEAR + ", {jobs} {mustnt} [start|run|begin] {at}",
            "{jobs} {mayonly} [start|run|be started] {at} [if|when|while|as long as] " + _CHEAP, "no {bare} [may|should|can] [start|run|begin] {at} " + _DEAR,
            "{jobs} {must} [wait|hold off] {at} " + _DEAR, "{jobs} {must} wait {at} until " + _CHEAP,
        ],
        "I": ["[hold|hold back|delay] {jobs} {at} " + _DEAR, "[start|run|launch] {jobs} {at} only [when|if|while] " + _CHEAP],
        "N": ["[start|run|launch] {jobs} {at} " + _DEAR, "[start|run] {jobs} {at} unless " + _CHEAP],
        "F": ["no {bare} {at} " + _DEAR, "no {bare} {at} at power prices above {price_above}", "{jobs} {at}: only if " + _CHEAP],
    },
    "budget carbon": {
        "D": [
            "{jobs} {mustnt} emit more than {amount} {per} {at}", "{jobs} may emit [at most|up to|no more than] {amount} {per} {at}",
            "the " + _CO2 + " of {jobs} {at} [must|may|shall] not exceed {amount} {per}", "{jobs} {have} a carbon budget of {amount} {per} {at}", "{per} {jobs} {at} may [emit|cause] [at most|no more than] {amount}",
            "the " + _CO2 + " of {jobs} {at} {be} [capped|limited] [at|to] {amount} {per}", "{jobs} {must} [stay|remain|keep] [below|under|within|at or below] {amount} [of emissions |]{per} {at}",
            "we allow {jobs} {at} [no more than|at most] {amount} {per}", "{amount} {per} is [the limit|the cap|all we allow|the most] for the " + _CO2 + " of {jobs} {at}",
        ],
        "I": ["[cap|limit] the " + _CO2 + " of {jobs} {at} [at|to] {amount} {per}", "[cap|limit] {jobs} {at} [at|to] {amount} {per}", "keep the emissions of {jobs} {at} [below|under|within] {amount} {per}"],
        "N": ["let {jobs} {at} emit more than {amount} {per}", "[exceed|go over] {amount} {per} [with|for] {jobs} {at}"],
        "F": ["{jobs} {at}: [max|at most|no more than] {amount} {per}", "carbon cap for {jobs} {at}: {amount} {per}", "{amount} {per} for {jobs} {at}, not more"],
    },
    "budget money": {
        "D": [
            "{jobs} {mustnt} cost more than {amount} {per} {at}", "we [spend|want to spend|will spend|can spend] [at most|no more than|up to] {amount} {per} on {jobs} {at}",
            "the [cost|costs|spending|bill] of {jobs} {at} [must|may|shall] not exceed {amount} {per}", "{jobs} {have} a budget of {amount} {per} {at}", "{jobs} may cost [at most|up to|no more than] {amount} {per} {at}",
            "{per} no more than {amount} may be spent on {jobs} {at}", "spending on {jobs} {at} is [capped|limited] [at|to] {amount} {per}", "{amount} {per} is [the limit|all we have|the most we pay|the ceiling] for {jobs} {at}",
        ],
        "I": ["[cap|limit] [the cost of|spending on|the bill for] {jobs} {at} [at|to] {amount} {per}", "keep the [cost|costs|bill] of {jobs} {at} [below|under|within] {amount} {per}", "[spend|pay] [at most|no more than] {amount} {per} [on|for] {jobs} {at}"],
        "N": ["spend more than {amount} {per} on {jobs} {at}", "let {jobs} {at} cost [us |]more than {amount} {per}"],
        "F": ["{jobs} {at}: [max|at most] {amount} {per}", "budget for {jobs} {at}: {amount} {per}", "{amount} {per} for {jobs} {at} and not a cent more"],
    },
    "budget energy": {
        "D": [
            "{jobs} {mustnt} [use|consume|draw|burn] more than {amount} {per} {at}", "{jobs} may [use|consume|draw] [at most|up to|no more than] {amount} {per} {at}", "the [energy|energy use|electricity|consumption] of {jobs} {at} [must|may|shall] not exceed {amount} {per}",
            "{jobs} {have} an energy budget of {amount} {per} {at}", "the energy use of {jobs} {at} is [capped|limited] [at|to] {amount} {per}", "{per} {jobs} {at} get{s} [at most|no more than] {amount}",
        ],
        "I": ["[cap|limit] the [energy|energy use|electricity|consumption] of {jobs} {at} [at|to] {amount} {per}", "keep {jobs} {at} [below|under|within] {amount} {per}"],
        "N": ["let {jobs} {at} [use|consume|draw] more than {amount} {per}", "[use|burn] more than {amount} {per} [on|for] {jobs} {at}"],
        "F": ["{jobs} {at}: [max|at most] {amount} {per}", "energy cap for {jobs} {at}: {amount} {per}"],
    },
    "delay within": {
        "D": [
            "{jobs} {must} [start|begin|be started|be running|get going] [within|no later than|at most] {within}[| of submission| after submission| of being submitted]", "{jobs} {mustnt} wait [longer|more] than {within}[| to start| in the queue]",
            "{jobs} [may|can] [wait|be delayed|be held back] [at most|up to|no longer than|for at most] {within}", "no {bare} [may|should|must] wait [longer|more] than {within}", "the [wait|delay|queueing time] of {jobs} {mustnt} exceed {within}",
            "{jobs} {mustnt} be [delayed|deferred|postponed|put off|held back] by more than {within}", "{jobs} start{s} within {within}[| of submission]", "{jobs} tolerate{s} a delay of at most {within}", "{within} is the longest that {jobs} {must} wait",
        ],
        "I": ["[start|begin|launch] {jobs} [within|no later than] {within}[| of submission| after submission]", "get {jobs} [going|running|started] within {within}", "[limit|cap] the [wait|delay] of {jobs} [to|at] {within}"],
        "N": ["[delay|hold back|postpone|defer] {jobs} by more than {within}", "let {jobs} wait [longer|more] than {within}", "keep {jobs} waiting [for |]more than {within}"],
        "F": ["{jobs}: [max|at most|no more than] {within} [wait|of waiting|delay|in the queue]", "max wait for {jobs}: {within}", "{jobs}: start within {within}"],
    },
    "delay now": {
        "D": ["{jobs} {must} [start|be started|run|begin] [immediately|at once|straight away|right away|without delay|without any wait]", "{jobs} {mustnt} [wait at all|be delayed|be deferred at all|be postponed|be held back at all]", "{jobs} tolerate{s} no delay",
              "{jobs} start{s} [at once|immediately|without delay|as soon as they are submitted]", "there {mustnt} be any delay for {jobs}"],
        "I": ["[run|start|launch] {jobs} [immediately|at once|right away|now|straight away|without delay|the moment they arrive]"],
        "N": ["[delay|defer|postpone|hold back] {jobs}[| at all| under any circumstances]", "[let|make] {jobs} wait"],
        "F": ["{jobs}: no delay", "no waiting for {jobs}", "{jobs}: run now", "zero delay for {jobs}"],
    },
    "delay by": {
        "D": ["{jobs} {must} [finish|be finished|be done|be complete|be through|have finished] [by|before|no later than] {by}", "{jobs} {must} [end|be over|be ready] [by|no later than] {by}", "the results of {jobs} {must} be [there|ready|available] by {by}",
              "{jobs} finish{s} by {by}", "by {by}, {jobs} {must} be [done|finished|complete]", "{by} is when {jobs} {must} be [done|finished] at the latest", "{jobs} {mustnt} run past {by}"],
        "I": ["[finish|complete] {jobs} [by|before|no later than] {by}", "[have|get] {jobs} [done|finished|ready] by {by}", "see {jobs} through by {by}"],
        "N": ["finish {jobs} later than {by}", "let {jobs} [finish|end] after {by}"],
        "F": ["{jobs}: done by {by}", "{jobs} by {by}", "deadline for {jobs}: {by}", "finish time for {jobs}: {by} at the latest"],
    },
    "delay both": {
        "D": ["{jobs} {must} start within {within} and [finish|be done] by {by}", "{jobs} {mustnt} wait more than {within}, and {must} be [done|finished] by {by}", "{jobs} {must} be done by {by} and start no later than {within} after submission"],
        "I": ["start {jobs} within {within} and finish by {by}"], "N": [], "F": ["{jobs}: start within {within}, done by {by}"],
    },
    "headroom max": {
        "D": ["{use} {at} {must} [stay|remain] [at or below|below|under] {max} {when}", "{use} {at} {mustnt} exceed {max} {when}", "we [use|load] [at most|no more than|up to] {max} of the [CPUs|cores] {at} {when}",
              "{when} {use} {at} stays [at or below|below|under] {max}", "no more than {max} of the [CPUs|cores|machines] {at} may be [busy|in use|used] {when}", "{at}, at most {max} of [the CPUs|all cores|the CPU capacity] may be [busy|taken|used] {when}", "{jobs} may [take|use|fill|occupy] at most {max} of the CPUs {at} {when}"],
        "I": ["[keep|hold] {use} {at} [at or below|below|under|within] {max} {when}", "[cap|limit] {use} {at} [at|to] {max} {when}", "[use|fill|load] [at most|no more than|only] {max} of the [CPUs|cores] {at} {when}", "{when}, [keep|hold] {use} {at} below {max}"],
        "N": ["[use|fill|load] more than {max} of the [CPUs|cores|CPU capacity] {at} {when}", "let {use} {at} [rise above|exceed|go over] {max} {when}"],
        "F": ["{use} {at} {when}: [max|at most] {max}", "max {max} of the CPUs {at} {when}", "{at} never more than {max} [busy|CPU use] {when}"],
    },
    "headroom free": {
        "D": ["{free} of the [CPUs|cores|CPU capacity] {at} {must} [stay|be kept|remain|be left] [free|idle|unused|in reserve] {when}", "{when} {free} of the CPUs {at} [stays|must be kept] free", "there must [always |]be {free} of the [CPUs|cores] free {at} {when}", "{jobs} must leave {free} of the CPUs {at} [free|idle] {when}"],
        "I": ["[keep|leave|hold] [at least |]{free} of the [CPUs|cores|CPU capacity] {at} [free|in reserve|idle|unused] {when}", "[reserve|set aside] {free} of the CPUs {at} {when}", "leave {free} headroom {at} {when}"],
        "N": [], "F": ["{free} of the CPUs {at} [always |]free {when}", "headroom {at}: {free} {when}", "{free} in reserve {at} {when}"],
    },
    "suspend false": {
        "D": ["{jobs} {mustnt} be " + _SUSPENDED, "{jobs}, once started, {must} run [to the end|through|to completion] without [a pause|interruption|being suspended]", "nobody may " + _SUSPEND + " {jobs}", "no {bare} [may|should|can] be " + _SUSPENDED,
              "{jobs} {must} run in one go", "{jobs} {be} not to be " + _SUSPENDED],
        "I": ["leave {jobs} running [once they have started|without interruption|until done]", "refrain from suspending {jobs}"],
        "N": [_SUSPEND + " {jobs}[| once they run| midway| under any circumstances]", "let {jobs} be " + _SUSPENDED], "F": ["no [suspension|pausing|preemption|interruption] of {jobs}", "{jobs}: no [pauses|suspending|interruptions]", "no pausing {jobs}"],
    },
    "suspend true": {
        "D": ["{jobs} may be " + _SUSPENDED, "{jobs} can be " + _SUSPENDED + "[| at any time| if needed| when the grid is dirty]", "it is [fine|OK|all right] to " + _SUSPEND + " {jobs}", "we allow {jobs} to be " + _SUSPENDED, "{jobs} {be} allowed to be " + _SUSPENDED, "{jobs} {be} [interruptible|suspendable|preemptible]"],
        "I": ["feel free to " + _SUSPEND + " {jobs}", "allow {jobs} to be " + _SUSPENDED], "N": [], "F": ["{jobs}: pausing [allowed|OK|is fine]", "{jobs}: suspension allowed"],
    },
    "suspend times": {
        "D": ["{jobs} may be " + _SUSPENDED + " [at most|up to|no more than] {times}", "{jobs} {mustnt} be " + _SUSPENDED + " more than {times}", "no {bare} may be " + _SUSPENDED + " more than {times}", "we [may|can] " + _SUSPEND + " {jobs} {times}, [not more|at most]", "{times} is the most that {jobs} may be " + _SUSPENDED],
        "I": [_SUSPEND + " {jobs} [at most|no more than] {times}", "limit the suspensions of {jobs} to {times}"], "N": [_SUSPEND + " {jobs} more than {times}"], "F": ["{jobs}: [paused|suspended] at most {times}", "suspensions of {jobs}: {times} at most"],
    },
    "approval all": {
        "D": ["{jobs} {at} [need{s}|require{s}] " + _YES, "[somebody|a person|an operator|a human] [must|has to] [approve|sign off] {jobs} {at}", "{jobs} {must} be approved [by a person|by an operator|by hand] before they [run|start] {at}", "{jobs} {at} {mustnt} run without " + _YES, "without " + _YES + ", {jobs} {mustnt} run {at}"],
        "I": ["ask [me|us|an operator|somebody|the operator|a human] before [running|placing|starting] {jobs} {at}", "[get|require|obtain] " + _YES + " for {jobs} {at}"], "N": ["[run|start|place] {jobs} {at} without " + _YES, "[run|start] {jobs} {at} [before|unless] [somebody|a person|an operator] has said yes"],
        "F": ["{jobs} {at}: only with " + _YES, "{jobs} {at}: [ask first|needs approval]"],
    },
    "approval limit": {
        "D": ["{jobs} {at} that {exceed} [need{s}|require{s}] " + _YES, "[somebody|a person|an operator|a human] [must|has to] [approve|sign off] {jobs} {at} that {exceed}", "if {jobs} {at} {exceed}, [a person|somebody|an operator] must [approve|say yes|agree|sign off]", "{jobs} {at} {mustnt} run without " + _YES + " if they {exceed}", "above {amount}, {jobs} {at} need{s} " + _YES],
        "I": ["ask [me|us|an operator|somebody|a human] before running {jobs} {at} that {exceed}", "[get|require] " + _YES + " for {jobs} {at} that {exceed}", "require " + _YES + " above {amount} for {jobs} {at}"], "N": ["[run|start|place] {jobs} {at} that {exceed} without " + _YES],
        "F": ["{jobs} {at} above {amount}: only with " + _YES, "{jobs} {at} that {exceed}: ask first"],
    },
    "objective one": {
        "D": ["{forjobs} {heavy} is [all that matters|the only thing that counts|what counts|what we optimise for]", "we [only|just] care about {heavy} {forjobs}", "{heavy} {must} [be minimised|come first|be what counts] {forjobs}"],
        "I": ["[minimise|minimize|optimise for|go for the least|reduce] {heavy}[| above all| and nothing else] {forjobs}", "optimise {jobs} for {heavy}[| alone| only]"], "N": ["[look at|weigh|consider] anything but {heavy} {forjobs}"],
        "F": ["objective {forjobs}: {heavy}", "{heavy} first[, always|]", "{heavy} above all {forjobs}"],
    },
    "objective times": {
        "D": ["{forjobs} {heavy} [matters|counts|weighs] {multiple} as much as {light}", "{heavy} is {multiple} as important as {light} {forjobs}", "{heavy} should count {multiple} as heavily as {light} {forjobs}"],
        "I": ["[weigh|weight|count|rate] {heavy} {multiple} as [heavily|high|much] as {light} {forjobs}", "give {heavy} {multiple} the weight of {light} {forjobs}", "treat {heavy} as {multiple} as important as {light} {forjobs}"], "N": [],
        "F": ["{heavy} {multiple} as important as {light}", "{heavy} over {light}, {multiple} as much"],
    },
    "objective shares": {
        "D": ["{forjobs} the [objective|weights|goal] {must} be {weights}", "{forjobs} we weigh {weights}", "the weights {forjobs} are {weights}"],
        "I": ["[weigh|use the weights|set the weights to|use] {weights} {forjobs}", "optimise {forjobs} with {weights}"], "N": [], "F": ["weights {forjobs}: {weights}", "objective {forjobs}: {weights}"],
    },
    "prefer": {
        "D": ["we [prefer|favour|would rather use|like] {place} for {jobs}", "{jobs} should [preferably|ideally|rather] [run|go|be placed] {at}", "{place} is [preferred|our first choice|the preferred place|favoured] for {jobs}", "ideally {jobs} run{s} {at}", "where possible, {jobs} go{s} to {place}", "{jobs} {be} best [run|placed|kept] {at}[| if possible]"],
        "I": ["[prefer|favour] {place} for {jobs}", "[try to |where possible, |if you can, |if possible ][run|place|put|schedule] {jobs} {at}", "give [preference|priority] to {place} for {jobs}", "[lean towards|pick] {place} for {jobs} [where possible|if you can|when there is a choice]"], "N": [],
        "F": ["{jobs}: preferably {at}", "{place} preferred for {jobs}", "{jobs}: {place} [if possible|first|where possible]"],
    },
}  # fmt: skip
