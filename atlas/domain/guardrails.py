"""Guardrails: what a rule is, what it finds, and how all of them judge one intent.

A rule is a pure function `(intent, snapshot, limits, now) -> Breach | None`. All rules of a list
run, and every breach is reported with both numbers. A rule binds the kinds of permit it names in
`applies_to`; for the kinds in `recorded_for` its breach is written down and stops nothing, because
a limit on risk must never lock a position in. An unknown number is a breach, and so is a rule that
fails: what cannot be judged is not allowed, and getting out depends on few rules.

`now` is the time of the feed that the snapshot and the signal speak of.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from atlas.domain.intents import RISK_KINDS, OrderIntent
from atlas.domain.limits import Limits
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import PermitKind

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule's finding: what was measured, what was allowed, and a sentence that says both."""

    rule: str
    measured: str
    limit: str
    message: str


Check = Callable[[OrderIntent, Snapshot, Limits, datetime], Breach | None]


@dataclass(frozen=True, slots=True)
class GuardrailRule:
    """A named check and the kinds of permit that it binds, or is only recorded for.

    `limit_fields` names the fields of Limits that the check reads.
    """

    name: str
    applies_to: frozenset[PermitKind]
    check: Check
    recorded_for: frozenset[PermitKind] = frozenset()
    limit_fields: frozenset[str] = frozenset()


class Outcome(StrEnum):
    """What became of one rule."""

    PASSED = "PASSED"
    BREACHED = "BREACHED"  # denies
    RECORDED = "RECORDED"  # would deny another kind; stops nothing here


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's outcome for one intent."""

    rule: str
    outcome: Outcome
    breach: Breach | None


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
    try:
        breach = rule.check(intent, snapshot, limits, now)
    except Exception as error:  # noqa: BLE001 - one broken rule must neither open nor lock the door
        breach = Breach(
            rule=rule.name,
            measured=UNKNOWN,
            limit=UNKNOWN,
            message=f"The rule {rule.name} failed ({type(error).__name__}), so it cannot be passed.",
        )
    if breach is None:
        return Verdict(rule.name, Outcome.PASSED, None)
    binds = intent.kind in rule.applies_to
    return Verdict(rule.name, Outcome.BREACHED if binds else Outcome.RECORDED, breach)


def risk_rule(name: str, check: Check, *limit_fields: str) -> GuardrailRule:
    """Make a rule that denies what adds risk and is only recorded for what takes it off."""
    return GuardrailRule(
        name=name,
        applies_to=RISK_KINDS,
        check=check,
        recorded_for=frozenset({PermitKind.REDUCE, PermitKind.STOP}),
        limit_fields=frozenset(limit_fields),
    )
