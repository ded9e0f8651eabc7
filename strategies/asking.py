"""Reading query parameters of a path, all of them, before anything else is done.

What a path does not know is an error; every wrong parameter is named at once.
"""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from atlas.api.filtering import DateRange, refuse_unknown
from strategies.readers import Reader, day

RANGE: Mapping[str, Reader] = {"from": day, "to": day}


def read_parameters(request: Request, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Read all parameters; raises ValidationError naming every wrong one."""
    refuse_unknown(request, readers)
    given: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for name, text in request.query_params.dict().items():
        try:
            given[name] = readers[name](text)
        except ValueError as error:
            problems[name] = [str(error)]
    if problems:
        raise ValidationError(problems)
    return given


def range_in(given: Mapping[str, Any]) -> DateRange:
    """Give the range of days that was asked for; raises ValidationError where it ends too early."""
    within = DateRange(from_on=given.get("from"), to_on=given.get("to"))
    if within.from_on and within.to_on and within.from_on > within.to_on:
        raise ValidationError({"from": [f"must not be after to ({within.to_on})"]})
    return within
