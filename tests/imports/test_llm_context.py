"""The older format of single strategies comes in as the current records, and says what it could not."""

import copy
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures import make_llm_context
from imports.folders import UnusableFolder, folder_stream
from imports.formats.content import BytesContent
from imports.formats.problems import FileRefused, Problem
from imports.formats.registry import open_export
from imports.formats.vocabulary import Kind, Mode
from imports.models import ImportIssue, ImportRun
from onchain.models import Vault
from strategies.models import ImportedTrade, PerformancePoint, ReportClaim, Strategy

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "fixtures" / "llm_context" / "eth-band-fade"
SCHEMA = json.loads((ROOT / "imports" / "schema" / "llm_context_1_0.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SAMPLE = make_llm_context.document()


def sample(**sections: Any) -> dict[str, Any]:
    made = copy.deepcopy(SAMPLE)
    made["equity_curve"], made["trades"] = made["equity_curve"][:3], made["trades"][:2]
    made.update(sections)
    return made


def read(content: dict[str, Any]) -> tuple[dict[Kind, list[Any]], list[Problem]]:
    """Read a file whole: its records by kind, and every problem."""
    opened = open_export(BytesContent(json.dumps(content).encode()))
    records: dict[Kind, list[Any]] = {}
    problems: list[Problem] = []
    for batch in opened.export.batches():
        records.setdefault(batch.kind, []).extend(batch.records)
        problems += [*batch.notes, *(p for lost in batch.unread for p in lost.problems)]
    return records, problems


def codes(problems: list[Problem], *, errors: bool) -> set[tuple[str, str]]:
    return {(one.code, one.field) for one in problems if one.is_error is errors}


def test_every_section_becomes_its_current_records():
    records, problems = read(sample(source_code="x = 1\n"))
    assert not codes(problems, errors=True)
    (strategy,) = records[Kind.STRATEGY]
    assert (strategy.slug, strategy.category, strategy.status) == (
        "eth-band-fade",
        "mean_reversion",
        "preview",
    )
    assert (strategy.assets, strategy.curated, strategy.source_code) == (["ETH"], True, "x = 1\n")
    (vault,) = records[Kind.VAULT]
    assert (vault.chain_id, vault.strategy) == (42_161, "eth-band-fade")
    assert {point.source for point in records[Kind.PERFORMANCE]} == {"backtest"}
    assert records[Kind.PERFORMANCE][0].as_of_at == datetime(2024, 1, 1, tzinfo=UTC)
    trade = records[Kind.TRADE][0]
    assert (trade.external_id, trade.market) == ("1", "ETH")
    assert trade.pnl_ratio == pytest.approx(SAMPLE["trades"][0]["pnl_pct"] / 100)
    claims = {
        claim.metric: claim.value if claim.text == "" else claim.text
        for claim in records[Kind.CLAIM]
    }
    assert claims["win_rate_ratio"] == SAMPLE["investor_report"]["win_rate"]
    assert claims["avg_trade_duration"] == "31 h"


def test_it_says_nothing_of_what_it_leaves_out():
    opened = open_export(BytesContent(json.dumps(SAMPLE).encode()))
    assert opened.export.header.mode is Mode.DELTA
    assert opened.format.label == "llm_context 1.0 (document)"


def test_what_has_no_place_is_told_and_stays_in_the_file():
    content = sample(mood="good")
    content["strategy"]["stars"] = 5
    for trade in content["trades"]:
        trade["note"] = "hm"
    _, problems = read(content)
    told = codes(problems, errors=False)
    assert {
        ("unknown_field", "mood"),
        ("unknown_field", "stars"),
        ("unknown_field", "note"),
        ("kept_raw", "status"),
        ("kept_raw", "check_interval"),
        ("risk_level_taken", "leverage_range"),
    } <= told
    note = next(one for one in problems if one.field == "note")
    assert "2 times" in note.message


@pytest.mark.parametrize(
    ("leverage", "risk"),
    [([1, 1], "medium"), ([1, 3], "high"), ([1, 3.1], "very_high"), (None, "very_high")],
)
def test_the_risk_level_is_taken_from_the_leverage(leverage, risk):
    content = sample()
    content["strategy"]["leverage_range"] = leverage
    records, _ = read(content)
    assert records[Kind.STRATEGY][0].risk_level == risk


def test_all_that_is_wrong_is_found_at_once_with_its_place():
    content = sample()
    content["strategy"]["status"] = "retired"
    content["strategy"]["slug"] = "Not A Slug"
    content["vault"]["chain"] = "base"
    content["equity_curve"][1] = {"date": "yesterday", "value": -1}
    content["trades"][0].update(side="up", exit_date="some other day")
    _, problems = read(content)
    found = {(one.path, one.field) for one in problems if one.is_error}
    assert {
        ("/strategy", "slug"),
        ("/vault", "chain"),
        ("/equity_curve/1", "value"),
        ("/trades/0", "side"),
        ("/trades/0", "exit_date"),
    } <= found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "2.0"}, "version '2.0' is unknown here. Known are atlas 1.0"),
        ({"purpose": "poetry"}, "only strategy_import is imported"),
        ({"generated_at": "some other day"}, "generated_at must be a day or a time"),
    ],
)
def test_another_version_or_purpose_is_refused(change, words):
    content = sample()
    content["_llm_context"].update(change)
    with pytest.raises(FileRefused, match=words):
        read(content)


