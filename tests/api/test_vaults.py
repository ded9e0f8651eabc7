"""Vaults over the API."""

import pytest

from onchain.register import ARBITRUM_ONE, LOCAL_CHAIN
from tests.factories import StrategyFactory, UserFactory, VaultFactory

pytestmark = pytest.mark.django_db

LIST = "/api/v1/vaults/"


def names(client, **query):
    answer = client.get(LIST, query)
    assert answer.status_code == 200, answer.content
    return {vault["name"] for vault in answer.json()["results"]}


@pytest.fixture
def vaults():
    trend = StrategyFactory.create(slug="trend")
    VaultFactory.create(name="published", strategy=trend, status="trading")
    VaultFactory.create(name="local", strategy=trend, chain_id=LOCAL_CHAIN)
    VaultFactory.create(name="hidden", strategy=StrategyFactory.create(slug="closed", public=False))
    VaultFactory.create(name="loose", strategy=None)


def test_a_visitor_sees_the_vaults_of_public_strategies_only(client, vaults):
    assert names(client) == {"published", "local"}
    assert names(client, strategy="closed") == set()
    client.force_login(UserFactory.create())
    assert names(client) == {"published", "local", "hidden", "loose"}


def test_vaults_are_found_by_strategy_chain_and_status(client, vaults):
    assert names(client, strategy="trend") == {"published", "local"}
    assert names(client, chain=ARBITRUM_ONE) == {"published"}
    assert names(client, status="trading,ready") == {"published"}


def test_a_vault_names_its_chain_and_its_account_in_one_word(client):
    VaultFactory.create(strategy=StrategyFactory.create(slug="trend"), address="0x" + "ab" * 20)
    vault = client.get(LIST).json()["results"][0]
    assert vault["chain"] == {"chain_id": ARBITRUM_ONE, "name": "Arbitrum One"}
    assert vault["account_id"] == f"eip155:{ARBITRUM_ONE}:0x{'ab' * 20}"
    assert vault["strategy"] == "trend"


@pytest.mark.parametrize(("name", "value"), [("chain", "one"), ("chain", "0"), ("status", "lost")])
def test_bad_filters_are_refused(client, name, value):
    answer = client.get(LIST, {name: value})
    assert answer.status_code == 400
    assert set(answer.json()["detail"]) == {name}


@pytest.mark.parametrize("count", [1, 9])
def test_a_list_of_vaults_costs_two_queries(client, django_assert_num_queries, count):
    for _ in range(count):
        VaultFactory.create(strategy=StrategyFactory.create())
    with django_assert_num_queries(2):  # count, page
        client.get(LIST)
