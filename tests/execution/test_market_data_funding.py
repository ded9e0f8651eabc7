"""Funding rates: recorded, read from GMX, told to the rule, stored, and decided on again."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from atlas.domain.errors import InvalidInput
from atlas.domain.stopped_clock import StoppedClock
from execution import cycle
from execution.contexts import stored_contexts
from execution.deciding import signal_from
from execution.mandates import mandate_of
from execution.marketdata.errors import MalformedAnswer
from execution.marketdata.funding import TellsFunding, period_for
from execution.marketdata.funding_recording import COLUMNS, open_funding
from execution.marketdata.gmx import GmxMarketData
from execution.marketdata.replay import ReplayMarketData, funding_in
from execution.models import CycleInputUse, Signal
from execution.replay import redecide
from execution.vocabulary import InputKind
from tests.execution.marketdata.stub import Says, stub_server
from tests.execution.marketdata.worlds import NOW
from tests.execution.world import (
    BEGIN,
    HOUR,
    MARKET,
    make_deployment,
    open_switches,
    recording,
    slot,
    waves,
)

POOL = "0x70d95587d40A2caf56bd97485aB3Eec10Bee6336"
PER_SECOND = 10**21  # 1e-9 a second: 3.6e-6 an hour


def rates_file(folder, readings):
    path = folder / "rates.csv"
    lines = ["# made by a test", ",".join(COLUMNS)]
    lines += [",".join([at.isoformat(), *map(str, ratios)]) for at, *ratios in readings]
    path.write_text("\n".join(lines) + "\n")
    return path


def steady(folder, long="0.00005", short="-0.00005", hours=100):
    readings = [
        (BEGIN + index * HOUR, long, short, "0.000001", "0.000001") for index in range(hours)
    ]
    return rates_file(folder, readings)


def run_carry(deployment, at, path):
    clock = StoppedClock(at)
    played = ReplayMarketData.of([recording(waves())], clock)
    data = ReplayMarketData(played.recordings, clock, {MARKET: path} if path else {})
    return cycle.run_cycle(
        deployment=deployment, slot=at, read=lambda: NOW, clock=clock, market_data=data
    )


@pytest.fixture
def carry(db):
    deployment = make_deployment(rule="funding_carry", parameters={"lookback_hours": 6})
    open_switches()
    return deployment


def test_the_carry_rule_decides_on_recorded_rates(carry, tmp_path):
    ended = run_carry(carry, slot(0), steady(tmp_path))
    signal = signal_from(Signal.objects.get(cycle=ended))
    assert signal.target_exposure_ratio == 1
    assert "+42.9 % for longs" in signal.reason


def test_the_carry_rule_is_skipped_where_nobody_knows_rates(carry):
    ended = run_carry(carry, slot(0), None)
    assert (ended.state, ended.reason) == ("SKIPPED", "missing_context")


def test_a_cycle_stores_the_readings_it_saw_and_decides_the_same_again(carry, tmp_path):
    ended = run_carry(carry, slot(0), steady(tmp_path))
    assert CycleInputUse.objects.filter(cycle=ended, kind=InputKind.CONTEXT).count() == 1
    seen = stored_contexts(ended, mandate_of(carry))[MARKET]
    assert [one.at for one in seen.funding] == [slot(0) - n * HOUR for n in range(5, -1, -1)]
    assert all(one.agrees for one in redecide(ended))


def test_a_reading_after_the_slot_is_not_seen(tmp_path):
    data = ReplayMarketData({}, StoppedClock(slot(0)), {MARKET: steady(tmp_path)})
    told = data.funding(MARKET, since=BEGIN, until=slot(9))
    assert told[-1].at == slot(0)
    assert told[0].at == BEGIN + HOUR


def test_the_shipped_recordings_carry_rates_for_every_market():
    files = funding_in(settings.ATLAS_MARKET_DATA_DIR)
    assert set(files) == {"ETH/USD", "BTC/USD"}
    for path in files.values():
        told = open_funding(path)
        assert len(told.funding) > 17_000
        held = [one.long_carry_ratio * 8760 > Decimal("0.1") for one in told.funding]
        assert 0.1 < sum(held) / len(held) < 0.6  # there is something to hold, not always


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["time,long"], "header"),
        ([",".join(COLUMNS), "soon,0,0,0,0"], "line 2"),
        ([",".join(COLUMNS), "2024-01-01T00:00:00Z,x,0,0,0"], "line 2"),
        ([",".join(COLUMNS), "2024-01-01T00:00:00,0,0,0,0"], "line 2"),
        ([",".join(COLUMNS), "2024-01-01T00:00:00Z,0,0,-1,0"], "line 2"),
        ([",".join(COLUMNS), *["2024-01-01T00:00:00Z,0,0,0,0"] * 2], "order of time"),
    ],
    ids=["header", "time", "number", "no zone", "borrowing income", "twice"],
)
def test_broken_files_of_rates_are_refused_by_line(tmp_path, lines, named):
    path = tmp_path / "rates.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(InvalidInput, match=named):
        open_funding(path)


def snapshot(at, long=(-PER_SECOND, 2 * PER_SECOND), short=(PER_SECOND, 0), pays=-1):
    """Give one snapshot; `pays` is the sign of a rate that is paid."""
    made: dict[str, Any] = {"timestamp": int(at.timestamp())}
    for side, (funding, borrowing) in (("Long", long), ("Short", short)):
        net = funding - borrowing if pays < 0 else funding + borrowing
        made |= {
            f"fundingRate{side}": str(funding),
            f"borrowingRate{side}": str(borrowing),
            f"netRate{side}": str(net),
        }
    return made


@pytest.fixture
def gmx():
    with stub_server() as server:
        server.time = NOW.timestamp()
        source = server.source("gmx")
        yield server, GmxMarketData(source, source, StoppedClock(NOW), verified={})


def says(server, snapshots):
    server.answers["/v1/rates"] = Says([{"marketAddress": POOL, "ratesSnapshots": snapshots}])


def ask(provider, hours=5):
    return provider.funding(MARKET, since=NOW - hours * HOUR, until=NOW)


def test_gmx_tells_rates_newest_first_as_factors_per_second(gmx):
    server, provider = gmx
    says(server, [snapshot(NOW - n * HOUR) for n in (1, 2, 9)])
    assert isinstance(provider, TellsFunding)
    told = ask(provider)
    assert [one.at for one in told] == [(NOW - n * HOUR).replace(microsecond=0) for n in (2, 1)]
    assert told[0].long_funding_ratio == Decimal("-0.0000036")
    assert told[0].short_funding_ratio == Decimal("0.0000036")
    assert told[0].long_borrowing_ratio == Decimal("0.0000072")


def test_the_sign_of_a_rate_is_read_off_the_answer(gmx):
    server, provider = gmx
    said = snapshot(NOW - HOUR, long=(PER_SECOND, 2 * PER_SECOND), short=(-PER_SECOND, 0), pays=1)
    says(server, [said])
    (told,) = ask(provider)
    assert told.long_funding_ratio == Decimal("-0.0000036")
    assert told.long_carry_ratio == Decimal("-0.0000108")


@pytest.mark.parametrize(
    "said",
    [
        [snapshot(NOW - HOUR, long=(PER_SECOND, 0))],
        [snapshot(NOW - HOUR), snapshot(NOW - HOUR)],
        [snapshot(NOW - 2 * HOUR), snapshot(NOW - HOUR)],
        [snapshot(NOW - HOUR, long=(10**26, 10**20))],
        [{**snapshot(NOW - HOUR), "netRateLong": "5"}],
        [{**snapshot(NOW - HOUR), "fundingRateLong": 0.5}],
        [{"timestamp": 1}],
    ],
    ids=["sign unknown", "twice", "out of order", "wrong scale", "net rate", "a float", "fields"],
)
def test_rates_that_make_no_sense_are_refused(gmx, said):
    server, provider = gmx
    says(server, said)
    with pytest.raises(MalformedAnswer):
        ask(provider)


def test_the_period_that_is_asked_for_covers_the_readings():
    assert [period_for(timedelta(hours=hours)) for hours in (5, 24, 200, 2000)] == [
        "1d",
        "7d",
        "30d",
        "90d",
    ]


def test_the_description_of_a_recording_may_name_no_rates(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps({"market": MARKET}))
    assert funding_in(tmp_path) == {}
