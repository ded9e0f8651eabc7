"""Trading over the API: who sees what, what it says, what it costs."""

from decimal import Decimal

import pytest

from execution import limit_changes
from execution.models import EquityPoint, Fill, Order, Position
from tests.execution.world import (
    ACTOR,
    LIMITS,
    WALL,
    make_deployment,
    make_strategy,
    open_switches,
    recording,
    run,
    slot,
    waves,
)
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PRICES = recording(waves())
V1 = "/api/v1/"


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    for index in (0, 1, 9):
        run(made, PRICES, slot(index))
    return made


@pytest.fixture
def insider(client):
    client.force_login(UserFactory.create())
    return client


def get(client, path, **query):
    answer = client.get(V1 + path, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_deployment_shows_its_newest_cycle_and_latest_equity(client, deployment):
    (item,) = get(client, "deployments/")["results"]
    point = EquityPoint.objects.latest("as_of_at")
    assert item["strategy"] == "trend"
    assert item["simulated_time"] is True
    assert item["last_cycle"]["state"] == "COMPLETED"
    assert item["last_cycle"]["scheduled_for"] == "2024-01-02T00:00:00Z"
    assert Decimal(item["latest_equity"]["equity_usd"]) == point.equity_usd
    detail = get(client, f"deployments/{deployment.pk}/")
    assert detail["parameters"]["fast_bars"] == 2
    assert detail["vault"] is None


def test_a_deployment_that_has_done_nothing_says_so(client):
    make_deployment()
    (item,) = get(client, "deployments/")["results"]
    assert (item["last_cycle"], item["latest_equity"]) == (None, None)


def test_equity_is_a_series_of_columns(client, deployment):
    series = get(client, f"deployments/{deployment.pk}/equity/")
    assert series["observations"] == len(series["columns"]["equity_usd"]) == 3
    assert series["first_at"] == "2024-01-01T15:00:00Z"
    assert series["simulated_time"] is True
    later = get(client, f"deployments/{deployment.pk}/equity/", **{"from": "2024-01-02"})
    assert later["observations"] == 1
    none = get(client, f"deployments/{deployment.pk}/equity/", to="2023-01-01")
    assert (none["observations"], none["first_at"]) == (0, None)


def test_positions_of_a_strategy_say_what_is_held_and_what_it_cost(client, deployment):
    found = get(client, "strategies/trend/positions/", open="true")["results"]
    row = Position.objects.open().get()
    assert [(one["market"], one["is_long"]) for one in found] == [("ETH/USD", False)]
    assert Decimal(found[0]["size_usd"]) == row.size_usd
    assert Decimal(found[0]["average_entry_usd"]) > 0
    assert Decimal(found[0]["position_fee_usd"]) > 0
    (flat,) = get(client, "strategies/trend/positions/", open="false")["results"]
    assert (flat["is_long"], flat["average_entry_usd"]) == (True, None)


def test_signals_of_a_strategy_say_why(client, deployment):
    signals = get(client, "strategies/trend/signals/")["results"]
    assert [one["direction"] for one in signals] == ["SHORT", "LONG", "LONG"]
    assert "EMA 2" in signals[0]["reason"]
    assert signals[0]["target_exposure_ratio"] == -1.0
    assert set(signals[0]["indicators"]) == {"ema_fast", "ema_slow", "gap_bps", "close"}


def test_cycles_orders_and_fills_are_for_those_who_log_in(client, deployment):
    for path in ("cycles/", "orders/", "fills/"):
        assert client.get(V1 + path).status_code in {401, 403}, path


def test_cycles_are_found_by_deployment_state_and_reason(insider, deployment):
    assert [one["reason"] for one in get(insider, "cycles/")["results"]] == [
        "traded",
        "nothing_to_do",
        "traded",
    ]
    (skipped,) = get(insider, "cycles/", state="SKIPPED", deployment=deployment.pk)["results"]
    assert skipped["strategy"] == "trend"
    assert get(insider, "cycles/", reason="gap")["results"] == []
    assert get(insider, f"cycles/{skipped['id']}/")["message"] == skipped["message"]


def test_an_order_shows_the_gates_word(insider, deployment):
    limit_changes.change_limits(
        deployment=deployment,
        limits={**LIMITS, "max_order_notional_usd": "1"},
        reason="tight",
        actor=ACTOR,
        now=WALL,
    )
    run(deployment, PRICES, slot(30))
    orders = get(insider, "orders/", state="DENIED")["results"]
    assert orders[0]["decision"]["allowed"] is False
    assert "allowed 1 USD" in orders[0]["decision"]["reason"]
    one = get(insider, f"orders/{orders[0]['id']}/")
    assert one == orders[0]


def test_fills_keep_the_four_costs_apart(insider, deployment):
    fills = get(insider, "fills/", strategy="trend", market="ETH/USD")["results"]
    assert len(fills) == Fill.objects.count() == 3
    for name in ("funding_usd", "borrowing_usd", "position_fee_usd", "execution_fee_usd"):
        assert isinstance(fills[0][name], str)


def test_a_strategy_that_is_not_public_is_not_shown_to_visitors(client):
    make_strategy("secret", public=False)
    deployment = make_deployment(slug="secret")
    open_switches(slug="secret")
    run(deployment, PRICES, slot(0))
    paths = [
        "strategies/secret/positions/",
        "strategies/secret/signals/",
        f"deployments/{deployment.pk}/",
        f"deployments/{deployment.pk}/equity/",
    ]
    for path in paths:
        assert client.get(V1 + path).status_code == 404, path
    assert get(client, "deployments/")["results"] == []
    client.force_login(UserFactory.create())
    for path in paths:
        assert client.get(V1 + path).status_code == 200, path


def test_what_a_list_does_not_know_is_refused(insider, deployment):
    for path, parameter in [
        ("cycles/", "stat"),
        ("orders/", "side"),
        ("fills/", "page"),
        ("deployments/", "market"),
        ("strategies/trend/positions/", "cursor"),
        ("strategies/trend/signals/", "strategy"),
        (f"deployments/{deployment.pk}/equity/", "source"),
    ]:
        answer = insider.get(V1 + path, {parameter: "x"})
        assert answer.status_code == 400, path
        assert set(answer.json()["detail"]) == {parameter}


def test_a_long_list_is_walked_without_a_gap(insider, deployment):
    ids, query = [], {"page_size": 2}
    while True:
        page = get(insider, "cycles/", **query)
        ids += [one["id"] for one in page["results"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"].rsplit("cursor=", 1)[1].split("&")[0]
    assert len(ids) == len(set(ids)) == 3


def test_nothing_can_be_written(insider, deployment):
    order = Order.objects.all()[0]
    for path in ("deployments/", "cycles/", "orders/", f"orders/{order.pk}/", "fills/"):
        for method in (insider.post, insider.put, insider.patch, insider.delete):
            assert method(V1 + path).status_code == 405, path


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("deployments/", 5),  # session, user, standing, count, page
        ("cycles/", 4),  # session, user, standing, page
        ("orders/", 4),
        ("fills/", 4),
        ("strategies/trend/positions/", 6),  # session, user, standing, strategy, count, page
        ("strategies/trend/signals/", 5),
    ],
)
def test_a_list_costs_the_same_however_long_it_is(
    insider, django_assert_num_queries, count, path, queries
):
    for index in range(count):
        deployment = make_deployment(feed=f"feed-{index}")
        open_switches()
        run(deployment, PRICES, slot(0))
    get(insider, "meta/metrics/")  # the first use of a session is noted in it
    with django_assert_num_queries(queries):
        get(insider, path)
