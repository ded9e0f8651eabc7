"""Synthetic market data: made by a seeded generator, labelled as such wherever it goes.

A price walks in small steps whose drift and width depend on a regime (up, down, quiet) that lasts
a day or two, so that trend rules find something to trade. It shows no market's real history and
proves nothing about a strategy; it makes the machinery move.

The generator uses only sums, products and quotients of floats and rounds the price to a cent at
each step, so it writes the same digits on every machine. A change of what it writes raises
GENERATOR_VERSION.
"""

import gzip
import hashlib
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from atlas.domain.candles import Timeframe
from atlas.domain.recording import COLUMNS

GENERATOR_VERSION = 1
STEPS_PER_BAR = 4
_ROOT_OF_3 = 1.7320508075688772


@dataclass(frozen=True, slots=True)
class SyntheticSpec:
    """What to generate: a market that exists by name only in this file, and the dice."""

    slug: str
    market: str
    seed: int
    start_price: float
    timeframe: Timeframe = Timeframe.H1
    begins_at: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    bars: int = 731 * 24  # 2024 and 2025
    step_width: float = 0.0027  # standard deviation of one of the STEPS_PER_BAR steps

    @property
    def file_name(self) -> str:
        """Give the name of the recording's file."""
        return f"{self.slug}.csv.gz"


# Two years of hours for two markets; `fixtures/make_recording.py` writes them.
SHIPPED: tuple[SyntheticSpec, ...] = (
    SyntheticSpec("synthetic-eth-usd-1h", "ETH/USD", seed=20_240_101, start_price=2_300.0),
    SyntheticSpec(
        "synthetic-btc-usd-1h", "BTC/USD", seed=20_240_102, start_price=42_000.0, step_width=0.002
    ),
)


@dataclass(frozen=True, slots=True)
class _Regime:
    """How the price moves for a while: drift of a step in step widths, and how wide it steps."""

    drift: float
    width: float


_REGIMES = (_Regime(0.06, 1.0), _Regime(-0.06, 1.0), _Regime(0.0, 0.6))
_SHORTEST_BARS, _LONGEST_BARS = 8, 40


def csv_of(spec: SyntheticSpec) -> bytes:
    """Generate the recording as CSV text with its label on top."""
    lines = [f"# {line}" for line in label_of(spec)]
    lines.append(",".join(COLUMNS))
    step, at = spec.timeframe.step, spec.begins_at
    for prices, volume in _bars(spec):
        numbers = ",".join(f"{price:.2f}" for price in prices)
        lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{numbers},{volume:.2f}")
        at += step
    return ("\n".join(lines) + "\n").encode()


def label_of(spec: SyntheticSpec) -> tuple[str, ...]:
    """Give the lines that say what the recording is."""
    return (
        "SYNTHETIC: made by a seeded generator; these prices were never traded.",
        f"market {spec.market}, timeframe {spec.timeframe}, seed {spec.seed}",
        f"generator atlas.domain.synthetic version {GENERATOR_VERSION}",
    )


def packed(text: bytes) -> bytes:
    """Compress without name and time, so that the same text gives the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0, compresslevel=9) as file:
        file.write(text)
    return buffer.getvalue()


def description_of(spec: SyntheticSpec, text: bytes) -> dict[str, Any]:
    """Describe a recording and its CSV text for the file beside it."""
    return {
        "synthetic": True,
        "label": "; ".join(label_of(spec)),
        "file": spec.file_name,
        "market": spec.market,
        "timeframe": spec.timeframe.value,
        "begins_at": spec.begins_at.isoformat(),
        "bars": spec.bars,
        "seed": spec.seed,
        "start_price": spec.start_price,
        "step_width": spec.step_width,
        "generator": "atlas.domain.synthetic",
        "generator_version": GENERATOR_VERSION,
        "csv_sha256": hashlib.sha256(text).hexdigest(),
    }


def _bars(spec: SyntheticSpec) -> Iterator[tuple[tuple[float, float, float, float], float]]:
    """Walk the price and cut the walk into bars: open, high, low, close, and a volume."""
    dice = random.Random(spec.seed)  # noqa: S311 - dice for a demo, not for a secret
    price, regime, left = spec.start_price, _REGIMES[0], 0
    for _ in range(spec.bars):
        if left == 0:
            regime, left = _next_regime(dice, regime)
        left -= 1
        opened = highest = lowest = price
        for _ in range(STEPS_PER_BAR):
            move = spec.step_width * regime.width * (_bell(dice) + regime.drift)
            price = round(max(price * (1.0 + move + _pull(price, spec)), 0.01), 2)
            highest, lowest = max(highest, price), min(lowest, price)
        volume = round(1_000.0 * regime.width * (0.5 + dice.random()), 2)
        yield (opened, highest, lowest, price), volume


def _next_regime(dice: random.Random, current: _Regime) -> tuple[_Regime, int]:
    """Draw another regime and how many bars it lasts."""
    others = [regime for regime in _REGIMES if regime is not current]
    regime = others[int(dice.random() * len(others))]
    return regime, _SHORTEST_BARS + int(dice.random() * (_LONGEST_BARS - _SHORTEST_BARS))


def _bell(dice: random.Random) -> float:
    """Draw from a bell of mean 0 and deviation 1.

    Four uniforms add up to a variance of 1/3, are close enough to a bell and need no logarithm.
    """
    total = dice.random() + dice.random() + dice.random() + dice.random()
    return (total - 2.0) * _ROOT_OF_3


def _pull(price: float, spec: SyntheticSpec) -> float:
    """Draw the price gently home, so that two years of luck do not end at zero or at the moon."""
    return 0.0001 * (1.0 - price / spec.start_price)
