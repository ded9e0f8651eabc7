"""`manage.py run_replay`: whole recordings to their end, the real ones included."""

import gzip
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.core.management.base import CommandError

from atlas.domain.errors import ConflictingState
from atlas.domain.states import CycleState, OrderState
from atlas.models import TradingState
from execution import playback
from execution.folding import refold
from execution.marketdata.replay import open_recording
from execution.models import CycleRun, Deployment, EquityPoint, Fill, Order, PaperAccount
from strategies.models import Strategy
from tests.execution.orders import make_cycle
from tests.execution.world import ACTOR, BEGIN, HOUR, WALL, make_strategy, read_wall, waves

pytestmark = pytest.mark.django_db

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "market"
DAILY = REAL / "btcusd-daily-2014-12-2018-08.csv"
MINUTES = REAL / "btc-perp-1m-2022-01.csv.gz"
real = pytest.mark.skipif(
    not DAILY.exists(), reason="the recorded market data is not beside the project"
)
RULE = ["--rule", "ema_cross", "--set", "fast_bars=2", "--set", "slow_bars=3"]


@pytest.fixture
def operator():
    user = User.objects.create_user("ann")
    user.user_permissions.add(Permission.objects.get(codename="restore_trading"))
    return user


def replay(*arguments) -> str:
    out = StringIO()
    call_command("run_replay", *arguments, stdout=out)
    return out.getvalue()


def write_recording(folder, *, without=(), described=True, bars=70):
    """Write a recording of hourly bars to a file, with a description beside it."""
    lines = ["timestamp,open,high,low,close,volume"]
    for index, price in enumerate(waves(bars)):
        if index not in without:
            at = (BEGIN + index * HOUR).isoformat()
            lines.append(f"{at},{price},{price},{price},{price},1")
    path = folder / "waves.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    if described:
        content = {"market": "ETH/USD", "timeframe": "1h", "file": path.name}
        (folder / "waves.json").write_text(json.dumps(content))
    return path


def test_a_recording_is_played_to_its_end_and_the_summary_says_what_happened(tmp_path, operator):
    path = write_recording(tmp_path, without={40, 41})
    said = replay("--file", str(path), *RULE, "--restore", "ann")
    deployment = Deployment.objects.get()
    last = CycleRun.objects.latest("scheduled_for")
    assert last.scheduled_for == BEGIN + 70 * HOUR
    assert CycleRun.objects.count() == 70 - 15 + 1
    assert not CycleRun.objects.filter(state=CycleState.ERRORED).exists()
    assert "Skipped (gap): 16 cycle(s) from 2024-01-02 17:00 to 2024-01-03 08:00 UTC" in said
    assert (
        "Hole in the recording: ETH/USD 1h: 2 bar(s) missing from 2024-01-02 16:00 to 2024-01-02 17:00 UTC"
        in said
    )
    assert f"fills: {Fill.objects.count()}" in said
    assert Fill.objects.count() >= 3
    account = PaperAccount.objects.get(deployment=deployment)
    assert refold(account).cash_usd == account.cash_usd
    last_point = EquityPoint.objects.latest("as_of_at")
    assert f"worth at the end {last_point.equity_usd:,.2f} USD" in said


def test_the_file_may_come_from_the_settings(tmp_path, operator, settings):
    settings.ATLAS_REPLAY_FILE = write_recording(tmp_path)
    assert "played waves.csv.gz" in replay(*RULE, "--restore", "ann")


def test_a_strategy_of_the_catalogue_can_be_played(tmp_path, operator):
    make_strategy("mine")
    path = write_recording(tmp_path)
    replay("--file", str(path), "--strategy", "mine", "--restore", "ann", "--cadence", "4h")
    deployment = Deployment.objects.get()
    assert (deployment.strategy.slug, deployment.cadence_seconds) == ("mine", 14_400)
    assert CycleRun.objects.count() == 14


def test_a_bare_rule_belongs_to_an_unpublished_strategy_and_the_schedule_leaves_it(
    tmp_path, operator
):
    replay("--file", str(write_recording(tmp_path)), *RULE, "--restore", "ann")
    assert Strategy.objects.get().public is False
    assert not Deployment.objects.scheduled().exists()


def test_a_halted_house_trades_no_recording_and_the_command_says_so_first(tmp_path):
    with pytest.raises(CommandError, match="GLOBAL is halted"):
        replay("--file", str(write_recording(tmp_path)), *RULE)
    assert not CycleRun.objects.exists()


