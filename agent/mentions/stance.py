"""Words that say how a sentence means what it says: forbids, confines, wishes, exempts, asks for a yes."""

from __future__ import annotations

from agent.mentions.mention import words

NOT = words(
    "not?", "never", "none", "nobody", "neither", "nor", "nothing", "nowhere", "without", r"[a-z]+n['’]t", "cannot", "dont", "cant", "mustnt", "wont",
    "avoid(?:s|ed|ing)?", "forbid(?:s|den)?", "prohibit(?:s|ed)?", "ban(?:s|ned)?", "bar(?:s|red)?", "block(?:s|ed)?", "exclud(?:e|es|ed|ing)", "refus\\w+",
    r"out\s+of", r"away\s+from", r"off[\s-]limits?", "off", r"clear\s+of", r"free\s+of", r"rul(?:e|es|ed)\s+out", "refrain", "taboo", "closed", "barred", "stop(?:s|ped)?", "ceases?",
    "idle", "quiet", "rest", r"no[\s-]go", "except", "but", "other than", "unless", "instead", "elsewhere", "disallow(?:s|ed)?", "illegal", "blacklist(?:ed)?", "veto\\w*", "den(?:y|ies|ied)", "wait(?:s|ed)?",
    "hold", "held", "delay(?:s|ed)?", "postpone(?:s|d)?", "defer(?:s|red)?", "until", "pause(?:s|d)?", "lest", "beyond", "spare[sd]?", "skip(?:s|ped)?", "leave", "leaves", "steer", "hands off", "shut", "suspended", "halt(?:s|ed)?",
    "too", "back", "stays? away", "hold off", "limits?", "minus", "zero",
)  # fmt: skip
"""Whatever can turn a sentence against something; wide, since its absence is what tells."""
CONFINED = words(
    "only", "sole(?:ly)?", "exclusively?", "exclusive", "nowhere", r"nothing\s+(?:but|else|outside|beyond|other)", "alone", "restrict(?:s|ed)?", "confin(?:e|es|ed)", "limit(?:s|ed)?", "pin(?:s|ned)?",
    "bound", "outside", "leave(?:s)?", "leaving", "elsewhere", "else", "anywhere", "everywhere", "stay(?:s|ing)?", "remain(?:s|ing)?", "keep(?:s|ing)?", "kept", "held", "hold(?:s)?", "belong(?:s)?",
    "within", "inside", "must", "has to", "have to", "shall", "should", "need(?:s)? to", "are to", "is to", "beyond", "other than", "except", "unless", "just", "but", "lives?", "reserved", "always", "tied", "purely", "strictly", "where", "out of",
)  # fmt: skip
SURELY_CONFINED = words(
    "only", "solely", "exclusively", "nowhere else", r"nothing\s+(?:but|else|outside|beyond)", "restrict(?:s|ed)?", "confined?", "outside", "elsewhere", r"anywhere\s+else", "pinned", r"(?:not|never|cannot)\s+(?:\w+\s+)?leave"
)  # fmt: skip
SOFT = words(
    r"try(?:ing)?\s+(?:\w+\s+)?to", "tries to", r"try\s+not", "prefer(?:s|red|ably|ence)?", "preferable", "ideal(?:ly)?", "rather", r"(?:where|when|if|whenever|wherever)(?:ver)?(?:\s+at\s+all|\s+it\s+is|\s+that\s+is)?\s+(?:possible|feasible|practical|practicable)",
    r"as\s+(?:far|much|often)\s+as\s+(?:possible|we\s+can)", r"if\s+(?:we|you|it|at\s+all)\s+(?:can|possible)(?:\s+be)?(?:\s+(?:helped|arranged|done|avoided|managed))?", r"where(?:ver)?\s+(?:you|we|it)\s+can(?:\s+be\s+\w+)?", r"when(?:ever)?\s+(?:it\s+can|you\s+can|we\s+can)(?:\s+be\s+\w+)?",
    r"would\s+be\s+(?:nice|good|great|better|best)", r"(?:would|['’]d)\s+(?:rather|prefer|like)", r"aim(?:s)?\s+(?:to|for)", r"(?:do|does)\s+(?:y?our|its|their)\s+best", "attempt(?:s)?", r"favou?r(?:s|ed|ite|ing)?", r"best\s+(?:run|placed|kept)", r"like[sd]?\s+best", r"lean(?:s)?\s+towards?", r"first\s+choice", r"best[\s-]effort",
    r"if\s+(?:there\s+is|you\s+have)\s+a\s+choice", r"when\s+there\s+is\s+a\s+choice", "likely to", r"seek(?:s)?\s+to", r"strive", r"nice[\s-]to[\s-]have", "if need be", "better", "wherever sensible", r"if\s+(?:you|we)\s+can(?:\s+help\s+it)?",
    r"in\s+(?:case\s+of\s+)?doubt", "hope(?:fully)?", "wish(?:es)?", r"would\s+(?:be\s+)?(?:ideal|preferable)(?:ly)?", "desirable", r"we\s+like", r"love\s+to", "gladly", "reluctant(?:ly)?", r"as\s+a\s+rule\s+of\s+thumb", r"at\s+best", "tend(?:s)? to",
)  # fmt: skip
EXEMPT = words(
    "except(?:s|ing|ed|ions?)?", "unless", "exclud(?:e|es|ed|ing)", "exempt(?:s|ed|ion|ions)?", r"apart\s+from", r"other\s+than", r"else\s+than", r"but\s+not", r"(?:aside|excepting)\s+from", r"sav(?:e|ing)\s+for", "bar(?:ring)?", "excepted", "minus",
    r"(?:anywhere|everywhere|anything|everything|any\s+\w+|all\s+\w+|nobody|none|no\s+one|all|every\s+\w+)\s+but", r"does\s+not\s+apply", r"do\s+not\s+apply", "without", "spared?", "nobody but", r"is\s+not\s+bound", "besides", "outside", r"not\s+counting", "ignoring",
)  # fmt: skip
SURELY_EXEMPT = words(
    "except(?:ing|ed|ions?)?",
    "unless",
    "exempt(?:s|ed|ion|ions)?",
    r"apart\s+from",
    r"other\s+than",
    r"with\s+the\s+exception",
    r"sav(?:e|ing)\s+for",
    "excluding",
    "barring",
)
LEFT_OUT = words(
    "except", "excepting", "unless", "exclud(?:e|es|ing)", r"apart\s+from", r"other\s+than", r"else\s+than", r"but\s+not", r"aside\s+from", r"sav(?:e|ing)\s+for", "barring", "minus", r"(?:anywhere|everywhere|any\s+\w+|all\s+\w+|every\s+\w+|all\s+of\s+(?:the\s+)?\w+|nowhere|(?:all|every\s+\w+)\s+of\s+\w+(?:\s\w+)?)\s+but", "without", "outside", "outside\\s+of",
    r"exception\s+of", "not", "never", r"nothing\s+but", "beyond", r"leaves?", "leaving", r"out\s+of", "but(?! (?:only|in))", r"(?:anywhere|nowhere|everywhere)\s+but\s+in", "bar",
)  # fmt: skip
"""What stands before a place that is taken from a list, or outside which something holds."""
APPROVAL = words(
    "approv(?:al|als|e|es|ed|ing)", r"sign[\s-]?(?:ed[\s-])?off", r"signs?\s+off", "sign-offs?", r"permission", "consent", r"go[\s-]ahead", "authori[sz](?:e|ed|es|ation)", r"(?:a\s+)?(?:human|person|somebody|someone|people|operator)(?:['’]s)?\s+(?:ok|okay|yes|says?|must|has|needs|agree\w*|confirm\w*|decides?|look\w*|check\w*)",
    r"(?:ok|yes)\s+(?:of|from|by)", "green light", r"ask(?:s|ing|ed)?\s+(?:first|me|us|a|an|the|for|somebody|someone|before)?", "confirm(?:s|ed|ation)?", r"human", "manual(?:ly)?", r"sign(?:s|ed|ing)?", r"['’]s\s+(?:yes|ok)", "yes", "okays?", "OK", "agree(?:s|d|ment)?", "nod", "clear(?:s|ed|ance) (?:by|with|from)?", "vet(?:s|ted)?", "review(?:s|ed)?", "blessing", "check with",
)  # fmt: skip
SURELY_APPROVAL = words(
    "approv(?:al|als|e|es)",
    r"sign[\s-]?off",
    r"sign-offs?",
    "permission",
    r"go[\s-]ahead",
    "ask first",
    r"without\s+asking",
    r"human\s+ok",
)
SUSPENSION = words(
    "suspen\\w*", "paus(?:e|es|ed|ing)", "interrupt\\w*", "pre-?empt\\w*", "halt(?:s|ed)?", "stopp?(?:s|ed|ing)?", "resum\\w*", "checkpoint\\w*", r"on\s+(?:hold|ice)", "hold", "break(?:s)?", r"in\s+one\s+(?:go|piece)", "uninterrupt\\w*", "kill(?:ed)?", "freez\\w*", "frozen", "park(?:ed)?", "through", "half[\\s-]?way", "done", "completion", "running", "touch(?:ed)?", "evict\\w*", "run to the end", "restart(?:ed)?", "disturb(?:ed)?", "cut",
)  # fmt: skip
SURELY_SUSPENSION = words(
    "suspend(?:s|ed|ing)?",
    "suspensions?",
    "paus(?:ed|ing)",
    "preempt(?:s|ed|ion)?",
    "interrupt(?:s|ed|ions?)",
    "uninterrupt\\w*",
)
FREE = words(
    "free",
    "spare",
    "idle",
    "headroom",
    "reserved?",
    "unused",
    "available",
    "slack",
    "buffer",
    "empty",
    "room",
    "margin",
    "unoccupied",
    r"left\s+over",
    "breathing",
)
SUBMITTED = words(
    "submit\\w*",
    "from",
    "com(?:es?|ing)",
    "originat\\w*",
    "sent",
    "created?",
    "users?",
    "born",
    "home",
    "belonging",
    "submissions?",
    "local",
    "started in",
    "launched",
    "based",
    "at home",
    "customers?",
    "filed",
    "handed",
    "people",
    "of",
)
SURELY_SUBMITTED = words(
    r"submitted\s+(?:in|from|at)", r"originat\w+\s+(?:in|from)", r"(?:come|comes|sent|coming)\s+from"
)
AT_ONCE = words(
    "immediate(?:ly)?",
    r"at\s+once",
    "instant(?:ly)?",
    r"(?:straight|right)\s+away",
    r"run\s+now",
    r"start\s+now",
    r"no\s+(?:\w+\s+)?delay",
    r"without\s+(?:any\s+)?(?:delay|wait\w*)",
    r"no\s+wait\w*",
    r"(?:not|never)\s+(?:be\s+)?(?:delayed|wait|kept waiting|queue\w*)",
    "promptly",
    r"as\s+soon\s+as",
    "upon",
    r"zero\s+(?:delay|wait)\w*",
    r"not\s+a\s+(?:minute|second)",
    r"never\s+be\s+delayed",
    "now",
    "wait",
    "delay\\w*",
    "queue\\w*",
    "straight",
    "waiting",
    "postpone\\w*",
    "defer\\w*",
    "hold",
    "held",
)
SURELY_AT_ONCE = words(
    "immediately",
    r"at\s+once",
    r"(?:straight|right)\s+away",
    r"run\s+now",
    r"start\s+now",
    r"without\s+(?:any\s+)?delay",
    r"no\s+delay",
)
CARBON = words(
    "carbon",
    r"CO2\w*",
    "co₂",
    "emi\\w+",
    "clean\\w*",
    "dirt\\w*",
    "green\\w*",
    "footprint",
    "climate",
    "intensity",
    "grid",
    "grams?",
    r"\d*\s?k?gCO2\w*",
    "g",
    "kg",
    "tonnes?",
    "tons?",
    "kilos?",
    "t",
)
COST = words(
    "cost\\w*",
    "money",
    "pric\\w*",
    "cheap\\w*",
    "spend\\w*",
    "spent",
    "bills?",
    "budget\\w*",
    "dollars?",
    "usd",
    "expens\\w*",
    "dear\\w*",
    "saving",
    "economy",
)
DELAY = words(
    "delay\\w*",
    "wait\\w*",
    "speed\\w*",
    "fast\\w*",
    "slow\\w*",
    "time\\w*",
    "soon\\w*",
    "quick\\w*",
    "late\\w*",
    "prompt\\w*",
    "queue\\w*",
    "punctual\\w*",
    "turnaround",
    "performance",
)
GPU = words(
    "(?:multi)?gpus?", "[AHVB]\\d{2,3}s?", "accelerators?", "accelerated", "cpu[\\s-]only", "graphics\\s+cards?"
)
NO_GPU = words(
    r"(?:without|no|non|not?\s+(?:use|need|have)s?|don['’]t\s+(?:use|need|have)|needs?\s+no|uses?\s+no)[\s-]+(?:an?\s+|any\s+)?gpus?",
    r"cpu[\s-]only",
    r"only\s+(?:\w+\s+)?cpus?",
    r"gpu[\s-]?(?:less|free)",
)
BATCH = words("batch(?:es)?", "offline", "background", "non-?interactive")
INTERACTIVE = words("interactive(?:ly)?", "online", "sessions?", "notebooks?", "live")
PER = {
    "hour": words("hour(?:s|ly)?", "h", "hr"),
    "day": words("days?", "daily", "24 h", "d"),
    "week": words("weeks?", "weekly", "wk"),
    "month": words("months?", "monthly", "mo"),
}
AT_MOST = words(
    r"(?:at\s+most|below|under|less|shorter|fewer|within|up\s+to|no\s+more\s+than|maximum|max|exceed|cap(?:ped)?\s+at|not\s+above|less\s+than|shorter\s+than)(?:\s+than|\s+of|\s+by|\s+the|\s+for|\s+about|\s+in|\s+at)*\s*$"
)
MORE_THAN = words(
    r"(?:at\s+least|above|over|more|longer|exceed(?:s|ing)?|beyond|minimum)(?:\s+than|\s+of|\s+for|\s+about)*\s*$"
)
BEFORE = words(
    "before", "until", "till", "by", "earlier", r"up\s+to", "to", "prior", "ends?", "past midnight", "morning"
)
AFTER = words(
    "after",
    "from",
    "onwards?",
    "later",
    "past",
    "since",
    "starting",
    "starts?",
    "beginning",
    "rest of the day",
    "on",
    "to",
)
FROM = words(r"(?:from|after|since|starting|begin(?:s|ning)?(?:\s+at)?|not\s+before|later\s+than)\s*$")
BUSY = words(
    "cpus?",
    "utili[sz]\\w*",
    "loads?",
    "loaded",
    "us(?:e|age|ed)",
    "capacity",
    "busy",
    "full",
    "fill\\w*",
    "free",
    "headroom",
    "occup\\w*",
    "cores?",
    "spare",
    "idle",
    "machines?",
    "servers?",
    "slack",
    "reserve[ds]?",
    "room",
    "exceed",
    "run",
    "cluster",
)
WEIGHING = words(
    "matters?",
    "important\\w*",
    "importance",
    "rate[sd]?",
    "weigh\\w*",
    "weight\\w*",
    "minimi[sz]\\w*",
    "optimi[sz]\\w*",
    "cares?",
    "first",
    "counts?",
    "priorit\\w*",
    "objective",
    "goal",
    "above all",
    "over",
    "more",
    "less",
    "worth",
    "value[ds]?",
    "balance\\w*",
    "trade\\w*",
    "reduce\\w*",
    "cut\\w*",
    "before",
    "look",
    "consider\\w*",
    "save",
    "as much as",
    "equal\\w*",
    "half",
    "only",
    "ahead",
    "beats?",
    "mind",
)
STARTING = words(
    "start\\w*",
    "begin\\w*",
    "wait\\w*",
    "delay\\w*",
    "defer\\w*",
    "postpone\\w*",
    "queue\\w*",
    "within",
    "held",
    "hold",
    "launch\\w*",
    "going",
    "running",
    "later",
    "immediate\\w*",
    "once",
    "now",
    "put off",
    "kick\\w*",
    "straight",
    "away",
    "submission",
    "submitted",
    "off the ground",
    "sit",
    "under way",
    "underway",
    "linger",
    "no later",
    "go",
    "run",
    "get",
)
FINISHING = words(
    "finish\\w*",
    "done",
    "complete\\w*",
    "by",
    "before",
    "ready",
    "over",
    "end\\w*",
    "through",
    "deadline",
    "no later",
    "until",
    "due",
    "latest",
    "past",
    "after",
    "beyond",
    "later than",
    "be in",
)
NO_SUSPENSION = words(
    r"(?:not?|never|cannot|\w+n['’]t|dont|cant|nobody|nor|without|avoid\w*|refrain|forbid\w*|forbidden|banned|prohibited|ban|disallow\w*|nothing|neither)\b(?:\W+\w+){0,8}?\W+(?:be\s+)?(?:suspen\w*|paus\w*|interrupt\w*|pre-?empt\w*|stop\w*|halt\w*|hold|break\w*|checkpoint\w*|touch\w*|evict\w*|kill\w*|freez\w*|frozen|disturb\w*|cut)",
    r"(?:suspen\w*|paus\w*|interrupt\w*|pre-?empt\w*)(?:\W+\w+){0,4}?\W+(?:is|are|off|not|no|out)\W+(?:not?|forbidden|banned|prohibited|off|out|taboo|allowed\s+never|never|option|ruled)", r"in\s+one\s+(?:go|piece)", "uninterrupt\\w*", r"(?:through|to\s+the\s+end|to\s+completion|until\s+(?:\w+\s+)?(?:done|finished))", r"(?:not?|never)\b.*half[\s-]?way", r"hands\s+off", r"once\s+(?:started|running)", "non-?preempt\\w*", r"without\s+(?:a\s+)?(?:break|pause|interruption)s?", r"leave\s+.*\s+(?:alone|running)",
    r"(?:forbid|ban|avoid|rule\s+out|prohibit)\w*\s+\w+",
)  # fmt: skip
PREFERENCE = words(r"priority\s+to", "preference", "picks?", "choose", "choice", "first", "like", "best", "lean\\w*")
