"""A file on its way: staged with all its problems, reviewed as a diff, applied exactly so."""

import gzip
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from atlas.domain.errors import ConflictingState
from atlas.domain.states import ImportState
from atlas.models import AuditEvent
from imports.apply import apply
from imports.formats.vocabulary import Kind
from imports.models import ImportRun, RecordChange, StagedRecord
from imports.moved import CatalogueMoved
from imports.pipeline import Wish, import_file
from imports.sources import Incoming
from imports.storage import ContentStore
from imports.vocabulary import SourceKind
from onchain.models import Vault
from strategies.models import (
    BenchmarkPoint,
    CatalogueVersion,
    ImportedTrade,
    MetricsSnapshot,
    PerformancePoint,
    ReportClaim,
    Strategy,
    VaultPerformancePoint,
)
from tests.imports.builders import (
    ACCOUNT,
    as_bytes,
    as_lines,
    benchmark,
    document,
    point,
    report,
    strategy,
    trade,
)
from tests.imports.world import ACTOR, NOW, World, catalogue, issues_of, kinds_of, row_versions

pytestmark = pytest.mark.django_db


def test_a_file_becomes_the_catalogue(world):
    run = world.run(document())
    assert run.state == ImportState.APPLIED
    assert (run.record_count, run.rejected_count, run.error_count) == (13, 0, 0)
    made = Strategy.objects.get(slug="alpha")
    assert made.name == "The alpha strategy"
    assert made.description == "Buys low.\nSells high."
    assert (made.rule, made.parameters) == ("ema_cross", {"fast_bars": 8, "slow_bars": 21})
    assert made.benchmark is not None
    assert (made.benchmark.slug, made.public, made.tags) == ("eth", True, ["trend"])
    points = PerformancePoint.objects.filter(strategy=made).order_by("as_of_at")
    assert [one.nav_per_share_usd for one in points] == [1, Decimal("1.01"), Decimal("1.02")]
    assert BenchmarkPoint.objects.count() == 2
    sold = ImportedTrade.objects.get(strategy=made)
    assert (sold.pnl_usd, sold.funding_usd, sold.result) == (Decimal("33.2"), Decimal("0.1"), "win")
    assert ReportClaim.objects.get(metric="sharpe").value == 1.5
    assert ReportClaim.objects.get(metric="avg_trade_duration").text == "3 days"
    held = Vault.objects.get()
    assert (held.account_id, held.strategy, held.status) == (ACCOUNT, made, "watched")
    assert VaultPerformancePoint.objects.get().vault == ACCOUNT


def test_both_shapes_make_the_same_catalogue(world):
    world.run(document())
    by_document = catalogue()
    run = world.run(as_lines(document()))
    assert run.state == ImportState.APPLIED
    assert {counts[:2] + counts[3:] for counts in kinds_of(run).values()} == {(0, 0, 0)}
    assert catalogue() == by_document


def test_source_code_is_kept_with_its_hash_and_nothing_else_is_done_with_it(world):
    world.run(document(strategies=[strategy(source_code="raise SystemExit\n")]))
    made = Strategy.objects.get(slug="alpha")
    assert made.source_code == "raise SystemExit\n"
    assert made.source_hash.startswith("0x")
    assert len(made.source_hash) == 66


def test_text_comes_through_as_it_is_whatever_is_in_it(world):
    name = "back\\slash \\N \\. \"quote\" 'tick' {brace} % é 𝛑 %s"
    description = "tab\there\nline\r\nend\\n"
    odd = trade(external_id="a\\tb|\"c'")
    world.run(document(strategies=[strategy(name=name, description=description, trades=[odd])]))
    made = Strategy.objects.get()
    assert (made.name, made.description) == (name, description)
    assert ImportedTrade.objects.get().external_id == "a\\tb|\"c'"
    assert StagedRecord.objects.get(kind=Kind.TRADE).key == "a\\tb|\"c'"


def test_the_bytes_of_a_staged_record_can_be_read_again(world):
    data = as_bytes(document())
    run = world.run(data)
    staged = StagedRecord.objects.get(run=run, kind=Kind.TRADE)
    with world.store.content(run.sha256) as content:
        assert b'"external_id": "t-1"' in content.piece(staged.byte_start, staged.byte_length)


def test_staged_records_know_the_hash_of_what_they_hold(world):
    files = (document(), as_lines(document()))
    first, second = [world.run(content, is_dry_run=True) for content in files]
    hashes = [
        dict(StagedRecord.objects.filter(run=run).values_list("key", "content_hash"))
        for run in (first, second)
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes[0].values())) > 5


def test_a_dry_run_shows_the_diff_and_leaves_the_catalogue_alone(world):
    before = row_versions()
    run = world.run(document(), is_dry_run=True)
    assert run.state == ImportState.REVIEWED
    assert kinds_of(run)["performance"] == (3, 0, 0, 0)
    assert run.changeset["samples"]["strategy"]["insert"][0]["key"] == "alpha"
    assert row_versions() == before


