"""Reading foreign JSON: each value has the type that was promised, or the answer is malformed.

No number passes through a float: what has a point becomes a Decimal of the very digits that came,
and NaN and Infinity become Decimals that the normalisation refuses by name.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from execution.marketdata.errors import MalformedAnswer

Json = dict[str, Any] | list[Any] | str | int | Decimal | bool | None

_INTEGER = re.compile(r"-?[0-9]{1,78}")  # a word of the chain has at most 78 digits
_MOST_DIGITS = 80
SHOWN = 60


def json_of(body: bytes, host: str) -> Json:
    """Read a body; raises MalformedAnswer where it is no JSON, cut off or nested beyond reason."""
    try:
        content: Json = json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise MalformedAnswer(f"{host} answered with no JSON ({type(error).__name__})") from error
    return content


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """Give an object; MalformedAnswer where it is none."""
    if not isinstance(value, dict):
        raise _not(value, what, "an object")
    return value


def items(value: Any, what: str) -> list[Any]:
    """Give a list; MalformedAnswer where it is none."""
    if not isinstance(value, list):
        raise _not(value, what, "a list")
    return value


def text(value: Any, what: str) -> str:
    """Give a text; MalformedAnswer where it is none."""
    if not isinstance(value, str):
        raise _not(value, what, "a text")
    return value


def field(content: Mapping[str, Any], name: str, what: str) -> Any:
    """Give a field that must be there."""
    if name not in content:
        raise MalformedAnswer(f"{what} lacks the field {name}")
    return content[name]


def integer(value: Any, what: str) -> int:
    """Give an integer, written as such or as decimal digits in a text."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _not(value, what, "an integer")
    return value


def number(value: Any, what: str) -> Decimal:
    """Give a number as a Decimal; it may be NaN or infinite, which the normalisation refuses."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _not(value, what, "a number")
    told = Decimal(value)
    if told.is_finite() and (
        len(told.as_tuple().digits) > _MOST_DIGITS or abs(told.adjusted()) > _MOST_DIGITS
    ):
        raise _not(value, what, "a number of reasonable length")
    return told


def moment(value: Any, what: str) -> datetime:
    """Give a time from whole seconds or milliseconds since 1970, told apart by their size."""
    whole = integer(value, what)
    seconds, rest = divmod(whole, 1000) if abs(whole) >= 10**11 else (whole, 0)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
    except (ValueError, OverflowError, OSError):
        raise _not(value, what, "a time") from None


def _not(value: Any, what: str, wanted: str) -> MalformedAnswer:
    shown = value if isinstance(value, str | int | Decimal | None) else type(value).__name__
    return MalformedAnswer(f"{what} is not {wanted} but {str(shown)[:SHOWN]!r}")
