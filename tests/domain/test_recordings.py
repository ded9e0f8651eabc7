"""Recordings are read strictly, with line and field in every complaint, and replayed honestly."""

import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from atlas.domain import recording as recording_module
from atlas.domain.candles import GappedData, ImpossibleBar, NotEnoughData, Timeframe
from atlas.domain.errors import InvalidInput, UnusableData
from atlas.domain.recording import Recording, RecordingEnded, parse_recording

HEADER = "timestamp,open,high,low,close,volume\n"
REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "market"


def parsed(text: str | bytes) -> Recording:
    data = text.encode() if isinstance(text, str) else text
    return parse_recording(data, name="test.csv", market="ETH/USD")


def hours(*stamps: str) -> str:
    return HEADER + "".join(f"{stamp},10,12,9,11,3\n" for stamp in stamps)


@pytest.mark.parametrize(
    "stamps",
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"),
        ("2024-01-01T02:00:00+02:00", "2024-01-01T03:00:00+0200"),
        ("2024-01-01T00:00", "2024-01-01T01:00"),
        ("2024-01-01 00:00:00.000000", "2024-01-01 01:00:00.000000"),
    ],
)
def test_times_with_and_without_offset_are_read_as_utc(stamps):
    made = parsed(hours(*stamps))
    assert made.timeframe is Timeframe.H1
    assert made.begins_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert made.ends_at == datetime(2024, 1, 1, 2, tzinfo=UTC)


def test_days_without_punctuation_are_daily_bars():
    made = parsed(hours("20240101", "20240102", "20240103"))
    assert made.timeframe is Timeframe.D1
    assert made.candles[0].close_usd == Decimal(11)


def test_packed_and_plain_data_read_alike_whatever_the_name():
    text = hours("20240101", "20240102").encode()
    assert parsed(gzip.compress(text)) == parsed(text)


def test_columns_may_come_in_another_order_and_with_others_between():
    made = parsed(
        "close,note,open,low,high,volume,Timestamp\n11,x,10,9,12,3,20240101\n"
        "11,y,10,9,12,3,20240102\n"
    )
    assert made.candles[0].open_usd == 10
    assert made.candles[0].high_usd == 12


def test_label_lines_are_kept_and_counted():
    made = parsed("# SYNTHETIC\n# seed 7\n" + hours("20240101", "20240102"))
    assert made.label == "SYNTHETIC\nseed 7"
    with pytest.raises(InvalidInput, match="line 4, close: 'x' is no number"):
        parsed("# SYNTHETIC\n# seed 7\n" + HEADER + "20240101,1,1,1,x,1\n")


def test_a_byte_order_mark_and_blank_lines_do_no_harm():
    text = "\ufeff" + hours("20240101", "20240102").replace("\n", "\r\n") + "\r\n\r\n"
    assert len(parsed(text).candles) == 2


def test_the_most_common_step_is_the_timeframe_and_the_rest_are_gaps():
    made = parsed(hours("20240101", "20240102", "20240105", "20240106"))
    assert made.timeframe is Timeframe.D1
    (gap,) = made.gaps
    assert "2 bar(s) missing from 2024-01-03 00:00 to 2024-01-04 00:00" in gap.message


def test_every_problem_is_told_with_line_and_field():
    with pytest.raises(InvalidInput) as caught:
        parsed(
            HEADER
            + "2024-13-01,1,1,1,1,1\n"
            + "20240102,one,1,1,,1\n"
            + "20240103,1,1,1,1\n"
            + "2024-W01-1,1,1,1,1_0,1\n"
        )
    assert caught.value.detail["problems"] == [
        "line 2, timestamp: '2024-13-01' is no time",
        "line 3, open: 'one' is no number",
        "line 3, close: '' is no number",
        "line 4: not as many fields as the header",
        "line 5, timestamp: '2024-W01-1' is no time",
        "line 5, close: '1_0' is no number",
    ]
    assert caught.value.message.startswith("test.csv: 6 problem(s): line 2, timestamp")


