"""What the children say, line by line, each behind its name, on one terminal."""

import datetime
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

OURSELVES = "atlas"
WIDTH = 8


class Output:
    """Prints lines behind names; a name keeps its colour.

    `is_lost` tells that nobody reads any more: the terminal or the pipe behind it was closed.
    """

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._printer: Any = Printer(stream, width=WIDTH)  # type: ignore[no-untyped-call]
        self._fresh: Iterator[str] = get_colours()  # type: ignore[no-untyped-call]
        self._colours: dict[str, str] = {}
        self.is_lost = False

    def say(self, text: str) -> None:
        """Print a line of the launcher's own."""
        self.show(OURSELVES, text)

    def show(self, name: str, text: str) -> None:
        """Print what a child said; notes it in `is_lost` when nobody reads it any more."""
        if self.is_lost:
            return
        if name not in self._colours:
            self._colours[name] = next(self._fresh)
        now = datetime.datetime.now(tz=datetime.UTC)
        try:
            self._printer.write(Message("line", text, now, name, self._colours[name]))
        except (OSError, ValueError):
            self.is_lost = True
