"""Deployments, limits, deposits: what people ask for."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from atlas import switches
from atlas.audit import Actor
from atlas.domain.errors import ConflictingState, InvalidInput
from atlas.domain.states import SwitchState
from atlas.models import AuditEvent, TradingState
from execution import accounts, feeds, limit_changes, services
from execution.folding import rebuild, refold
from execution.models import Deployment, EquityPoint, GuardrailLimits, PaperAccount, PaperFlow
from execution.vocabulary import DeploymentStatus
from tests.execution.ledger_dump import dump
from tests.execution.world import (
    ACTOR,
    LIMITS,
    MARKET,
    WALL,
    make_deployment,
    make_strategy,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db
PRICES = recording(waves())


@pytest.fixture
def traded(monkeypatch):
    deployment = make_deployment()
    open_switches()
    run(deployment, PRICES, slot(0))
    monkeypatch.setitem(feeds.PROVIDERS, "replay", _provide)
    return deployment


def _provide(_, clock):
    from execution.marketdata.replay import ReplayMarketData

    return ReplayMarketData.of([PRICES], clock)


def test_a_new_deployment_has_limits_an_account_and_halted_switches():
    deployment = make_deployment()
    limits = GuardrailLimits.objects.get(deployment=deployment)
    assert (limits.version, limits.allowed_markets) == (1, [MARKET])
    assert limits.max_price_age_seconds == 2 * 3600
    account = PaperAccount.objects.get(deployment=deployment)
    assert account.cash_usd == account.flows_usd == account.shares == Decimal(10_000)
    for scope in ("STRATEGY", "trend"), ("MARKET", MARKET):
        row = TradingState.objects.get(scope=scope[0], key=scope[1])
        assert row.state == SwitchState.HALTED
    assert AuditEvent.objects.filter(action="deployment.create").count() == 1


def test_a_market_that_trades_already_keeps_its_switch():
    make_deployment()
    open_switches()
    make_deployment(slug="second")
    assert TradingState.objects.get(scope="MARKET").state == SwitchState.ACTIVE
    assert TradingState.objects.get(scope="STRATEGY", key="second").state == SwitchState.HALTED


def test_a_deployment_keeps_the_parameters_it_began_with():
    strategy = make_strategy()
    deployment = make_deployment()
    strategy.parameters = {"fast_bars": 50, "slow_bars": 60}
    strategy.save()
    deployment.refresh_from_db()
    assert deployment.parameters["fast_bars"] == 2
    assert deployment.parameters["valid_bars"] == 1  # a default, written out


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"rule": "crystal_ball"}, "There is no rule"),
        ({"parameters": {"fast_bars": 1}}, "fast_bars must be"),
        ({"timeframe": "7m"}, "no known timeframe"),
        ({"cadence_seconds": 60}, "multiple of 3600 s"),
        ({"cadence_seconds": 0}, "multiple of 3600 s"),
        ({"deposit_usd": Decimal(0)}, "above 0 USD"),
        ({"limits": {}}, "max_leverage_ratio must be"),
        ({"limits": {**LIMITS, "max_fun": 3}}, "max_fun is no limit"),
        ({"limits": {**LIMITS, "max_leverage_ratio": "nan"}}, "max_leverage_ratio must be"),
        ({"limits": {**LIMITS, "max_price_age_seconds": 0}}, "max_price_age_seconds must be"),
        ({"limits": {**LIMITS, "allowed_markets": ["BTC/USD"]}}, "allowed but not traded"),
    ],
)
def test_what_does_not_fit_makes_no_deployment(values, problem):
    with pytest.raises(InvalidInput, match=problem):
        make_deployment(**values)
    assert not Deployment.objects.exists()
    assert not PaperAccount.objects.exists()


def test_limits_name_every_problem_at_once():
    with pytest.raises(InvalidInput) as caught:
        make_deployment(limits={"max_fun": 3})
    assert len(caught.value.detail["problems"]) == 4


def test_a_change_of_limits_is_a_new_version_with_its_reason(traded):
    row = limit_changes.change_limits(
        deployment=traded, limits=LIMITS, reason="a review", actor=ACTOR, now=WALL
    )
    assert (row.version, row.reason) == (2, "a review")
    assert GuardrailLimits.objects.count() == 2
    with pytest.raises(InvalidInput, match="reason"):
        limit_changes.change_limits(
            deployment=traded, limits=LIMITS, reason=" ", actor=ACTOR, now=WALL
        )


def test_a_deposit_buys_shares_and_is_no_performance(traded):
    before = EquityPoint.objects.get()
    accounts.record_flow(
        deployment=traded, amount_usd=Decimal(5_000), reason="more", actor=ACTOR, now=WALL
    )
    cycle = run(traded, PRICES, slot(1))
    after = EquityPoint.objects.get(as_of_at=cycle.scheduled_for)
    assert after.flows_usd == Decimal(15_000)
    assert after.equity_usd > before.equity_usd + 4_900
    # The price rose by one step between the two points, and only that is performance.
    moved = after.share_value_usd / before.share_value_usd - 1
    assert Decimal("0") < moved < Decimal("0.01")


def test_a_withdrawal_gives_shares_back_and_is_no_loss(traded):
    before = PaperAccount.objects.get()
    flow = accounts.record_flow(
        deployment=traded, amount_usd=Decimal(-1_000), reason="rent", actor=ACTOR, now=WALL
    )
    after = PaperAccount.objects.get()
    assert flow.shares < 0
    assert after.shares == before.shares + flow.shares
    assert after.cash_usd == before.cash_usd - 1_000


def test_money_that_backs_a_position_cannot_be_taken_out(traded):
    with pytest.raises(ConflictingState, match="backs positions"):
        accounts.record_flow(
            deployment=traded, amount_usd=Decimal(-9_000), reason="all", actor=ACTOR, now=WALL
        )


@pytest.mark.parametrize("amount", ["0", "NaN", "Infinity"])
def test_a_flow_of_nothing_is_refused(traded, amount):
    with pytest.raises(InvalidInput, match="must move money"):
        accounts.record_flow(
            deployment=traded, amount_usd=Decimal(amount), reason="why", actor=ACTOR, now=WALL
        )


def test_pausing_and_resuming_need_a_reason_and_leave_a_trace(traded):
    person = Actor(name="ann", user=User.objects.create_user("ann"))
    with pytest.raises(InvalidInput, match="reason"):
        services.set_status(
            deployment=traded,
            status=DeploymentStatus.PAUSED,
            reason="",
            actor=person,
            now=WALL,
        )
    services.set_status(
        deployment=traded,
        status=DeploymentStatus.PAUSED,
        reason="maintenance",
        actor=person,
        now=WALL,
    )
    assert Deployment.objects.scheduled().count() == 0
    event = AuditEvent.objects.get(action="deployment.pause")
    assert (event.actor, event.before, event.after) == (
        "ann",
        {"status": "enabled"},
        {"status": "paused"},
    )


def test_positions_and_cash_can_be_thrown_away_and_rebuilt(traded):
    for index in (9, 12, 30):
        run(traded, PRICES, slot(index))
    accounts.record_flow(
        deployment=traded, amount_usd=Decimal(700), reason="more", actor=ACTOR, now=WALL
    )
    wanted, account = dump(traded), PaperAccount.objects.get()
    PaperAccount.objects.update(cash_usd=1, flows_usd=2, shares=3)
    rebuild(account)
    rebuilt = PaperAccount.objects.get()
    assert dump(traded) == wanted
    assert (rebuilt.cash_usd, rebuilt.flows_usd, rebuilt.shares) == (
        account.cash_usd,
        account.flows_usd,
        account.shares,
    )
    assert refold(rebuilt).cash_usd == rebuilt.cash_usd


def test_a_global_halt_needs_one_word(traded):
    switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.HALTED,
        reason="stop",
        actor=ACTOR,
        now=WALL,
    )
    assert run(traded, PRICES, slot(9)).reason == "halted"
    assert PaperFlow.objects.count() == 1
