"""The patterns of what people put around a rule: speakers, reasons, references, and what joins two rules."""

from __future__ import annotations

THAT = (
    "[the board|legal|management|our auditor|the CFO|compliance|the security team|the works council|the customer|our landlord|the regulator|the data protection officer] "
    "[has decided that|says|insists that|wants it that|requires that|demands that|told us that|asks that|expects that|made it clear that]",
    "[please |kindly |]make sure [that |]", "[please |]note that", "see to it that", "[please |]take care that",
    "it is [essential|important|agreed|our policy|mandatory|a must|required] that",
    "[remember|be aware|keep in mind] that", "we [have promised|agreed|promise|guarantee] that", "the rule is that", "our contract says that",
    "we decided that", "the deal is that", "the law says that",
    "ensure [that |]", "it goes without saying that", "as everybody knows,", "you must ensure that", "would you please see to it that",
)  # fmt: skip
BEFORE = (
    "[from now on|starting today|with immediate effect|as of next quarter|until further notice|from Q{m} on], ",
    "[as agreed|as always|in general|by order of the board|as a matter of principle|as promised|in short|well|so|also|again], ",
    "[for compliance reasons|because of the audit|for legal reasons|for the sake of the planet|to save money|for safety], ",
    "per section {n}.{m} of our contract, ", "[rule|item|point|section|article|no.] {n}: ", "{m}. ", "{n}) ", "[for the record|to be clear|once more|remember|reminder|note|NB]: ",
    "in our experience the grid suffers, so ", "[I repeat|listen]: ", "[dear operators|dear all|colleagues|folks|team], ",
    "since we promised it in ticket {n}, ", "after the [incident|outage|audit|fire] last year: ", "under no circumstances forget this: ",
    "[important|attention|urgent notice|new]! ", "@all: ", "[GDPR|sustainability|ops|security|costs|carbon|SLA|contract]: ", "please: ",
)  # fmt: skip
AFTER = (
    ", because the grid there is strained", ", for legal reasons", ", as the auditors asked", " (see ticket {n})", ", please", ", please", ", thanks",
    ", so that others find room", " - the auditors insist", ", since it is expensive", ", as promised to the customer", " (rule {n})", ", OK?",
    " (policy {n}, rev. {m})", ", thank you", ", as discussed", ", as our contract says", " - [legal|the CFO|management] wants it so", ", since {n}",
    ", because people depend on it", " to keep our promise", ", which is what we agreed", " for the sake of the planet", ", as usual", " ({n})",
    ", like last year", ", because of noise complaints", " in order to save money", ", as the law demands", ", if you please", ", as far as I know",
)  # fmt: skip
STRICT = (", no matter what", ", without exception", ", period", ", whatever the reason", ", or else we pay a fine", ", even if it takes longer", ", always", ", full stop", " - this is not negotiable",
          ", and I mean it", " (hard rule)", ", that is an order", ", no ifs and buts")  # fmt: skip
"""Behind rules that are no wishes."""
ASK = ("could you {v}?", "can we please {v}?", "would you please {v}?", "could we {v}, please?", "can you {v}{s}?", "would you mind to {v}{s}?", "may I ask you to {v}{s}?", "could you be so kind as to {v}?")  # fmt: skip
JOIN = (", and {b}", "; {b}", ", while {b}", " and {b}", ", but {b}", "; moreover, {b}", " - and {b}", ", whereas {b}",
        ". Also, {b}", "; in addition, {b}", ". {B}", ", plus: {b}", "; also, {b}", ", yet {b}", "; at the same time {b}", ". Besides, {b}", " + {b}", "\n{b}")  # fmt: skip
THEY = (" and {b}", ", and {b}", " but {b}", "; {b}", ", {b}", " and also {b}", ", but {b}", " - {b}")
