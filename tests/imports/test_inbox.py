"""Inboxes: what is taken, in which order, where it goes, and what a producer cannot make us do."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from atlas.domain.errors import ConflictingState, NeedsHuman, Temporary
from imports import inbox as inboxes
from imports.inbox import Inbox
from imports.models import ImportRun, ImportSource
from imports.storage import StoreUnusable
from imports.turns import turn_of
from strategies.models import Strategy
from tests.imports.builders import document, point, strategy
from tests.imports.source_world import (
    alerts,
    fetch_now,
    make_source,
    names_in,
    put,
    settled,
    states,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    """Give the folder of an inbox with its own root."""
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path / "inboxes"
    made = tmp_path / "inboxes" / "nightly"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def source(folder):
    return make_source("inbox", "nightly")


@pytest.fixture
def store(world):
    return world.store


def test_a_file_is_imported_and_moved_aside(source, folder, store):
    put(folder, "export.json", document())
    done = fetch_now(source, store)
    assert states(done) == ["APPLIED"]
    run = ImportRun.objects.get()
    assert (run.source, run.received_from) == (source, "export.json")
    assert names_in(folder) == ["done", "quarantine", "working"]
    assert names_in(folder / "done") == [f"run{run.pk}-export.json"]
    assert Strategy.objects.get().slug == "alpha"
    source.refresh_from_db()
    assert source.arrived_at is not None
    assert source.look_failure == ""
    assert fetch_now(source, store) == []


def test_a_file_that_is_turned_down_goes_into_quarantine_with_the_reason_beside_it(
    source, folder, store
):
    bad = document(strategies=[strategy(performance=[point(1), point(2, nav=-5)])])
    put(folder, "export.json", bad)
    assert states(fetch_now(source, store)) == ["REJECTED"]
    kept, reason = sorted((folder / "quarantine").iterdir(), key=lambda path: len(path.name))
    assert reason.name == f"{kept.name}.reason.txt"
    words = reason.read_text(encoding="utf-8")
    assert words.startswith("export.json\n")
    assert "/strategies/0/performance/1" in words
    assert alerts() == {"import_quarantined": ("OPEN", 1)}
    assert not Strategy.objects.exists()


def test_one_bad_file_does_not_keep_the_others_out(source, folder, store):
    put(folder, "a.json", b"{", age=30)
    put(folder, "b.json", document(), age=20)
    put(folder, "c.json", b"\x00", age=10)
    assert states(fetch_now(source, store)) == ["REJECTED", "APPLIED", "REJECTED"]
    assert alerts()["import_quarantined"] == ("OPEN", 2)


def test_files_are_taken_in_the_order_in_which_they_were_written(source, folder, store):
    for name, age, slug in (("z", 30, "one"), ("a", 10, "three"), ("m", 20, "two")):
        put(folder, name, document(strategies=[strategy(slug)], vaults=[]), age=age)
    assert [one.name for one in fetch_now(source, store)] == ["z", "m", "a"]
    assert list(Strategy.objects.order_by("pk").values_list("slug", flat=True)) == [
        "one",
        "two",
        "three",
    ]


@pytest.mark.parametrize(
    "name", [".hidden.json", "export.json.part", "export.TMP", "export.json~", "x.filepart"]
)
def test_hidden_and_temporary_files_are_left_alone(source, folder, store, name):
    put(folder, name, document())
    assert fetch_now(source, store) == []
    assert (folder / name).exists()


def test_a_file_is_left_alone_until_it_has_settled(source, folder, store):
    path = put(folder, "export.json", document(), age=3600)
    assert fetch_now(source, store, now=timezone.now()) == []
    assert path.exists()
    assert states(fetch_now(source, store)) == ["APPLIED"]


def test_a_file_that_changes_while_it_is_read_is_taken_at_a_later_look(
    source, folder, store, monkeypatch
):
    put(folder, "export.json", b'{"half":')
    real = store.put

    def written_meanwhile(stream, **options):
        with (folder / "working" / "export.json").open("ab") as more:
            more.write(b" ")
        return real(stream, **options)

    monkeypatch.setattr(store, "put", written_meanwhile)
    assert fetch_now(source, store) == []
    assert not ImportRun.objects.exists()
    monkeypatch.setattr(store, "put", real)
    put(folder / "working", "export.json", document())
    assert fetch_now(source, store, now=timezone.now()) == []
    assert states(fetch_now(source, store)) == ["APPLIED"]


def test_a_link_is_never_followed(source, folder, store, tmp_path):
    secret = put(tmp_path, "secret.json", document())
    (folder / "link.json").symlink_to(secret)
    (folder / "broken.json").symlink_to(tmp_path / "nowhere")
    done = fetch_now(source, store)
    assert len(done) == 2
    assert {one.outcome for one in done} == {None}
    assert not ImportRun.objects.exists()
    assert secret.exists()
    assert alerts() == {"import_quarantined": ("OPEN", 2)}


def test_another_name_of_a_file_elsewhere_is_not_read(source, folder, store, tmp_path):
    secret = put(tmp_path, "secret.json", document())
    os.link(secret, folder / "hard.json")
    (one,) = fetch_now(source, store)
    assert "another name" in one.problem
    assert secret.exists()


def test_pipes_and_sockets_are_not_read_and_do_not_hold_the_look_up(source, folder, store):
    os.mkfifo(folder / "pipe.json")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(folder)
        try:
            listening.bind("socket.json")
        finally:
            os.chdir(here)
        put(folder, "export.json", document(), age=-30)
        began = time.monotonic()
        done = fetch_now(source, store)
    assert time.monotonic() - began < 20
    assert sorted(bool(one.outcome) for one in done) == [False, False, True]


def test_folders_are_left_alone(source, folder, store):
    (folder / "sub").mkdir()
    put(folder / "sub", "export.json", document())
    assert fetch_now(source, store) == []
    assert (folder / "sub" / "export.json").exists()


@pytest.mark.parametrize("name", ["working", "done", "quarantine"])
def test_a_folder_that_is_a_link_stops_the_look(source, folder, store, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / name).symlink_to(elsewhere)
    put(folder, "export.json", document())
    with pytest.raises(NeedsHuman, match="no links"):
        fetch_now(source, store)
    assert list(elsewhere.iterdir()) == []
    assert (folder / "export.json").exists()
    assert alerts() == {"import_unreachable": ("OPEN", 1)}
    (folder / name).unlink()
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert alerts() == {"import_unreachable": ("RESOLVED", 1)}


def test_an_inbox_that_is_a_link_stops_the_look(store, settings, tmp_path):
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "nightly").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NeedsHuman, match="no links"):
        fetch_now(make_source("inbox", "nightly"), store)


@pytest.mark.parametrize(
    "name",
    [
        "new\nline.json",
        "-rf",
        "a" * 255,
        "tab\there \x1b[31m.json",
        "\udcff\udcfe.json",
        "%s %(x)s {y}.json",
        "'; DROP TABLE imports_importrun; --",
        "é" * 100,
    ],
    ids=["newline", "option", "long", "terminal", "no-text", "format", "sql", "long-in-bytes"],
)
def test_whatever_a_file_is_called_it_is_imported_and_named_for_people(source, folder, store, name):
    put(folder, name, document())
    (one,) = fetch_now(source, store)
    assert states([one]) == ["APPLIED"]
    assert one.name.isprintable()
    assert len(list((folder / "done").iterdir())) == 1


def test_a_file_that_is_too_large_goes_into_quarantine_unread(folder, store):
    source = make_source("inbox", "nightly", largest_bytes=100)
    put(folder, "export.json", document())
    (one,) = fetch_now(source, store)
    assert one.problem == "It is larger than 100 bytes."
    assert not ImportRun.objects.exists()


def test_files_of_one_name_are_kept_beside_one_another(source, folder, store):
    when = settled()
    for _ in range(3):
        put(folder, "export.json", b"{")
        fetch_now(source, store, now=when)
    assert len(list((folder / "quarantine").iterdir())) == 6


def test_the_same_export_again_is_done_without_another_run(source, folder, store):
    put(folder, "monday.json", document())
    fetch_now(source, store)
    put(folder, "tuesday.json", document())
    (again,) = fetch_now(source, store)
    assert again.outcome is not None
    assert again.outcome.is_repeat
    assert ImportRun.objects.count() == 1
    assert len(list((folder / "done").iterdir())) == 2


def test_one_look_takes_so_many_files_and_the_next_look_the_next(
    source, folder, store, monkeypatch
):
    monkeypatch.setattr(inboxes, "MOST_FILES", 2)
    for number in range(5):
        put(folder, f"{number}.json", b"{", age=100 - number)
    assert [one.name for one in fetch_now(source, store)] == ["0.json", "1.json"]
    assert [one.name for one in fetch_now(source, store)] == ["2.json", "3.json"]


def test_a_disabled_source_is_not_looked_at(source, folder, store):
    put(folder, "export.json", document())
    ImportSource.objects.filter(pk=source.pk).update(enabled=False)
    with pytest.raises(ConflictingState, match="disabled"):
        fetch_now(source, store)


def test_a_file_stays_aside_while_the_machinery_is_at_fault(source, folder, store, monkeypatch):
    put(folder, "export.json", document())
    real = store.content

    def away(sha256):
        raise Temporary("the disk sleeps")

    monkeypatch.setattr(store, "content", away)
    with pytest.raises(Temporary):
        fetch_now(source, store)
    assert names_in(folder / "working") == ["export.json"]
    monkeypatch.setattr(store, "content", real)
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert ImportRun.objects.count() == 1


def test_a_store_that_is_broken_is_told_and_the_file_stays_aside(
    source, folder, store, monkeypatch
):
    put(folder, "export.json", document())

    def gone(sha256):
        raise StoreUnusable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "content", gone)
        with pytest.raises(StoreUnusable):
            fetch_now(source, store)
    assert names_in(folder / "working") == ["export.json"]
    assert alerts() == {"import_failed": ("OPEN", 1)}
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert alerts() == {"import_failed": ("RESOLVED", 1)}


def test_a_bug_of_ours_puts_the_file_away_tells_and_is_seen(source, folder, store, monkeypatch):
    put(folder, "export.json", document())
    monkeypatch.setattr(store, "content", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fetch_now(source, store)
    assert ImportRun.objects.get().state == "FAILED"
    assert len(names_in(folder / "quarantine")) == 2
    assert alerts() == {"import_failed": ("OPEN", 1)}


def test_a_good_file_ends_the_alert_of_a_failure(source, folder, store, monkeypatch):
    put(folder, "export.json", document())
    with monkeypatch.context() as broken:
        broken.setattr(store, "content", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fetch_now(source, store)
    put(folder, "export.json", document())
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert alerts()["import_failed"] == ("RESOLVED", 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_fetch_one_source_at_once(source, folder, store):
    put(folder, "export.json", document())
    held, done = threading.Event(), threading.Event()

    def hold():
        try:
            with turn_of(source):
                held.set()
                done.wait(30)
        finally:
            connections.close_all()

    holding = threading.Thread(target=hold)
    holding.start()
    held.wait(30)
    try:
        with pytest.raises(Temporary, match="running"):
            fetch_now(source, store)
        assert (folder / "export.json").exists()
    finally:
        done.set()
        holding.join(30)
    assert states(fetch_now(source, store)) == ["APPLIED"]


def test_of_two_that_take_at_once_each_file_has_one_taker(folder):
    for number in range(50):
        put(folder, f"{number}.json", b"{}")
    taken: list[list[str]] = []
    barrier = threading.Barrier(4)

    def take():
        with Inbox.opened(folder, now=timezone.now() + timedelta(minutes=1)) as inbox:
            barrier.wait(30)
            seen = []
            for _, name in sorted(inbox._settled(inbox._at.arriving, hidden=False)):
                if inbox._moved_aside(name):
                    seen.append(name)
            taken.append(seen)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    names = [name for seen in taken for name in seen]
    assert len(names) == len(set(names)) == 50


def test_what_a_killed_worker_left_aside_is_taken_first(source, folder, store):
    script = (
        "import os, sys, time; from pathlib import Path; from datetime import datetime, UTC, timedelta;"
        "from imports.inbox import Inbox;"
        f"opened = Inbox.opened(Path({str(folder)!r}), now=datetime.now(UTC) + timedelta(minutes=1));"
        "inbox = opened.__enter__(); print(inbox.take(), flush=True); time.sleep(60)"
    )
    put(folder, "export.json", document())
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "['export.json']"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert names_in(folder / "working") == ["export.json"]
    put(folder, "later.json", b"{", age=3600)
    assert states(fetch_now(source, store)) == ["APPLIED", "REJECTED"]
