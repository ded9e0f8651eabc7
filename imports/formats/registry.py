"""The registry of formats: which one a file is in, and the parser of each.

To add a version: a module with a function from content to an `Export`, and one line in FORMATS.
Every parser gives the current records, so nothing behind it knows that there was another version.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from imports.formats import llm_context, v1_document, v1_lines
from imports.formats.batches import Batch
from imports.formats.content import Content
from imports.formats.findings import RAW_FIELDS
from imports.formats.problems import FileRefused, Problem, refusal
from imports.formats.readers import FAILURES
from imports.formats.records import Header

AUTO = "auto"
LARGEST_DOCUMENT_BYTES = 512 * 1024 * 1024
_HEAD_BYTES = 64 * 1024
_LEADING_VERSION = re.compile(rb'\s*\{\s*"schema_version"\s*:\s*"([^"\\]{1,20})"')
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\xef\xbb\xbf", "UTF-8 with a byte-order mark"),
)


class Export(Protocol):
    """A file that has been opened: what it says about itself, and its records."""

    header: Header

    def batches(self) -> Iterator[Batch]:
        """Give the records; FileRefused at the end where the header's promises are broken."""


class Shape(StrEnum):
    """How records are laid out."""

    DOCUMENT = "document"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Format:
    """One version of one shape; `name` and `version` are what files call it."""

    name: str
    version: str
    shape: Shape
    opened: Callable[[Content], Export]

    @property
    def label(self) -> str:
        """Name it for people."""
        return f"{self.name} {self.version} ({self.shape.value})"


FORMATS: tuple[Format, ...] = (
    Format("atlas", "1.0", Shape.DOCUMENT, lambda it: v1_document.open_document(it.whole())),
    Format("atlas", "1.0", Shape.LINES, lambda it: v1_lines.open_lines(it.stream())),
    Format("llm_context", "1.0", Shape.DOCUMENT, lambda it: llm_context.open_context(it.whole())),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file's format together with what it holds."""

    format: Format
    export: Export


def format_names() -> list[str]:
    """List what may be asked for by name."""
    return [AUTO, *dict.fromkeys(f"{one.name}-{one.version}" for one in FORMATS)]


def open_export(content: Content, *, wanted: str = AUTO) -> Opened:
    """Find a file's format and open it.

    `wanted` is AUTO or a name of `format_names`. Raises FileRefused where the file is of no known
    format or version, is not the wanted one, or has a wrong header.
    """
    with content.stream() as stream:
        head = stream.read(_HEAD_BYTES)
    _refuse_foreign_bytes(head)
    found = _format_of(content, head)
    if wanted not in (AUTO, f"{found.name}-{found.version}"):
        raise refusal(
            "another_format", f"The file is {found.label}, not {wanted}; leave --format out."
        )
    if found.shape is Shape.DOCUMENT and content.size > LARGEST_DOCUMENT_BYTES:
        raise refusal(
            "document_too_large",
            f"A document may have {LARGEST_DOCUMENT_BYTES // 2**20} MB once unpacked and this has "
            f"{content.size // 2**20}. Write it as lines: one record a line, the header first.",
        )
    return Opened(found, found.opened(content))


def _refuse_foreign_bytes(head: bytes) -> None:
    """Refuse what is plainly no UTF-8 JSON, naming what it looks like."""
    if not head.strip():
        raise refusal("empty", "The file is empty.")
    for mark, name in _MARKS:
        if head.startswith(mark):
            raise refusal("wrong_encoding", f"The file is {name}; save it as plain UTF-8.")
    if b"\x00" in head[:4]:
        raise refusal("wrong_encoding", "The file is UTF-16 or binary; save it as plain UTF-8.")
    if head.lstrip()[:1] != b"{":
        raise refusal(
            "not_an_export",
            "An export begins with a JSON object; this file does not.",
            value=head.lstrip()[:40].decode("utf-8", "replace"),
        )


def _format_of(content: Content, head: bytes) -> Format:
    """Tell the format from the first line, or from the top of the document."""
    first_line = head.split(b"\n", maxsplit=1)[0]
    top = _fields(first_line)
    if "record" in top:
        return _known(Shape.LINES, "atlas", _word(top.get("schema_version")))
    leading = _LEADING_VERSION.match(head)
    if leading:
        return _known(Shape.DOCUMENT, "atlas", leading[1].decode("utf-8", "replace"))
    top = top or _document_fields(content)
    if llm_context.MARK in top:
        own = top[llm_context.MARK]
        version = _word(_fields(own).get("version"))
        return _known(Shape.DOCUMENT, "llm_context", version, field="version")
    return _known(Shape.DOCUMENT, "atlas", _word(top.get("schema_version")))


def _known(shape: Shape, name: str, version: str, *, field: str = "schema_version") -> Format:
    """Find a format; refuses one that is not there, listing those that are."""
    for one in FORMATS:
        if (one.shape, one.name, one.version) == (shape, name, version):
            return one
    known = ", ".join(one.label for one in FORMATS)
    if not version:
        what = "The header (the first line)" if shape is Shape.LINES else "The document"
        message = f"{what} names no {field}. Known are {known}."
    else:
        message = f"{field} {version!r} is unknown here. Known are {known}."
    raise FileRefused([Problem("unknown_version", message, field=field, value=version)])


def _document_fields(content: Content) -> dict[str, msgspec.Raw]:
    """Read the names at the top of a document; refuses what is no JSON object at all."""
    whole = content.whole()
    try:
        return RAW_FIELDS.decode(whole)
    except FAILURES as error:
        raise FileRefused([Problem("malformed", v1_document.malformed(whole, error))]) from None


def _fields(text: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Read the fields of an object, none where it is not a whole one."""
    try:
        return RAW_FIELDS.decode(text)
    except FAILURES:
        return {}


def _word(raw: msgspec.Raw | None) -> str:
    """Read a short text, empty where it is none."""
    try:
        return "" if raw is None else msgspec.json.decode(raw, type=str)[:40]
    except FAILURES:
        return ""
