"""A readable sentence for every declared error that has none of its own.

The protocols name their errors by families: what is invalid, empty, too little, too much. The
family says what kind of refusal it is, the rest of the name says of what.
"""

import re
from collections.abc import Mapping
from typing import Any

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# The first that fits is taken: longer beginnings stand before shorter ones.
_FAMILIES = (
    ("Insufficient", "The contract found too little {what}"),
    ("Invalid", "The contract did not accept the {what}"),
    ("Empty", "The contract found nothing where it needs the {what}"),
    ("Max", "The contract's maximum is exceeded: {what}"),
    ("Min", "The contract's minimum is not reached: {what}"),
    ("Disabled", "The contract has this switched off: {what}"),
    ("Unsupported", "The contract does not support the {what}"),
    ("Unexpected", "The contract did not expect the {what}"),
    ("Unauthorized", "The caller lacks a right that the contract demands"),
    ("Unable", "The contract was unable {what}"),
    ("Duplicated", "The contract was given the same {what} twice"),
    ("Duplicate", "The contract was given the same {what} twice"),
    ("Glv", "GMX's liquidity vaults refused: {what}"),
    ("Oracle", "The price oracle refused: {what}"),
    ("Subaccount", "The sub-account was refused: {what}"),
    ("", "The contract refused: {what}"),
)


def family_sentence(name: str, arguments: Mapping[str, Any]) -> str:
    """Say in words what an error's name says, with its values; always a whole sentence."""
    family, template = next(one for one in _FAMILIES if name.startswith(one[0]))
    what = " ".join(_word(word) for word in _WORDS.findall(_rest(name, family)))
    said = template.format(what=what or "value")
    if not arguments:
        return f"{said}."
    listed = ", ".join(f"{key} {_shown(value)}" for key, value in arguments.items())
    return f"{said} ({listed})."


def _rest(name: str, family: str) -> str:
    """Give what the family's words do not say already."""
    return name.removeprefix(family).removesuffix("Exceeded")


def _word(word: str) -> str:
    """Write one word of a name; abbreviations keep their capitals."""
    return word if word.isupper() and len(word) > 1 else word.lower()


def _shown(value: Any) -> str:
    """Write an argument; bytes as hexadecimal."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
