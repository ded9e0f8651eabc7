"""The way out: what was taken in is written out again, and the same to the last byte."""

import gzip
import io
import json
from decimal import Decimal

import pytest
import zstandard
from django.apps import apps
from django.db import connection

from imports.export import write_export
from imports.formats.content import BytesContent
from imports.formats.registry import open_export
from imports.models import ImportRun, ImportSource
from imports.synthetic import SAMPLE_SPEC, document_of
from onchain.models import Chain
from strategies.models import CatalogueVersion, PerformancePoint, Strategy
from tests.imports.builders import document, holding, point, report, strategy, trade
from tests.imports.world import World, kinds_of

pytestmark = pytest.mark.django_db


def exported(*slugs: str) -> bytes:
    stream = io.BytesIO()
    write_export(stream, slugs=slugs)
    return stream.getvalue()


def empty_the_catalogue() -> None:
    """Leave an installation as new: no catalogue, no imports, only what every one has."""
    kept = {ImportSource, CatalogueVersion, Chain}
    tables = [
        model._meta.db_table
        for label in ("imports", "strategies", "onchain")
        for model in apps.get_app_config(label).get_models()
        if model not in kept
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def take_in(world: World, data: bytes) -> ImportRun:
    run = world.run(data)
    assert run.state == "APPLIED", run.failure
    return run


RICH = document(
    strategies=[
        strategy(
            "alpha",
            performance=[
                point(1, 1.0, aum_usd=None),
                point(2, 1.123456789012345),
                point(1, 0.1 + 0.2, source="live"),
            ],
            holdings=[holding("ETH", 0.4), holding("BTC", 0.6, quantity=-1e-9)],
            trades=[
                trade(1),
                trade(2, closed_at=None, exit_price_usd=None, pnl_usd=None, result="open"),
            ],
            reports=[report(sharpe=1.5, words="three days", nothing=None)],
            discovered_at="2025-03-01T10:00:00.123456Z",
            parameters={"a": [1, 2.5, "x"], "b": {"deep": None}},
            source_code='print("never run")\n',
        ),
        strategy("beta", performance=[], holdings=[], trades=[], reports=[]),
    ]
)


@pytest.mark.parametrize("content", [json.dumps(RICH).encode(), document_of(SAMPLE_SPEC)])
def test_out_in_and_out_again_is_the_same_to_the_last_byte(world, content):
    take_in(world, content)
    first = exported()
    empty_the_catalogue()
    take_in(world, first)
    assert exported() == first


def test_an_export_keeps_its_own_promises_and_holds_every_record(world):
    take_in(world, json.dumps(RICH).encode())
    data = exported()
    opened = open_export(BytesContent(data))
    kinds = [batch.kind for batch in opened.export.batches()]  # raises where a promise is broken
    assert kinds
    counts = json.loads(data)["counts"]
    assert counts["strategy"] == 2
    assert counts["performance"] == 3 + len(RICH.get("vaults", [{}])[0].get("performance", []))
    assert counts["trade"] == 2


def test_taking_ones_own_export_in_changes_nothing(world):
    take_in(world, json.dumps(RICH).encode())
    run = take_in(world, exported())
    assert all(kinds[0] == kinds[1] == kinds[3] == 0 for kinds in kinds_of(run).values())


def test_digits_beyond_a_number_of_json_are_rounded_once(world):
    take_in(world, json.dumps(RICH).encode())
    PerformancePoint.objects.filter(source="live").update(
        nav_per_share_usd=Decimal("1.123456789012345678")
    )
    first = exported()
    empty_the_catalogue()
    take_in(world, first)
    assert exported() == first
    assert b"1.1234567890123457" in first


def test_a_strategy_that_is_not_public_is_left_out_unless_it_is_named(world):
    take_in(world, json.dumps(RICH).encode())
    Strategy.objects.filter(slug="beta").update(public=False)
    stream = io.BytesIO()
    done = write_export(stream)
    assert done.left_out == 1
    slugs = [one["slug"] for one in json.loads(stream.getvalue())["strategies"]]
    assert slugs == ["alpha"]
    named = json.loads(exported("beta"))
    assert [one["slug"] for one in named["strategies"]] == ["beta"]


class TestTheCommand:
    """`--export` on the command line."""

    @pytest.fixture(autouse=True)
    def _filled(self, world):
        take_in(world, json.dumps(RICH).encode())

    @pytest.mark.parametrize(
        ("name", "unpacked"),
        [
            ("out.json", lambda data: data),
            ("out.json.gz", gzip.decompress),
            (
                "out.json.zst",
                lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
            ),
        ],
        ids=["plain", "gz", "zst"],
    )
    def test_it_writes_a_file_packed_as_its_name_says(self, command, tmp_path, name, unpacked):
        path = tmp_path / name
        code, out, err = command("--export", str(path))
        assert (code, out) == (0, "")
        assert "2 strategy" in err
        assert unpacked(path.read_bytes()) == exported()
        first = path.read_bytes()
        command("--export", str(path))
        assert path.read_bytes() == first
        assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []

    def test_an_unknown_strategy_leaves_no_file(self, command, tmp_path):
        path = tmp_path / "out.json"
        code, _, err = command("--export", str(path), "--strategy", "nobody")
        assert code == 1
        assert "There is no strategy nobody" in err
        assert list(tmp_path.glob("*out*")) == []

    @pytest.mark.parametrize("name", ["no-such-folder/out.json", "."])
    def test_a_place_that_cannot_be_written_is_said(self, command, tmp_path, monkeypatch, name):
        monkeypatch.chdir(tmp_path)
        code, _, err = command("--export", name)
        assert code == 1
        assert name in err

    def test_a_file_that_was_there_stays_until_the_new_one_is_whole(self, command, tmp_path):
        path = tmp_path / "out.json"
        path.write_text("old")
        command("--export", str(path), "--strategy", "nobody")
        assert path.read_text() == "old"
