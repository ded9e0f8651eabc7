"""Statistics of trades: what counts, what is left out, and what is not guessed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics import STILL_OPEN, MetricId, Trades, Trading, report
from atlas.domain.metrics.trades import TradeWindow, exposure_ratio, micros_of
from tests.domain.metrics.worlds import navs_of, numbers, reasons, walk

DAY = 86_400_000_000
FIRST_DAY = 19_000


def at(day):
    """Give the moment a number of days behind the first one."""
    return int((FIRST_DAY + day) * DAY)


def trades(
    spans=((1, 3), (2, 5), (10, 11), (20, None)),
    pnl=(30, -10, 5, None),
    ratio=(0.03, -0.01, 0.005, None),
    size=(1000, 1000, 1000, 500),
    first_day=FIRST_DAY,
):
    moved = (first_day - FIRST_DAY) * DAY
    return Trades(
        np.array([at(opened) + moved for opened, _ in spans], dtype=np.int64),
        np.array(
            [STILL_OPEN if closed is None else at(closed) + moved for _, closed in spans],
            dtype=np.int64,
        ),
        size_usd=[Decimal(one) for one in size],
        pnl_usd=[None if one is None else Decimal(str(one)) for one in pnl],
        pnl_ratio=np.array([np.nan if one is None else one for one in ratio]),
    )


def found(given=None, aum=Decimal(10_000), days=100):
    series = navs_of(walk(days), first_day=FIRST_DAY)
    return report(series, trading=Trading(given or trades(), average_aum_usd=aum)).metrics


def test_closed_trades_come_to_what_a_pencil_says():
    told = numbers(found())
    assert told["trade_count"] == 3
    assert told["win_rate_trades"] == 2 / 3
    assert told["profit_factor"] == 3.5
    assert told["expectancy"] == pytest.approx(0.025 / 3, abs=1e-15)
    assert told["expectancy_usd"] == Decimal("8.33333333")  # rounded down
    assert told["average_trade_duration"] == 2 * 86_400
    # open from 1 to 5, 10 to 11 and from 20 to the end of the hundred days
    assert told["exposure"] == (4 + 1 + 80) / 100
    # 3,500 opened and 3,000 closed
    assert told["turnover"] == 3_250 / 10_000


def test_a_loss_is_rounded_down_too():
    lost = trades(pnl=(-10, -10, 0, None))
    assert numbers(found(lost))["expectancy_usd"] == Decimal("-6.66666667")


def test_the_sample_of_these_numbers_are_the_trades():
    assert {one.provenance.samples for one in found().values()} == {100, 3, 4, 0}
    assert found()[MetricId.PROFIT_FACTOR].provenance.samples == 3


def test_what_was_closed_before_the_window_or_behind_it_does_not_count():
    spans = ((-5, -0.5), (-5, 0.0), (99, 99.999), (99, 100.0), (101, 102))
    five = trades(spans, pnl=(1, 1, 1, 1, 1), ratio=(0.1,) * 5, size=(10,) * 5)
    told = numbers(found(five))
    assert told["trade_count"] == 2  # at the very opening, and just before the end
    assert told["exposure"] == pytest.approx(1 / 100, abs=1e-15)


def test_a_window_without_a_closed_trade_says_so():
    unfinished = trades(((1, None),), pnl=(None,), ratio=(None,), size=(10,))
    told = found(unfinished)
    why = reasons(told)
    for name in (
        "win_rate_trades",
        "profit_factor",
        "expectancy",
        "expectancy_usd",
        "average_trade_duration",
    ):
        assert why[name] == "no_trades"
    assert told[MetricId.TRADE_COUNT].value == 0
    assert told[MetricId.EXPOSURE].value == 0.99


def test_no_trades_at_all_are_no_trades_and_not_unknown():
    told = found(trades((), (), (), ()))
    assert told[MetricId.TRADE_COUNT].value == 0
    assert told[MetricId.EXPOSURE].value == 0.0
    assert reasons(told)["profit_factor"] == "no_trades"


def test_trades_that_nobody_gave_are_not_reported():
    why = reasons(report(navs_of(walk(100))).metrics)
    for name in ("trade_count", "exposure", "turnover", "win_rate_trades"):
        assert why[name] == "not_reported"


def test_a_trade_without_its_profit_leaves_the_mean_without_a_value():
    holed = trades(pnl=(30, None, 5, None))
    why, told = reasons(found(holed)), numbers(found(holed))
    assert why["profit_factor"] == why["expectancy_usd"] == "not_reported"
    assert told["win_rate_trades"] == 2 / 3  # the ratio has the sign
    assert told["expectancy"] is not None
    both = trades(pnl=(30, None, 5, None), ratio=(0.03, None, 0.005, None))
    why = reasons(found(both))
    assert why["win_rate_trades"] == why["expectancy"] == "not_reported"


def test_a_factor_without_losses_is_no_number():
    won = trades(pnl=(30, 10, 0, None))
    assert reasons(found(won))["profit_factor"] == "no_losses"
    assert numbers(found(won))["win_rate_trades"] == 2 / 3  # break-even is no win
    lost = trades(pnl=(-30, -10, 0, None))
    assert numbers(found(lost))["profit_factor"] == 0.0


def test_turnover_needs_assets():
    assert reasons(found(aum=None))["turnover"] == "not_reported"
    assert reasons(found(aum=Decimal(0)))["turnover"] == "not_reported"


def test_trades_need_a_window_of_time():
    series = navs_of([], first_day=FIRST_DAY)
    told = reasons(report(series, trading=Trading(trades())).metrics)
    assert told["trade_count"] == told["exposure"] == "insufficient_history"


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInput, match="one entry a trade"):
        trades(pnl=(1, 2))
    with pytest.raises(InvalidInput, match="closes before it opens"):
        trades(spans=((1, 3), (5, 2), (10, 11), (20, None)))
    with pytest.raises(InvalidInput, match="ends at"):
        TradeWindow(5, 5)


def test_moments_become_microseconds():
    opened = datetime(2024, 2, 29, 12, 30, 0, 250, tzinfo=UTC)
    east = opened.astimezone(tz=datetime.fromisoformat("2024-01-01T00:00:00+05:30").tzinfo)
    made = Trades.from_moments(
        [opened, east],
        [opened + timedelta(hours=1), None],
        size_usd=[Decimal(1), Decimal(2)],
        pnl_usd=[Decimal(3), None],
        pnl_ratio=[Decimal("0.5"), None],
    )
    assert made.opened.tolist() == [1_709_209_800_000_250] * 2
    assert made.closed.tolist() == [1_709_213_400_000_250, STILL_OPEN]
    assert made.pnl_ratio[0] == 0.5
    assert np.isnan(made.pnl_ratio[1])
    assert micros_of(datetime(1970, 1, 1, tzinfo=UTC)) == 0


HOURS = st.integers(min_value=-50, max_value=150)
SPANS = st.lists(st.tuples(HOURS, HOURS | st.none()), max_size=12)


@given(SPANS)
def test_exposure_is_the_share_of_hours_that_any_trade_covers(spans):
    spans = [(a, b) if b is None else (min(a, b), max(a, b)) for a, b in spans]
    hour = 3_600_000_000
    count = len(spans)
    given_trades = Trades(
        np.array([a * hour for a, _ in spans], dtype=np.int64),
        np.array([STILL_OPEN if b is None else b * hour for _, b in spans], dtype=np.int64),
        size_usd=[Decimal(1)] * count,
        pnl_usd=[None] * count,
        pnl_ratio=np.full(count, np.nan),
    )
    covered = {
        one for one in range(100) if any(a <= one and (b is None or one < b) for a, b in spans)
    }
    assert exposure_ratio(given_trades, TradeWindow(0, 100 * hour)) == len(covered) / 100
