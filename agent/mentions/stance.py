"""Words that say how a sentence means what it says: forbids, confines, wishes, exempts, asks for a yes.

Where a pattern begins with SURELY, the words leave no doubt, and a rule must show for them. The others are wide: they
may mean it, and a rule that claims what none of them says is in doubt.
"""

from __future__ import annotations

import re

from agent.mentions.mention import listed, words

IDIOMS = listed(
    """until further notice, without exception, without any exception, no later than, not later than, no more than, not more than, no longer than, not longer than, if not,
    whether or not, not a cent more, not more, no higher than, not exceed, never exceed, full stop, period, no ifs, no buts""",
    r"no\s+matter\s+\w+",
)  # fmt: skip
"""Negations that forbid nothing by themselves."""
_NO = r"(?:forbidden|forbids?|not?|never|nobody|none|neither|nor|cannot|cant|dont|\w+n['’]t|without|nothing|nowhere)"

NOT = listed(
    """no, not, never, none, nobody, neither, nor, nothing, nowhere, without, unwelcome, cannot, dont, cant, mustnt, wont, avoid*, forbid*, prohibit*, ban,
    bans, banned, bar, bars, barred, block*, exclud*, refus*, refrain*, out of, away from, off, off limits, clear of, free of, rule* out,
    taboo, closed, no go, disallow*, illegal, blacklist*, veto*, deny, denies, denied, wait*, hold back, hold off, held back, held off,
    keep back, keeps back, kept back, delay*, postpone*, defer*, until, steer, hands off, shut, halt*, stay away, be idle, stay idle, quiet, rest, stop, stops, zero,
    anywhere but, everywhere but, anywhere except, everywhere except, kept from, keep from, spare, skip*, leave alone, minus, pause*, suspend*""",
    r"\w+n['’]t", r"(?:(?:any|every)where|any\s+\w+|every\s+\w+|all\s+\w+)\s+(?:but|except|other)",
    r"(?:hold|held|keep)\b.{0,120}\b(?:while|when|whenever|until|if|once|as\s+long|back|off)",
)  # fmt: skip
"""What can turn a sentence against something."""
_NOT_OUTSIDE = (
    rf"{_NO}\b.{{0,110}}\b(?:outside|elsewhere|leaves?|any(?:where|\s+\w+)\s+(?:but|except|other|else|apart))"
)
NOT_OUTSIDE = words(_NOT_OUTSIDE)
_IT = r"(?:this|that|it|we|the\s+(?:ban|rule|limit|prohibition|restriction)|only|just|not\s+always|i\s+mean)"
NARROWED = re.compile(
    rf"[.!;]\s+(?:(?:but|and|however|mind\s+you|yet|then\s+again),?\s+)*{_IT}\b[^.!?;]*\b(?:only|just|alone|limited|restricted|confined)\b[^.!?;]*",
    re.I,
)
"""A later sentence that says when, where or for whom alone the rule before it holds: it confines no jobs."""
SURELY_CONFINED = listed(
    """only, solely, exclusively, exclusive to, purely, nowhere else, nothing but, nothing else, nothing outside, nothing beyond, nowhere but, nowhere outside,
    no other, nowhere beyond, restrict*, confine*, pinned, pin, alone, elsewhere, anywhere else, reserved for, all that is open to, stay put""",
    rf"{_NO}\s+(?:region|site|place|location|country|data\s+cent(?:re|er)|cluster)\s+(?:but|except|other)", rf"{_NO}\b.{{0,70}}\bbeyond",
    r"outside(?:\s+of)?\b.{0,90}\b(?:forbidden|not\s+(?:welcome|wanted|allowed|permitted)|banned|off\s+limits|prohibited|no\s+go)",
    r"(?:beyond|outside)\b.{0,60}\bno[\s-]go",
    _NOT_OUTSIDE,
    rf"{_NO}\s+(?:\w+\s+){{0,2}}(?:let|taken?|moved?|send|sent|ship|shipped)\b.{{0,70}}\bout\s+of",
    r"(?<!off.)limit(?:s|ed)?\b.{0,70}\bto",
)  # fmt: skip
CONFINED = listed(
    """only, sole, solely, exclusive*, purely, just, strictly, nowhere, nothing, alone, restrict*, confin*, limit*, pin, pinned, bound, tied, elsewhere,
    belong*, reserved, live, lives, always in, always within, full stop, and that is it, and that's it, no exceptions""",
    r"(?:must|ha(?:s|ve)\s+to|need(?:s)?\s+to|shall|should|(?:are|is)\s+to|ought\s+to|required\s+to|will)\s+(?!(?:\w+\s+)?(?:not|never)\b)(?:\w+\s+){0,2}(?:run|execute|go|happen|live|be|stay|take\s+place|use|start)",
    r"(?:stay|remain|keep|kept|hold|held|leave)(?:s|ing)?\b(?!.{0,60}\b(?:out|away|off|clear|free|back|from)\b)",
    r"(?:use|run|place|schedule)\b.{0,60}\b(?:always)", r"(?:sites?|regions?|locations?)\s*[:=]", r"where\s*[:=]?\s+(?=the\s+[A-Z]|[A-Z])",
    rf"{_NO}\b.{{0,90}}\b(?:except|other\s+than|unless|but)\s+(?:it\s+is\s+)?(?:at|in|during|on|between|from|when|over|throughout|after|before|\d)",
)  # fmt: skip
SOFT = listed(
    """try to, tries to, trying to, try not, prefer*, preferable, ideal*, best effort, attempt*, favour*, favor*, likes best, like best, first choice, lean towards,
    best run, best placed, best kept, nice to have, if need be, hopefully, desirable, gladly, reluctantly, would like, we like, love to, aim to, aim for, aims to,
    seek to, strive*, would rather, priority for, do your best, do our best, does its best, wherever sensible, rather not, in doubt, normally, ordinarily, make an effort,
    to the extent possible, we would love, would love it, had better, no must, no hard rule, no strict rule, not a hard rule, not a must, a wish, soft, do not insist, don't insist,
    not set in stone, if nothing speaks against it, when circumstances allow, if circumstances allow, if that can be arranged, if it can be arranged, would be appreciated""",
    r"(?:where|when|if|whenever|wherever)(?:ver)?(?:\s+at\s+all|\s+it\s+is|\s+that\s+is|\s+this\s+is)?\s+(?:possible|feasible|practical|practicable)",
    r"as\s+(?:far|much|often)\s+as\s+(?:possible|we\s+can|you\s+can|it\s+can)", r"if\s+it\s+can\s+be\s+\w+",
    r"(?:if|when|where|whenever|wherever)(?:ver)?\s+(?:you|we|it|they)\s+can(?!['’]t|not)(?:\s+be\s+\w+|\s+help)?", r"(?:should|would)\s+rather", r"\w+['’]d\s+rather",
    r"priority\s+to(?!\s+be)", r"would\s+be\s+(?:nice|good|great|better|best|ideal|preferable)", r"(?:if|when|where)(?:ver|ever)?\s+(?:there\s+is|you\s+have)\s+a\s+choice", r"(?:if|where|when)(?:ver|ever)?\s+(?:it|that)\s+can\s+be\s+(?:done|arranged|helped)",
)  # fmt: skip
PREFERENCE = listed("priority to, preference, pick*, choose, choice, first, like*, best, lean*, rather")
EXEMPT = listed(
    """except*, unless, exclud*, exempt*, apart from, other than, else than, but not, aside from, save for, saving for, barring, bar, minus, without,
    spare*, besides, not counting, leaving aside, leaving out, provided they are not, provided it is not, not those, not the, not what, not our, not any, not jobs, not urgent, not tasks, not
    runs, ignoring, nobody but, no one but, none but, all but, not for, not to, everybody but, leaves out"""
    , r"(?:not|n['’]t)\s+(?:apply\s+to|hold\s+for|concern|bind|cover|affect|extend\s+to|include|count)"
)  # fmt: skip
EXEMPT_AFTER = listed(
    """exempt*, excepted, excluded, are free, is free, spared, not affected, unaffected, not bound, do not apply, does not apply, don't apply, doesn't apply, aside, apart,
    out of scope, are fine, are ok, still may, may still, can still, not included,
    may though, may nevertheless, may all the same, may however, may do so, regardless, anyway, not counted, not meant, not count, not have to, need not, elsewhere, free to, whenever, longer, not hold,
    at any time, around the clock, unasked, without asking, may finish later, may be later""",
    r"needs?\s+no",
)  # fmt: skip
ALONE = listed("only, nobody but, no one but, none but, nobody except, reserved for, belongs to, belong to")
SURELY_EXEMPT = listed(
    "except, excepting, excepted, exception, exempt*, unless, apart from, other than, save for, saving for, excluding, barring"
)
LEFT_OUT = listed(
    """except, excepting, unless, exclude, excludes, excluding, apart from, other than, else than, but not, aside from, save for, barring, bar, minus,
    without, outside, outside of, exception of, not, never, nothing but, beyond, leave, leaves, leaving, out of, nowhere but""",
    r"(?:anywhere|everywhere|nowhere|any\s+\w+|every\s+\w+|all\s+\w+|all\s+of\s+(?:the\s+)?\w+)\s+but(?:\s+in)?",
    r"but(?!\s+only)",
)  # fmt: skip
"""What stands before a place that is taken from a list, or outside which something holds."""
KEPT_OUT = listed("not, never, leave, leaves, leaving, out of")
"""What stands before a place to forbid it, and does not leave it out of a list."""
APPROVAL = listed(
    """approv*, sign off, signs off, signed off, signed, signature, permission, consent, go ahead, authoris*, authoriz*, green light, ask, asks, asked, asking,
    confirm*, human, manual*, by hand, yes, ok, okay, okays, okayed, agree*, nod, clearance, cleared, vet, vetted, review*, blessing, check with, person, permit, permits, four eyes, unasked, second pair of eyes"""
)  # fmt: skip
SURELY_APPROVAL = listed(
    "approval, approve, approved, sign off, sign offs, signing off, permission from, permission of, the go ahead, a go ahead, ask first, without asking, human ok"
)
SUSPENSION = listed(
    """suspen*, paus*, interrupt*, preempt*, pre empt*, halt*, stop*, resum*, checkpoint*, on hold, on ice, hold, break, breaks, in one go, in one piece, uninterrupt*,
    kill*, freez*, frozen, park*, through, undisturbed, midway, touch*, evict*, to the end, restart*, disturb*, cut, halfway, half way, done, completion, running, stall*"""
)  # fmt: skip
SURELY_SUSPENSION = listed(
    "suspend, suspended, suspending, suspension*, paused, pausing, preempt, preempted, preemption, interrupt, interrupted, interruption*, uninterrupt*, interruptible, preemptible, suspendable"
)
NO_SUSPENSION = listed(
    """in one go, in one piece, uninterrupt*, hands off, once started, once running, once they run, once it runs, non preempt*, to the end, to completion, until done,
    until finished, until they are done, run through, through to""",
    rf"(?:{_NO}|avoid\w*|refrain|forbid\w*|ban(?:ned)?|disallow\w*|prohibit\w*)\b(?:[^\w.;!?]+\w+){{0,14}}?[^\w.;!?]+"
    r"(?:suspen\w*|paus\w*|interrupt\w*|pre-?empt\w*|stop\w*|halt\w*|hold|break\w*|touch\w*|evict\w*|kill\w*|freez\w*|frozen|disturb\w*|cut|half[\s-]?way)",
    r"(?:suspen\w*|paus\w*|interrupt\w*|pre-?empt\w*)(?:\W+\w+){0,4}?\W+(?:not|never|forbidden|banned|prohibited|off|out|taboo|no)",
    r"leave\s+.{0,60}\b(?:alone|running|be)", r"(?:forbid|ban|avoid|rule\s+out|prohibit)\w*\s+\w+",
)  # fmt: skip
FREE = listed(
    "free, spare, idle, headroom, reserve, reserved, unused, available, slack, buffer, empty, unoccupied, left over, set aside, in reserve, vacant"
)
BUSY = listed(
    """cpu, cpus, utilis*, utiliz*, load, loads, loaded, use, uses, usage, used, capacity, busy, full, fill*, free, headroom, occup*, core, cores, spare, idle, machine*,
    server*, slack, reserve*, room, exceed, cluster*, set aside, buffer"""
)  # fmt: skip
SUBMITTED = listed(
    "submit*, people in, users in, from, from region, jobs of users, of users, users of, arise*, arising, stem*, come, comes, coming, originat*, sent, send, created, create, users in, users at, born, home, homes, launched, filed, handed in, started in, based in, people in, hand in"
)
SURELY_SUBMITTED = listed(
    "jobs from, job from, work from, workloads from, tasks from, requests from, users in, users from, submitted in, submitted from, submitted at, originate in, originate from, originating in, originating from, come from, comes from, coming from, sent from"
)
AT_ONCE = listed(
    """immediate*, at once, instant*, straight, right away, now, no delay, delay*, wait*, promptly, as soon as, upon, queue*, postpone*, defer*, hold, held, first thing, put off"""
)
SURELY_AT_ONCE = listed(
    "immediately, at once, straight away, right away, run now, start now, without delay, without any delay, no delay, zero delay"
)
STARTING = listed(
    """start*, begin*, wait*, delay*, defer*, postpone*, queue*, within, hold, held, launch*, going, running, later, immediate*, once, now, put off, kick*, straight, away,
    submission, submitted, shift*, slack, moved, off the ground, sit, sits, under way, underway, linger, go, run, get, spare, tolerate*, patien*, late, scheduled, picked up, back"""
)  # fmt: skip
FINISHING = listed(
    "finish*, done, complete*, by, before, ready, over, end, ends, ended, through, deadline, until, till, due, latest, past, after, beyond, later than, be in"
)
CARBON = listed(
    "carbon, co2*, co₂, emi*, clean*, dirt*, green*, footprint, climate, intensity, grid, gram*, gco2*, kgco2*, g, kg, tonne*, ton, tons, kilo*, t, sustainab*"
)
COST = listed(
    "cost*, money, pric*, cheap*, spend*, spent, bill, bills, budget*, dollar*, usd, expens*, dear*, saving*, economy, economic*"
)
DELAY = listed(
    "delay*, wait*, speed*, fast*, slow*, time, times, timel*, soon*, quick*, late*, prompt*, queue*, punctual*, turnaround, performance"
)
WEIGHING = listed(
    """matter*, important*, importance, weigh*, weight*, minimis*, minimiz*, optimis*, optimiz*, care, cares, first, count*, priorit*, objective, goal, above all, over, more,
    less, worth, value*, balanc*, trade*, reduc*, cut*, before, look*, consider*, save*, as much as, equal*, half, only, ahead, beat*, mind, rate, rated, rates, treat, trumps, ratio, mix, share, shares"""
)  # fmt: skip
OTHER_USE = words(
    r"(?:memory|ram|disks?|storage|network|bandwidth|gpus?|vram|racks?|power)\s+(?:use|usage|utili[sz]ation|load)"
)
"""Use of what is no CPU: headroom bounds CPUs alone."""
UNSAYABLE = words(
    r"(?:a|an|per|each|every|one)\s+(?:calendar\s+|fiscal\s+)?(?:quarter|year|decade)(?!\s+of)", r"quarterly", r"yearly", r"annual\w*",
    r"(?:public|bank|school|national|legal|state)\s+holidays?", r"holidays?", r"christmas\w*", r"easter", r"in\s+(?:spring|summer|autumn|winter)",
)  # fmt: skip
"""Spans and days that no rule knows: budgets are per hour, day, week or month, windows go by the days of the week."""
CPU_USE = listed("cpu, cpus, core, cores, processor*, vcpu*")
GPU = listed(
    "gpu, gpus, multi gpu, accelerator*, accelerated, graphics card, graphics cards",
    r"[AHVB]\d{2,3}s?",
    r"cpu[\s-]only",
)
NO_GPU = words(
    r"(?:without|no|non|not?\s+(?:use|need|have)s?|(?:do|does)n['’]t\s+(?:use|need|have)|do(?:es)?\s+not\s+(?:use|need|have)|needs?\s+no|uses?\s+no)[\s-]+(?:an?\s+|any\s+)?gpus?",
    r"cpu[\s-]only", r"only\s+(?:\w+\s+)?cpus?", r"gpu[\s-]?(?:less|free)",
)  # fmt: skip
BATCH = listed("batch, batches, offline, background, non interactive")
INTERACTIVE = listed("interactive, interactively, online, session, sessions, notebook, notebooks, live")
JOBS = re.compile(
    r"[\s-]+(?:jobs?|runs?|tasks?|workloads?|work|pipelines?|builds?|data|processes|stuff|things)\b", re.I
)
PER = {
    "hour": listed("hour, hours, hourly, h, hr"),
    "day": listed("day, days, daily, d"),
    "week": listed("week, weeks, weekly, wk"),
    "month": listed("month, months, monthly"),
}
_THAN = r"(?:\s+than|\s+of|\s+by|\s+the|\s+for|\s+about|\s+in|\s+at|\s+to)*\s*$"
AT_MOST = words(
    rf"(?:at\s+most|below|under|less|shorter|fewer|within|up\s+to|no\s+more\s+than|maximum|max|exceed|above|over|beyond|more|limit\w*|cap\w*){_THAN}"
)
"""What stands before a greatest share."""
SHORTER = words(rf"(?:at\s+most|below|under|less|shorter|fewer|within|up\s+to|no\s+more|no\s+longer){_THAN}")
LONGER = words(rf"(?<!no\s)(?<!not\s)(?:at\s+least|above|over|more|longer|exceed(?:s|ing)?|beyond|minimum){_THAN}")
BEFORE = listed("before, until, till, by, earlier, up to, to, prior, end, ends")
AFTER = listed("after, from, onward*, later, past, since, starting, starts, start, beginning, rest of the day, on, to")
FROM = words(r"(?:from|after|since|starting|begin(?:s|ning)?(?:\s+at)?|not\s+before|later\s+than)\s*$")
DEADLINE = listed(
    """by, before, due, deadline, within, done, finish*, ready, result*, until, in, end, latest, needed, need, complete*, after, past, expect*, over, wanted, till, for, eod,
    eow, tomorrow, today, on, at"""
)  # fmt: skip
EARLIEST = listed(
    """not before, nothing before, never before, earliest, after, from, hold, holds, wait, waits, later, start*, begin*, sooner, earlier, arriv*, available, will be there, is there,
    be ready, is ready, are ready, are complete, is complete, not in the next, not run before, next week""",
    rf"{_NO}\b.{{0,40}}\b(?:before|until|till|in\s+the\s+next)", r"(?:come|comes|in)\s+(?:in|at|on)",
)  # fmt: skip
SURELY_EARLIEST = words(
    rf"{_NO}\s+(?:\w+\s+){{0,3}}before", r"(?:at\s+the|the|at)\s+earliest", rf"{_NO}\s+(?:sooner|earlier)"
)
BY_THE_START = words(r"(?:start|begin|launch|kick|get\s+going)\w*\b[^.;!?]{0,40}")
BY_THE_END = words(r"(?:finish|complet|done|ready|end|deliver|result)\w*\b[^.;!?]{0,40}")
UP_TO = words(
    r"(?:up\s+to|at\s+most|within|no\s+later\s+than|not\s+later\s+than|no\s+more\s+than|not\s+more\s+than|no\s+longer\s+than|max(?:imum)?(?:\s+of)?|less\s+than)\s*$"
)
OTHER_JOBS = words(
    r"(?:all|every|each|any)\s+(?:of\s+the\s+|the\s+)?(?:\w+\s+){0,2}?(?:jobs?|runs?|tasks?|workloads?|simulations?|users?)",
    r"(?:jobs?|runs?|tasks?|workloads?|simulations?|work)\s+of\s+(?:team|customer|other|all|the\s+other)",
)
"""What speaks of other jobs than the one that is described."""
TAKING = listed(
    """take, takes, took, run, runs, running, need, needs, run time, runtime, duration, last, lasts, long, length, estimat*, hour, hours, about, for, expect*, plan, count, through,
    occup*, h, minute*, min, day, days, usually, typically, done in, on, around, eta, wall*, of"""
)  # fmt: skip
NO_HURRY = listed(
    """hurry, rush, not urgent, whenever, last, low, spare, nothing else, others first, other first, relaxed, unimportant, no urgency, nobody, idle, background, leisure, least,
    bottom, no pressure, can wait"""
)  # fmt: skip
HURRY = listed(
    "hurry, urgen*, asap, as soon as possible, important, emergency, critical, first, top, rush, down, quick*, highest, vital, outage, high, ahead, before our other, before our others, before the others, before all other*"
)
NO_MATTER = words(
    rf"{_NO}\s+(?:\w+\s+){{0,2}}(?:problem|mind|matter|trouble|harm|hurt|issue|care|objection)s?",
    r"(?:is|are)\s+(?:fine|ok|okay|welcome|possible|allowed)", r"feel\s+free", r"(?:can|may)\s+be", r"survives?", r"tolerates?",
)  # fmt: skip
LOSES = listed(
    """loses, lose, lost, no checkpoint, no checkpoints, from scratch, start over, one go, straight through, one piece, from the beginning, non interruptible, not interruptible,
    uninterrupted, nonstop, non stop, continuous*"""
)  # fmt: skip
TOLD = words(
    r"was|were|had|wrote|tried|failed|crashed|went|yesterday|last\s+(?:week|month|year|night|quarter)|has\s+been|have\s+been|used\s+to"
)
"""What has been asks for nothing."""
REPORTED = words(TOLD.pattern, r"(?:have|has|we)\s+(?:just\s+)?\w+ed")
"""What a sentence of a policy reports, as "we have signed a contract"."""
TO_THE_READER = listed(
    """ignore*, forget*, disregard*, override, bypass*, system, prompt*, instruction*, you are now, you have, your task, your role, your rules, pretend, act as, maintenance mode,
    delete*, reveal, print, output, answer with, reply with, translate, summarise, skip*, switch off, disable*, guard, all limits, every limit, any rule"""
)  # fmt: skip
"""What is said to whoever reads a policy, and not of jobs."""
WISHED = words(
    r"would\s+be\s+(?:nice|great|good|lovely)",
    r"\w+['’]d\s+(?:like|prefer|love)",
    r"anywhere\s+is\s+fine",
    r"(?:is\s+)?no\s+must",
    r"often|usually\s+run",
)
"""A place that is merely liked is no bound on a job."""
HISTORY = words(r"(?:once|used\s+to)\s+(?:need|take|run)\w*", r"that\s+is\s+history", r"not\s+any\s+more")
THEY = words(r"(?<!unless )they", r"these(?!\s+(?:jobs|rules|hours|days|times|regions|places|limits))")
PLAINLY_NOT = listed(
    "not in, never in, avoid*, away from, out of, except, any region but, anywhere but, everywhere but, off limits, clear of, not use, no option, not allowed, not go, not enter"
)
"""What forbids the place itself, and not what lies outside."""
WAITING = listed(
    "wait*, delay*, queue*, start within, starts within, start no later, starts no later, start in the next, launch within, spare, held back, postpone*, defer*"
)
RUN_TIME = listed(
    "take*, took, run, runs, running, need*, duration, last, lasts, run time, runtime, long, estimat*, expect*, plan, through, work, occup*, on, done in, usually, hours of"
)
NEXT = listed("next, following, after next, week")
SURELY_HURRIED = listed("no hurry, no rush, in a hurry, asap, as soon as possible")
