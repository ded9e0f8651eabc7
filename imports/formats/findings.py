"""Findings: everything that is wrong with one record, in words for the person who must mend it.

The decoder stops at the first mistake of a record, so a record that does not decode is taken apart
here: each field by itself, and each element of a list or map by itself. This is the slow path; a
clean file never takes it.
"""

import enum
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin

import msgspec

from imports.formats import records
from imports.formats.problems import shortened

RAW_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
# What a decoder raises for bytes that a hostile or clumsy producer may send.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_UNIONS = (types.UnionType, typing.Union)
_EXCERPT_BYTES = 800

_TYPE_WORDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "a time",
    "date": "a date",
    "null": "null",
}
_PATTERN_WORDS = {
    records.SLUG: "must be lower-case letters and digits, joined by single hyphens",
    records.LINE: "must be one line without control characters",
    records.TEXT: "must hold no control characters",
    records.PARAMETER: "must hold names of letters, digits and underscores",
    records.METRIC: "must hold names of lower-case letters, digits and underscores",
    records.RULE: "must be the name of a rule in lower-case letters, digits and underscores",
    records.BAR_LENGTH: "must be a bar length like 15m, 1h or 1d",
    records.ADDRESS: "must be an address: 0x and 40 hexadecimal digits",
    records.ACCOUNT: "must be a vault as eip155:CHAIN:0xADDRESS",
    records.CHECKSUM: "must be sha256: and 64 lower-case hexadecimal digits",
}
_WORDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Expected `(?:float|int)` >= (\S+)"), "must be at least {0}"),
    (re.compile(r"Expected `(?:float|int)` <= (\S+)"), "must be at most {0}"),
    (re.compile(r"Expected `float` that's a multiple of 1.0"), "must be a whole number"),
    (re.compile(r"Expected `str` of length >= (\d+)"), "must have at least {0} characters"),
    (re.compile(r"Expected `str` of length <= (\d+)"), "must have at most {0} characters"),
    (re.compile(r"Expected `(?:array|object)` of length >= (\d+)"), "must have at least {0} items"),
    (re.compile(r"Expected `(?:array|object)` of length <= (\d+)"), "must have at most {0} items"),
    (re.compile(r"Invalid RFC3339 encoded datetime"), "must be a time like 2024-01-31T00:00:00Z"),
    (re.compile(r"Expected `datetime` with a timezone"), "must name its zone: end it with Z"),
    (re.compile(r"Invalid RFC3339 encoded date"), "must be a date like 2024-01-31"),
    (re.compile(r"Number out of range"), "is a number too large to be one"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a record; `place` is the field, with what lies in it."""

    code: str
    message: str
    place: str = ""
    value: str = ""


def findings_in(record_type: type[Any], raw: msgspec.Raw | bytes) -> list[Finding]:
    """List everything that keeps the bytes from being a record of this type.

    Empty where nothing is wrong, so that the caller need not know whether something is.
    """
    try:
        given = RAW_FIELDS.decode(raw)
    except msgspec.ValidationError:
        return [Finding("not_an_object", "A record must be a JSON object.", value=excerpt(raw))]
    except UNREADABLE as error:
        return [Finding("malformed", _broken(error), value=excerpt(raw))]
    kind: Any = record_type  # the cache takes what can be hashed, and every type can
    expected = _fields_of(kind)
    tag = record_type.__struct_config__.tag_field
    found = [
        Finding("unknown_field", f"{name} is no field of this record.", name, excerpt(value))
        for name, value in given.items()
        if name not in expected and name != tag
    ]
    for name, info in expected.items():
        if name in given:
            found += _in_value(info.type, given[name], name)
        elif info.required:
            found.append(Finding("missing_field", f"{name} is missing.", name))
    return found


def excerpt(raw: msgspec.Raw | bytes | memoryview) -> str:
    """Give the beginning of some bytes as text for a table."""
    return shortened(bytes(memoryview(raw)[:_EXCERPT_BYTES]).decode("utf-8", "replace"))


def _in_value(kind: Any, raw: msgspec.Raw, place: str) -> list[Finding]:
    """Find what is wrong with one value: with its parts if it is a container, else with itself."""
    try:
        _decoder(kind).decode(raw)
    except msgspec.ValidationError as error:
        inner = list(_in_parts(kind, raw, place))
        return inner or [_worded(str(error), kind, raw, place)]
    except UNREADABLE as error:
        return [Finding("malformed", f"{place}: {_broken(error)}", place, excerpt(raw))]
    return []


def _in_parts(kind: Any, raw: msgspec.Raw, place: str) -> Iterator[Finding]:
    """Look into each element of a list, or each name and value of a map."""
    plain = _unwrapped(kind)
    origin, inner = get_origin(plain), get_args(plain)
    try:
        if origin is list:
            for index, item in enumerate(RAW_ITEMS.decode(raw)):
                yield from _in_value(inner[0], item, f"{place}/{index}")
        elif origin is dict:
            for name, item in RAW_FIELDS.decode(raw).items():
                yield from _in_value(inner[0], msgspec.Raw(msgspec.json.encode(name)), place)
                yield from _in_value(inner[1], item, f"{place}/{name}")
    except UNREADABLE:
        return  # it is no such container at all, which the caller says


def _worded(error: str, kind: Any, raw: msgspec.Raw, place: str) -> Finding:
    """Turn the decoder's prose into ours."""
    value = excerpt(raw)
    choices = _choices(kind)
    if choices and "nvalid enum value" in error:
        return Finding(
            "not_a_choice", f"{place} must be one of {', '.join(choices)}.", place, value
        )
    for pattern, wording in _WORDINGS:
        found = pattern.match(error)
        if found:
            return Finding("bad_value", f"{place} {wording.format(*found.groups())}.", place, value)
    for regex, wording in _PATTERN_WORDS.items():
        if repr(regex) in error:
            return Finding("bad_text", f"{place} {wording}.", place, value)
    wrong_type = re.match(r"Expected `([^`]+)`, got `(\w+)`", error)
    if wrong_type:
        wanted = " or ".join(_TYPE_WORDS.get(w, w) for w in wrong_type[1].split(" | "))
        got = _TYPE_WORDS.get(wrong_type[2], wrong_type[2])
        return Finding("wrong_type", f"{place} must be {wanted}, not {got}.", place, value)
    return Finding("bad_text", f"{place} is not written as it must be.", place, value)


def _broken(error: Exception) -> str:
    """Say what is wrong with bytes that are no JSON."""
    if isinstance(error, RecursionError):
        return "The brackets are nested too deeply."
    if isinstance(error, UnicodeDecodeError):
        return "The text is not UTF-8."
    return f"{str(error).removeprefix('JSON is malformed: ').capitalize()}."


@lru_cache(maxsize=64)
def _fields_of(record_type: Any) -> dict[str, msgspec.structs.FieldInfo]:
    """Describe a type's fields by their names in files."""
    return {info.encode_name: info for info in msgspec.structs.fields(record_type)}


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Keep one decoder a type."""
    return msgspec.json.Decoder(kind)


def _unwrapped(kind: Any) -> Any:
    """Give the type without its bounds, and without "or null"."""
    if get_origin(kind) is Annotated:
        return _unwrapped(get_args(kind)[0])
    others = [one for one in _alternatives(kind) if one is not type(None)]
    return _unwrapped(others[0]) if len(others) == 1 and others[0] is not kind else kind


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """Give the members of a union; a single type is its own."""
    return get_args(kind) if get_origin(kind) in _UNIONS else (kind,)


def _choices(kind: Any) -> list[str]:
    """List the words of an enumeration."""
    plain = _unwrapped(kind)
    is_enum = isinstance(plain, type) and issubclass(plain, enum.Enum)
    return [member.value for member in plain] if is_enum else []
