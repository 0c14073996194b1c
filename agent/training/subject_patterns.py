"""The patterns of where jobs come from."""

from __future__ import annotations

DATA_FROM = (
    "[[data|everything|work|whatever|anything|all work|what] [from|that originates in|that comes from|that was submitted in|that arises in|created in]"
    "|[what|whatever|all that|everything] [users in {w} [submit|send|hand in]|people in {w} [submit|send us]|comes from {w}|is submitted [in|from] {w}]"
    "|the work of [our |]users in {w}]"
)
"""What stands for the jobs; without a `{w}` it is followed by the place."""
HOME = (
    "[[submitted [in|from|by users in]|from|from|that come from|created in|that originate in|sent from|sent in from|coming from|filed in|that were submitted in"
    "|started from|at home in|whose home is|handed in at|entered in] {w}|that [users|people|our users] in {w} [submit|send|hand in|start]|that {w} submits|of users in {w}]"
)
