"""Inputs of cycles, stored by content: what a decision looked at, to decide again bit for bit.

Each content is stored once, however many cycles used it; its digest is its name. Candles are
stored as rows (`execution.candle_store`), and what is stored here says which ones.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from atlas.domain.digest import canonical_json, digest
from atlas.domain.errors import Bug
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote, SecondPrice
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import plain
from execution.models import CycleInput, CycleInputUse, CycleRun
from execution.vocabulary import InputKind


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a cycle looked at: JSON without floats, numbers with a point are strings."""

    kind: InputKind
    content: dict[str, Any]
    subject: str = ""

    @property
    def digest(self) -> str:
        """Name the input by its content."""
        return digest(self.content, label=f"atlas/cycle-input/{self.kind}")


def store(cycle: CycleRun, inputs: Sequence[Input], *, now: datetime) -> str:
    """Store what a cycle's present round looked at; gives the digest over all of it."""
    named = [(one.digest, one) for one in inputs]
    CycleInput.objects.bulk_create(
        [
            CycleInput(digest=name, kind=one.kind.value, content=one.content, stored_at=now)
            for name, one in named
        ],
        ignore_conflicts=True,
    )
    CycleInputUse.objects.bulk_create(
        CycleInputUse(
            cycle=cycle,
            round_number=cycle.round_number,
            subject=one.subject,
            kind=one.kind.value,
            input_id=name,
            fencing_token=cycle.fencing_token,
        )
        for name, one in named
    )
    return digest(
        sorted([one.kind.value, one.subject, name] for name, one in named),
        label="atlas/cycle-inputs",
    )


def stored(
    cycle: CycleRun, kind: InputKind, *, subject: str = "", round_number: int = 1
) -> dict[str, Any] | None:
    """Give an input of a cycle as it was stored, or None.

    Raises Bug where the content no longer has its digest: somebody has changed history.
    """
    use = (
        CycleInputUse.objects.filter(
            cycle=cycle, kind=kind.value, subject=subject, round_number=round_number
        )
        .select_related("input")
        .first()
    )
    if use is None:
        return None
    content: dict[str, Any] = use.input.content
    if Input(kind, content).digest != use.input_id:
        raise Bug(f"The stored {kind} {use.input_id} of {cycle} no longer has its digest.")
    return content


def snapshot_content(snapshot: Snapshot) -> dict[str, Any]:
    """Write a snapshot as JSON; the switch is left out, since only the gate may read it."""
    return {
        "account": snapshot.account,
        "taken_at": snapshot.taken_at.isoformat(),
        "nav_usd": _text(snapshot.nav_usd),
        "cash_usd": _text(snapshot.cash_usd),
        "positions": None
        if snapshot.positions is None
        else [_position_content(position) for position in snapshot.positions],
        "quotes": {market: _quote_content(quote) for market, quote in snapshot.quotes.items()},
        "working_orders": snapshot.working_orders,
    }


def snapshot_from(content: Mapping[str, Any]) -> Snapshot:
    """Read a snapshot back as it was."""
    positions = content["positions"]
    return Snapshot(
        account=content["account"],
        taken_at=datetime.fromisoformat(content["taken_at"]),
        nav_usd=_number(content["nav_usd"]),
        cash_usd=_number(content["cash_usd"]),
        positions=None if positions is None else tuple(_position_from(one) for one in positions),
        quotes={market: _quote_from(market, one) for market, one in content["quotes"].items()},
        working_orders=content["working_orders"],
    )


def json_of(value: object) -> Any:
    """Write a value of the domain as plain JSON, as its digest sees it."""
    return json.loads(canonical_json(value))


def _position_content(position: Position) -> dict[str, Any]:
    return {
        "market": position.market,
        "is_long": position.is_long,
        "size_usd": plain(position.size_usd),
        "size_tokens": plain(position.size_tokens),
        "collateral_usd": plain(position.collateral_usd),
    }


def _position_from(content: Mapping[str, Any]) -> Position:
    return Position(
        content["market"],
        content["is_long"],
        Decimal(content["size_usd"]),
        Decimal(content["size_tokens"]),
        Decimal(content["collateral_usd"]),
    )


def _quote_content(quote: Quote) -> dict[str, Any]:
    content = _price_content(quote)
    return content if quote.second is None else {**content, "second": _price_content(quote.second)}


def _price_content(price: Quote | SecondPrice) -> dict[str, Any]:
    return {
        "min_usd": plain(price.min_usd),
        "max_usd": plain(price.max_usd),
        "at": price.at.isoformat(),
        "source": price.source,
    }


def _quote_from(market: str, content: Mapping[str, Any]) -> Quote:
    second = content.get("second")
    return Quote(
        market, *_price_from(content), second=SecondPrice(*_price_from(second)) if second else None
    )


def _price_from(content: Mapping[str, Any]) -> tuple[Decimal, Decimal, datetime, str]:
    return (
        Decimal(content["min_usd"]),
        Decimal(content["max_usd"]),
        datetime.fromisoformat(content["at"]),
        content["source"],
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