def test_what_a_dry_run_reviewed_is_applied_by_its_number(world):
    run = world.run(document(), is_dry_run=True)
    hash_of_review = run.changeset_hash
    applied = apply(ImportRun.objects.get(pk=run.pk), actor=ACTOR, now=NOW)
    assert applied.state == ImportState.APPLIED
    assert applied.changeset_hash == hash_of_review
    assert PerformancePoint.objects.count() == 3


def test_the_same_bytes_go_on_where_they_were_and_are_one_run(world):
    reviewed = world.run(document(), is_dry_run=True)
    applied = world.bring(document())
    again = world.bring(document())
    assert applied.run.pk == again.run.pk == reviewed.pk
    assert (applied.is_repeat, again.is_repeat) == (False, True)
    assert ImportRun.objects.count() == 1


def test_the_same_bytes_are_imported_anew_once_the_catalogue_has_moved(world):
    first = world.run(document())
    world.run(document(strategies=[strategy(name="Renamed")]))
    again = world.bring(document())
    assert again.run.pk != first.pk
    assert kinds_of(again.run)["strategy"] == (0, 1, 0, 0)
    assert Strategy.objects.get().name == "The alpha strategy"


def test_equal_content_in_other_bytes_writes_no_row_of_the_catalogue(world):
    world.run(document())
    before = row_versions()
    run = world.run(as_bytes(document()) + b"\n\n")
    assert run.state == ImportState.APPLIED
    assert sum(counts[2] for counts in kinds_of(run).values()) == 13
    assert row_versions() == before


def test_a_change_of_one_value_writes_one_row_and_tells_old_and_new(world):
    world.run(document())
    version = Strategy.objects.get().data_version
    lists = CatalogueVersion.objects.get(name="strategies").version
    points = [point(1), point(2, 1.01), point(3, 1.05)]
    before = row_versions()
    run = world.run(document(strategies=[strategy(performance=points)]))
    assert kinds_of(run)["performance"] == (0, 1, 2, 0)
    (sample,) = run.changeset["samples"]["performance"]["update"]
    assert (sample["before"]["nav_per_share_usd"], sample["after"]["nav_per_share_usd"]) == (
        1.02,
        1.05,
    )
    changed = len(
        set(row_versions()["strategies_performancepoint"])
        - set(before["strategies_performancepoint"])
    )
    assert changed == 1
    assert Strategy.objects.get().data_version == version + 1
    assert CatalogueVersion.objects.get(name="strategies").version == lists + 1


def test_a_new_point_of_a_known_series_is_inserted_and_noted(world):
    world.run(document())
    points = [point(1), point(2, 1.01), point(3, 1.02), point(4, 1.03)]
    run = world.run(document(strategies=[strategy(performance=points)]))
    assert kinds_of(run)["performance"] == (1, 0, 3, 0)
    assert RecordChange.objects.get(run=run).key == "backtest 2025-01-04T00:00:00Z"
    assert PerformancePoint.objects.count() == 4


def test_a_snapshot_takes_away_what_it_no_longer_says_of_its_strategies(world):
    world.run(document())
    world.run(document(strategies=[strategy("beta")], vaults=[]))
    shorter = strategy(performance=[point(1)], trades=[], holdings=[], reports=[report(sharpe=1.5)])
    run = world.run(document(strategies=[shorter], benchmarks=[], vaults=[]))
    kinds = kinds_of(run)
    assert kinds["performance"] == (0, 0, 1, 2)
    assert (kinds["trade"], kinds["holding"], kinds["claim"]) == (
        (0, 0, 0, 1),
        (0, 0, 0, 1),
        (0, 0, 1, 1),
    )
    assert PerformancePoint.objects.filter(strategy__slug="alpha").count() == 1
    assert PerformancePoint.objects.filter(strategy__slug="beta").count() == 3
    assert BenchmarkPoint.objects.count() == 2
    assert VaultPerformancePoint.objects.count() == 1


def test_a_delta_changes_only_what_it_says(world):
    world.run(document())
    delta = strategy(performance=[point(4, 1.1)], trades=[], holdings=[], reports=[])
    run = world.run(document(mode="delta", strategies=[delta], benchmarks=[], vaults=[]))
    assert kinds_of(run)["performance"] == (1, 0, 0, 0)
    assert PerformancePoint.objects.count() == 4
    assert ImportedTrade.objects.count() == 1


def test_points_may_come_without_their_strategy_if_it_is_known_here(world):
    world.run(document())
    header, *_ = as_lines(document(mode="delta")).splitlines(keepends=True)
    line = as_bytes({"record": "performance", "strategy": "alpha", **point(9)})
    run = world.run(header + line)
    assert run.state == ImportState.APPLIED
    assert PerformancePoint.objects.count() == 4


