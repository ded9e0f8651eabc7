"""Fees, bridges and claims in the words and rows of the printed page."""

from typing import Any

from atlas.domain.bridge import Leg
from atlas.domain.metrics import DEFINITIONS, MetricId, Reason
from strategies.report.bridges import BridgeOf
from strategies.report.claims import Obstacle, Verdict
from strategies.report.wording import NOTHING, difference, dollars, metric, percent, plain_number

Rows = list[dict[str, Any]]

LEG_NAMES = {
    Leg.FLOWS: "Net deposits",
    Leg.TRADING_PNL: "Trading PnL",
    Leg.POSITION_FEES: "Position fees",
    Leg.FUNDING: "Funding",
    Leg.BORROWING: "Borrowing",
    Leg.PRICE_IMPACT: "Price impact",
    Leg.GAS_AND_KEEPER_FEES: "Gas and keeper fees",
    Leg.MANAGER_FEES: "Manager fees",
}
VERDICTS = {
    Verdict.AGREES: "agrees",
    Verdict.DIFFERS: "differs",
    Verdict.NOT_COMPARABLE: "cannot be compared",
}
OBSTACLES = {
    Obstacle.UNKNOWN_METRIC: "no metric of ours goes by that name",
    Obstacle.NO_NUMBER: "the claim is no number",
    Obstacle.OTHER_WINDOW: "this report shows but a part of the record",
    **{reason.value: reason.meaning for reason in Reason},
}


def fee_rows(fees: dict[str, Any]) -> dict[str, Any] | None:
    """Give gross and net beside each other; None where nothing is known of fees."""
    if fees["basis"] is None:
        return None
    sides = (fees["gross"], fees["net"])
    rows: Rows = [
        {
            "name": DEFINITIONS[one].name,
            "cells": [
                {
                    "text": NOTHING if side is None else metric(side[one], DEFINITIONS[one].unit),
                    "exact": None if side is None else side[one],
                }
                for side in sides
            ],
        }
        for one in _FEE_METRICS
    ]
    return {**fees, "rows": rows, "terms": _terms(fees)}


def bridge_rows(told: dict[str, Any]) -> dict[str, Any]:
    """Give the title of a bridge, its legs with their amounts, and what nobody reported."""
    is_record = told["of"] == BridgeOf.RECORD
    title = "Record of the producer" if is_record else f"Account {told['account']}"
    steps: Rows = [
        {
            "name": LEG_NAMES[step["leg"]],
            "text": NOTHING
            if step["amount_usd"] is None
            else dollars(step["amount_usd"], signed=True),
            "exact": step["amount_usd"],
        }
        for step in told["steps"]
    ]
    return {
        **told,
        "title": title,
        "rows": [
            {
                "name": "Opening NAV",
                "text": dollars(told["opening_nav_usd"]),
                "exact": told["opening_nav_usd"],
            },
            *steps,
            {
                "name": "Not explained",
                "text": dollars(told["residual_usd"], signed=True),
                "exact": told["residual_usd"],
            },
            {
                "name": "Closing NAV",
                "text": dollars(told["closing_nav_usd"]),
                "exact": told["closing_nav_usd"],
            },
        ],
        "unknown": ", ".join(LEG_NAMES[leg] for leg in told["unknown_legs"]),
    }


def claim_rows(claims: Rows) -> Rows:
    """Give each claim in words, beside ours."""
    return [_claim(one) for one in claims]


def _claim(one: dict[str, Any]) -> dict[str, Any]:
    """Word one claim."""
    found: MetricId | None = one["metric"]
    name = one["claimed_as"] if found is None else DEFINITIONS[found].name
    numbers = (one["claimed_value"], one["ours"], one["difference"])
    texts = [_worded(number, found) for number in numbers[:2]]
    off = NOTHING if found is None else difference(numbers[2], DEFINITIONS[found].unit)
    return {
        **one,
        "name": name,
        "claimed": {"text": one["claimed_text"] or texts[0], "exact": numbers[0]},
        "own": {"text": texts[1], "exact": numbers[1]},
        "off": {"text": off, "exact": numbers[2]},
        "verdict_text": VERDICTS[one["verdict"]],
        "why": "" if one["reason"] is None else OBSTACLES[one["reason"]],
    }


def _worded(number: float | None, found: MetricId | None) -> str:
    """Word a number of a claim by the unit of its metric, if it has one."""
    if number is None:
        return NOTHING
    return plain_number(number) if found is None else metric(number, DEFINITIONS[found].unit)


def _terms(fees: dict[str, Any]) -> str:
    """Word what was agreed."""
    if fees["management_ratio"] is None:
        return ""
    return (
        f"{percent(fees['management_ratio'])} of the NAV a year, "
        f"{percent(fees['performance_ratio'])} of each rise above the highest NAV"
    )


_FEE_METRICS = (
    MetricId.TOTAL_RETURN,
    MetricId.CAGR,
    MetricId.VOLATILITY,
    MetricId.SHARPE,
    MetricId.SORTINO,
    MetricId.MAX_DRAWDOWN,
    MetricId.CALMAR,
)
