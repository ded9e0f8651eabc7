"""The catalogue as tests find it: the sample export, imported as an operator would."""

import json
from pathlib import Path
from typing import Any

from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from atlas.api.renderers import to_json

SAMPLE = Path(__file__).resolve().parent.parent.parent / "fixtures" / "sample_export_v1.json"
LIST = "/api/v1/strategies/"
FACETS = f"{LIST}facets/"
EVERY_STATUS = "preview,deployable,deployed,paused,delisted"


def get(client: Any, path: str, **query: Any) -> Any:
    """Ask for a path and give the body of its answer."""
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(client: Any, path: str, **query: Any) -> dict[str, Any]:
    """Ask for what is refused as bad input and give what is told of each field."""
    answer = client.get(path, query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input"), answer.content
    detail: dict[str, Any] = answer.json()["detail"]
    return detail


def slugs(client: Any, **query: Any) -> list[str]:
    """Ask the list and give the slugs of its page, in order."""
    return [item["slug"] for item in get(client, LIST, **query)["results"]]


def walked(client: Any, **query: Any) -> list[str]:
    """Walk by cursor from the beginning to the end."""
    found: list[str] = []
    body = get(client, LIST, cursor="*", **query)
    while True:
        found += [item["slug"] for item in body["results"]]
        if body["next"] is None:
            return found
        body = client.get(body["next"]).json()


def declared(window: Any, source: Any) -> dict[str, Any]:
    """Give what the serializer makes of every strategy, by slug."""
    from strategies.headlines import with_headlines
    from strategies.models import Strategy
    from strategies.serializers import StrategyItemSerializer

    request = Request(APIRequestFactory().get(LIST))
    read = with_headlines(Strategy.objects.get_queryset(), window=window, source=source)
    made = StrategyItemSerializer(read, many=True, context={"request": request}).data
    return {item["slug"]: json.loads(to_json(item)) for item in made}
