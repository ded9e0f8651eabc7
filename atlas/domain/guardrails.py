"""Guardrails: what a rule is, what it finds, and how all of them judge one intent.

A rule is a pure function of intent, snapshot, limits and time that answers with a Measure (a number
against its limit), a Breach, or None. All rules of a list run, and every breach is reported with
both numbers. A rule binds the kinds of permit it names in `applies_to`; for the kinds in
`recorded_for` its breach is written down and stops nothing, because a limit on risk must never
lock a position in. An unknown number is a breach, and so is a rule that fails: what cannot be judged
is not allowed, and getting out depends on few rules.

`now` is the time of the feed that the snapshot and the signal speak of.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from atlas.domain.intents import RISK_KINDS, OrderIntent
from atlas.domain.limits import Limits
from atlas.domain.measures import UNKNOWN, WARN_RATIO, Breach, Measure
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import PermitKind

Check = Callable[[OrderIntent, Snapshot, Limits, datetime], Measure | Breach | None]


@dataclass(frozen=True, slots=True)
class GuardrailRule:
    """A named check and the kinds of permit that it binds, or is only recorded for.

    `limit_fields` names the fields of Limits that the check reads. A rule that `stands` speaks of
    the account rather than of the order, so people are told when it comes near its limit; one that
    `tightens` also brings the account's switch to REDUCING when it breaches.
    """

    name: str
    applies_to: frozenset[PermitKind]
    check: Check
    recorded_for: frozenset[PermitKind] = frozenset()
    limit_fields: frozenset[str] = frozenset()
    stands: bool = False
    tightens: bool = False


class Outcome(StrEnum):
    """What became of one rule."""

    PASSED = "PASSED"
    WARNED = "WARNED"  # passed, at four fifths of its limit or more
    BREACHED = "BREACHED"  # denies
    RECORDED = "RECORDED"  # would deny another kind; stops nothing here


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's outcome for one intent; `used_ratio` is the share of its limit, where it has one."""

    rule: str
    outcome: Outcome
    breach: Breach | None
    used_ratio: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Every rule's verdict on one intent."""

    verdicts: tuple[Verdict, ...]

    @property
    def breaches(self) -> tuple[Breach, ...]:
        """Give the breaches that deny."""
        return self._of(Outcome.BREACHED)

    @property
    def recorded(self) -> tuple[Breach, ...]:
        """Give the breaches that are written down only."""
        return self._of(Outcome.RECORDED)

    @property
    def allowed(self) -> bool:
        """Tell whether rules ran and none denies."""
        return bool(self.verdicts) and not self.breaches

    @property
    def reason(self) -> str:
        """Say in words why the intent is denied, or that it is not."""
        return " ".join(breach.message for breach in self.breaches) or "All guardrails passed."

    def _of(self, outcome: Outcome) -> tuple[Breach, ...]:
        return tuple(v.breach for v in self.verdicts if v.breach and v.outcome is outcome)


def judge(
    intent: OrderIntent,
    snapshot: Snapshot,
    limits: Limits,
    now: datetime,
    *,
    rules: Sequence[GuardrailRule],
) -> Judgement:
    """Run every rule that has a word on the intent's kind and collect all verdicts.

    A kind that no rule binds is not allowed: the judgement holds no verdict.
    """
    concerned = [r for r in rules if intent.kind in r.applies_to | r.recorded_for]
    if not any(intent.kind in rule.applies_to for rule in concerned):
        return Judgement(())
    return Judgement(tuple(_verdict(rule, intent, snapshot, limits, now) for rule in concerned))


def _verdict(
    rule: GuardrailRule, intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Verdict:
    breach, used_ratio = _found(rule, intent, snapshot, limits, now)
    if breach is None:
        near = used_ratio is not None and used_ratio >= WARN_RATIO
        return Verdict(rule.name, Outcome.WARNED if near else Outcome.PASSED, None, used_ratio)
    binds = intent.kind in rule.applies_to
    outcome = Outcome.BREACHED if binds else Outcome.RECORDED
    return Verdict(rule.name, outcome, breach, used_ratio)


def _found(
    rule: GuardrailRule, intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> tuple[Breach | None, Decimal | None]:
    """Ask a rule; gives its breach, if any, and how much of its limit is used, where it has one."""
    try:
        found = rule.check(intent, snapshot, limits, now)
        if isinstance(found, Measure):
            return found.breach(rule.name), found.used_ratio
    except Exception as error:  # noqa: BLE001 - one broken rule must neither open nor lock the door
        said = f"The rule {rule.name} failed ({type(error).__name__}), so it cannot be passed."
        return Breach(rule.name, UNKNOWN, UNKNOWN, said), None
    return found, None


def risk_rule(
    name: str, check: Check, *limit_fields: str, stands: bool = False, tightens: bool = False
) -> GuardrailRule:
    """Make a rule that denies what adds risk and is only recorded for what takes it off."""
    return GuardrailRule(
        name=name,
        applies_to=RISK_KINDS,
        check=check,
        recorded_for=frozenset({PermitKind.REDUCE, PermitKind.STOP}),
        limit_fields=frozenset(limit_fields),
        stands=stands or tightens,
        tightens=tightens,
    )
