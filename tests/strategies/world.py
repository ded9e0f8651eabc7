"""The catalogue as tests find it: the sample export, imported as an operator would."""

from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).resolve().parent.parent.parent / "fixtures" / "sample_export_v1.json"
LIST = "/api/v1/strategies/"


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
