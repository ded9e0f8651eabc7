"""Which colour each state has: one map for every pill, bar and badge of the console.

A colour never stands alone, the word is always beside it. The map knows every state of every
lifecycle; a test walks them all, so that a new state cannot go without a colour.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Tone(StrEnum):
    """What a colour says; the value is the suffix of the CSS class."""

    GOOD = "good"  # done, or free to work
    ACTIVE = "active"  # on its way
    CAUTION = "caution"  # somebody should look
    BAD = "bad"  # went wrong, or stands still
    QUIET = "quiet"  # over, or not begun
    LIVE = "live"  # real money


_WORDS: Mapping[Tone, tuple[str, ...]] = {
    Tone.GOOD: (
        "ACTIVE",
        "FILLED",
        "DONE",
        "COMPLETED",
        "CONSUMED",
        "APPLIED",
        "APPROVED",
        "ENABLED",
        "DEPLOYABLE",
        "DEPLOYED",
        "READY",
        "TRADING",
        "WIN",
    ),
    Tone.ACTIVE: (
        "PAPER",
        "RUNNING",
        "WORKING",
        "AUTHORISED",
        "SUBMITTED",
        "ACCEPTED",
        "ISSUED",
        "RESERVED",
        "RECEIVED",
        "STAGED",
        "REVIEWED",
        "OPEN",
        "ACKNOWLEDGED",
    ),
    Tone.CAUTION: (
        "REDUCING",
        "FROZEN",
        "PARTIAL",
        "APPLIED_PARTIAL",
        "PENDING",
        "PAUSED",
        "WARNING",
    ),
    Tone.BAD: (
        "HALTED",
        "UNKNOWN",
        "FAILED",
        "ERROR",
        "ERRORED",
        "DENIED",
        "REJECTED",
        "ABANDONED",
        "LOSS",
        "CRITICAL",
    ),
    Tone.QUIET: (
        "PLANNED",
        "CANCELED",
        "SKIPPED",
        "SUPERSEDED",
        "REVOKED",
        "EXPIRED",
        "VOID",
        "USED",
        "REVERTED",
        "PREVIEW",
        "DELISTED",
        "WATCHED",
        "RETIRED",
        "FLAT",
        "RESOLVED",
        "INFO",
    ),
    Tone.LIVE: ("LIVE",),
}
TONES: Mapping[str, Tone] = MappingProxyType(
    {word: tone for tone, words in _WORDS.items() for word in words}
)


def tone_of(state: str) -> Tone:
    """Give the colour of a state, however it is written; a word that is no state is quiet."""
    return TONES.get(state.upper(), Tone.QUIET)
