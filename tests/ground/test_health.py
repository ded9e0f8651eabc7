"""The probes: what makes the house unfit, how quickly they answer, what they must not touch."""

import socket
import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from atlas import registries
from atlas.domain.errors import Temporary
from atlas.health_checks import WORKER_QUEUES, expected_migrations
from atlas.heartbeat import BEAT, STALE_AFTER, ages, pulse, queue_heartbeat
from atlas.registries import HealthResult
from tests.factories import UserFactory

OF_HIGHER_FLOORS = [name for name, _ in registries.health_checks]
CHECKS = ["database", "migrations", "beat", "workers", *OF_HIGHER_FLOORS, "redis"]
PATIENCE_SECONDS = 2.3  # the promise is two; a busy machine may add a little


@pytest.fixture
def alive(transactional_db):
    """Give every part a fresh sign of life."""
    names = [BEAT, *(queue_heartbeat(queue) for queue in WORKER_QUEUES)]
    pulse(names, now=timezone.now())


@pytest.fixture
def own_check():
    """Let a test register a check of a higher floor, for its own time."""
    registry = registries.health_checks
    before = dict(registry._entries)
    yield lambda check: registry.add("own", check)
    registry._entries = before


@pytest.fixture
def black_hole():
    """Listen on a port and never say a word, as a hanging server does."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield listener.getsockname()[1]


def ask(client, path="/health"):
    began = time.monotonic()
    answer = client.get(path)
    assert time.monotonic() - began < PATIENCE_SECONDS
    body = answer.json()
    assert answer.status_code == (200 if body["state"] == "fit" else 503)
    return body


def test_a_fit_house_answers_200_with_every_check_its_state_and_latency(client, alive):
    body = ask(client)
    assert (body["state"], list(body["checks"])) == ("fit", CHECKS)
    for check in body["checks"].values():
        assert set(check) == {"fit", "state", "latency_ms", "detail"}
        assert check["fit"] is True
        assert 0 <= check["latency_ms"] < 2000
        assert check["state"]
    assert client.get("/health").headers["Cache-Control"].startswith("max-age=0, no-cache")


@pytest.mark.parametrize("part", [BEAT, *(queue_heartbeat(queue) for queue in WORKER_QUEUES)])
def test_a_part_without_a_fresh_sign_of_life_makes_it_unfit_with_the_same_body(client, alive, part):
    pulse([part], now=timezone.now() - STALE_AFTER - timedelta(seconds=1))
    body = ask(client)
    assert (body["state"], list(body["checks"])) == ("unfit", CHECKS)
    name, word = ("beat", "stale") if part == BEAT else ("workers", part.removeprefix("queue:"))
    assert [one for one in CHECKS if not body["checks"][one]["fit"]] == [name]
    assert word in body["checks"][name]["state"]


def test_a_scheduler_that_was_never_seen_is_unfit(client, transactional_db):
    checks = ask(client)["checks"]
    assert checks["beat"]["state"] == "never seen"
    assert checks["workers"]["state"] == "nobody works on default, trading, imports"


def test_a_pending_migration_is_named_and_stops_readiness(client, alive):
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("atlas", "0001_first_release")
    try:
        body = ask(client)
        ready = client.get("/readyz")
    finally:
        recorder.record_applied("atlas", "0001_first_release")
    assert body["checks"]["migrations"]["detail"] == {"pending": ["atlas.0001_first_release"]}
    assert not body["checks"]["migrations"]["fit"]
    assert ready.status_code == 503
    assert ask(client, "/readyz")["state"] == "fit"


def test_every_migration_on_disk_is_expected(transactional_db):
    assert ("atlas", "0001_first_release") in expected_migrations()
    assert expected_migrations() <= set(MigrationRecorder(connection).applied_migrations())


def test_readiness_asks_the_database_and_its_migrations_alone(client, transactional_db):
    assert list(ask(client, "/readyz")["checks"]) == ["database", "migrations"]


def test_redis_away_is_unfit_and_the_rest_is_still_told(client, alive, settings):
    settings.CELERY_BROKER_URL = "redis://:hunter2-hunter2@127.0.0.1:1/0"
    body = ask(client)
    assert [one for one in CHECKS if not body["checks"][one]["fit"]] == ["redis"]
    assert body["checks"]["redis"]["state"] == "does not answer"
    assert "hunter2" not in str(body)
    assert "127.0.0.1" not in str(body)


def test_redis_that_hangs_is_waited_for_no_longer_than_promised(
    client, alive, settings, black_hole
):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{black_hole}/0"
    body = ask(client)
    assert [one for one in CHECKS if not body["checks"][one]["fit"]] == ["redis"]


def test_a_database_that_hangs_is_waited_for_no_longer_and_piles_up_no_threads(
    client, alive, monkeypatch, black_hole
):
    monkeypatch.setitem(connections.settings["default"], "PORT", str(black_hole))
    body = ask(client)
    assert body["checks"]["database"]["state"] == "no answer in time"
    assert body["checks"]["redis"]["fit"]
    asking = [one for one in threading.enumerate() if one.name == "health"]
    for _ in range(3):
        assert ask(client)["checks"]["database"]["state"] == "no answer in time"
    still = [one for one in threading.enumerate() if one.name == "health"]
    assert len(still) <= len(asking)
    monkeypatch.undo()
    for thread in still:
        thread.join(timeout=10)
    assert ask(client)["checks"]["database"]["fit"]


def test_where_the_database_is_away_the_checks_behind_it_are_unknown(client, alive, monkeypatch):
    monkeypatch.setitem(connections.settings["default"], "PORT", "1")
    checks = ask(client)["checks"]
    assert checks["database"]["state"] == "does not answer"
    assert "cycles" in OF_HIGHER_FLOORS
    for name in ("migrations", "beat", "workers", *OF_HIGHER_FLOORS):
        assert checks[name]["state"] == "unknown: database is away"
    assert checks["redis"]["fit"]
    assert "127.0.0.1" not in str(checks)


def test_a_check_of_a_higher_floor_is_asked_and_its_words_are_shown(client, alive, own_check):
    own_check(lambda now: HealthResult(fit=False, state="late", detail={"age_seconds": 99}))
    checks = ask(client)["checks"]
    assert checks["own"]["state"] == "late"
    assert checks["own"]["detail"] == {"age_seconds": 99}


@pytest.mark.parametrize(
    ("error", "word"),
    [(Temporary("redis://:hunter2@h"), "temporary"), (KeyError("hunter2"), "KeyError")],
)
def test_a_check_that_breaks_is_an_unfit_part_and_keeps_its_words_to_the_log(
    client, alive, own_check, error, word
):
    def broken(_now):
        raise error

    own_check(broken)
    body = ask(client)
    assert body["checks"]["own"]["detail"] == {"error": word}
    assert "hunter2" not in str(body)


def test_liveness_asks_nobody_even_for_somebody_with_a_session(
    client, transactional_db, django_assert_num_queries
):
    client.force_login(UserFactory.create())
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"state": "alive"})


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health"])
def test_probes_can_be_looked_at_and_nothing_else(client, alive, path):
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_a_heartbeat_is_one_row_that_moves(transactional_db):
    first = timezone.now()
    pulse(["queue:default", "queue:default"], now=first)
    pulse(["queue:default"], now=first + timedelta(seconds=5))
    now = first + timedelta(seconds=12)
    assert ages(["queue:default", "beat"], now=now) == {
        "queue:default": timedelta(seconds=7),
        "beat": None,
    }
