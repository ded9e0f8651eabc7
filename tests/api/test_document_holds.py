"""The OpenAPI document against the running API: nothing undocumented, nothing malformed, no 500.

Every operation is asked with requests that the document allows and with requests that it forbids, as
a visitor and with a key, about things that are there and things that are not.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.core import NOT_SET

from config.wsgi import application
from tests.api.house import House
from tests.keys import header

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 20_240_103
FEW, MANY = 3, 60
OK = 200

schemathesis.checks.load_all_checks()
HELD: list[Any] = [
    checks.CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]


def load() -> Any:
    """Read the committed document; another test holds it to the code."""
    document = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
    schema = schemathesis.openapi.from_dict(document)
    schema.app = application
    return schema


PLAUSIBLE: dict[str, list[Any]] = {
    "strategy": ["eth-ema-trend", "trend"],
    "benchmark": ["eth", "btc"],
    "asset": ["ETH", "BTC"],
    "market": ["ETH/USD"],
    "q": ["trend", "eth"],
    "deployment": [1, 2],
    "from": ["2024-01-01", "2025-03-04"],
    "to": ["2025-06-30", "2026-12-31"],
    "page": [1, 2],
    "cursor": ["*"],
    "data_version": [1, 2],
}
SCHEMA_HELD = checks.CHECKS.get_one("response_schema_conformance")
SCHEMA = load()
PATHS = sorted(result.ok().path for result in SCHEMA.get_all_operations())


Send = Callable[[Any, dict[str, str]], Any]


@pytest.fixture
def send(apart: Callable[..., Any]) -> Send:
    """Give what sends a request."""
    return lambda case, headers: apart(case.call, base_url="http://localhost", headers=headers)


def walk(house: House, send: Send, path: str, mode: GenerationMode, *, examples: int) -> None:
    """Ask one operation again and again."""
    operation = SCHEMA[path]["GET"]
    known: list[str] = next(
        (values for start, values in house.path_values.items() if path.startswith(start)), []
    )

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode), data=st.data())
    def ask(case: Any, data: Any) -> None:
        for name in case.path_parameters:
            if known and data.draw(st.integers(0, 9)):  # one in ten asks for what is not there
                case.path_parameters[name] = data.draw(st.sampled_from(known))
        meant = set(case.query) & set(PLAUSIBLE) if mode is GenerationMode.POSITIVE else set()
        for name in sorted(meant):
            if data.draw(st.integers(0, 3)):  # three in four could have been meant
                case.query[name] = data.draw(st.sampled_from(PLAUSIBLE[name]))
        case.headers.pop("Authorization", None)
        sent = header(house.key) if data.draw(st.booleans()) else {}
        case.cookies.clear()
        wanted = case.query.get("fields")
        if wanted and narrowed_as_told(case, sent, send):
            del case.query["fields"]
        response = send(case, sent)
        case.validate_response(response, checks=HELD)

    ask()


def narrowed_as_told(case: Any, sent: dict[str, str], send: Send) -> bool:
    """Say whether `fields` was understood; the rows must then be the whole ones, less the rest.

    The document describes whole rows: it has no words for a parameter that leaves out parts of them.
    """
    names = case.query["fields"]
    response = send(case, sent)
    if response.status_code != OK or case.query.get("format") == "csv":
        case.validate_response(response, checks=[one for one in HELD if one is not SCHEMA_HELD])
        return bool(response.status_code == OK)
    # What was really sent counts: empty values stand in an address or not, as its other values have it.
    asked = parse_qs(urlsplit(response.request.url).query, keep_blank_values=True)
    whole = {name: values for name, values in asked.items() if name != "fields"}
    unnarrowed = case.operation.Case(
        path_parameters=case.path_parameters, query=whole, headers=case.headers
    )
    rows = send(unnarrowed, sent)
    names = names if isinstance(names, list) else str(names).split(",")
    assert response.json()["results"] == [
        {name: value for name, value in row.items() if name in names}
        for row in rows.json()["results"]
    ]
    return True


def takes_parameters(path: str) -> bool:
    """Say whether there is anything that a request could get wrong."""
    return bool(SCHEMA[path]["GET"].query)


@pytest.mark.parametrize("path", PATHS)
def test_a_few_requests_of_each_kind_are_answered_as_documented(house, send, path):
    walk(house, send, path, GenerationMode.POSITIVE, examples=FEW)
    if takes_parameters(path):
        walk(house, send, path, GenerationMode.NEGATIVE, examples=FEW)


@pytest.mark.deep
@pytest.mark.parametrize("path", PATHS)
def test_many_requests_of_each_kind_are_answered_as_documented(house, send, path):
    walk(house, send, path, GenerationMode.POSITIVE, examples=MANY)
    if takes_parameters(path):
        walk(house, send, path, GenerationMode.NEGATIVE, examples=MANY)


def test_the_walk_would_find_what_the_document_does_not_say(house, send):
    path = "/api/v1/vaults/"
    case = SCHEMA[path]["GET"].Case(query={"page_size": 1})
    response = send(case, {})
    case.validate_response(response, checks=HELD)
    for status, content in ((418, response.content), (500, b"{}"), (200, b'{"count": "many"}')):
        response.status_code, response.content = status, content
        response._deserialized = NOT_SET
        with pytest.raises(BaseExceptionGroup):
            case.validate_response(response, checks=HELD)
