"""Histograms of returns: few bars of a round width, none of which holds gains and losses alike."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atlas.domain.errors import InvalidInput

MOST_BARS = 40
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0)
_MOST_EDGES = 1_000_000  # from zero to the farthest value
_FINEST = -12  # powers of ten: returns closer together than this are one


class Histogram(NamedTuple):
    """Bars of one width: bar i counts what lies from `edges[i]` to below `edges[i + 1]`.

    The last bar holds its upper edge too. Both are empty where there was nothing to count.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def histogram(values: NDArray[np.float64], *, most_bars: int = MOST_BARS) -> Histogram:
    """Count values into bars of a round width, zero being an edge wherever signs differ.

    The width is that of Freedman and Diaconis (1981), twice the interquartile range over the cube
    root of the count, brought to 1, 2, 2.5 or 5 times a power of ten and widened until the bars are
    few enough. Raises InvalidInput below 2 bars and for what is not finite.
    """
    if most_bars < 2:  # noqa: PLR2004 - one on each side of zero
        raise InvalidInput(f"most_bars is {most_bars}; it takes 2 or more.")
    if len(values) == 0:
        return Histogram((), ())
    ordered = np.sort(values)  # what is no number comes last
    low, high = ordered.item(0), ordered.item(-1)
    if not math.isfinite(high - low):
        raise InvalidInput("A histogram counts finite numbers.")
    step, digits = _step(ordered, most_bars)
    first = math.floor(low / step)
    last = max(math.ceil(high / step), first + 1)
    edges = [round(place * step, digits) for place in range(first, last + 1)]
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)  # against the last digit's noise
    starts = np.searchsorted(ordered, edges[:-1], side="left")
    counts = np.diff(starts, append=len(ordered))
    return Histogram(tuple(edges), tuple(counts.tolist()))


def _step(ordered: NDArray[np.float64], most_bars: int) -> tuple[float, int]:
    """Choose the width of a bar, and the decimals that write its multiples."""
    low, high, count = ordered.item(0), ordered.item(-1), len(ordered)
    spread = ordered.item(3 * count // 4) - ordered.item(count // 4)
    wanted = 2.0 * spread / count ** (1 / 3)
    # Whatever the width, the bars at both ends may lie half outside.
    least = (high - low) / max(most_bars - 2, 1)
    wanted = max(wanted, least, max(abs(low), abs(high)) / _MOST_EDGES)
    power = max(math.floor(math.log10(wanted)), _FINEST) if wanted > 0 else _FINEST
    step = next(factor * 10.0**power for factor in _ROUND if factor * 10.0**power >= wanted)
    return step, max(0, 1 - power)
