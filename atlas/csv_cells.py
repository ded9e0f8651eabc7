"""CSV that no spreadsheet takes for a formula.

A cell that begins with one of a few characters is a formula to a spreadsheet, which may then fetch
addresses or start programs. Text from outside is therefore led in by an apostrophe where it begins
so; numbers stay numbers. Every CSV that leaves Atlas is written here.
See the OWASP page on CSV injection.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

# The last four are the full-width forms of the first four: some spreadsheets fold them.
FORMULA_STARTS = (
    *("=", "+", "-", "@"),
    *("\t", "\r", "\n", "|", "%"),
    *("\uff1d", "\uff0b", "\uff0d", "\uff20"),
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class TextStream(Protocol):
    """What can be written to."""

    def write(self, text: str, /) -> object:
        """Take text."""


def safe_cell(value: object) -> str:
    """Give a value as the text of a cell; None is an empty cell.

    A plain number keeps its sign. Text that a spreadsheet would take for a formula, blanks before
    it or not, is led in by an apostrophe, which spreadsheets show as text.
    """
    text = "" if value is None else str(value)
    if _NUMBER.fullmatch(text):
        return text
    if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS):
        return "'" + text
    return text


def write_rows(stream: TextStream, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a header and rows with safe cells, lines ended as RFC 4180 wants; gives the rows."""
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([safe_cell(name) for name in header])
    count = 0
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        count += 1
    return count


def csv_line(row: Sequence[object]) -> str:
    """Give one line with safe cells, for what is written a line at a time."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerow([safe_cell(value) for value in row])
    return stream.getvalue()
