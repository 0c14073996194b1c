"""The patterns of clauses that say where and when jobs may run, or may not, and where they are liked best."""

from __future__ import annotations

Patterns = dict[str, dict[str, list[str]]]

_RUN = "[run|run|be run|be scheduled|be placed|execute|be executed|be processed|be computed|start]"
_JOBS_RUN = "[run|place|schedule|execute|start|put|process|compute]"
DIRTY = (
    "[while|when|whenever|as long as|if|once|at times when|at any time when] "
    "[the carbon intensity [there |]is [above|over|higher than]|the grid [there |]is [dirtier than|above|over]"
    "|the carbon intensity exceeds|grid intensity is [above|over]|intensity [tops|exceeds|goes over]"
    "|the grid emits more than|carbon is above|the power [there |]has more than|it takes more than"
    "|emissions of the grid are [above|over]|the grid is at more than|electricity [there |]comes with more than] {carbon_above}"
)
CLEAN = (
    "[the carbon intensity is [below|at or below|under|at most|no higher than]|the grid is [cleaner than|at or below|below]"
    "|grid intensity is [under|below]|intensity drops below|carbon is under|the power has less than|the grid emits less than] {carbon_above}"
)
DEAR = (
    "[while|when|whenever|as long as|if|once|at times when] [the [power |electricity |]price is [above|over|higher than]"
    "|[power|electricity|energy] costs more than|prices [exceed|are above|rise above|go over]|the price of [power|electricity] exceeds"
    "|electricity is dearer than|power is pricier than] {price_above}"
)
CHEAP = (
    "[the price is [below|at or below|under|at most]|[power|electricity] costs [less than|at most|no more than]"
    "|prices are [below|under]|power is cheaper than] {price_above}"
)
_OFF = "[off limits|off-limits|out of bounds|forbidden|forbidden ground|a no-go area|a no-go|closed|taboo]"

