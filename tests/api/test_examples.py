"""The examples of the OpenAPI document are answers that the API gives over the imported sample.

WRITE_EXAMPLES=1 writes them anew.
"""

import os
import re
from typing import Any

import orjson
import pytest
import yaml

from atlas.api.examples import FOLDER
from tests.api.test_costs import DOCUMENT
from tests.keys import header

pytestmark = pytest.mark.django_db

# What is asked for, by operation: path and query. Short ranges and pages keep the document readable.
SLUG, CARRY = "eth-ema-trend", "funding-carry"
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "benchmarks_list": ("benchmarks/", {}),
    "benchmarks_points_retrieve": ("benchmarks/eth/points/", {"from": "2025-12-29"}),
    "cycles_list": ("cycles/", {"page_size": 1}),
    "cycles_retrieve": ("cycles/{cycle}/", {}),
    "deployments_list": ("deployments/", {"page_size": 1}),
    "deployments_retrieve": ("deployments/{deployment}/", {}),
    "deployments_equity_retrieve": ("deployments/{deployment}/equity/", {}),
    "fills_list": ("fills/", {"page_size": 1}),
    "meta_errors": ("meta/errors/", {}),
    "orders_list": ("orders/", {"page_size": 1}),
    "orders_retrieve": ("orders/{order}/", {}),
    "strategies_list": ("strategies/", {"page_size": 1, "asset": "ETH", "ordering": "-sharpe"}),
    "strategies_retrieve": (f"strategies/{CARRY}/", {}),
    "strategies_facets_retrieve": ("strategies/facets/", {"asset": "ETH"}),
    "strategies_holdings_retrieve": (f"strategies/{SLUG}/holdings/", {}),
    "strategies_performance_retrieve": (
        f"strategies/{SLUG}/performance/",
        {"from": "2025-12-28", "benchmark": "eth"},
    ),
    "strategies_positions_list": ("strategies/trend/positions/", {"page_size": 1}),
    "strategies_report_retrieve": (f"strategies/{CARRY}/report/", {"from": "2025-12-01"}),
    "strategies_signals_list": ("strategies/trend/signals/", {"page_size": 1}),
    "strategies_trades_list": (f"strategies/{SLUG}/trades/", {"page_size": 1}),
    "vaults_list": ("vaults/", {"page_size": 1}),
}
WITHOUT = {"meta_metrics": "all of it is fixed: asking it is the example"}
# These have keys and moments that differ from one furnished house to the next.
OF_THE_HOUSE = {
    *(name for name in ASKED if name.split("_")[0] in {"cycles", "deployments", "fills", "orders"}),
    *("strategies_positions_list", "strategies_signals_list", "strategies_trades_list"),
}
ROW_KEYS = {"id", "deployment", "cycle", "order", "next", "recorded_at", "created_at", "started_at"}
ROW_KEYS |= {"finished_at", "submitted_at", "final_at", "changed_at", "opened_at", "decided_at"}
ROW_KEYS |= {"inputs_hash"}  # covers the digest of the code that decided


def answer(client, house, path, query):
    parts = {
        "cycle": house.path_values["/api/v1/cycles/"][0],
        "deployment": house.path_values["/api/v1/deployments/"][0],
        "order": house.path_values["/api/v1/orders/"][0],
    }
    got = client.get(
        f"/api/v1/{path.format(**parts)}",
        query,
        headers={**header(house.key), "Host": "localhost"},
    )
    assert got.status_code == 200, got.content
    return got.json()


def settled(value: Any, name: str = "") -> Any:
    """Put a word in the place of what differs each time."""
    if name in ROW_KEYS and isinstance(value, str | int):
        return f"<{name}>"
    if isinstance(value, dict):
        return {key: settled(held, key) for key, held in value.items()}
    if isinstance(value, list):
        return [settled(held, name) for held in value]
    return value


@pytest.mark.parametrize("operation", sorted(ASKED))
def test_each_example_is_what_the_api_answers(client, house, operation):
    now = answer(client, house, *ASKED[operation])
    path = FOLDER / f"{operation}.json"
    if os.environ.get("WRITE_EXAMPLES"):
        path.write_bytes(orjson.dumps(now, option=orjson.OPT_INDENT_2) + b"\n")
    written = orjson.loads(path.read_bytes())
    if operation in OF_THE_HOUSE:
        assert settled(written) == settled(now)
    else:
        assert written == now


def test_every_operation_has_its_example_in_the_document_or_a_reason():
    operations = {}
    for methods in DOCUMENT["paths"].values():
        one = methods["get"]
        operations[one["operationId"]] = one["responses"]["200"]["content"]["application/json"]
    assert set(operations) == set(ASKED) | set(WITHOUT)
    for name in ASKED:
        assert "example" in operations[name], name


def test_no_example_shows_anything_but_the_sample():
    for path in FOLDER.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"atlas_[A-Za-z0-9]{8}\.", text), path
        assert path.stem in ASKED, path
        assert yaml.safe_load(text) is not None
