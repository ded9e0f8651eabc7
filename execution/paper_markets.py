"""What paper markets charge: the versions of their terms, the first of which is a default.

The defaults resemble a GMX market and were read from no chain; their source says so. A change is a
new version with a reason, and counts for what is executed from then on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from atlas.audit import Actor, record
from atlas.domain.errors import InvalidInput
from atlas.domain.paper_terms import MarketTerms
from execution.models import PaperMarketTerms
from execution.models.paper import TERM_NAMES
from execution.paper_defaults import DEFAULTS, default_terms

SOURCE = "default of Atlas in the manner of GMX; read from no chain"
REASON = "default terms"
ACTOR = Actor.system("defaults")


def ensure_defaults(*, now: datetime, markets: Iterable[str] = ()) -> None:
    """Give every known market, and those named, a first version of its terms where it has none."""
    for market in sorted({*DEFAULTS, *markets}):
        if not PaperMarketTerms.objects.filter(market=market).exists():
            _write(
                default_terms(market),
                version=1,
                source=SOURCE,
                reason=REASON,
                actor=ACTOR,
                now=now,
            )


def can_be_stored() -> bool:
    """Tell whether the table is there: not while migrations are being taken back."""
    return PaperMarketTerms._meta.db_table in connection.introspection.table_names()


def current_terms(market: str) -> PaperMarketTerms:
    """Give the version that counts; InvalidInput where the market has none."""
    row = PaperMarketTerms.objects.filter(market=market).order_by("-version").first()
    if row is None:
        raise InvalidInput(
            f"Nobody has said what {market} charges on paper: change its terms to give it some."
        )
    return row


def change_terms(
    *,
    market: str,
    changes: Mapping[str, Any],
    source: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> PaperMarketTerms:
    """Write a new version of a market's terms; what is not named stays as it is.

    `source` says where the figures come from. Raises InvalidInput for an unknown name, a value out
    of range, or a change without source or reason.
    """
    unknown = sorted(set(changes) - set(TERM_NAMES) | ({"market"} & set(changes)))
    if unknown:
        known = ", ".join(name for name in TERM_NAMES if name != "market")
        raise InvalidInput(f"There are no terms named {', '.join(unknown)}; known are {known}.")
    if not source.strip() or not reason.strip():
        raise InvalidInput("Say where the figures come from, and why they change.")
    with transaction.atomic():
        # The row of the version before is the lock: two changes never write the same version.
        last = (
            PaperMarketTerms.objects.select_for_update()
            .filter(market=market)
            .order_by("-version")
            .first()
        )
        before = default_terms(market) if last is None else last.terms
        row = _write(
            replace(before, **changes),
            version=1 if last is None else last.version + 1,
            source=source,
            reason=reason,
            actor=actor,
            now=now,
        )
        record(
            action="paper_terms.change",
            subject=row,
            actor=actor,
            now=now,
            before={name: str(getattr(before, name)) for name in changes},
            after={name: str(getattr(row, name)) for name in changes},
            reason=reason,
        )
    return row


def _write(
    terms: MarketTerms, *, version: int, source: str, reason: str, actor: Actor, now: datetime
) -> PaperMarketTerms:
    row, _ = PaperMarketTerms.objects.get_or_create(
        market=terms.market,
        version=version,
        defaults={
            **{name: getattr(terms, name) for name in TERM_NAMES},
            "source": source[:200],
            "reason": reason[:500],
            "created_at": now,
            "created_by": actor.name,
        },
    )
    return row
