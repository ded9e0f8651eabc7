"""The page of one strategy: evidence, vaults with fees and terms, notices of changed history."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from imports.storage import ContentStore
from strategies.models import Strategy, VaultPerformancePoint
from tests.factories import StrategyFactory, VaultFactory
from tests.imports.builders import document, point, strategy
from tests.imports.world import World
from tests.strategies.world import LIST, get

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path):
    return World(ContentStore(tmp_path / "store"))


def test_every_strategy_of_the_sample_shows_all_its_evidence_and_lists_its_headline(
    client, standing
):
    for row in Strategy.objects.all():
        page = get(client, f"{LIST}{row.slug}/")
        (item,) = get(client, LIST, q=row.slug, status=row.status, page_size=1)["results"]
        assert {name: page[name] for name in item} == item
        kinds = [(one["source"], one["window"]) for one in page["evidence"]]
        sources = [one for one in ("live", "paper", "backtest") if (one, "all") in kinds]
        assert kinds == [
            (source, window) for source in sources for window in ("30d", "90d", "1y", "all")
        ]
        assert page["headline"] == page["evidence"][3]
        assert page["description"] == row.description


def test_every_link_of_a_strategy_leads_to_an_answer(client, standing):
    row = Strategy.objects.filter(vaults__isnull=False).first()
    assert row is not None
    links = get(client, f"{LIST}{row.slug}/")["links"]
    assert {"self", "report", "performance", "holdings", "trades", "vaults"} <= set(links)
    opened = {name: client.get(address).status_code for name, address in links.items()}
    assert opened == dict.fromkeys(links, 200)


def test_a_delisted_strategy_keeps_its_record(client, standing):
    row = Strategy.objects.get(status="delisted")
    page = get(client, f"{LIST}{row.slug}/")
    assert page["status"] == "delisted"
    assert page["headline"]["provenance"]["observations"] > 100
    assert get(client, f"{LIST}{row.slug}/performance/")["observations"] > 100


def test_a_vault_names_each_fee_and_term_or_says_why_it_cannot(client, standing):
    row = Strategy.objects.filter(vaults__isnull=False).first()
    assert row is not None
    (vault,) = get(client, f"{LIST}{row.slug}/")["vaults"]
    names = ("entry_bps", "exit_bps", "performance_bps", "management_bps")
    assert {name: vault["fees"][name] for name in names} == dict.fromkeys(names)
    assert vault["fees"]["reason"] == "not_read"
    assert vault["fees"]["share_price_is_net_of"] == {
        "management": True,
        "performance": True,
        "entry": False,
        "exit": False,
    }
    assert vault["terms"] == {
        "deposit_capacity_usd": None,
        "cooldown_seconds": None,
        "withdrawal_limit_usd": None,
        "reason": "not_read",
    }
    assert vault in get(client, "/api/v1/vaults/")["results"]


def test_a_vault_shows_its_newest_share_price_by_the_best_evidence(client):
    made = VaultFactory.create(strategy=StrategyFactory.create())
    assert get_vault(client, made)["latest"] is None
    for source, day, nav in (("paper", 9, "3"), ("live", 1, "1.5"), ("live", 2, "1.25")):
        VaultPerformancePoint.objects.create(
            vault=made.account_id,
            source=source,
            as_of_at=datetime(2025, 1, day, tzinfo=UTC),
            nav_per_share_usd=Decimal(nav),
            aum_usd=Decimal("0.000000000000000001"),
        )
    assert get_vault(client, made)["latest"] == {
        "source": "live",
        "source_label": "Live: traded with real money",
        "as_of_at": "2025-01-02T00:00:00Z",
        "nav_per_share_usd": "1.25",
        "aum_usd": "0.000000000000000001",
    }


def get_vault(client, made):
    found = get(client, "/api/v1/vaults/", strategy=made.strategy.slug)["results"]
    assert [one["account_id"] for one in found] == [made.account_id]
    return found[0]


def test_changed_history_is_noted_on_the_page_and_beside_the_series(client, world):
    world.run(document(strategies=[strategy(performance=[point(1), point(2, 1.1)])]))
    version = get(client, f"{LIST}alpha/")["data_version"]
    assert get(client, f"{LIST}alpha/")["restatements"] == []
    run = world.run(document(strategies=[strategy(performance=[point(1), point(2, 1.2)])]))
    page = get(client, f"{LIST}alpha/")
    (notice,) = page["restatements"]
    assert notice == {
        "source": "backtest",
        "data_version_before": version,
        "data_version_after": page["data_version"],
        "first_changed_at": "2025-01-02T00:00:00Z",
        "points_revised": 1,
        "points_withdrawn": 0,
        "points_inserted": 0,
        "reference": f"import {run.pk}",
        "noted_at": "2026-11-23T00:00:00Z",
    }
    series = get(client, f"{LIST}alpha/performance/")
    assert series["restatements"] == [{k: v for k, v in notice.items() if k != "source"}]
    assert series["columns"]["nav_per_share_usd"] == ["1", "1.2"]
    old = get(client, f"{LIST}alpha/performance/", data_version=notice["data_version_before"])
    assert old["columns"]["nav_per_share_usd"] == ["1", "1.1"]
    assert (old["data_version"], old["is_current"]) == (version, False)


@pytest.mark.parametrize("vaults", [0, 5])
def test_a_page_costs_the_same_queries_however_much_is_on_it(
    client, standing, django_assert_num_queries, vaults
):
    row = Strategy.objects.filter(vaults__isnull=True).first()
    assert row is not None
    for _ in range(vaults):
        VaultFactory.create(strategy=row)
    with django_assert_num_queries(2 + 4):  # version twice; strategy, evidence, notices, vaults
        assert len(get(client, f"{LIST}{row.slug}/")["vaults"]) == vaults
