"""Strategies for values of ABI types, so that every codec meets whatever a contract could answer."""

from typing import Any

from eth_abi.grammar import ABIType, BasicType, TupleType, parse
from hypothesis import strategies as st


def values_of(kinds: tuple[str, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Give values for several types at once."""
    return st.tuples(*(value_of(parse(kind)) for kind in kinds))


def value_of(kind: ABIType) -> st.SearchStrategy[Any]:
    """Give values of one type, lists short so that examples stay small."""
    if kind.is_array:
        inner = value_of(kind.item_type)
        last = kind.arrlist[-1]
        return st.lists(inner, max_size=3).map(tuple) if not last else st.tuples(*[inner] * last[0])
    if isinstance(kind, TupleType):
        return st.tuples(*(value_of(one) for one in kind.components))
    assert isinstance(kind, BasicType)
    return _basic(kind)


def _basic(kind: BasicType) -> st.SearchStrategy[Any]:
    """Give values of a type that is no list and no structure."""
    if kind.base == "uint":
        return st.integers(0, 2**kind.sub - 1)
    if kind.base == "int":
        return st.integers(-(2 ** (kind.sub - 1)), 2 ** (kind.sub - 1) - 1)
    if kind.base == "bytes" and kind.sub:
        return st.binary(min_size=kind.sub, max_size=kind.sub)
    return _PLAIN[kind.base]


_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda some: "0x" + some.hex()),
    "bytes": st.binary(max_size=70),
    "string": st.text(max_size=20),
}