def test_without_a_strategy_there_is_nothing_to_import():
    content = sample()
    del content["strategy"]
    with pytest.raises(FileRefused, match="strategy"):
        read(content)


def test_the_sample_folder_is_what_its_generator_writes():
    assert json.loads((FOLDER / "llm_context.json").read_text()) == make_llm_context.document()
    assert (FOLDER / "strategy.py").read_text() == make_llm_context.CODE


def test_the_published_schema_is_one_and_takes_the_sample():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(SAMPLE)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["", "long", "win", "preview", "1h", "2024-01-31", "x" * 50, "arbitrum"]),
    st.lists(st.integers(), max_size=2),
    st.just({}),
)
PLACES = [
    *(("strategy", name) for name in SCHEMA["properties"]["strategy"]["properties"]),
    *(("vault", name) for name in ("address", "name", "chain")),
    *(("investor_report", name) for name in SCHEMA["properties"]["investor_report"]["properties"]),
    *(("equity_curve", name) for name in ("date", "value")),
    *(("trades", name) for name in SCHEMA["properties"]["trades"]["items"]["properties"]),
]


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=SCALARS)
def test_schema_and_importer_judge_a_changed_field_alike(place, value):
    content = sample()
    section, name = place
    target = content[section][1] if isinstance(content[section], list) else content[section]
    target[name] = value
    if name.endswith(("date", "_at")) and isinstance(value, str) and value != "2024-01-31":
        return  # a schema's pattern for ISO times would be longer than the parser
    if name == "parameters" and value:
        return
    try:
        _, problems = read(content)
        accepted = not codes(problems, errors=True)
    except FileRefused:
        accepted = False
    assert accepted == VALIDATOR.is_valid(content), (place, value)


class TestFolders:
    """A folder is one file with the code inside."""

    def made(self, tmp_path: Path, content: Any = None, code: str | None = "x = 1\n") -> Path:
        folder = tmp_path / "a-strategy"
        folder.mkdir()
        data = json.dumps(sample() if content is None else content)
        (folder / "llm_context.json").write_text(data)
        if code is not None:
            (folder / "strategy.py").write_text(code)
        return folder

    def test_the_code_becomes_the_last_field_and_all_other_bytes_keep_their_place(self, tmp_path):
        folder = self.made(tmp_path)
        data = folder_stream(folder).read()
        before = (folder / "llm_context.json").read_bytes()
        assert data.startswith(before[:-1])
        assert json.loads(data) == {**sample(), "source_code": "x = 1\n"}

    def test_without_code_beside_it_the_file_stays_as_it_is(self, tmp_path):
        folder = self.made(tmp_path, code=None)
        assert folder_stream(folder).read() == (folder / "llm_context.json").read_bytes()

    def test_two_different_codes_are_refused(self, tmp_path):
        folder = self.made(tmp_path, content=sample(source_code="y = 2\n"))
        with pytest.raises(UnusableFolder, match="two different codes"):
            folder_stream(folder)

    @pytest.mark.parametrize("name", ["llm_context.json", "strategy.py"])
    def test_links_are_not_followed(self, tmp_path, name):
        folder = self.made(tmp_path)
        secret = tmp_path / "secret"
        secret.write_text("{}")
        (folder / name).unlink()
        (folder / name).symlink_to(secret)
        with pytest.raises(UnusableFolder, match="it is a link"):
            folder_stream(folder)

    def test_a_pipe_is_no_file_and_is_not_waited_for(self, tmp_path):
        folder = self.made(tmp_path)
        (folder / "strategy.py").unlink()
        os.mkfifo(folder / "strategy.py")
        with pytest.raises(UnusableFolder, match="no plain file"):
            folder_stream(folder)

    def test_a_folder_without_a_strategy_says_what_is_wanted(self, tmp_path):
        with pytest.raises(UnusableFolder, match=r"holds no llm_context\.json"):
            folder_stream(tmp_path)

    def test_code_in_another_encoding_is_refused(self, tmp_path):
        folder = self.made(tmp_path)
        (folder / "strategy.py").write_bytes(b"\xff\xfex")
        with pytest.raises(UnusableFolder, match="is not UTF-8"):
            folder_stream(folder)


@pytest.mark.django_db
def test_the_sample_folder_comes_in_through_the_command(command):
    code, _, err = command("--file", str(FOLDER))
    assert code == 0, err
    strategy = Strategy.objects.get(slug="eth-band-fade")
    assert strategy.source_code == make_llm_context.CODE
    assert strategy.source_hash
    assert PerformancePoint.objects.filter(strategy=strategy, source="backtest").count() == 120
    assert ImportedTrade.objects.filter(strategy=strategy).count() == 24
    assert ReportClaim.objects.filter(strategy=strategy).count() == 6
    assert Vault.objects.get().strategy == strategy
    run = ImportRun.objects.get()
    assert run.format == "llm_context 1.0 (document)"
    assert set(ImportIssue.objects.values_list("severity", flat=True)) == {"warning"}
    again, _, _ = command("--file", str(FOLDER))
    assert again == 0
    assert ImportRun.objects.count() == 1
