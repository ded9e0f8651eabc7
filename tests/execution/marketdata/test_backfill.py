"""Back-filling: every bar once, holes named, broken-off runs go on, and codes that scripts read."""

import gzip
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from atlas.domain.candles import Timeframe
from atlas.domain.errors import InvalidInput
from atlas.domain.stopped_clock import StoppedClock
from execution.backfill import PIECE_BARS, Backfill
from execution.candle_store import HistoryChanged
from execution.marketdata.ccxt_history import CcxtHistory, exchange_named
from execution.marketdata.errors import ExtraMissing, SourceAway, SourceRefused
from execution.marketdata.replay import ReplayMarketData
from execution.models import Candle
from tests.execution.marketdata.stub import Says, stub_server
from tests.execution.marketdata.worlds import HOUR, MARKET, NOW, UNTIL, PythWorld, bars
from tests.execution.world import BEGIN, recording, waves

pytestmark = pytest.mark.django_db
WORLD = PythWorld()


@pytest.fixture
def server():
    with stub_server() as made:
        made.time = NOW.timestamp()
        yield made


def serve(server, *, without=(), rows=30):
    """Answer with the bars of the span that was asked for, but for some."""
    known = [row for index, row in enumerate(bars(rows)) if index not in without]

    def answer(query):
        wanted = [row for row in known if int(query["from"]) <= row[0] <= int(query["to"])]
        return Says(WORLD.candles(wanted) if wanted else {"s": "no_data"})

    server.answers[WORLD.candles_path] = answer


def job(server):
    return Backfill(WORLD.provider(server), MARKET, Timeframe.H1, "pyth")


def fill(server, hours=20, **values):
    done: list[int] = []
    report = job(server).run(UNTIL - hours * HOUR, UNTIL, progress=done.append, **values)
    assert sum(done) == report.wanted
    return report


def test_every_bar_is_stored_once_and_a_second_run_asks_for_nothing(server):
    serve(server)
    assert (fill(server).stored_now, Candle.objects.count()) == (20, 20)
    asked = len(server.seen)
    again = fill(server)
    assert (again.stored_before, again.stored_now, again.missing) == (20, 0, 0)
    assert len(server.seen) == asked


def test_holes_are_named_and_the_bars_around_them_are_stored(server):
    serve(server, without={12, 13, 20})  # the last of 30 bars is still forming
    report = fill(server)
    assert (report.stored_now, report.missing) == (17, 3)
    first = UNTIL - 29 * HOUR
    assert [(one.from_at, one.until_at, one.code) for one in report.gaps] == [
        (first + 12 * HOUR, first + 14 * HOUR, "gap"),
        (first + 20 * HOUR, first + 21 * HOUR, "gap"),
    ]


def test_a_run_goes_on_where_it_was_and_fills_holes_that_have_closed(server):
    serve(server, without={12, 13})
    fill(server)
    serve(server)
    report = fill(server)
    assert (report.stored_before, report.stored_now, report.missing) == (18, 2, 0)


def test_what_lies_before_a_source_begins_is_missing(server):
    serve(server, rows=11)
    report = fill(server)
    assert (report.stored_now, report.missing) == (10, 10)
    assert [one.code for one in report.gaps] == ["warm_up"]


def test_an_impossible_bar_is_missing_by_name_and_the_others_are_stored(server):
    rows = bars(30)
    rows[15][4] = 0

    def answer(query):
        wanted = [row for row in rows if int(query["from"]) <= row[0] <= int(query["to"])]
        return Says(WORLD.candles(wanted))

    server.answers[WORLD.candles_path] = answer
    report = fill(server)
    assert (report.stored_now, [one.code for one in report.gaps]) == (19, ["impossible"])


def test_a_source_that_goes_away_leaves_what_came_before(server):
    serve(server)
    fill(server, hours=5)
    server.answers[WORLD.candles_path] = Says(b"", status=500)
    with pytest.raises(SourceAway):
        fill(server)
    assert Candle.objects.count() == 5


def test_a_changed_history_is_refused(server):
    clock = StoppedClock(BEGIN + 50 * HOUR)
    played = ReplayMarketData.of([recording(waves())], clock)
    made = Backfill(played, MARKET, Timeframe.H1, "replay:test")
    made.run(BEGIN, BEGIN + 10 * HOUR, progress=lambda count: None)
    other = [price + 1 for price in waves()]
    changed = ReplayMarketData.of([recording(other)], clock)
    again = Backfill(changed, MARKET, Timeframe.H1, "elsewhere")  # so that it asks for them again
    with pytest.raises(HistoryChanged), transaction.atomic():
        again.run(BEGIN, BEGIN + 10 * HOUR, progress=lambda count: None)


@pytest.mark.parametrize("hours", [0, -5])
def test_an_empty_span_is_refused(server, hours):
    with pytest.raises(InvalidInput, match="between 1 and"):
        job(server).run(UNTIL, UNTIL + hours * HOUR, progress=lambda count: None)


