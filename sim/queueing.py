"""M/M/c: how long requests take that come at random to c servers (Erlang 1917; Gross and Harris, 2.3).

`rate` and `service_rate` are requests a second; a server answers one request at a time.
"""

from __future__ import annotations

import math


def erlang_c(servers: int, offered: float) -> float:
    """Return the probability that a request must wait, for `offered` = rate / service_rate < servers.

    By the recursion of Erlang B, which does not overflow.

    Example:
        One server half busy: every second request waits.

        >>> erlang_c(1, 0.5)
        0.5
    """
    if offered <= 0:
        return 0.0
    if offered >= servers:
        return 1.0
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return _waits(servers, offered, blocked)


def _waits(servers: int, offered: float, blocked: float) -> float:
    """Return Erlang C from Erlang B."""
    return servers * blocked / (servers - offered * (1.0 - blocked))


def mean_response_s(rate: float, servers: int, service_rate: float) -> float:
    """Return the mean time from arrival to answer, seconds; infinite if the servers cannot keep up.

    Example:
        One server that answers 2 a second, asked once a second: 1 / (2 - 1) s.

        >>> mean_response_s(1.0, 1, 2.0)
        1.0
    """
    offered = rate / service_rate
    if offered >= servers:
        return math.inf
    return 1.0 / service_rate + erlang_c(servers, offered) / (servers * service_rate - rate)


def servers_needed(rate: float, service_rate: float, target_s: float, *, most: int) -> int | None:
    """Return the fewest servers whose mean response is within the target; None if even `most` are too few."""
    if target_s <= 1.0 / service_rate or rate >= most * service_rate:
        return None
    offered, blocked = rate / service_rate, 1.0
    for servers in range(1, most + 1):
        blocked = offered * blocked / (servers + offered * blocked)
        if servers > offered:
            wait_s = _waits(servers, offered, blocked) / (servers * service_rate - rate)
            if 1.0 / service_rate + wait_s <= target_s:
                return servers
    return None
