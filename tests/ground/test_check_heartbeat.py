"""`manage.py check_heartbeat`: the health check of processes that no page can be asked of."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from atlas.heartbeat import BEAT, STALE_AFTER, pulse, queue_heartbeat

pytestmark = pytest.mark.django_db


def test_a_part_that_was_alive_a_moment_ago_passes(capsys):
    pulse([BEAT, queue_heartbeat("trading")], now=timezone.now())
    call_command("check_heartbeat", BEAT, "queue:trading")
    assert capsys.readouterr().out.strip() == "Alive: beat, queue:trading"


def test_a_part_that_was_never_alive_is_named():
    pulse([BEAT], now=timezone.now())
    with pytest.raises(CommandError, match="No sign of life lately from: queue:imports"):
        call_command("check_heartbeat", BEAT, "queue:imports")


def test_a_part_that_fell_silent_is_named():
    pulse([BEAT], now=timezone.now() - STALE_AFTER - timedelta(seconds=1))
    with pytest.raises(CommandError, match="from: beat"):
        call_command("check_heartbeat", BEAT)
