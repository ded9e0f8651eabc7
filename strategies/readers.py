"""Readers of single query parameters: text in, value out, or a reason why not.

Each raises ValueError with words that say what is allowed.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isfinite

LONGEST_NUMBER = 40
Reader = Callable[[str], object]


def text_of_at_most(most: int) -> Reader:
    """Read text without null characters."""

    def read(given: str) -> str:
        if "\x00" in given:
            raise ValueError("Null characters are not allowed")
        if not given.strip() or len(given) > most:
            raise ValueError(f"must have 1 to {most} characters")
        return given

    return read


def one_of(words: Sequence[str]) -> Reader:
    """Read one of some words."""

    def read(given: str) -> str:
        if given not in words:
            raise ValueError(f"{given!r} is unknown; allowed: {', '.join(words)}")
        return given

    return read


def some_of(words: Sequence[str]) -> Reader:
    """Read one or several of some words, separated by commas."""
    read_one = one_of(words)

    def read(given: str) -> list[object]:
        return [read_one(word) for word in dict.fromkeys(given.split(","))]

    return read


def flag(given: str) -> bool:
    """Read `true` or `false`."""
    if given not in {"true", "false"}:
        raise ValueError(f"{given!r} is neither true nor false")
    return given == "true"


def ratio(given: str) -> float:
    """Read a finite number."""
    return float(amount(given))


def depth(given: str) -> float:
    """Read how deep a fall is: 0.25 is a quarter."""
    number = ratio(given)
    if not 0 <= number <= 1:
        raise ValueError("must lie between 0 and 1: 0.25 is a fall by a quarter")
    return number


def amount(given: str) -> Decimal:
    """Read an exact finite number."""
    try:
        number = Decimal(given) if given.isascii() and len(given) <= LONGEST_NUMBER else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not isfinite(float(number)):
        raise ValueError("must be a number such as 0.25")
    return number


def whole(given: str) -> int:
    """Read a whole number from 0 to a million."""
    if not (given.isascii() and given.isdigit()) or int(given[:8]) > 1_000_000:  # noqa: PLR2004
        raise ValueError("must be a whole number from 0 to 1000000")
    return int(given)


def counting(most: int) -> Reader:
    """Read a whole number from 1 to `most`."""

    def read(given: str) -> int:
        digits = given if given.isascii() and given.isdigit() else "0"
        if int(digits[: len(str(most)) + 1]) == 0:
            raise ValueError("must be a whole number from 1")
        if len(digits) > len(str(most)) or int(digits) > most:
            raise ValueError(f"must be at most {most}")
        return int(digits)

    return read


def between(least: int, most: int) -> Reader:
    """Read a whole number from `least` to `most`."""

    def read(given: str) -> int:
        is_number = given.isascii() and given.isdigit() and len(given) <= len(str(most))
        if not is_number or not least <= int(given) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(given)

    return read


def day(given: str) -> date:
    """Read a day written as YYYY-MM-DD."""
    wrong = ValueError("must be a day such as 2024-02-29, written YYYY-MM-DD")
    if len(given) != len("2024-01-01") or not given.isascii():
        raise wrong
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise wrong from None
