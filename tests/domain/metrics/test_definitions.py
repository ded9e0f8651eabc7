"""The definitions as data: complete, stable, and what docs/metrics.md shows.

`python -m tests.domain.metrics.test_definitions` prints both tables of the document anew.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from atlas.domain.metrics import (
    DEFINITIONS,
    Better,
    Group,
    MetricId,
    Reason,
    Terms,
    Trading,
    Unit,
    report,
)
from tests.domain.metrics.test_trade_statistics import trades
from tests.domain.metrics.worlds import Reference, navs_of, walk

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
ONLY_SERIES = {MetricId.MONTHLY_RETURN, MetricId.YEARLY_RETURN} | {
    metric for metric, one in DEFINITIONS.items() if one.group is Group.ROLLING
}


def definition_table():
    lines = ["| id | name | unit | better | formula | annualisation | needs |", "|---" * 7 + "|"]
    lines += [
        f"| `{one.metric}` | {one.name} | {one.unit} | {one.better} | {one.formula} "
        f"| {one.annualisation} | {needs_in_words(one.needs)} |"
        for one in DEFINITIONS.values()
    ]
    return "\n".join(lines)


def needs_in_words(needs):
    words = [f"{needs.days} days"] if needs.days > 1 else []
    words += [f"{needs.observations} observations"] if needs.observations else []
    words += ["no gap between returns"] if needs.chain else []
    return ", ".join(words) or "nothing"


def reason_table():
    lines = ["| reason | meaning |", "|---|---|"]
    lines += [f"| `{reason}` | {reason.meaning} |" for reason in Reason]
    return "\n".join(lines)


def test_every_id_has_one_definition():
    assert set(DEFINITIONS) == set(MetricId)
    assert all(metric is one.metric for metric, one in DEFINITIONS.items())


@pytest.mark.parametrize("metric", sorted(MetricId))
def test_a_definition_says_everything(metric):
    one = DEFINITIONS[metric]
    for words in (one.name, one.formula, one.annualisation, one.source):
        assert words == words.strip() != ""
    assert one.unit in Unit
    assert one.better in Better
    assert "|" not in one.formula


def test_names_are_told_apart():
    assert len({one.name for one in DEFINITIONS.values()}) == len(DEFINITIONS)


def test_a_report_holds_every_metric_that_is_one_number():
    metrics = report(navs_of(walk(200))).metrics
    assert set(metrics) == set(MetricId) - ONLY_SERIES
    assert all(metric is one.metric for metric, one in metrics.items())


def test_a_report_with_all_there_is_leaves_nothing_without_a_value():
    reference = Reference.load()
    found = report(
        reference.nav_series,
        benchmark=reference.benchmark_series,
        trading=Trading(trades(first_day=reference.first_day), average_aum_usd=Decimal(10_000)),
        terms=Terms(rf=0.03),
    )
    assert {metric: one.reason for metric, one in found.metrics.items() if one.reason} == {}
    assert {one.metric for one in found.rolling} == {
        metric for metric, one in DEFINITIONS.items() if one.group is Group.ROLLING
    }


def test_the_document_shows_the_definitions_and_the_reasons():
    text = DOCUMENT.read_text()
    assert definition_table() in text
    assert reason_table() in text


@pytest.mark.parametrize("word", ["insufficient_history", "zero_variance", "no_downside"])
def test_a_reason_is_its_word_and_carries_its_meaning(word):
    reason = Reason[word.upper()]
    assert (str(reason), reason.value) == (word, word)
    assert reason.meaning


if __name__ == "__main__":
    print(definition_table())
    print()
    print(reason_table())
