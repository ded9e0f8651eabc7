"""The synthetic exports: labelled, plausible, and the same bytes wherever they are made."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from imports.formats.vocabulary import Kind
from imports.synthetic import SAMPLE_SPEC, document_of, generate, lines_of, reference_spec
from strategies.rules.parameters import parameters_from
from strategies.rules.registry import rule_named
from tests.imports.reading import read

SAMPLE = Path(__file__).resolve().parents[2] / "fixtures" / "sample_export_v1.json"
SMALL = replace(reference_spec(strategies=3, days=40, trades=5, holdings=4), has_reports=True)
# What generator version 1 writes; a change of the generator raises its version and these.
SMALL_DOCUMENT = "a30b5cd213cb8718"
SMALL_LINES = "9363f61a4057bdd1"


def test_the_shipped_sample_is_what_the_generator_writes():
    assert SAMPLE.read_bytes() == document_of(SAMPLE_SPEC, is_readable=True)


def test_the_sample_is_small_labelled_and_synthetic_to_its_last_strategy():
    assert SAMPLE.stat().st_size < 3_000_000
    sample = json.loads(SAMPLE.read_bytes())
    assert sample["note"].startswith("SYNTHETIC")
    assert all("synthetic" in one["tags"] for one in sample["strategies"])
    assert all(one["description"].startswith("Synthetic") for one in sample["strategies"])
    assert all(one["name"].startswith("Synthetic") for one in sample["vaults"])


def test_the_sample_shows_every_category_status_and_risk_level():
    strategies = generate(SAMPLE_SPEC).strategies
    assert len({one["category"] for one in strategies}) == 9
    assert len({one["status"] for one in strategies}) == 5
    assert len({one["risk_level"] for one in strategies}) == 4
    assert len({one["timeframe"] for one in strategies}) >= 4


@pytest.mark.parametrize("slug", ["eth-ema-trend", "btc-ema-trend"])
def test_the_strategies_of_the_demo_can_be_traded(slug):
    made = next(one for one in generate(SAMPLE_SPEC).strategies if one["slug"] == slug)
    rule = rule_named(made["rule"])
    parameters = parameters_from(rule.parameters_type, made["parameters"])
    assert (parameters.fast_bars, parameters.slow_bars) == (8, 21)
    assert made["timeframe"] == "1h"
    assert made["trades"][0]["market"] == f"{made['assets'][0]}/USD"


def test_every_amount_has_at_most_fifteen_significant_digits():
    for record in generate(SMALL).strategies[0]["trades"]:
        for value in record.values():
            if isinstance(value, float):
                assert float(f"{value:.15g}") == value


def test_the_reference_size_is_the_sum_of_its_parts():
    found = read(lines_of(SMALL))
    assert found.problems == []
    sizes = {kind: sum(map(len, found.good(kind).values())) for kind in Kind}
    assert sizes[Kind.PERFORMANCE] == 3 * 40
    assert sizes[Kind.TRADE] == 3 * 5
    assert sizes[Kind.HOLDING] == 3 * 4 * 2


def test_the_seed_decides_every_byte():
    again = document_of(SMALL)
    assert again == document_of(SMALL)
    assert again != document_of(replace(SMALL, seed=SMALL.seed + 1))
    assert hashlib.sha256(again).hexdigest()[:16] == SMALL_DOCUMENT
    assert hashlib.sha256(lines_of(SMALL)).hexdigest()[:16] == SMALL_LINES
