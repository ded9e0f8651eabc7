"""The synthetic market is labelled, sound, and the same wherever it is made."""

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from atlas.domain.candles import Timeframe
from atlas.domain.recording import parse_recording
from atlas.domain.synthetic import (
    SHIPPED,
    SyntheticSpec,
    csv_of,
    description_of,
    label_of,
    packed,
)
from atlas.domain.synthetic_funding import (
    funding_csv_of,
    funding_description_of,
    funding_file_name,
)

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "market"
SHORT = replace(SHIPPED[0], bars=300)


@pytest.mark.parametrize("spec", SHIPPED, ids=lambda spec: spec.slug)
def test_the_shipped_recording_is_what_the_generator_makes(spec: SyntheticSpec):
    fresh = csv_of(spec)
    stored = (FOLDER / spec.file_name).read_bytes()
    # The text is compared, not the packed bytes: another zlib may pack the same text differently.
    assert hashlib.sha256(gzip.decompress(stored)).hexdigest() == hashlib.sha256(fresh).hexdigest()
    description = json.loads((FOLDER / f"{spec.slug}.json").read_text(encoding="utf-8"))
    rates = funding_csv_of(spec)
    assert description == {**description_of(spec, fresh), **funding_description_of(spec, rates)}
    shipped = FOLDER / funding_file_name(spec)
    assert gzip.decompress(shipped.read_bytes()) == rates
    assert description["synthetic"] is True
    assert stored[4:8] == b"\0\0\0\0"  # no time of packing


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    assert packed(csv_of(SHORT)) == packed(csv_of(SHORT))
    other = replace(SHORT, seed=SHORT.seed + 1)
    assert csv_of(other).splitlines()[3:] != csv_of(SHORT).splitlines()[3:]


def test_the_generator_writes_the_digits_it_always_wrote():
    digest = hashlib.sha256(csv_of(replace(SHORT, bars=50))).hexdigest()
    assert digest == "8f8d5074dea50e86ac180353abaf19959d2feb682ada18bf852932b8429bf1fa"


def test_a_synthetic_recording_says_so_on_its_first_line():
    made = parse_recording(csv_of(SHORT), name="x", market=SHORT.market)
    assert made.label.startswith("SYNTHETIC")
    assert made.label.splitlines() == list(label_of(SHORT))


def test_a_synthetic_recording_is_whole_and_sound():
    made = parse_recording(csv_of(SHORT), name="x", market=SHORT.market)
    assert made.timeframe is Timeframe.H1
    assert made.findings == ()
    assert len(made.candles) == 300
    assert all(
        a.close_usd == b.open_usd for a, b in zip(made.candles, made.candles[1:], strict=False)
    )