def test_pieces_are_not_longer_than_sources_allow():
    nothing: Any = None  # cutting a span into pieces asks nobody
    made = Backfill(nothing, MARKET, Timeframe.M1, "x")
    pieces = list(made._pieces(BEGIN, BEGIN + timedelta(minutes=2 * PIECE_BARS + 7)))
    minutes = [(end - start) // timedelta(minutes=1) for start, end in pieces]
    assert minutes == [PIECE_BARS, PIECE_BARS, 7]


@pytest.fixture
def folder(tmp_path, settings):
    settings.ATLAS_MARKET_DATA_DIR = tmp_path
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [f"2024-01-01T{hour:02}:00:00Z,1,1,1,1,0" for hour in range(12) if hour != 5]
    (tmp_path / "one.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    described = {"market": MARKET, "timeframe": "1h", "file": "one.csv.gz"}
    (tmp_path / "one.json").write_text(json.dumps(described))


def command(*further):
    out = StringIO()
    code = 0
    try:
        call_command(
            "backfill_candles",
            "--market", MARKET, "--timeframe", "1h", "--source", "replay",
            "--from", "2024-01-01", *further,
            stdout=out,
        )  # fmt: skip
    except CommandError as ended:
        code = ended.returncode
    return code, out.getvalue()


def test_the_command_fills_and_ends_with_nought(folder):
    code, text = command("--to", "2024-01-01T05:00")
    assert code == 0
    assert "5 bars wanted, 0 were stored, 5 stored now, 0 missing" in text


def test_the_command_names_gaps_and_ends_with_three(folder):
    code, text = command("--to", "2024-01-01T10:00", "--json")
    report = json.loads(text)
    assert (code, report["stored_now"], report["missing"]) == (3, 9, 1)
    assert report["gaps"][0]["from"] == "2024-01-01T05:00:00+00:00"


@pytest.mark.parametrize(
    "further",
    [["--to", "soon"], ["--to", "2023-01-01"], ["--source", "magic"], ["--timeframe", "7m"]],
    ids=["time", "span", "source", "timeframe"],
)
def test_the_command_refuses_what_makes_no_sense(folder, further):
    assert command(*further)[0] == 1


class Exchange:
    """Speaks as ccxt's exchanges do; the real library is not needed to read what it gives."""

    id = "stub"

    def __init__(self, rows, error=None):
        self.rows, self.error = rows, error

    def load_markets(self):
        return {"ETH/USDT": {}, "DOGE/USDT": {}}

    def fetch_ohlcv(self, symbol, timeframe, since, limit):
        if self.error is not None:
            raise self.error
        return [row for row in self.rows if row[0] >= since][:limit]


def exchange_rows(count=30):
    return [[row[0] * 1000, *row[1:], 12.5] for row in bars(count)]


def test_bars_of_an_exchange_are_stored_under_its_name_and_symbol():
    history = CcxtHistory(Exchange(exchange_rows()), StoppedClock(NOW))
    made = Backfill(history, MARKET, Timeframe.H1, history.source_of(MARKET))
    report = made.run(UNTIL - 20 * HOUR, UNTIL, progress=lambda count: None)
    assert (report.stored_now, report.missing) == (20, 0)
    row = Candle.objects.latest("open_at")
    assert (row.source, str(row.volume.normalize())) == ("ccxt:stub:ETH/USDT", "12.5")


def test_errors_of_the_library_become_ours():
    base = type("BaseError", (Exception,), {})
    network = type("NetworkError", (base,), {})
    for error, expected in ((network("x"), SourceAway), (base("x"), SourceRefused)):
        history = CcxtHistory(Exchange([], error), StoppedClock(NOW))
        with pytest.raises(expected):
            history.candles(MARKET, Timeframe.H1, until=UNTIL, count=3)
    history = CcxtHistory(Exchange([], KeyError("ours")), StoppedClock(NOW))
    with pytest.raises(KeyError):
        history.candles(MARKET, Timeframe.H1, until=UNTIL, count=3)


def test_without_the_library_the_remedy_is_named():
    try:
        import ccxt  # noqa: F401
    except ImportError:
        with pytest.raises(ExtraMissing, match=r"requirements/backfill\.txt"):
            exchange_named("binance")
        return
    pytest.skip("ccxt is installed, so there is nothing to miss")


def test_the_library_has_what_is_used_of_it():
    ccxt = pytest.importorskip(
        "ccxt", reason="the extra of requirements/backfill.txt is not installed"
    )
    exchange = exchange_named("binance")
    assert exchange.id == "binance"
    assert callable(exchange.load_markets)
    assert issubclass(ccxt.NetworkError, ccxt.BaseError)
    with pytest.raises(InvalidInput, match="knows no exchange"):
        exchange_named("nowhere")