def test_only_the_first_twenty_problems_are_listed():
    with pytest.raises(InvalidInput, match="100 problem") as caught:
        parsed(HEADER + "x,1,1,1,1,1\n" * 100)
    assert len(caught.value.detail["problems"]) == 20


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "header must name each"),
        (b"timestamp,open,high,low,close\n", "header must name each"),
        (b"timestamp,open,high,low,close,volume,open\n", "header must name each"),
        (HEADER.encode(), "at least two bars"),
        (hours("20240101").encode(), "at least two bars"),
        (b"\xff\xfe", "no UTF-8"),
        (b"\x1f\x8b\x08 broken", "gzip data is broken"),
        (
            gzip.compress(hours("20240101", "20240102").encode(), mtime=0)[:-9],
            "gzip data is broken",
        ),
        (HEADER.encode() + b'20240101,1,1,1,1,"1\n' + b"x" * 200_000, "no CSV"),
        (hours("2024-01-01T00:00", "2024-01-01T00:07").encode(), "420 s is no known timeframe"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(data, word):
    with pytest.raises(InvalidInput, match=word) as caught:
        parsed(data)
    assert caught.value.message.startswith("test.csv:")


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(recording_module, "MAX_BYTES", 1024 * 1024)
    with pytest.raises(InvalidInput, match="larger than 1 MiB unpacked"):
        parsed(gzip.compress(b"0" * (1024 * 1024 + 1)))


@pytest.mark.parametrize(
    ("stamps", "word"),
    [
        (("20240101", "20240102", "20240102", "20240103"), "is there twice"),
        (("20240101", "20240102", "20240103", "20240105", "20240104"), "comes after"),
        (("20240101", "20240102", "20240103", "2024-01-04T01:00"), "not on the 1d grid"),
    ],
)
def test_a_file_with_doubled_disordered_or_misplaced_rows_is_refused(stamps, word):
    with pytest.raises(UnusableData, match=word):
        parsed(hours(*stamps))


def test_an_impossible_bar_leaves_a_hole_that_is_reported_and_refused():
    text = hours("20240101", "20240102", "20240103", "20240104").replace(
        "20240103,10,12,9,11,3", "20240103,10,12,0,11,3"
    )
    made = parsed(text)
    assert [type(f) for f in made.findings] == [ImpossibleBar, GappedData]
    with pytest.raises(GappedData, match="2024-01-03"):
        made.window(until_at=datetime(2024, 1, 5, tzinfo=UTC), count=3)


def test_a_recording_of_nothing_usable_is_refused():
    with pytest.raises(UnusableData, match="no bar of the recording can be used"):
        parsed(hours("20240101", "20240102").replace(",9,", ",0,"))


HOLED = hours("20240101", "20240102", "20240103", "20240106", "20240107")


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def test_a_replay_shows_only_what_had_closed():
    cut = parsed(HOLED).window(until_at=day(3) + timedelta(hours=23), count=2)
    assert [c.open_at for c in cut.candles] == [day(1), day(2)]


@pytest.mark.parametrize("until", [5, 6])
def test_inside_a_hole_a_replay_is_gapped_and_not_stale(until):
    with pytest.raises(GappedData) as caught:
        parsed(HOLED).window(until_at=day(until), count=2)
    assert caught.value.code == "gap"
    assert "from 2024-01-04 00:00" in caught.value.message


def test_before_enough_bars_a_replay_is_not_warm_and_after_its_end_it_is_over():
    made = parsed(HOLED)
    with pytest.raises(NotEnoughData):
        made.window(until_at=day(2), count=2)
    assert made.window(until_at=day(8), count=2).until_at == made.ends_at
    with pytest.raises(RecordingEnded, match="ends at 2024-01-08 00:00"):
        made.window(until_at=day(9), count=2)


def test_the_newest_bar_is_the_last_that_had_closed():
    made = parsed(HOLED)
    assert made.newest(day(1)) is None
    assert made.newest(day(2) - timedelta(microseconds=1)) is None
    newest = made.newest(day(5))
    assert newest is not None
    assert newest.open_at == day(3)


def test_the_real_daily_recording_is_read_with_its_eight_holes():
    path = REAL / "btcusd-daily-2014-12-2018-08.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project")
    made = parse_recording(path.read_bytes(), name=path.name, market="BTC/USD")
    assert made.timeframe is Timeframe.D1
    assert len(made.candles) == 1318
    assert len(made.gaps) == len(made.findings) == 8
    assert max(gap.detail["missing"] for gap in made.gaps) == 20
    assert made.begins_at == datetime(2014, 12, 1, tzinfo=UTC)
    inside = datetime(2014, 12, 28, tzinfo=UTC)
    with pytest.raises(GappedData, match="from 2014-12-19 00:00"):
        made.window(until_at=inside, count=10)
