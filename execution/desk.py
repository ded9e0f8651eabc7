"""The desk of one cycle: everything that its steps work with, and how a step is committed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.clock import Clock
from atlas.domain.errors import Denied
from atlas.switches import effective_now
from execution.gate import scopes_of
from execution.leases import commit_step
from execution.live_keys import missing_live_keys
from execution.mandates import Mandate
from execution.marketdata.base import MarketData
from execution.models import CycleRun, Deployment
from execution.venues.base import Venue
from execution.venues.paper import PaperVenue
from execution.vocabulary import CycleStep, Reason


@dataclass(frozen=True, slots=True)
class Desk:
    """One cycle at work.

    `clock` is the time of the feed, by which the cycle decides; `read` reads the wall, by which
    it keeps its records.
    """

    cycle: CycleRun
    deployment: Deployment
    mandate: Mandate
    venue: Venue
    market_data: MarketData
    clock: Clock
    read: Callable[[], datetime]
    actor: Actor

    @contextmanager
    def step(self, step: CycleStep, **changes: Any) -> Iterator[datetime]:
        """Commit what happens inside as one step, if the lease still holds; gives the wall time.

        Raises LeaseLost, and nothing is committed, where another worker has taken the cycle over.
        """
        with transaction.atomic():
            now = self.read()
            yield now
            commit_step(self.cycle, step, **changes)
            record(
                action=f"cycle.{step.value}",
                subject=self.cycle,
                actor=self.actor,
                now=now,
                after={"step": step.value, "round": self.cycle.round_number},
            )


def venue_for(deployment: Deployment, *, market_data: MarketData, clock: Clock) -> Venue:
    """Give the venue that a deployment trades at.

    Raises Denied for a LIVE deployment, with every missing key: no venue for real money exists.
    """
    if deployment.is_live:
        raise live_refusal(deployment, now=clock.now())
    return PaperVenue(
        paper_account=deployment.paper_account,
        markets=tuple(deployment.markets),
        market_data=market_data,
        clock=clock,
    )


def live_refusal(deployment: Deployment, *, now: datetime) -> Denied:
    """Word why a LIVE deployment does not trade."""
    switch = effective_now(scopes_of(deployment, deployment.markets[0]))
    missing = missing_live_keys(deployment, switch=switch.state, now=now)
    return Denied(
        f"Live trading is refused: {'; '.join(missing)}.",
        code=Reason.LIVE_REFUSED.value,
        detail={"missing": list(missing)},
    )
