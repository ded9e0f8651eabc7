"""`manage.py run_replay`: whole recordings, real ones included, to their end."""

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command

from execution.models import CycleRun

pytestmark = pytest.mark.django_db(transaction=True)

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "market"
DAILY = REAL / "btcusd-daily-2014-12-2018-08.csv"
MINUTES = REAL / "btc-perp-1m-2022-01.csv.gz"


@pytest.fixture
def operator():
    user = User.objects.create_user("ann")
    user.user_permissions.add(Permission.objects.get(codename="restore_trading"))
    return user


def replay(*arguments, **options) -> str:
    out = StringIO()
    call_command("run_replay", *arguments, stdout=out, **options)
    return out.getvalue()


def states():
    return set(CycleRun.objects.values_list("state", flat=True))


@pytest.mark.skipif(not DAILY.exists(), reason="the recorded market data is not beside the project")
def test_the_holes_of_the_real_daily_recording_are_skipped_with_their_dates(operator):
    said = replay(
        "--file",
        str(DAILY),
        "--market",
        "BTC/USD",
        "--rule",
        "ema_cross",
        "--set",
        "fast_bars=3",
        "--set",
        "slow_bars=5",
        "--restore",
        "ann",
    )
    print(said)
    gaps = CycleRun.objects.filter(reason="gap")
    assert 0
