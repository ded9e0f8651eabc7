"""How answers are written: JSON by orjson, money as plain text, times in UTC."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


class JSONRenderer(BaseRenderer):
    """Write JSON bytes.

    A Decimal becomes text without exponent or idle zeros, an aware datetime becomes ISO-8601 in
    UTC that ends in `Z`; a datetime without a zone is a bug and refused.
    """

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Write the data; nothing at all becomes an empty body."""
        return b"" if data is None else to_json(data)


def to_json(data: Any) -> bytes:
    """Write any value of an answer as JSON bytes; raises TypeError for what has no wording."""
    return orjson.dumps(data, default=_worded, option=OPTIONS)


def plain_decimal(amount: Decimal) -> str:
    """Word a Decimal exactly, without exponent and without zeros at the end."""
    if not amount.is_finite():
        raise TypeError(f"{amount} is no amount of money; publish null and a reason instead")
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def utc_text(moment: datetime) -> str:
    """Word an aware datetime as ISO-8601 in UTC."""
    if moment.tzinfo is None:
        raise TypeError(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _worded(value: Any) -> Any:
    """Word what orjson does not know by itself."""
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Promise):  # text that Django translates when it is written
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
