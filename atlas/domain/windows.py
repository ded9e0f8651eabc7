"""Counting requests in a window that slides: the arithmetic of throttles, without clock or store.

Two counts stand for a window: those of the present fixed window and of the one before. The part of
the earlier window that still lies within the last `seconds` is taken as if its requests had been
spread evenly. So nobody gets a double share at the border of two windows, and two numbers are all
that has to be kept for each client.
"""

from dataclasses import dataclass
from math import ceil, floor


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests are served within how many seconds."""

    requests: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Window:
    """What is counted of one client: the number of the fixed window, its count, the one before's."""

    index: int = 0
    present: int = 0
    earlier: int = 0

    def at(self, index: int) -> "Window":
        """Give the counts as they stand in a fixed window; what is older than the last one is gone."""
        if index == self.index:
            return self
        return Window(index, 0, self.present if index == self.index + 1 else 0)

    def counted(self) -> "Window":
        """Count one request more."""
        return Window(self.index, self.present + 1, self.earlier)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is served, how many more would be, and when to come back.

    `reset_seconds` is when the present fixed window ends; `wait_seconds` is 0 where it is served.
    """

    allowed: bool
    remaining: int
    reset_seconds: int
    wait_seconds: int


def index_at(moment: float, quota: Quota) -> int:
    """Give the number of the fixed window that a moment (seconds since 1970) lies in."""
    return floor(moment / quota.seconds)


def admits(window: Window, quota: Quota, *, moment: float) -> bool:
    """Say whether one request more fits; the window must stand at the moment's index."""
    return _used(window, quota, moment) + 1 <= quota.requests


def judge(window: Window, quota: Quota, *, moment: float, allowed: bool) -> Verdict:
    """Tell a client where it stands, after its request was counted or refused."""
    elapsed = moment - window.index * quota.seconds
    return Verdict(
        allowed=allowed,
        remaining=max(0, floor(quota.requests - _used(window, quota, moment))),
        reset_seconds=max(1, ceil(quota.seconds - elapsed)),
        wait_seconds=0 if allowed else _wait(window, quota, moment),
    )


def _used(window: Window, quota: Quota, moment: float) -> float:
    """Estimate the requests within the last `seconds`."""
    passed = moment / quota.seconds - window.index
    return window.earlier * (1 - min(max(passed, 0.0), 1.0)) + window.present


def _wait(window: Window, quota: Quota, moment: float) -> int:
    """Give the whole seconds after which one request more fits, if none comes in between."""
    room = quota.requests - 1
    left = (window.index + 1) * quota.seconds - moment
    if window.present <= room:  # the earlier window must fade far enough
        faded = 1 - (room - window.present) / window.earlier
        return max(1, ceil(left - (1 - faded) * quota.seconds))
    return max(1, ceil(left + (1 - room / window.present) * quota.seconds))
