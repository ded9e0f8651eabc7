"""The table of all guardrails as `docs/guardrails.md` shows it, written from the rules themselves."""

from collections.abc import Iterable

from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.guardrails import GuardrailRule
from atlas.domain.limit_fields import LIMIT_FIELDS, LimitField, Unit, Value
from atlas.domain.states import PermitKind

KINDS = ("INCREASE", "SWAP", "REDUCE", "STOP", "FLATTEN", "CANCEL", "CLAIM", "BURN", "SETUP")


def rules_table(rules: Iterable[GuardrailRule] = HOUSE_RULES) -> str:
    """Write one line a rule: what it does to each kind, which limits it reads, what it means."""
    head = ["Rule", *KINDS, "Limits", "Beside the denial", "What it asks"]
    lines = [_line(head), _line(["---"] * len(head))]
    lines += [_line(_cells(rule)) for rule in rules]
    return "\n".join(lines)


def limits_table(fields: Iterable[LimitField] = LIMIT_FIELDS) -> str:
    """Write one line a limit: its unit, bounds, default on paper and meaning."""
    head = ["Limit", "Unit", "Tighter is", "Bounds", "On paper, unless stated", "Meaning"]
    lines = [_line(head), _line(["---"] * len(head))]
    for one in fields:
        bounds = "" if one.unit is Unit.NAMES else f"{one.lowest} to {one.highest}"
        lines.append(
            _line(
                [
                    f"`{one.name}`",
                    one.unit.value,
                    {"CEILING": "less", "FLOOR": "more", "LIST": "fewer"}[one.sense.value],
                    bounds,
                    _default(one.paper),
                    one.help,
                ]
            )
        )
    return "\n".join(lines)


def _cells(rule: GuardrailRule) -> list[str]:
    words = [_word(rule, PermitKind(kind)) for kind in KINDS]
    limits = ", ".join(f"`{name}`" for name in sorted(rule.limit_fields))
    beside = "tightens" if rule.tightens else "warns" if rule.stands else ""
    return [f"`{rule.name}`", *words, limits, beside, _meaning(rule)]


def _word(rule: GuardrailRule, kind: PermitKind) -> str:
    if kind in rule.applies_to:
        return "denies"
    return "noted" if kind in rule.recorded_for else "-"


def _meaning(rule: GuardrailRule) -> str:
    """Take the first line of the check's own description."""
    return (rule.check.__doc__ or "").strip().splitlines()[0]


def _default(value: Value | None) -> str:
    if value is None:
        return "see below"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