def test_only_an_operator_with_the_right_restores(tmp_path):
    User.objects.create_user("bob")
    with pytest.raises(CommandError, match="bob is no operator"):
        replay("--file", str(write_recording(tmp_path)), *RULE, "--restore", "bob")
    assert TradingState.objects.get(scope="GLOBAL").state == "HALTED"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--rule", "crystal_ball"], "There is no rule"),
        (["--strategy", "nobody"], "There is no strategy 'nobody'"),
        ([*RULE, "--set", "fast_bars"], "NAME=VALUE"),
        ([*RULE, "--set", "fast_bars=0"], "fast_bars must be"),
        ([*RULE, "--cadence", "30m"], "multiple of the recording's 1h bars"),
        ([*RULE, "--cadence", "soon"], "no known timeframe"),
        ([*RULE, "--deposit", "lots"], "is no number"),
        ([*RULE, "--deposit", "-5"], "above 0 USD"),
        (["--resume", "99"], "Deployment 99 is no run over"),
    ],
)
def test_what_cannot_be_played_is_refused_in_a_sentence(tmp_path, arguments, problem):
    with pytest.raises(CommandError, match=problem):
        replay("--file", str(write_recording(tmp_path)), *arguments)
    assert not CycleRun.objects.exists()


def test_a_file_that_does_not_say_its_market_needs_it_named(tmp_path):
    path = write_recording(tmp_path, described=False)
    with pytest.raises(CommandError, match="name it with --market"):
        replay("--file", str(path), *RULE)


def test_no_file_at_all_is_refused(settings):
    settings.ATLAS_REPLAY_FILE = None
    with pytest.raises(CommandError, match="Name a recording"):
        replay(*RULE)


def test_an_interrupted_run_goes_on_where_it_stood(tmp_path, operator):
    path = write_recording(tmp_path)
    replay("--file", str(path), *RULE, "--restore", "ann")
    first = Deployment.objects.get()
    before = (CycleRun.objects.count(), Fill.objects.count())
    said = replay("--file", str(path), "--resume", str(first.pk))
    assert (CycleRun.objects.count(), Fill.objects.count()) == before
    assert f"Deployment {first.pk} played" in said


def test_a_slot_that_another_process_is_at_is_not_left_out(tmp_path, operator):
    path = write_recording(tmp_path)
    recorded = open_recording(path, market="ETH/USD")
    deployment = playback.prepare(
        recording=recorded,
        strategy=None,
        rule="ema_cross",
        parameters={"fast_bars": 2, "slow_bars": 3},
        cadence=HOUR,
        deposit_usd=Decimal(1000),
        actor=ACTOR,
        now=WALL,
    )
    make_cycle(deployment, at=playback.slots_of(deployment, recorded)[0])
    with pytest.raises(ConflictingState, match="try again in 30 seconds"):
        playback.play(deployment=deployment, recording=recorded, read=read_wall)


@real
@pytest.mark.deep
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(900)
def test_the_real_daily_recording_runs_to_its_end_and_its_holes_are_named(operator):
    said = replay(
        *("--file", str(DAILY), "--market", "BTC/USD", "--rule", "ema_cross"),
        *("--set", "fast_bars=3", "--set", "slow_bars=5", "--restore", "ann"),
    )
    _is_sound(bars_end="2018-08-14 00:00")
    gaps = CycleRun.objects.filter(reason="gap")
    missing = {cycle.message for cycle in gaps}
    assert all("bar(s) missing from" in message for message in missing)
    assert "Skipped (gap)" in said
    assert said.count("Hole in the recording") == 8
    assert "20 bar(s) missing from 2014-12-19 00:00 to 2015-01-07 00:00 UTC" in said


@real
@pytest.mark.deep
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(900)
def test_the_real_minute_recording_runs_to_its_end(operator):
    replay(
        *("--file", str(MINUTES), "--market", "BTC/USD", "--rule", "ema_cross"),
        *("--set", "fast_bars=30", "--set", "slow_bars=90", "--restore", "ann"),
    )
    _is_sound(bars_end="2022-02-01")
    assert not CycleRun.objects.filter(reason="gap").exists()
    assert Order.objects.filter(state=OrderState.FILLED).count() > 20


def _is_sound(*, bars_end):
    assert not CycleRun.objects.filter(state__in=["ERRORED", "RUNNING", "FAILED"]).exists()
    last = CycleRun.objects.latest("scheduled_for")
    assert f"{last.scheduled_for:%Y-%m-%d %H:%M}".startswith(bars_end)
    account = PaperAccount.objects.get()
    assert refold(account).cash_usd == account.cash_usd
