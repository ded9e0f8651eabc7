"""Counting requests of a client against a quota.

Requests are counted in Redis, for all processes together. Where Redis is away each process counts
for itself, so that an outage neither shuts the API nor opens it wide; the store logs the outage.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from redis import Redis

from atlas.api.store import api_store, script
from atlas.domain.windows import Quota, Verdict, Window, admits, index_at, judge

MOST_CLIENTS_HERE = 10_000

# Counts one request where it fits: KEYS counts; ARGV quota, seconds. Time is Redis' own, so that all
# processes agree. Gives whether it fits, the time as text, the window's number and both counts.
COUNT = """
local time = redis.call('TIME')
local moment = tonumber(time[1]) + tonumber(time[2]) / 1000000
local quota, seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
local index = math.floor(moment / seconds)
local held = redis.call('HMGET', KEYS[1], 'index', 'present', 'earlier')
local before, present, earlier = tonumber(held[1] or -9), tonumber(held[2] or 0), tonumber(held[3] or 0)
if before == index - 1 then earlier, present = present, 0
elseif before ~= index then earlier, present = 0, 0 end
local used = earlier * (1 - (moment / seconds - index)) + present
local fits = 0
if used + 1 <= quota then fits, present = 1, present + 1 end
redis.call('HSET', KEYS[1], 'index', index, 'present', present, 'earlier', earlier)
redis.call('EXPIRE', KEYS[1], seconds * 2)
return {fits, string.format('%.6f', moment), index, present, earlier}
"""


def count(client: str, quota: Quota) -> Verdict:
    """Count one request of a client, in Redis or, where it is away, here."""
    name = api_store().named(f"limit:{client}")
    found = api_store().ask(_counting(name, quota))
    if found is None:
        return _here.count(client, quota)
    fits, moment, index, present, earlier = found
    window = Window(int(index), int(present), int(earlier))
    return judge(window, quota, moment=float(moment), allowed=bool(fits))


def _counting(name: str, quota: Quota) -> Callable[[Redis], Any]:
    """Make the question that counts a request in Redis."""
    return lambda redis: script(redis, COUNT, [name], [quota.requests, quota.seconds])


class CountsHere:
    """The counts of this process alone, of the clients that asked last."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def count(self, client: str, quota: Quota) -> Verdict:
        """Count one request of a client where it fits."""
        moment = self._clock()
        with self._guard:
            window = self._windows.pop(client, Window()).at(index_at(moment, quota))
            allowed = admits(window, quota, moment=moment)
            window = window.counted() if allowed else window
            self._windows[client] = window
            if len(self._windows) > MOST_CLIENTS_HERE:
                self._windows.popitem(last=False)
        return judge(window, quota, moment=moment, allowed=allowed)


_here = CountsHere()