def test_an_import_that_the_catalogue_has_overtaken_applies_nothing(world):
    world.run(document())
    late = world.run(document(strategies=[strategy(name="Late")]), is_dry_run=True)
    world.run(document(strategies=[strategy(name="Early")]))
    before = row_versions()
    with pytest.raises(CatalogueMoved, match="Import the file again"):
        apply(late, actor=ACTOR, now=NOW)
    assert row_versions() == before
    late.refresh_from_db()
    assert late.state == ImportState.REVIEWED
    anew = world.run(document(strategies=[strategy(name="Late")]))
    assert anew.pk != late.pk
    assert Strategy.objects.get().name == "Late"
    late.refresh_from_db()
    assert late.state == ImportState.REJECTED


def test_a_row_that_was_edited_past_the_versions_stops_the_import_all_the_same(world):
    world.run(document())
    points = [point(1), point(2, 1.01), point(3, 1.05)]
    run = world.run(document(strategies=[strategy(performance=points)]), is_dry_run=True)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE strategies_performancepoint SET nav_per_share_usd = 9")
    with pytest.raises(CatalogueMoved):
        apply(run, actor=ACTOR, now=NOW)
    assert set(PerformancePoint.objects.values_list("nav_per_share_usd", flat=True)) == {9}


def test_a_run_is_applied_once(world):
    run = world.run(document())
    with pytest.raises(ConflictingState, match="APPLIED, not REVIEWED"):
        apply(run, actor=ACTOR, now=NOW)


def test_who_did_what_is_in_the_audit_log(world):
    run = world.run(document())
    events = AuditEvent.objects.filter(subject_type="imports.importrun", subject_id=str(run.pk))
    assert list(events.order_by("pk").values_list("action", "actor")) == [
        ("import.receive", "tests"),
        ("import.apply", "tests"),
    ]
    applied = events.get(action="import.apply").after
    assert applied is not None
    assert applied["kinds"]["performance"]["insert"] == 3


def test_headline_metrics_follow_the_series_in_the_same_transaction(world):
    points = [point(1, 1.0), point(2, 0.5), point(3, 1.5)]
    world.run(document(strategies=[strategy(performance=points)]))
    snapshot = MetricsSnapshot.objects.get(window="all")
    assert (snapshot.total_return_ratio, snapshot.max_drawdown_ratio) == (0.5, -0.5)
    assert snapshot.observations == 3
    assert snapshot.data_version == Strategy.objects.get().data_version
    short = MetricsSnapshot.objects.get(window="30d")
    assert short.total_return_ratio is None


def test_a_benchmark_that_changes_is_news_of_the_strategies_compared_with_it(world):
    world.run(document())
    version = Strategy.objects.get().data_version
    prices = [{"as_of_at": "2025-01-01T00:00:00Z", "price_usd": 1.0}]
    world.run(
        document(mode="delta", benchmarks=[benchmark(points=prices)], strategies=[], vaults=[])
    )
    assert Strategy.objects.get().data_version == version + 1


def test_a_packed_file_is_imported_like_a_plain_one(world):
    run = world.run(gzip.compress(as_bytes(document())), name="export.json.gz")
    assert run.state == ImportState.APPLIED


def test_a_packing_that_is_broken_rejects_the_run(world):
    run = world.run(gzip.compress(as_bytes(document()))[:-9])
    assert (run.state, issues_of(run)) == (ImportState.REJECTED, [("error", "broken_packing")])


def test_a_wanted_format_is_insisted_on(world):
    run = world.run(document(), wanted_format="atlas-1.0")
    assert run.state == ImportState.APPLIED
    assert run.format == "atlas 1.0 (document)"


class CrackedStore(ContentStore):
    """A store whose code has a mistake."""

    def content(self, sha256):
        return 1 / 0


def test_an_error_of_our_own_ends_the_run_as_failed(tmp_path):
    cracked = World(CrackedStore(tmp_path))
    with pytest.raises(ZeroDivisionError):
        cracked.run(document())
    run = ImportRun.objects.get()
    assert (run.state, run.failure) == (ImportState.FAILED, "ZeroDivisionError: division by zero")
    assert not StagedRecord.objects.exists()


def test_the_time_of_the_import_decides_what_is_the_future(world):
    then = NOW - timedelta(days=1000)
    run = world.run(document(), now=then)
    assert run.state == ImportState.REJECTED
    assert ("error", "implausible_time") in issues_of(run)


def test_a_stream_is_imported_as_from_standard_input(world):
    incoming = Incoming(io.BytesIO(as_bytes(document())), "standard input", SourceKind.STDIN)
    run = import_file(incoming, Wish(), store=world.store, actor=ACTOR, now=NOW).run
    assert (run.state, run.source.name) == (ImportState.APPLIED, "stdin")
