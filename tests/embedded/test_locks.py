"""Locks: one holder at a time, and a dead holder holds nothing."""

import errno
import json
import os
import subprocess
import sys
import time

import pytest

from atlas.embedded.checkout import Checkout
from atlas.embedded.locks import Lock, LockHeld, holder_is_alive
from atlas.embedded.problems import CannotStart
from atlas.embedded.runner import held_run_lock
from tests.embedded.children import line_of, named, put_away

HOLD = """
import sys, time
from pathlib import Path
from atlas.embedded.locks import Lock
lock = Lock(Path(sys.argv[1]))
lock.take(url="http://127.0.0.1:8000/")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock."""
    path = tmp_path / "run.lock"
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE)
    assert line_of(process) == b"held\n"
    yield process, path
    put_away(process)


@pytest.fixture
def no_kernel_locks(monkeypatch):
    """A file system without file locks, as some network shares are."""

    def refuse(_handle, _operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("atlas.embedded.locks.fcntl.flock", refuse)


def test_a_held_lock_tells_who_holds_it(holder):
    process, path = holder
    with pytest.raises(LockHeld) as refused:
        Lock(path).take()
    assert refused.value.record["pid"] == process.pid
    assert refused.value.record["url"] == "http://127.0.0.1:8000/"


def test_the_lock_of_a_killed_holder_is_free(holder):
    process, path = holder
    process.kill()
    process.wait()
    assert json.loads(path.read_text())["pid"] == process.pid
    lock = Lock(path)
    lock.take()
    assert json.loads(path.read_text())["pid"] == os.getpid()
    lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path):
    path = tmp_path / "run.lock"
    first, second = Lock(path), Lock(path)
    first.take()
    with pytest.raises(LockHeld):
        second.take()
    first.release()
    second.take()
    second.release()


def test_a_patient_taker_gets_the_lock_when_the_holder_is_done(holder):
    process, path = holder
    process.kill()
    began = time.monotonic()
    lock = Lock(path)
    lock.take_patiently(seconds=10)
    assert time.monotonic() - began < 5
    lock.release()


def test_a_patient_taker_gives_up_in_the_end(holder):
    _, path = holder
    with pytest.raises(LockHeld):
        Lock(path).take_patiently(seconds=0.3)


def test_without_kernel_locks_the_record_of_a_living_holder_decides(holder, no_kernel_locks):
    _, path = holder
    with pytest.raises(LockHeld):
        Lock(path).take()


def test_without_kernel_locks_a_dead_holders_record_holds_nothing(holder, no_kernel_locks):
    process, path = holder
    process.kill()
    process.wait()
    lock = Lock(path)
    lock.take()
    lock.release()


def test_a_number_that_was_given_to_another_process_since_holds_nothing():
    stranger = named(os.getppid())
    assert holder_is_alive({"pid": stranger.pid, "started": stranger.started})
    assert not holder_is_alive({"pid": stranger.pid, "started": "another moment"})


@pytest.mark.parametrize("record", [{}, {"pid": "12"}, {"pid": 1}, {"started": "x"}])
def test_a_malformed_record_holds_nothing(record):
    assert not holder_is_alive(record)


def test_a_second_run_in_the_checkout_is_told_pid_and_address(tmp_path):
    checkout = Checkout(tmp_path)
    checkout.make_state()
    with held_run_lock(checkout) as lock:
        lock.note(url="http://127.0.0.1:8123/")
        with pytest.raises(CannotStart) as refused, held_run_lock(checkout):
            pytest.fail("the lock was given twice")
    assert f"pid {os.getpid()}" in refused.value.message
    assert "http://127.0.0.1:8123/" in refused.value.message
    assert "Ctrl-C" in refused.value.message


def test_another_checkout_has_a_lock_of_its_own(tmp_path):
    first, second = Checkout(tmp_path / "one"), Checkout(tmp_path / "two")
    first.make_state()
    second.make_state()
    with held_run_lock(first), held_run_lock(second):
        assert first.digest != second.digest
