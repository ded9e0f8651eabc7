"""Two sources side by side, recorded answers, identity of tokens, and the counts of requests."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.quotes import Quote, SecondPrice, deviation_bps
from atlas.domain.recording import RecordingEnded
from atlas.domain.snapshots import Snapshot
from atlas.domain.stopped_clock import StoppedClock
from execution.inputs import snapshot_content, snapshot_from
from execution.marketdata import tallies
from execution.marketdata.agreement import TwoSources, require_independent
from execution.marketdata.errors import SourceAway
from execution.marketdata.gmx import GmxMarketData, IdentityMismatch
from execution.marketdata.pyth import PythMarketData
from execution.marketdata.recorder import Recorder, Replayer
from tests.execution.marketdata.stub import QUICK, Says, stub_server
from tests.execution.marketdata.worlds import MARKET, NOW, OTHER, WETH, GmxWorld, PythWorld

GMX, PYTH = GmxWorld(), PythWorld()
USD = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**6), places=6)


@pytest.fixture
def server():
    with stub_server() as made:
        made.time = NOW.timestamp()
        GMX.prepare(made)
        made.answers[GMX.quote_path] = Says(GMX.quote())
        made.answers[PYTH.quote_path] = Says(PYTH.quote())
        yield made


def both(server):
    names = ("gmx", "pyth")
    return TwoSources(GMX.provider(server), PYTH.provider(server), StoppedClock(NOW), names)


def test_a_quote_carries_both_prices_and_how_far_they_lie_apart(server):
    quote = both(server).quote(MARKET)
    assert (quote.source, quote.second.source) == ("gmx", "pyth")
    assert quote.deviation_bps == 1  # 1739.545 against 1739.545: rounded up from a hair


def test_sources_that_disagree_are_measured(server):
    server.answers[PYTH.quote_path] = Says(PYTH.priced(PYTH.quote(), price="170000000000"))
    assert both(server).quote(MARKET).deviation_bps == 233


@pytest.mark.parametrize(
    "said",
    [
        Says(b"", status=500),
        Says(b"{}"),
        Says(PYTH.priced(PYTH.quote(), price="0")),
        Says(PYTH.quote(at=NOW - timedelta(seconds=15))),
    ],
    ids=["away", "malformed", "impossible", "older than ten seconds"],
)
def test_a_second_price_that_cannot_be_used_is_unknown_and_no_agreement(server, said):
    server.answers[PYTH.quote_path] = said
    quote = both(server).quote(MARKET)
    assert quote.second is None
    assert quote.deviation_bps is None


def test_without_the_first_price_there_is_none(server):
    server.answers[GMX.quote_path] = Says(b"", status=500)
    with pytest.raises(SourceAway):
        both(server).quote(MARKET)


@pytest.mark.parametrize(
    "names", [("gmx", "chainlink"), ("gmx", "gmx"), ("pyth", "elsewhere")], ids="-".join
)
def test_a_source_of_the_same_lineage_is_no_second_opinion(names):
    with pytest.raises(InvalidInput, match="no second opinion"):
        require_independent(*names)


def test_a_snapshot_keeps_the_second_price_bit_for_bit(server):
    quote = both(server).quote(MARKET)
    taken = Snapshot("paper:1", NOW, Decimal(1), Decimal(1), (), {MARKET: quote}, 0)
    assert snapshot_from(snapshot_content(taken)).quotes[MARKET] == quote


@given(USD, USD)
def test_deviation_is_the_same_from_both_sides_and_never_rounded_down(one, other):
    bps = deviation_bps((one, one), (other, other))
    assert bps == deviation_bps((other, other), (one, one))
    apart = abs(one - other) / min(one, other) * 10_000
    assert bps - 1 < apart + Decimal("1e-9")
    assert apart <= bps + Decimal("1e-9")


def test_a_quote_alone_knows_no_deviation():
    alone = Quote(MARKET, Decimal(1), Decimal(1), NOW, "x")
    assert alone.deviation_bps is None
    other = SecondPrice(Decimal(2), Decimal(2), NOW, "y")
    assert Quote(MARKET, Decimal(1), Decimal(1), NOW, "x", other).deviation_bps == 10_000


@pytest.mark.parametrize(
    "token",
    [
        {"symbol": "ETH", "address": WETH, "decimals": 6},
        {"symbol": "WETH", "address": WETH, "decimals": 18},
    ],
    ids=["decimals", "symbol"],
)
def test_a_token_that_is_described_otherwise_needs_a_person(server, token):
    server.answers["/tokens"] = Says({"tokens": [token]})
    with pytest.raises(IdentityMismatch, match="reviewed data"):
        GMX.provider(server).quote(MARKET)


def test_another_token_of_the_same_symbol_is_never_taken(server):
    content = GMX.quote()
    content[0] |= {"tokenSymbol": "ETH", "minPrice": "9", "maxPrice": "9"}
    server.answers[GMX.quote_path] = Says(content)
    assert content[0]["tokenAddress"] == OTHER
    assert GMX.provider(server).quote(MARKET).min_usd > 1000


def test_gmx_prices_scale_by_the_decimals_of_the_token(server):
    quote = GMX.provider(server).quote(MARKET)
    assert quote.min_usd == Decimal("1739.495434083952")


def test_answers_that_were_recorded_are_replayed_to_the_same_quote(server, tmp_path):
    path = tmp_path / "answers.jsonl"
    live = GMX.provider(server, wrap=lambda send: Recorder(send, path, read=lambda: NOW))
    seen = live.quote(MARKET)
    server.answers.clear()
    again = GMX.provider(server, wrap=lambda send: Replayer(path))
    asked = len(server.seen)
    assert again.quote(MARKET) == seen
    assert len(server.seen) == asked
    with pytest.raises(RecordingEnded):
        again.quote(MARKET)


def test_failures_are_recorded_too(server, tmp_path):
    path = tmp_path / "answers.jsonl"
    server.answers[GMX.quote_path] = Says(GMX.quote(), wait=0.6)
    once = replace(QUICK, rounds=1)  # the replay takes no time, so it would get to more rounds
    live = GMX.provider(
        server, terms=once, wrap=lambda send: Recorder(send, path, read=lambda: NOW)
    )
    with pytest.raises(SourceAway):
        live.quote(MARKET)
    again = GMX.provider(server, terms=once, wrap=lambda send: Replayer(path))
    with pytest.raises(SourceAway):
        again.quote(MARKET)


def test_a_file_that_is_no_recording_is_refused_by_line(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_text('{"target": "/x", "temporary": "slow"}\nhello\n')
    with pytest.raises(InvalidInput, match="line 2"):
        Replayer(path)


def test_requests_are_counted_for_prometheus(server):
    before = _counted("answered")
    GMX.provider(server).quote(MARKET)
    assert _counted("answered") == before + 2  # the token list, and the tickers


def _counted(outcome):
    (family,) = tallies.families(NOW)
    return sum(n for (source, _, what), n in family.samples if (source, what) == ("gmx", outcome))


def test_the_live_providers_know_their_hosts():
    from execution.marketdata import sources

    made = sources.gmx_and_pyth(StoppedClock(NOW))
    assert isinstance(made.first, GmxMarketData)
    hosts = [*made.first.source.endpoints, *made.first.rates.endpoints]
    assert isinstance(made.second, PythMarketData)
    hosts += [*made.second.hermes.endpoints, *made.second.benchmarks.endpoints]
    assert len(hosts) == len(set(hosts)) == 6
    assert all(host.startswith("https://") for host in hosts)
