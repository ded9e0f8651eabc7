"""Metrics: read from rows, open to few, and whole as far as they can be read."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from atlas import registries
from atlas.alerts import raise_alert
from atlas.exposition import exposition
from atlas.heartbeat import pulse
from atlas.registries import Family, metrics

pytestmark = pytest.mark.django_db

TOKEN = "t" * 40
NAME = re.compile(r"atlas_[a-z0-9]+(_[a-z0-9]+)*")


@pytest.fixture(autouse=True)
def closed(settings):
    """Begin as production does: nobody may read."""
    settings.ATLAS_METRICS_ALLOW, settings.ATLAS_METRICS_TOKEN = [], ""
    settings.ATLAS_TRUSTED_PROXIES = []


def told(now=None):
    """Read the exposition as Prometheus does: values by name and labels."""
    text = exposition(now=now or timezone.now()).decode()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def status(client, **headers):
    return client.get("/metrics", headers=headers).status_code


def test_nobody_reads_metrics_unless_a_setting_lets_them(client):
    answer = client.get("/metrics")
    assert answer.status_code == 403
    assert "ATLAS_METRICS_ALLOW" in answer.content.decode()
    assert b"atlas_" not in answer.content


def test_a_listed_network_reads_them(client, settings):
    settings.ATLAS_METRICS_ALLOW = ["127.0.0.0/8", "::1/128"]
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert "no-store" in answer["Cache-Control"]
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.1").status_code == 403
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 403
    assert client.get("/metrics", REMOTE_ADDR="::ffff:127.0.0.1").status_code == 200
    assert client.post("/metrics").status_code == 405


def test_behind_a_proxy_that_is_not_ours_no_address_counts(client, settings):
    settings.ATLAS_METRICS_ALLOW = ["127.0.0.0/8"]
    assert status(client, x_forwarded_for="203.0.113.9") == 403
    mapped = {"REMOTE_ADDR": "::ffff:127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    assert client.get("/metrics", **mapped).status_code == 403
    settings.ATLAS_TRUSTED_PROXIES = ["127.0.0.1/32"]
    assert status(client, x_forwarded_for="203.0.113.9") == 403
    settings.ATLAS_METRICS_ALLOW = ["203.0.113.0/24"]
    assert status(client, x_forwarded_for="203.0.113.9") == 200
    assert status(client, x_forwarded_for="203.0.113.9, 198.51.100.1") == 403


def test_who_has_the_token_reads_them_from_anywhere(client, settings):
    settings.ATLAS_METRICS_TOKEN = TOKEN
    assert status(client, authorization=f"Bearer {TOKEN}") == 200
    for wrong in ("", "Bearer ", f"Bearer {TOKEN}x", TOKEN, f"Basic {TOKEN}", "Bearer \xff"):
        assert status(client, authorization=wrong) == 403


def test_an_empty_token_opens_nothing(client):
    assert status(client, authorization="Bearer ") == 403


def test_the_ground_floor_tells_alerts_signs_of_life_and_switches():
    now = timezone.now()
    pulse(["beat"], now=now - timedelta(seconds=40))
    for _ in range(3):
        raise_alert("import_missed", subject=("x", "1"), message="late", now=now)
    values = told(now)
    assert values["atlas_heartbeat_age_seconds", ("part", "beat")] == pytest.approx(40)
    labels = (("rule", "import_missed"), ("severity", "WARNING"), ("state", "OPEN"))
    assert values["atlas_alerts", *labels] == 1
    switches = (("scope", "GLOBAL"), ("state", "HALTED"))
    assert values["atlas_trading_switches", *switches] == 1
    assert values["atlas_metrics_group_up", ("group", "atlas")] == 1


def test_a_group_that_fails_is_a_figure_and_the_others_are_told(monkeypatch):
    def broken(_now):
        yield Family("atlas_half", "gauge", "Half.", (), [((), 1.0)])
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(registries.metrics, "_entries", {"broken": broken, **dict(metrics)})
    values = told()
    assert values["atlas_metrics_group_up", ("group", "broken")] == 0
    assert values["atlas_metrics_group_up", ("group", "atlas")] == 1
    assert ("atlas_half",) not in values


def test_a_group_that_takes_too_long_is_cut_off(monkeypatch):
    def slow(_now):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        return []

    monkeypatch.setattr("atlas.exposition.STATEMENT_MS", 100)
    monkeypatch.setattr(registries.metrics, "_entries", {"slow": slow, **dict(metrics)})
    began = timezone.now()
    assert told()["atlas_metrics_group_up", ("group", "slow")] == 0
    assert timezone.now() - began < timedelta(seconds=5)


def test_labels_that_hold_odd_text_are_escaped(monkeypatch):
    odd = 'quote " back\\slash\nline'
    family = Family("atlas_odd", "gauge", "Odd.", ("what",), [((odd,), 2.0)])
    monkeypatch.setattr(registries.metrics, "_entries", {"odd": lambda _: [family]})
    assert told()["atlas_odd", ("what", odd)] == 2


def test_every_metric_has_a_good_name_one_owner_a_sentence_and_few_labels():
    seen = set()
    for _, read in metrics:
        for family in read(timezone.now()):
            assert NAME.fullmatch(family.name)
            assert not family.name.endswith("_total")
            assert family.help.endswith(".")
            assert len(family.labels) <= 3
            assert {"run", "order", "address", "user", "id"}.isdisjoint(family.labels)
            assert all(len(values) == len(family.labels) for values, _ in family.samples)
            assert family.name not in seen
            seen.add(family.name)
    assert len(seen) > 10
