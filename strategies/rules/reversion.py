"""What the rules that bet on a return to the mean share: when such a bet is on.

A bet is opened where the market is stretched, and ends where it has come back, where it was opened
the other way round, or where it has lasted too long. All of it is read off the last bars, so that a
restart does not change it.
"""

import numpy as np
from numpy.typing import NDArray

from atlas.domain.candles import FloatArray
from strategies.rules.stance import bars_since

Events = NDArray[np.bool_]


def bets(
    *, opens_long: Events, ends_long: Events, opens_short: Events, ends_short: Events, max_bars: int
) -> FloatArray:
    """Give 1 where a long bet is on, -1 where a short one is, 0 elsewhere.

    A bet opened again counts from then; one that opens and ends at the same bar is not on.
    """
    long_age, short_age = bars_since(opens_long), bars_since(opens_short)
    is_long = (long_age < max_bars) & (long_age < bars_since(ends_long)) & (long_age < short_age)
    is_short = (
        (short_age < max_bars) & (short_age < bars_since(ends_short)) & (short_age < long_age)
    )
    return is_long.astype(np.float64) - is_short.astype(np.float64)