PLACEMENT: Patterns = {
    "only where": {
        "D": [
            "{jobs} {mayonly} " + _RUN + " {at}",
            "{jobs} {mustnt} [leave|go beyond|depart from|be taken out of|cross the borders of|run outside|go outside|be moved out of|be processed outside|be placed outside|end up outside] {place}",
            "{jobs} {must} [stay|remain|be kept|be held|stay put] [in|within|inside] {place}",
            "{jobs} run{s} only {at}",
            "{jobs} {must} [run|be run|execute] [exclusively|solely|only] {at}",
            "{jobs} {must} [stay|remain] {at}",
            "{jobs} stay{s} [in|within|inside] {place}[| and nowhere else| at all times|, full stop|, period]",
            "{place} [is the only place where {jobs} may run|is the only place for {jobs}|is the only [choice|option] for {jobs}]",
            "[nowhere but|only] {at} [may|can] {jobs} [run|be run]",
            "{jobs} {be} [restricted|confined|limited|bound|pinned|tied|fixed|chained] to {place}",
            "{jobs} belong{s} {at}[ only| and nowhere else|, not elsewhere|, and only there]",
            "{jobs} never leave{s} {place}",
            "[it is only|only] {at} that {jobs} {must} run",
            "{jobs} {must} not [be run|run|end up] anywhere [but|other than|except] {at}",
            "[nothing but|no region but|no site but|none but] {place} [will do|is acceptable|comes into question|is allowed|may be used] for {jobs}",
            "[no|there is no] [place|region|site] [other than|but|except] {place} [is allowed|is acceptable|may be used|is open|will do] for {jobs}",
            "there is no [place|region] [other than|but] {place} for {jobs}",
            "[everything|anything|any place|every place|anywhere|all] [outside [of |]{place}|beyond {place}] is " + _OFF + " [for|to] {jobs}",
            "outside [of |]{place}, {jobs} {be} [forbidden|not allowed|not welcome|prohibited]",
            "{jobs} [may|can|{must}] [be computed|be processed|be handled|run|be run|be executed|be placed] {at} [alone|and nowhere else|and not anywhere else|but nowhere else|and only there|and in no other place]",
            "for {jobs}, it is {place} or nothing", "{jobs} {have} to stay [put |]{at}", "{jobs} know{s} only one home: {place}",
            "{jobs} {must} not go anywhere [else than|other than] {place}", "all that is open to {jobs} is {place}",
            "nobody may run {bare} outside {place}", "running {jobs} outside [of |]{place} is [forbidden|prohibited|not allowed|a breach of contract]",
            "{jobs} {must} use {place} [only|and nothing else|exclusively]", "{jobs} {must} not be [seen|found|run] outside {place}",
            "the [place|places] for {jobs} [is|are] {place}[ and no other| and nowhere else|, and only that]",
        ],
        "I": [
            "[keep|hold|leave] {jobs} [in|within|inside] {place}",
            "[restrict|confine|limit|pin|tie|bind] {jobs} to {place}",
            "[run|place|schedule|execute] {jobs} [only|exclusively|solely] {at}",
            "[use|choose|take] [only|nothing but|no region other than|no place but] {place} for {jobs}",
            "[run|schedule|compute] {jobs} {at} [only|and nowhere else|alone|and not elsewhere]",
            "see that {jobs} [stay{s} in|never leave{s}|{do} not leave] {place}",
            "[forbid|block|rule out] [everything|anything|any region] outside {place} for {jobs}",
        ],
        "N": [
            _JOBS_RUN + " {jobs} [outside [of |]|beyond ]{place}", "send {jobs} outside [of |]{place}",
            "let {jobs} [leave|out of|run outside|go beyond] {place}",
            "[take|move] {jobs} out of {place}", _JOBS_RUN + " {jobs} [elsewhere than|anywhere but|anywhere other than] {at}",
            "use [anything|any region|any place] [but|other than] {place} for {jobs}",
        ],
        "F": [
            "{jobs}: {place} only", "no {bare} outside {place}", "for {jobs} only {place}", "{jobs} - {at} only", "{jobs}: {place}{stop}", "{jobs}: {at}{stop}", "{place} for {jobs}, [nowhere else|and nothing else|and no other place]",
            "{jobs}: nothing but {place}", "{jobs} only {at}", "{jobs} -> {place} only", "{jobs}: nowhere but {place}", "{jobs} {at}{stop}", "{jobs}: {place} or nothing", "nothing outside {place} for {jobs}",
            "{jobs}: must not leave {place}", "{jobs}: stay{s} in {place}", "{jobs}: no [place|region] other than {place}", "{jobs} = {place} only",
        ],
    },
    "only home": {
        "D": [
            "{jobs} {must} [stay|remain|run|be kept|be processed|be run] [there|there|in {place}] [only|and nowhere else|alone]", "{jobs} {must} [stay|remain|be kept] [there|where they come from, that is in {place}]", "{jobs} {mustnt} leave [it|{place}|{place}]",
            "{jobs} {mayonly} [run|be run|be processed] [there|in {place}|in {place}]", "{jobs} stay{s} [there|in {place}|in {place}]", "{jobs} never leave{s} {place}", "{jobs} {be} confined to [it|{place}]", "{jobs} {must} not be [run|processed] [elsewhere|outside {place}|anywhere else]",
            "{jobs} belong{s} [there|in {place}] and nowhere else", "{jobs} {must} [stay|remain] at home",
        ],
        "I": ["keep {jobs} [there|in {place}|in {place}|at home]", "[run|process] {jobs} [only there|nowhere else|only in {place}|in {place} and nowhere else]"],
        "N": ["[run|process] {jobs} [elsewhere|anywhere else|outside {place}]", "[let|have] {jobs} leave [it|{place}]", "[send|move|take] {jobs} [elsewhere|abroad|out of {place}]"],
        "F": ["{jobs}: only there", "{jobs}: {place} only", "{jobs}: nowhere else", "no {bare} outside {place}"],
    },
    "only when": {
        "D": [
            "{jobs} {mayonly} [run|run|be run|execute|be done] {when}", "{when}, and only then, [may|can] {jobs} run", "{jobs} {be} allowed {when}, and at no other time", "{when} is the only time for {jobs}",
            "{jobs} run{s} only {when}", "{jobs} {must} [run|be run|be done] [only|exclusively] {when}", "at any [time|hour] other than {when}, {jobs} {mustnt} run", "{jobs} {must} [run|be run] {when} and at no other time",
            "{jobs} {be} [confined|restricted|limited] to these times: {when}", "only {when} [may|can] {jobs} run", "{jobs} may run {when}, [not at other times|otherwise not|but never at any other time]",
            "{jobs} {mustnt} run [except|other than|unless it is] {when}", "no {bare} may run [except|other than] {when}",
        ],
        "I": ["[run|schedule|execute] {jobs} only {when}", "[run|schedule] {jobs} {when} [only|and at no other time|alone|, never otherwise]", "[keep|confine] {jobs} to these hours: {when}",
              "[restrict|limit|confine] {jobs} to [runs|running|times] {when}"],
        "N": ["[run|schedule] {jobs} [except|other than|at any time but] {when}"],
        "F": ["{jobs}: only {when}", "no {bare} except {when}", "{jobs} only {when}", "{jobs} - {when} only", "{jobs}: {when}{stop}", "{when}: the only time for {jobs}"],
    },
    "only where when": {
        "D": [
            "{jobs} {mayonly} run {at}, and [only|that only|there only] {when}", "{jobs} run{s} only {at} and only {when}", "{jobs} {must} stay in {place} and run only {when}",
            "only {when} and only {at} [may|can] {jobs} run", "{jobs} {mayonly} run {when} and only {at}", "{jobs} {be} confined to {place}, and to running {when}",
        ],
        "I": ["[run|schedule] {jobs} only {at} and only {when}", "[restrict|limit] {jobs} to {place}, and there to {when}", "run {jobs} nowhere but {at}, and only {when}"],
        "N": [],
        "F": ["{jobs}: only {at}, only {when}", "{jobs}: {place} only, and only {when}", "{jobs}: nothing but {place}, and there only {when}"],
    },
    "deny where": {
        "D": [
            "{jobs} {mustnt} " + _RUN + " {at}", "{place} [is|remains|stays] " + _OFF + " [for|to] {jobs}", "{place} is [closed to|taboo for|no place for|not an option for|out of bounds for|out of the question for|ruled out for|not available to|not meant for|banned for|not for] {jobs}",
            "no {bare} [may|should|can|shall|is to|must|ever] [run|be run|end up|be placed|be started] {at}", "{jobs} {must} [stay|keep|be kept|be held] [out of|away from|clear of|off] {place}", "{jobs} {must} [avoid|shun|give a wide berth to] {place}",
            "we [do not|don't|never] [run|place|want|put|tolerate] {jobs} {at}", "{jobs} stay{s} out of {place}", "{jobs} {be} [banned|barred|kept|excluded|shut out] from {place}", "{place} stays free of {jobs}", "{place} {must} [stay|be kept|remain] [free|clear] of {jobs}",
            "{jobs} may run [anywhere|everywhere] [but|except|but not] {at}", "{at} {jobs} {mustnt} run", "{jobs} {be} not [allowed|permitted|welcome|wanted|tolerated|to be seen] {at}", "{jobs} {be} [unwelcome|forbidden|prohibited|banned|taboo] {at}",
            "{place} {mustnt} [be used for|host|take|run|see|accept|get] {jobs}", "nobody [may|should] run {jobs} {at}", "{jobs} {have} no business {at}", "there is no room for {jobs} {at}", "there {mustnt} be [any |]{bare} {at}", "{at} there is no place for {jobs}",
            "{jobs} {must} go [somewhere other than|anywhere but] {place}", "at no time may {jobs} run {at}", "under no circumstances may {jobs} [run|be placed|be started] {at}", "{jobs} never run{s} {at}", "{place} never [runs|sees|hosts] {jobs}",
            "it is forbidden to run {jobs} {at}", "we keep {place} free of {jobs}", "{place}: {jobs} {be} not welcome there",
        ],
        "I": ["keep {jobs} [out of|away from|off|clear of] {place}", "[avoid|exclude|rule out|ban|block|skip] {place} for {jobs}", "[ban|bar|exclude|block] {jobs} from {place}", "[keep|leave] {place} [free|clear] of {jobs}", "stay [out of|away from] {place} with {jobs}",
              "[avoid|refrain from|abstain from] [running|placing|scheduling|putting] {jobs} {at}", "steer {jobs} [clear of|away from] {place}", "[run|put] {jobs} anywhere but {at}", "[forbid|prohibit] {jobs} {at}"],
        "N": [_JOBS_RUN + " {jobs} {at}", "use {place} for {jobs}", "[send|move|migrate|ship] {jobs} to {place}", "let {jobs} [run|end up|land] {at}", "[allow|permit|accept] {jobs} {at}"],
        "F": ["no {bare} {at}", "{jobs}: not {at}", "{jobs} - never {at}", "{jobs}: anywhere but {at}", "{place}: no {bare}", "not {at}: {jobs}", "{jobs}: no {place}", "{jobs}: keep out of {place}", "{jobs}, keep out of {place}", "{jobs}: {place} off limits", "{place}: off limits for {jobs}",
              "{jobs} {at}: no", "{jobs} {at}: [forbidden|not allowed|never]", "{place}: closed to {jobs}", "{jobs} out of {place}", "never any {bare} {at}"],
    },
    "deny neither": {
        "D": ["neither {neither} [may|should|can|is to|must] [run|be run|be placed|start] {at}", "neither {neither} {be} [allowed|welcome|permitted] {at}", "{at} neither {neither} may run", "we want neither {neither} {at}"],
        "I": ["run neither {neither} {at}", "keep both {both} out of {place}"], "N": [],
        "F": ["neither {neither} {at}", "{place}: neither {neither}", "no {nor} {at}"],
    },
    "deny reserved": {
        "D": ["[nobody|no one|no team] [except|but|other than|apart from|save] {u} may [run anything|run jobs|run|use machines|start anything] {at}", "{place} is [reserved for|kept for|set aside for|open to nobody but|closed to all but|for nobody but|off limits to everybody except] {u}", "only {u} may [use {place}|run {at}|run jobs {at}|go to {place}]",
              "nothing but {u} may run {at}", "no {bare} may run {at} [except|other than|save] {u}", "{place} belongs to {u} [alone|and nobody else|only]", "everybody [but|except] {u} {must} stay out of {place}", "{at}, nobody but {u} may run anything"],
        "I": ["reserve {place} for {u}", "keep everybody [but|except] {u} out of {place}", "keep {place} for {u} alone", "let [only|nobody but|no one except] {u} [run {at}|into {place}]"],
        "N": ["let [anybody|anyone] [but|except|other than] {u} [run {at}|use {place}|into {place}]"],
        "F": ["{place}: only {u}", "{place}: {u} only", "{place}: nobody but {u}", "{place} for {u} only", "{place}: no jobs except {u}"],
    },
    "deny when": {
        "D": [
            "{jobs} {mustnt} " + _RUN + " {when}", "{when} {jobs} {mustnt} [run|be running|be run]", "{when}, no {bare} [may|should|can|must] [run|be running|be active]", "{when} is [off limits|taboo|no time] for {jobs}",
            "no {bare} [may|should|can|is to|must] [run|be running] {when}", "{jobs} {must} [stay quiet|rest|be idle|not run|be off|stand still|keep quiet] {when}", "{jobs} {be} not [allowed|permitted|wanted|welcome] {when}", "{jobs} {be} [forbidden|banned|prohibited|unwelcome] {when}",
            "we don't [run|want] {jobs} {when}", "there {mustnt} be any {bare} running {when}", "{when} we [never run|want no|run no] {bare}", "{jobs} may run at any time [but|except] {when}", "{when} {jobs} {be} taboo",
        ],
        "I": ["avoid [running |]{jobs} {when}", "[keep|leave] the [machines|clusters|servers] free of {jobs} {when}", "[ban|forbid|rule out|block|prohibit] {jobs} {when}", "keep {jobs} off the machines {when}", "keep {when} free of {jobs}"],
        "N": ["[run|schedule|start|execute|process] {jobs} {when}", "let {jobs} run {when}"],
        "F": ["no {bare} {when}", "{jobs}: not {when}", "{when}: no {bare}", "{jobs} - never {when}", "{jobs} {when}: no", "{jobs}: any time but {when}", "{jobs}: [off|forbidden|not allowed] {when}"],
    },
    "deny where when": {
        "D": [
            "{jobs} {mustnt} " + _RUN + " {at} {when}", "{when} {jobs} {mustnt} " + _RUN + " {at}", "{when}, {place} is " + _OFF + " [for|to] {jobs}", "{place} {when} is " + _OFF + " [for|to] {jobs}",
            "{place} is [closed to|off limits for|no place for|taboo for|out of bounds for|not meant for] {jobs} {when}", "no {bare} [may|should|can|must] [run|be running|be placed] {at} {when}", "{place} {must} be [free|clear] of {jobs} {when}",
            "{jobs} {must} [stay|keep|be kept] [out of|away from|off] {place} {when}", "{when}, {jobs} {must} avoid {place}", "{when} we want no {bare} {at}", "{jobs} {be} not [welcome|allowed|wanted] {at} {when}", "{jobs} {be} [unwelcome|forbidden|banned] {at} {when}",
            "{at}, {jobs} {mustnt} [run|be run] {when}", "{when}, no {bare} {at}", "we [don't|never] [run|want] {jobs} {at} {when}", "nobody may run {bare} {at} {when}", "{jobs} may run {at} at any time except {when}",
            "{place} {mustnt} [be used for|host|run|take] {jobs} {when}", "{at} {when}, {jobs} {mustnt} run",
        ],
        "I": ["keep {jobs} [out of|away from|off] {place} {when}", "avoid {place} for {jobs} {when}", "{when}, keep {jobs} [out of|away from] {place}", "[ban|bar] {jobs} from {place} {when}", "[keep|leave] {place} free of {jobs} {when}", "avoid [running|placing] {jobs} {at} {when}", "stay [out of|away from] {place} with {jobs} {when}"],
        "N": [_JOBS_RUN + " {jobs} {at} {when}", "use {place} for {jobs} {when}", "[send|move] {jobs} to {place} {when}", "let {jobs} run {at} {when}"],
        "F": ["no {bare} {at} {when}", "{jobs}: not {at} {when}", "{place} {when}: no {bare}", "{when} no {bare} {at}", "{at} {when}: no {bare}", "{jobs}: no {place} {when}", "{place}: off limits for {jobs} {when}"],
    },
    "deny carbon": {
        "D": [
            "{jobs} {mustnt} [start|be started|start up|begin|run|resume|be launched] {at} " + DIRTY, DIRTY + ", {jobs} {mustnt} [start|run|begin|be started] {at}", "{jobs} {have} to wait {at} " + DIRTY,
            "{jobs} {mayonly} [start|run|begin|be started] {at} [if|when|while|as long as] " + CLEAN, "no {bare} [may|should|can] [start|run|begin] {at} " + DIRTY, DIRTY + ", no {bare} [may|should] start {at}",
            "{jobs} {must} [wait|hold off|not start|be held back] {at} " + DIRTY, "[above|over|beyond|at more than] {carbon_above}, {jobs} {mustnt} start {at}", "{jobs} {mustnt} start {at} [unless|until|before] " + CLEAN,
            "{jobs} {mustnt} start {at} [above|at more than|at over] {carbon_above}", "{jobs} {must} wait {at} until " + CLEAN, "[the limit for starting|the carbon limit for] {jobs} {at} is {carbon_above}", "{jobs} {be} not allowed to start {at} above {carbon_above}",
        ],
        "I": ["[hold|hold back|delay|keep back|stop] {jobs} {at} " + DIRTY, "[start|run|launch] {jobs} {at} only [when|if|while] " + CLEAN, "wait with {jobs} {at} until " + CLEAN, "avoid starting {jobs} {at} " + DIRTY],
        "N": ["[start|run|launch|begin] {jobs} {at} " + DIRTY, "[start|run] {jobs} {at} [above|at more than] {carbon_above}", "[start|run] {jobs} {at} unless " + CLEAN],
        "F": ["no {bare} {at} [above|over|at more than|beyond] {carbon_above}", "{jobs} {at}: only [below|under|up to] {carbon_above}", "no {bare} {at} " + DIRTY, "{jobs} {at}: not above {carbon_above}", "start limit for {jobs} {at}: {carbon_above}"],
    },
    "deny price": {
        "D": [
            "{jobs} {mustnt} [start|be started|begin|run|resume] {at} " + DEAR, DEAR + ", {jobs} {mustnt} [start|run|begin] {at}", "{jobs} {have} to wait {at} " + DEAR, DEAR + ", no {bare} [may|should] start {at}",
            "{jobs} {mayonly} [start|run|be started] {at} [if|when|while|as long as] " + CHEAP, "no {bare} [may|should|can] [start|run|begin] {at} " + DEAR, "{jobs} {mustnt} start {at} [unless|until] " + CHEAP,
            "{jobs} {must} [wait|hold off|be held back] {at} " + DEAR, "{jobs} {must} wait {at} until " + CHEAP,
        ],
        "I": ["[hold|hold back|delay] {jobs} {at} " + DEAR, "[start|run|launch] {jobs} {at} only [when|if|while] " + CHEAP, "avoid starting {jobs} {at} " + DEAR],
        "N": ["[start|run|launch] {jobs} {at} " + DEAR, "[start|run] {jobs} {at} unless " + CHEAP],
        "F": ["no {bare} {at} " + DEAR, "no {bare} {at} at power prices above {price_above}", "{jobs} {at}: only if " + CHEAP],
    },
    "prefer": {
        "D": ["{place} is our [favourite|favorite|favoured|first choice of a] [region|place|site] for {jobs}", "{place}: our favourite for {jobs}", "we [prefer|favour|would rather use|like|would like to use] {place} for {jobs}", "{jobs} should [preferably|ideally|rather|if possible|where possible|normally] [run|go|be placed|be put] {at}", "{place} is [preferred|our first choice|the preferred place|favoured|the best place|our favourite] for {jobs}", "[ideally|preferably] {jobs} run{s} {at}",
              "where possible, {jobs} go{s} to {place}", "{jobs} {be} best [run|placed|kept] {at}[| if possible]", "{place} is where we would like {jobs} to [run|go]", "we would [like|prefer] {jobs} to run {at}", "it would be [nice|good|best] if {jobs} ran {at}", "{place} should be the first choice for {jobs}", "for {jobs}, {place} is [liked best|better than the rest|preferred]",
              "[we'd|we would] rather [run {jobs}|have {jobs}] {at} than elsewhere"],
        "I": ["[prefer|favour] {place} for {jobs}", "[try to |where possible, |if you can, |if possible |ideally ][run|place|put|schedule] {jobs} {at}[|]", "give [preference|priority] to {place} for {jobs}", "[lean towards|pick|choose|use] {place} for {jobs} [where possible|if you can|when there is a choice|if possible]", "[run|place|put] {jobs} {at} [if possible|where possible|whenever you can|if you can|ideally|preferably]"], "N": [],
        "F": ["{jobs}: preferably {at}", "{place} preferred for {jobs}", "{jobs}: {place} [if possible|first|where possible|preferred|ideally]", "first choice for {jobs}: {place}", "{jobs}: {at} for preference"],
    },
}  # fmt: skip
