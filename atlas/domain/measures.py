"""What a guardrail finds: a number against its limit, and the sentence when it lies beyond.

A number that equals its limit passes. From four fifths of a limit on people are warned.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from atlas.domain.units import RATIO_QUANTUM, ZERO, ceil_to, exact, plain

UNKNOWN = "unknown"
WARN_RATIO = Decimal("0.8")
# A warning or an alarm ends only once the number has come back by a tenth, so that it cannot flicker.
REST_RATIO = Decimal("0.9")


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule's finding: what was measured, what was allowed, and a sentence that says both."""

    rule: str
    measured: str
    limit: str
    message: str


class Shown(StrEnum):
    """How a number is written for people: what follows it."""

    USD = " USD"
    TIMES = "x"
    BPS = " bps"
    SECONDS = " s"
    SHARE = " of 1"
    COUNT = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number and what it may be at most, or with `is_floor` at least; None is unknown.

    `sentence` begins the message of a breach.
    """

    value: Decimal | int | None
    limit: Decimal | int | None
    sentence: str
    shown: Shown = Shown.COUNT
    is_floor: bool = False

    @property
    def passes(self) -> bool:
        """Tell whether both numbers are known and the value is within the limit."""
        if self.value is None or self.limit is None:
            return False
        return self.value >= self.limit if self.is_floor else self.value <= self.limit

    @property
    def used_ratio(self) -> Decimal | None:
        """Give the share of the limit that is used, rounded up; above 1 beyond it, None unknown."""
        if self.value is None or self.limit is None:
            return None
        part, whole = Decimal(self.value), Decimal(self.limit)
        if self.is_floor:
            part, whole = whole, part
        if part <= 0:
            return ZERO
        if whole <= 0 or not part.is_finite():
            return Decimal("Infinity")
        with exact():
            return ceil_to(part / whole, RATIO_QUANTUM) if whole.is_finite() else ZERO

    def breach(self, rule: str) -> Breach | None:
        """Word the breach, or give None where the number passes."""
        if self.passes:
            return None
        return breach_of(rule, self._word(self.value), self._word(self.limit), self.sentence)

    def _word(self, number: Decimal | int | None) -> str:
        if number is None:
            return UNKNOWN
        return f"{plain(Decimal(number))}{self.shown.value}"


def breach_of(rule: str, measured: str, limit: str, sentence: str) -> Breach:
    """Word a breach: the sentence, what was measured, what is allowed."""
    return Breach(rule, measured, limit, f"{sentence}: {measured}, allowed {limit}.")
