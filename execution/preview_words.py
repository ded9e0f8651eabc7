"""Previews in words: as JSON for programs, as text for a terminal; the console's page reads the JSON."""

from collections.abc import Iterable
from typing import Any

from atlas.domain.guardrails import Verdict
from atlas.domain.signals import Signal
from atlas.domain.units import plain
from execution.inputs import json_of, snapshot_content
from execution.preview import Preview, PreviewedOrder

SIDES = {True: "long", False: "short"}


def as_json(preview: Preview) -> dict[str, Any]:
    """Write a preview as JSON: numbers with a point are strings, times are ISO 8601 in UTC."""
    refusal, deployment = preview.refusal, preview.deployment
    return {
        "deployment": deployment.pk,
        "strategy": deployment.strategy.slug,
        "rule": deployment.rule,
        "at": preview.at.isoformat(),
        "simulated_time": preview.is_simulated,
        "switch": {
            "state": preview.switch.state.value,
            "scope": " ".join(preview.switch.scope).strip(),
            "reason": preview.switch.reason,
        },
        "refusal": refusal
        and {"state": refusal.state.value, "reason": refusal.reason, "message": refusal.message},
        "notes": list(preview.notes),
        "account": preview.snapshot and snapshot_content(preview.snapshot),
        "signals": [_signal(one) for one in preview.signals],
        "sizes": [
            {
                "market": one.market,
                "target_notional_usd": _text(one.target_notional_usd),
                "current_notional_usd": _text(one.current_notional_usd),
                "orders": len(one.intents),
                "reason": one.reason,
            }
            for one in preview.sizings
        ],
        "orders": [_order(one) for one in preview.orders],
    }


def _signal(signal: Signal) -> dict[str, Any]:
    return {
        "market": signal.market,
        "direction": signal.direction.value,
        "target_exposure_ratio": plain(signal.target_exposure_ratio),
        "confidence_ratio": plain(signal.confidence_ratio),
        "as_of_at": signal.as_of_at.isoformat(),
        "valid_until_at": signal.valid_until_at.isoformat(),
        "stop_usd": _text(signal.stop_usd),
        "take_profit_usd": _text(signal.take_profit_usd),
        "indicators": dict(signal.indicators),
        "reason": signal.reason,
    }


def _order(one: PreviewedOrder) -> dict[str, Any]:
    return {
        **json_of(one.intent),
        "would_go_first": one.is_first,
        "allowed": one.judgement.allowed,
        "reason": one.judgement.reason,
        "verdicts": [_verdict(verdict) for verdict in one.judgement.verdicts],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    breach = verdict.breach
    return {
        "rule": verdict.rule,
        "outcome": verdict.outcome.value,
        "measured": breach.measured if breach else None,
        "limit": breach.limit if breach else None,
        "message": breach.message if breach else "",
        "used_ratio": _text(verdict.used_ratio),
    }


def as_text(preview: Preview) -> str:
    """Write a preview for a terminal."""
    return "\n".join(_lines(preview))


def _lines(preview: Preview) -> Iterable[str]:
    recorded = " of the recording" if preview.is_simulated else ""
    yield f"{preview.deployment} at {preview.at:%Y-%m-%d %H:%M:%S} UTC{recorded}"
    yield f"Switch: {preview.switch.state} ({' '.join(preview.switch.scope).strip()})"
    yield from (f"Note: {note}" for note in preview.notes)
    if preview.refusal is not None:
        refusal = preview.refusal
        yield f"A cycle would end {refusal.state} ({refusal.reason}): {refusal.message}"
        return
    for signal in preview.signals:
        exposure = plain(signal.target_exposure_ratio)
        yield f"Signal {signal.market}: {signal.direction}, exposure {exposure}. {signal.reason}"
    for sizing in preview.sizings:
        target, current = _text(sizing.target_notional_usd), _text(sizing.current_notional_usd)
        yield (
            f"Size {sizing.market}: {current or 'unknown'} to {target or 'unknown'} USD. "
            f"{sizing.reason}"
        )
    for order in preview.orders:
        yield from _order_lines(order)
    if not preview.orders:
        yield "No order: nothing would go to the gate."


def _order_lines(order: PreviewedOrder) -> Iterable[str]:
    intent = order.intent
    word = "would be allowed" if order.judgement.allowed else "would be DENIED"
    later = "" if order.is_first else " (judged on the account of now; it is looked at again first)"
    size = f"{intent.kind} {intent.market} {SIDES[intent.is_long]} {plain(intent.size_delta_usd)}"
    yield f"Order {size} USD {word}{later}. {order.judgement.reason}"
    for verdict in order.judgement.verdicts:
        said = f"  {verdict.breach.message}" if verdict.breach else ""
        used = "" if verdict.used_ratio is None else f"  used {_text(verdict.used_ratio)}"
        yield f"  {verdict.outcome:<9}{verdict.rule}{used}{said}"


def _text(value: Any) -> str | None:
    return None if value is None else plain(value)
