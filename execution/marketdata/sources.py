"""The live providers, put together with the hosts that they ask."""

from atlas.domain.clock import Clock
from execution.marketdata import gmx as gmx_rest
from execution.marketdata import pyth as pyth_rest
from execution.marketdata.agreement import TwoSources
from execution.marketdata.asking import Source
from execution.marketdata.gmx import GmxMarketData
from execution.marketdata.pyth import PythMarketData


def gmx(clock: Clock) -> GmxMarketData:
    """Ask GMX's own hosts."""
    prices = Source(gmx_rest.NAME, gmx_rest.ENDPOINTS)
    rates = Source(gmx_rest.NAME, gmx_rest.RATES)
    return GmxMarketData(prices, rates, clock)


def pyth(clock: Clock) -> PythMarketData:
    """Ask Pyth's public hosts."""
    hermes = Source(pyth_rest.NAME, pyth_rest.HERMES)
    benchmarks = Source(pyth_rest.NAME, pyth_rest.BENCHMARKS)
    return PythMarketData(hermes, benchmarks, clock)


def gmx_and_pyth(clock: Clock) -> TwoSources:
    """Ask GMX, with Pyth's price beside each quote."""
    return TwoSources(gmx(clock), pyth(clock), clock, (gmx_rest.NAME, pyth_rest.NAME))
