"""Two sources side by side: the first one's data, with what an independent one says of the price.

Independent means another lineage of prices. GMX's prices and Chainlink's feeds are the same data, so
the one says nothing about the other; such a pair is refused.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from atlas.domain.candles import Timeframe
from atlas.domain.clock import Clock
from atlas.domain.errors import AtlasError, Bug, InvalidInput
from atlas.domain.quotes import Quote, SecondPrice
from execution.marketdata.base import MarketData, SourcedCandles
from execution.marketdata.funding import TellsFunding
from strategies.rules.context import FundingReading

log = structlog.get_logger(__name__)

# source -> whose prices it tells in the end
LINEAGE = {"gmx": "chainlink", "chainlink": "chainlink", "pyth": "pyth", "ccxt": "exchange"}
SECOND_MAX_AGE = timedelta(seconds=10)


def require_independent(first: str, second: str) -> None:
    """Raise InvalidInput for two sources of one lineage, or of one that nobody reviewed."""
    lineages = [LINEAGE.get(name.partition(":")[0]) for name in (first, second)]
    if None in lineages or lineages[0] == lineages[1]:
        raise InvalidInput(
            f"{second} is no second opinion on {first}: a second source needs prices of another "
            f"lineage ({', '.join(f'{name} from {one}' for name, one in sorted(LINEAGE.items()))})."
        )


@dataclass(frozen=True)
class TwoSources:
    """A `MarketData` that gives the first source's data and attaches the second one's price.

    What the second source cannot tell is unknown: the quote has no `second`, and the gate treats
    that as disagreement wherever two sources are demanded. What the first one cannot tell is raised.
    """

    first: MarketData
    second: MarketData
    clock: Clock
    names: tuple[str, str]
    second_max_age: timedelta = SECOND_MAX_AGE

    def __post_init__(self) -> None:
        """Refuse two sources that are one."""
        require_independent(*self.names)

    def candles(
        self, market: str, timeframe: Timeframe, *, until: datetime, count: int
    ) -> SourcedCandles:
        """Give the first source's bars."""
        return self.first.candles(market, timeframe, until=until, count=count)

    def quote(self, market: str) -> Quote:
        """Give the first source's quote, with the second one's price where that is known."""
        quote = self.first.quote(market)
        return replace(quote, second=self._second(market))

    def funding(
        self, market: str, *, since: datetime, until: datetime
    ) -> tuple[FundingReading, ...]:
        """Give the first source's rates; none where it has none."""
        if not isinstance(self.first, TellsFunding):
            return ()
        return self.first.funding(market, since=since, until=until)

    def ends_at(self, market: str, timeframe: Timeframe) -> datetime | None:
        """Ask the first source."""
        return self.first.ends_at(market, timeframe)

    def _second(self, market: str) -> SecondPrice | None:
        """Ask the second source; every failure but a bug means: unknown, with the reason logged."""
        try:
            told = self.second.quote(market)
        except Bug:
            raise
        except AtlasError as error:
            log.warning(
                "second_price_unknown",
                market=market,
                source=self.names[1],
                code=error.code,
                reason=error.message,
            )
            return None
        age = self.clock.now() - told.at
        if age > self.second_max_age:
            log.warning(
                "second_price_unknown",
                market=market,
                source=self.names[1],
                code="stale",
                age_seconds=age.total_seconds(),
            )
            return None
        return SecondPrice(told.min_usd, told.max_usd, told.at, told.source)
