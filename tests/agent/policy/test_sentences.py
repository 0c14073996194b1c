import pytest

from agent.policy.sentences import sentences


def test_only_prose_is_read_and_a_bullet_begins_a_sentence():
    text = """---
owner: ops
---
# Where jobs run

Old heading
-----------

Finance jobs stay in Europe. They may
not leave it!  <!-- agreed in May. -->

* Batch jobs avoid Texas between 16:00 and 21:00
  on weekdays
1. Urgent jobs start at once; no delay
> Backups never above 350 g.

```yaml
kind: placement. Not prose.
```
A sentence above a ruler.
---
"""
    assert sentences(text) == [
        "Finance jobs stay in Europe.",
        "They may not leave it!",
        "Batch jobs avoid Texas between 16:00 and 21:00 on weekdays",
        "Urgent jobs start at once; no delay",
        "Backups never above 350 g.",
        "A sentence above a ruler.",
    ]


def test_what_leads_into_a_list_begins_each_of_its_items_and_nothing_else():
    text = """Be kind. For training jobs:

- never in California
- not suspended more than twice. We mean it.

No backups in Texas:

A heading follows."""
    assert sentences(text) == [
        "Be kind.",
        "For training jobs: never in California",
        "For training jobs: not suspended more than twice.",
        "We mean it.",
        "No backups in Texas:",
        "A heading follows.",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Stay below 0.5 of the CPUs. Start in 2 h.", 2),
        ("Avoid dirty regions, e.g. Texas, in the evening.", 1),
        ("No batch from 4 p.m. to 9 p.m. in Texas.", 1),
        ("Finish by 4 p.m. Urgent jobs start now.", 2),
        ("Nothing in the U.S. at night.", 1),
        ("Wait at most 30 min. Then start.", 2),
        ("Start within 2 h. Batch jobs may wait.", 2),
        ('Ops said "never." Finance agreed.', 2),
        ("gb is closed. de is open.", 2),
        ("Really?! Yes.", 2),
        ("", 0),
        ("```\nunclosed code. Gone.", 0),
    ],
)
def test_stops_inside_numbers_and_abbreviations_do_not_end_a_sentence(text, count):
    assert len(sentences(text)) == count


def test_no_word_of_prose_is_lost():
    text = "One two. Three e.g. four! Five (six). Seven"
    assert " ".join(sentences(text)) == text
