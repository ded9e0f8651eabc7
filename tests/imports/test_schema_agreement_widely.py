"""Thousands of documents and lines, valid and bent: the schema and the importer judge each alike."""

from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.imports.builders import as_bytes, header, records_of
from tests.imports.generated import catalogues
from tests.imports.test_schema_agreement import (
    DOCUMENTS,
    RECORDS,
    importer_accepts,
    minimal,
    mutated,
)

pytestmark = [pytest.mark.deep, pytest.mark.timeout(900)]

CASES = 400
STRAIGHT = 20  # making a catalogue takes longer than bending one


def searching(cases: int, **options: Any) -> Any:
    """Bound a search."""
    return settings(
        max_examples=cases, deadline=None, suppress_health_check=list(HealthCheck), **options
    )


@cache
def straight() -> list[dict[str, Any]]:
    """Make the catalogues that are bent: the same ones in each run."""
    made = [minimal()]

    @searching(STRAIGHT, derandomize=True, database=None)
    @given(catalogues())
    def keep(content):
        made.append(content)

    keep()
    return made


def test_every_generated_catalogue_is_valid_for_both():
    assert len(straight()) > STRAIGHT // 2
    for content in straight():
        assert list(DOCUMENTS.iter_errors(content)) == []
        assert importer_accepts(as_bytes(content))


def test_bent_catalogues_are_judged_alike_and_many_of_each_verdict_are_met():
    verdicts: Counter[bool] = Counter()

    @searching(CASES)
    @given(st.sampled_from(straight()).flatmap(mutated))
    def judge(content):
        verdict = DOCUMENTS.is_valid(content)
        verdicts[verdict] += 1
        assert importer_accepts(as_bytes(content)) == verdict

    judge()
    assert min(verdicts[True], verdicts[False]) > CASES // 20


def test_bent_lines_are_judged_alike_and_many_of_each_verdict_are_met():
    verdicts: Counter[bool] = Counter()
    lines = [line for content in straight() for line in records_of(content)[1:]]
    begun = as_bytes({"record": "header", **header()}) + b"\n"

    @searching(CASES)
    @given(st.sampled_from(lines).flatmap(mutated))
    def judge(line):
        verdict = RECORDS.is_valid(line)
        verdicts[verdict] += 1
        assert importer_accepts(begun + as_bytes(line)) == verdict

    judge()
    assert min(verdicts[True], verdicts[False]) > CASES // 20
