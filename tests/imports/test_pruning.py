"""Pruning: records and bytes of old imports go, in batches and only where nobody needs them."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from atlas.domain.errors import ConflictingState
from atlas.models import AuditEvent
from config.celery import app
from imports import desk, pruning, registrations, tasks
from imports.models import ImportRun, ImportSource, RecordChange, StagedGroup, StagedRecord
from imports.pruning import preview, prune
from imports.revert import revert
from imports.storage import StoreUnusable
from strategies.models import Strategy
from tests.imports.builders import as_bytes, document, point, strategy
from tests.imports.world import ACTOR, NOW, catalogue

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=91)


def named(name: str) -> bytes:
    return as_bytes(document(strategies=[strategy(name=name)]))


def pruned(world, **options):
    done = prune(store=world.store, actor=ACTOR, now=options.pop("now", LATER), **options)
    return [one.run.pk for one in done]


def rows_of(run: ImportRun) -> list[int]:
    models = (StagedRecord, RecordChange, StagedGroup)
    return [model.objects.filter(run=run).count() for model in models]


def has_bytes(world, run: ImportRun) -> bool:
    try:
        world.store.require(run.sha256)
    except StoreUnusable:
        return False
    return True


def test_what_ended_long_ago_loses_its_records_and_its_bytes_and_the_newest_stays(world):
    first, second = world.run(named("one")), world.run(named("two"))
    before = catalogue()
    assert all(rows_of(first)[::2])
    assert all(rows_of(second))
    assert pruned(world) == [first.pk]
    assert rows_of(first) == [0, 0, 0]
    assert not has_bytes(world, first)
    assert all(rows_of(second))
    assert has_bytes(world, second)
    assert catalogue() == before
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.pruned_at, second.pruned_at) == (LATER, None)
    assert first.changeset["kinds"]["strategy"]["insert"] == 1
    assert pruned(world) == []


def test_only_what_ended_before_the_days_of_the_installation_goes(world, settings):
    first, _ = world.run(named("one")), world.run(named("two"))
    assert pruned(world, now=NOW + timedelta(days=90)) == []
    settings.ATLAS_IMPORT_KEEP_DAYS = 30
    assert pruned(world, now=NOW + timedelta(days=31)) == [first.pk]


def test_the_newest_applied_run_of_each_source_stays_and_can_be_put_back(world):
    only = world.run(named("one"))
    assert pruned(world) == []
    revert(only, reason="a mistake", actor=ACTOR, now=LATER)
    assert not Strategy.objects.exists()


@pytest.mark.parametrize("days", [91, 10_000])
def test_what_has_not_ended_stays_whatever_its_age(world, days):
    waiting = world.run(named("one"), is_dry_run=True)
    assert waiting.state == "REVIEWED"
    assert pruned(world, now=NOW + timedelta(days=days)) == []
    assert all(rows_of(waiting)[::2])


def test_runs_that_were_turned_down_or_put_back_go_too(world):
    refused = world.run(b'{"schema_version": "9.9"}')
    back = world.run(named("one"))
    revert(back, reason="a mistake", actor=ACTOR, now=NOW)
    assert (refused.state, back.state) == ("REJECTED", "REVERTED")
    assert pruned(world) == [refused.pk, back.pk]
    assert not has_bytes(world, refused)


def test_bytes_that_another_run_names_stay_until_the_last_one_goes(world):
    same, other = named("one"), named("two")
    first = world.run(same)
    world.run(other)
    again = world.run(same, now=NOW + timedelta(days=50))
    assert again.pk != first.pk
    freed = {one.run.pk: one.freed_bytes for one in prune_at(world, LATER)}
    assert freed[first.pk] == 0
    assert has_bytes(world, first)
    world.run(named("three"), now=LATER)
    freed = {one.run.pk: one.freed_bytes for one in prune_at(world, NOW + timedelta(days=141))}
    assert freed == {again.pk: len(same)}
    assert not has_bytes(world, first)


def prune_at(world, now):
    return list(prune(store=world.store, actor=ACTOR, now=now))


def test_a_pruned_run_is_neither_put_back_nor_read_again_and_says_why(world, settings, tmp_path):
    settings.ATLAS_STORAGE_DIR = tmp_path / "storage"
    first = world.run(named("one"))
    world.run(named("two"))
    pruned(world)
    first.refresh_from_db()
    sentence = r"was pruned on 2027-02-22: what stood there before is no longer kept"
    with pytest.raises(ConflictingState, match=sentence):
        revert(first, reason="a mistake", actor=ACTOR, now=LATER)
    with pytest.raises(ConflictingState, match=sentence):
        desk.ask_to_revert(first, reason="a mistake", actor=ACTOR, now=LATER)
    with pytest.raises(ConflictingState, match="Hand the file in again"):
        desk.review_again(first, reason="once more", actor=ACTOR, now=LATER)
    first.refresh_from_db()
    assert first.state == "APPLIED"


def test_the_same_bytes_come_in_again_as_a_run_of_their_own(world):
    content = as_bytes(document(mode="delta", strategies=[strategy()]))
    first = world.run(content)
    world.run(as_bytes(document(strategies=[strategy("beta")], benchmarks=[], vaults=[])))
    assert world.bring(content).is_repeat
    pruned(world)
    outcome = world.bring(content, now=LATER)
    assert not outcome.is_repeat
    assert outcome.run.pk != first.pk
    assert outcome.run.state == "APPLIED"


def test_each_pruning_is_in_the_audit_log(world):
    first = world.run(named("one"))
    world.run(named("two"))
    pruned(world, keep_days=12)
    event = AuditEvent.objects.get(action="import.prune")
    assert (event.subject_id, event.actor) == (str(first.pk), ACTOR.name)
    assert event.after is not None
    assert event.after["freed_bytes"] == first.size_bytes
    assert event.reason == "It ended more than 12 days ago."


def test_rows_go_in_batches_and_an_interrupted_pruning_is_finished_by_the_next(world, monkeypatch):
    points = [point(day, 1 + day / 100) for day in range(1, 29)]
    first = world.run(as_bytes(document(strategies=[strategy(performance=points)])))
    world.run(named("two"))
    monkeypatch.setattr(pruning, "BATCH_ROWS", 10)
    whole = sum(rows_of(first))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "_ROWS", (RecordChange,))  # as if it had stopped after these
        pruned(world)
    assert rows_of(first)[0] > 20
    first.refresh_from_db()
    assert first.pruned_at == LATER
    ((finished,),) = [prune_at(world, LATER + timedelta(days=1))]
    assert finished.run == first
    assert finished.rows <= whole
    assert rows_of(first) == [0, 0, 0]


def make_irremovable(root, run: ImportRun) -> None:
    """Put a folder where the bytes lie: that cannot be unlinked."""
    place = root / "objects" / run.sha256[:2] / run.sha256
    place.unlink()
    place.mkdir()


def test_a_store_that_refuses_leaves_the_run_as_it_was(world, tmp_path):
    first = world.run(named("one"))
    world.run(named("two"))
    make_irremovable(tmp_path / "store", first)
    with pytest.raises(StoreUnusable, match="Check ATLAS_STORAGE_URL"):
        pruned(world)
    first.refresh_from_db()
    assert first.pruned_at is None
    assert all(rows_of(first)[::2])


def test_bytes_that_went_between_their_coming_and_their_run_are_asked_for_again(world):
    source = ImportSource.objects.get(name="file")
    stored = world.store.put(io.BytesIO(named("one")))
    world.store.forget(stored.sha256)
    from imports.pipeline import Wish, receive_stored

    with pytest.raises(StoreUnusable, match="import the file again"):
        receive_stored(source, stored, "a.json", Wish(), store=world.store, actor=ACTOR, now=NOW)
    assert not ImportRun.objects.exists()


def test_a_preview_tells_the_same_as_the_pruning_and_changes_nothing(world):
    same = named("one")
    world.run(same)
    world.run(named("two"))
    world.run(same, now=NOW + timedelta(hours=1))
    world.run(named("three"), now=NOW + timedelta(hours=2))
    expected = preview(now=LATER)
    assert all(one.rows for one in expected)
    assert ImportRun.objects.filter(pruned_at__isnull=False).count() == 0
    assert prune_at(world, LATER) == expected
    assert sorted(one.freed_bytes > 0 for one in expected) == [False, True, True]


def test_what_a_killed_process_left_half_written_goes_after_a_day(world, tmp_path):
    run = world.run(named("one"))
    incoming, other = tmp_path / "store" / "incoming" / "tmpleft", tmp_path / "store" / "tmpcopy"
    for path in (incoming, other):
        path.write_bytes(b"half")
    written_at = datetime.fromtimestamp(incoming.stat().st_mtime, UTC)
    assert pruning.sweep(store=world.store, now=written_at + timedelta(hours=23)) == 0
    assert pruning.sweep(store=world.store, now=written_at + timedelta(hours=25)) == 8
    assert not incoming.exists()
    assert not other.exists()
    assert has_bytes(world, run)


@pytest.fixture
def old_run(command, file, settings):
    """Two applied runs of long ago in the installation's own store."""
    for name in ("one", "two"):
        assert command("--file", file(named(name), f"{name}.json"))[0] == 0
    long_ago = NOW - timedelta(days=9_000)
    ImportRun.objects.update(ended_at=long_ago)
    return ImportRun.objects.order_by("pk").first()


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("prune_imports", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_what_would_go_and_then_lets_it_go(old_run):
    assert "would lose" in told("--dry-run")
    assert all(rows_of(old_run)[::2])
    answer = json.loads(told("--json", "--days", "30"))
    assert [one["run"] for one in answer["runs"]] == [old_run.pk]
    assert answer["freed_bytes"] == old_run.size_bytes
    assert answer["rows"] > 0
    assert told() == "0 imports were pruned: 0 rows and 0 bytes.\n"


def test_the_command_refuses_no_days_and_ends_with_4_where_the_store_refuses(old_run, tmp_path):
    with pytest.raises(CommandError, match="1 or more") as usage:
        told("--days", "0")
    assert usage.value.returncode == 2
    make_irremovable(tmp_path / "storage" / "imports", old_run)
    with pytest.raises(CommandError, match="0 imports were pruned before") as refused:
        told()
    assert refused.value.returncode == 4


def test_the_schedule_prunes_every_day(old_run, monkeypatch):
    schedule = registrations._PRUNE
    assert schedule.every_seconds == 86_400
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    assert schedule.task == tasks.prune.name
    tasks.prune.delay()
    old_run.refresh_from_db()
    assert old_run.pruned_at is not None
