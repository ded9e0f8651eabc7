"""What has not changed is neither staged nor compared nor applied; what may have changed always is."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction

from atlas.domain.states import ImportState
from imports import apply as applying
from imports import digests
from imports.apply import apply
from imports.changeset import review
from imports.formats import v1_lines
from imports.formats.vocabulary import Kind
from imports.models import ContentDigest, ImportRun, StagedGroup, StagedRecord
from imports.moved import CatalogueMoved
from imports.revert import revert
from imports.synthetic import document_of, lines_of, reference_spec
from strategies.models import PerformancePoint, Strategy
from tests.imports.builders import (
    as_lines,
    benchmark,
    document,
    holding,
    point,
    strategy,
)
from tests.imports.meddling import (
    added_point,
    changed_claim,
    changed_point,
    changed_price,
    in_other_bytes,
    removed_trade,
    removed_vault_point,
    renamed_strategy,
    replaced_holding,
    rewritten_point,
    sql,
)
from tests.imports.world import (
    ACTOR,
    CORE_TABLES,
    NOW,
    catalogue,
    issues_of,
    kinds_of,
    row_versions,
)

pytestmark = pytest.mark.django_db
PARENTS = {Kind.BENCHMARK, Kind.STRATEGY, Kind.VAULT}


def staged_kinds(run):
    return set(StagedRecord.objects.filter(run=run).values_list("kind", flat=True))


@pytest.mark.parametrize("again", [in_other_bytes, as_lines], ids=["turned", "lines"])
def test_equal_content_in_other_bytes_is_not_staged_again(world, again):
    first = world.run(document())
    before = row_versions()
    run = world.run(again(document()))
    assert run.state == ImportState.APPLIED
    assert staged_kinds(run) == PARENTS
    assert (run.record_count, run.rejected_count) == (13, 0)
    assert kinds_of(run) == {kind: (0, 0, counts[0], 0) for kind, counts in kinds_of(first).items()}
    repeated = StagedGroup.objects.filter(run=run, same_as=first)
    assert sum(repeated.values_list("good", flat=True)) == 10
    assert row_versions() == before


@pytest.mark.django_db(transaction=True)
def test_the_database_counts_no_row_written_for_equal_content(world):
    def written():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(
                "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables"
                " WHERE relname = ANY(%s) ORDER BY 1",
                [list(CORE_TABLES)],
            )
            return cursor.fetchall()

    nothing = written()
    world.run(document())
    after_first = written()
    assert after_first != nothing
    world.run(in_other_bytes(document()))
    world.run(as_lines(document()))
    assert written() == after_first


@pytest.mark.parametrize(
    "meddle",
    [
        changed_point,
        rewritten_point,
        added_point,
        removed_trade,
        replaced_holding,
        changed_claim,
        changed_price,
        removed_vault_point,
        renamed_strategy,
    ],
)
def test_whoever_touches_a_row_makes_the_next_import_look(world, meddle):
    world.run(document(), is_dry_run=False)
    wanted = catalogue()
    world.run(in_other_bytes(document()))
    meddle()
    assert meddle is rewritten_point or catalogue() != wanted
    run = world.run(as_lines(document()))
    assert run.state == ImportState.APPLIED
    assert staged_kinds(run) - PARENTS
    if meddle is renamed_strategy:  # the renamed one keeps what it had
        Strategy.objects.filter(slug="omega").update(slug="zeta")
        assert PerformancePoint.objects.filter(strategy__slug="alpha").count() == 3
        return
    assert catalogue() == wanted


def test_a_second_change_in_the_same_transaction_is_seen_too(world):
    """Row versions of one transaction have one writer; their places tell them apart."""
    changed_point()
    world.run(document())
    wanted = catalogue()
    for time in range(2):
        changed_point()
        world.run(in_other_bytes(document()) + b"\n" * time)
        assert catalogue() == wanted
        assert staged_kinds(world.run(as_lines(document()) + b"\n" * time)) == PARENTS


def test_only_what_was_touched_is_staged(world):
    spec = reference_spec(strategies=4, days=20, trades=3, holdings=2)
    world.run(document_of(spec))
    sql(
        "UPDATE strategies_holding SET value_usd = 1 WHERE strategy_id ="
        " (SELECT id FROM strategies_strategy WHERE slug = 'strategy-0002')"
    )
    run = world.run(lines_of(spec))
    staged = StagedRecord.objects.filter(run=run).exclude(kind__in=PARENTS)
    assert set(staged.values_list("kind", "owner")) == {("holding", "strategy-0002")}
    assert staged.count() == 4
    assert kinds_of(run)["holding"] == (0, 4, 12, 0)


def test_lines_of_a_changed_group_are_read_again_from_where_they_stand(world, monkeypatch):
    """A group that comes in several chunks and turns out changed in its last one."""
    spec = reference_spec(strategies=3, days=60, trades=30, holdings=2)
    monkeypatch.setattr(v1_lines, "CHUNK_BYTES", 3_000)
    world.run(lines_of(spec))
    header, *lines = lines_of(spec).splitlines()
    last = max(i for i, line in enumerate(lines) if b'"external_id":"strategy-0001-' in line)
    changed = json.loads(lines[last]) | {"market": "SOL/USD"}
    lines[last] = json.dumps(changed).encode()
    plain = {name: value for name, value in json.loads(header).items() if name != "checksum"}
    run = world.run(b"\n".join([json.dumps(plain).encode(), *lines]))
    assert run.state == ImportState.APPLIED
    staged = StagedRecord.objects.filter(run=run).exclude(kind__in=PARENTS)
    assert set(staged.values_list("kind", "owner")) == {("trade", "strategy-0001")}
    assert staged.count() == 30
    assert kinds_of(run)["trade"] == (0, 1, 89, 0)
    with world.store.content(run.sha256) as content:
        for one in staged:
            raw = json.loads(content.piece(one.byte_start, one.byte_length))
            assert raw["external_id"] == one.key
    ordinals = list(StagedRecord.objects.filter(run=run).values_list("ordinal", flat=True))
    assert len(set(ordinals)) == len(ordinals)
    assert max(ordinals) <= run.record_count


def test_content_that_was_put_back_is_looked_at_again(world):
    first = world.run(document())
    wanted = catalogue()
    second = world.run(document(strategies=[strategy(performance=[point(1, 2.0)])]))
    revert(second, reason="wrong", actor=ACTOR, now=NOW)
    assert catalogue() == wanted
    run = world.run(in_other_bytes(document()))
    assert "performance" in staged_kinds(run)
    assert "trade" not in staged_kinds(run)
    assert catalogue() == wanted
    run = world.run(as_lines(document()))
    assert staged_kinds(run) == PARENTS
    assert first.content_digests.exists()


def test_a_snapshot_takes_away_what_a_delta_added_beside_known_content(world):
    base = strategy(performance=[point(1), point(2)])
    world.run(document(strategies=[base]))
    delta = strategy(performance=[point(3)], trades=[], holdings=[], reports=[])
    world.run(document(mode="delta", strategies=[delta]))
    repeated = world.run(in_other_bytes(document(mode="delta", strategies=[delta])))
    assert "performance" not in staged_kinds(repeated)
    snapshot = document(strategies=[strategy(performance=[point(3)])])
    run = world.run(snapshot)
    assert kinds_of(run)["performance"] == (0, 0, 1, 2)
    assert PerformancePoint.objects.count() == 1


def test_a_single_mistake_anywhere_and_everything_is_staged(world):
    world.run(document())
    wrong = document(benchmarks=[benchmark(), benchmark("btc", name="")])
    run = world.run(in_other_bytes(wrong), is_dry_run=True)
    assert staged_kinds(run) > PARENTS
    assert not StagedGroup.objects.filter(run=run, same_as__isnull=False).exists()
    assert (run.record_count, run.rejected_count) == (16, 3)


def test_records_of_a_strategy_that_is_turned_down_go_with_it_though_they_are_known(world):
    world.run(document())
    lost = document(strategies=[strategy(benchmark="doge")])
    run = world.run(in_other_bytes(lost), is_dry_run=True)
    assert ("error", "unknown_reference") in issues_of(run)
    assert issues_of(run).count(("error", "unknown_owner")) == 5  # its vault has lost it too
    assert run.rejected_count == 10


def test_what_was_worth_a_warning_is_told_each_time(world):
    halves = document(strategies=[strategy(holdings=[holding(weight=0.5)])])
    first = world.run(halves)
    again = world.run(in_other_bytes(halves))
    assert issues_of(first) == issues_of(again) == [("warning", "weights_do_not_sum")]
    assert "holding" in staged_kinds(again)
    assert "trade" not in staged_kinds(again)


def test_another_mapping_of_records_to_rows_makes_other_digests(world, monkeypatch):
    world.run(document())
    mappings = {kind: bytes(16) for kind in digests._MAPPINGS}
    monkeypatch.setattr(digests, "_MAPPINGS", mappings)
    assert staged_kinds(world.run(in_other_bytes(document()))) > PARENTS


def test_what_moves_between_reading_and_reviewing_stops_the_run(world, monkeypatch):
    world.run(document())
    monkeypatch.setattr("imports.pipeline.review", lambda run, *, now: run)
    run = world.run(in_other_bytes(document()))
    assert run.state == ImportState.STAGED
    changed_point()
    with pytest.raises(CatalogueMoved, match="was read"):
        review(run, now=NOW)
    monkeypatch.undo()
    anew = world.run(in_other_bytes(document()))
    assert anew.pk != run.pk
    assert kinds_of(anew)["performance"] == (0, 3, 0, 0)
    assert ImportRun.objects.get(pk=run.pk).state == ImportState.REJECTED


@pytest.mark.parametrize("meddle", [changed_point, added_point, removed_trade])
def test_what_moves_between_reviewing_and_applying_stops_the_run(world, meddle):
    """Also where the review found these rows unchanged, and whoever changed them told nobody."""
    world.run(document())
    runs = [
        world.run(in_other_bytes(document()), is_dry_run=True),
        world.run(
            document(strategies=[strategy(performance=[point(1), point(2)])]), is_dry_run=True
        ),
    ]
    meddle()
    before = row_versions()
    for run in runs:
        with pytest.raises(CatalogueMoved, match="was reviewed"):
            apply(run, actor=ACTOR, now=NOW)
    assert row_versions() == before


def test_rows_that_somebody_else_writes_while_a_change_set_is_applied_are_not_taken_for_proved(
    world, monkeypatch
):
    world.run(document())
    carried_out = applying.carry_out

    def meddled(*given, **named):
        carried_out(*given, **named)
        with transaction.atomic():  # another writer, as far as row versions tell
            sql("UPDATE strategies_performancepoint SET aum_usd = 5 WHERE nav_per_share_usd = 1")

    content = document(strategies=[strategy(performance=[point(1), point(2, 1.5), point(3, 1.02)])])
    monkeypatch.setattr(applying, "carry_out", meddled)
    world.run(content)
    monkeypatch.undo()
    run = world.run(in_other_bytes(content))
    assert kinds_of(run)["performance"] == (0, 1, 2, 0)
    assert set(PerformancePoint.objects.values_list("aum_usd", flat=True)) == {1000}


def test_a_group_that_changed_in_part_is_remembered_as_well(world):
    world.run(document())
    content = document(strategies=[strategy(performance=[point(1), point(2, 1.5), point(4)])])
    run = world.run(content)
    assert kinds_of(run)["performance"] == (1, 1, 1, 1)
    again = world.run(in_other_bytes(content))
    assert staged_kinds(again) == PARENTS
    known = ContentDigest.objects.get(kind=Kind.PERFORMANCE)
    assert (known.run, known.records, known.row_count) == (run, 3, 3)


def test_the_age_of_what_is_known_does_not_matter(world):
    world.run(document())
    run = world.run(in_other_bytes(document()), now=NOW + timedelta(days=900))
    assert staged_kinds(run) == PARENTS
