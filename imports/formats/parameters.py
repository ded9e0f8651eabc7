"""Parameters of a trading rule as a file may give them: plain values, or one level of them.

The rules themselves know what each parameter may be; this only keeps out what could not be stored,
shown or compared.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from imports.formats.findings import Finding
from imports.formats.problems import shortened
from imports.formats.records import LINE, PARAMETER

LARGEST = 10**15
MOST_ITEMS = 100
LONGEST_TEXT = 200

_LINE = re.compile(LINE)
_NAME = re.compile(PARAMETER)


def findings_in_parameters(parameters: Mapping[str, Any], place: str) -> list[Finding]:
    """List the values that are not plain, or too large to be."""
    return [
        finding
        for name, value in parameters.items()
        for finding in _in_parameter(value, f"{place}/{name}")
    ]


def _in_parameter(value: Any, place: str) -> Iterator[Finding]:
    """Check a plain value, a list of them or a map of them."""
    if not isinstance(value, list | dict):
        yield from _in_scalar(value, place)
        return
    if len(value) > MOST_ITEMS:
        yield _finding(place, f"must have at most {MOST_ITEMS} items", value)
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in items:
        if isinstance(name, str) and not _NAME.search(name):
            yield _finding(place, "must have names of letters, digits and underscores", name)
        yield from _in_scalar(item, f"{place}/{name}")


def _in_scalar(value: Any, place: str) -> Iterator[Finding]:
    """Check a number, text, true, false or null."""
    if isinstance(value, list | dict):
        yield _finding(place, "is nested too deeply: one level is the most", value)
    elif isinstance(value, str) and len(value) > LONGEST_TEXT:
        yield _finding(place, f"must have at most {LONGEST_TEXT} characters", value)
    elif isinstance(value, str) and not _LINE.search(value):
        yield _finding(place, "must be one line without control characters", value)
    elif isinstance(value, int | float) and abs(value) > LARGEST:
        yield _finding(place, f"must lie within {LARGEST:.0e} of zero", value)


def _finding(place: str, what: str, value: Any) -> Finding:
    """Word one finding; whole containers are not repeated."""
    shown = "" if isinstance(value, list | dict) else shortened(str(value))
    return Finding("bad_parameter", f"{place} {what}.", place, shown)
