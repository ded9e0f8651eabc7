"""Synthetic funding rates beside a synthetic recording: made by the same seed, seen nowhere.

The rate swings slowly between the sides with some noise, often enough beyond what a carry rule asks
for that it finds something to hold. Only sums and products of floats, rounded at each step, so that
every machine writes the same digits.
"""

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta

from atlas.domain.synthetic import SyntheticSpec

FUNDING_VERSION = 1
FUNDING_COLUMNS = (
    "timestamp",
    "long_funding_ratio",
    "short_funding_ratio",
    "long_borrowing_ratio",
    "short_borrowing_ratio",
)
HOUR = timedelta(hours=1)
_TOP = 0.00006  # an hour: 53 % a year
_STEP = 0.000003
_HOME = 0.98
_BORROWING = "0.000001"
_DIGITS = 8


def funding_file_name(spec: SyntheticSpec) -> str:
    """Give the name of the file of rates that belongs to a recording."""
    return f"{spec.slug.removesuffix(f'-{spec.timeframe.value}')}-funding.csv.gz"


def funding_csv_of(spec: SyntheticSpec) -> bytes:
    """Generate the rates as CSV text with a label on top, one reading an hour from the first bar."""
    lines = [
        "# SYNTHETIC: made by a seeded generator; these rates were never paid.",
        f"# market {spec.market}, seed {spec.seed}",
        f"# generator atlas.domain.synthetic_funding version {FUNDING_VERSION}",
        ",".join(FUNDING_COLUMNS),
    ]
    hours = int(spec.bars * spec.timeframe.seconds // HOUR.total_seconds())
    for index, rate in zip(range(hours + 1), _walk(spec.seed), strict=False):
        at = spec.begins_at + index * HOUR
        lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{rate:.8f},{-rate:.8f},{_BORROWING},{_BORROWING}")
    return ("\n".join(lines) + "\n").encode()


def funding_description_of(spec: SyntheticSpec, text: bytes) -> dict[str, str]:
    """Describe the rates for the file beside the recording."""
    return {
        "funding_file": funding_file_name(spec),
        "funding_sha256": hashlib.sha256(text).hexdigest(),
    }


def _walk(seed: int) -> Iterator[float]:
    """Walk the long side's rate, drawn gently home to nought."""
    dice = random.Random(seed + 1)  # noqa: S311 - dice for a demo, not for a secret
    rate = 0.0
    while True:
        step = (dice.random() + dice.random() - 1.0) * _STEP * 4
        rate = round(min(max(rate * _HOME + step, -_TOP), _TOP), _DIGITS)
        yield rate
