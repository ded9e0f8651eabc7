"""Files for the benchmark of imports, made from the synthetic reference export.

All of them hold the same records; the names say in what they differ.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from imports.synthetic import ExportSpec, document_of, lines_of

LISTS = ("benchmarks", "strategies", "vaults")
# `counts` and `checksum` speak of bytes and records that a changed file no longer has.
PROMISES = ("checksum", "counts")
ERRORS = 10_000


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files lie.

    `other_bytes` is the document with each object's members turned round and indented, `changed`
    has one trade, one point and one holding of one strategy changed, `broken` has points without a
    value, all over the lines.
    """

    document: Path
    lines: Path
    other_bytes: Path
    changed: Path
    broken: Path
    errors: int

    @classmethod
    def make(cls, folder: Path, spec: ExportSpec) -> "Files":
        """Write all of them."""
        document, lines = document_of(spec), lines_of(spec)
        broken, errors = _broken(lines)
        return cls(
            document=_written(folder / "document.json", document),
            lines=_written(folder / "lines.ndjson", lines),
            other_bytes=_written(folder / "other.json", _rewritten(document, _turned)),
            changed=_written(folder / "changed.json", _rewritten(document, _changed)),
            broken=_written(folder / "broken.ndjson", broken),
            errors=errors,
        )


def write_large(path: Path, lines: bytes, *, least_bytes: int) -> int:
    """Write an export of lines that is at least so large: the given one again and again.

    Each time its strategies have other names. Gives the number of copies.
    """
    header, _, rest = lines.partition(b"\n")
    parents_end = rest.index(b'{"record":"strategy"')
    benchmarks, strategies = rest[:parents_end], rest[parents_end:]
    copies = 0
    with path.open("wb") as file:
        file.write(_unpromising(header) + b"\n" + benchmarks)
        while file.tell() < least_bytes:
            file.write(strategies.replace(b'"strategy-', b'"copy-%03d-' % copies))
            copies += 1
    return copies


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _unpromising(header: bytes) -> bytes:
    """Leave out of a header what would no longer be true."""
    given = json.loads(header)
    return json.dumps({name: given[name] for name in given if name not in PROMISES}).encode()


def _rewritten(document: bytes, rewrite: Callable[[int, bytes], bytes]) -> bytes:
    """Write a document anew, each strategy by a function of its place and bytes."""
    top = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    header = {name: value for name, value in top.items() if name not in (*LISTS, *PROMISES)}
    lists = {
        name: msgspec.json.decode(top[name], type=list[msgspec.Raw]) for name in reversed(LISTS)
    }
    lists["strategies"] = [
        msgspec.Raw(rewrite(place, bytes(raw))) for place, raw in enumerate(lists["strategies"])
    ]
    return msgspec.json.encode({**header, **lists})


def _turned(_: int, element: bytes) -> bytes:
    """Write an element with its members the other way round, indented."""
    return json.dumps(_reversed(json.loads(element)), indent=1).encode()


def _reversed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _reversed(value[name]) for name in reversed(list(value))}
    return [_reversed(one) for one in value] if isinstance(value, list) else value


def _changed(place: int, element: bytes) -> bytes:
    """Change one strategy, the second; leave the others byte by byte."""
    if place != 1:
        return element
    made = json.loads(element)
    middle = len(made["performance"]) // 2
    made["performance"][middle]["aum_usd"] += 1
    made["trades"][0]["market"] = "ARB/USD"
    made["holdings"][0]["value_usd"] += 1
    return json.dumps(made).encode()


def _broken(lines: bytes) -> tuple[bytes, int]:
    """Spoil points at even distances, 10,000 of them or every tenth; gives their number too."""
    header, *rest = lines.splitlines()
    points = [place for place, line in enumerate(rest) if _is_point(line)]
    errors = min(ERRORS, len(points) // 10)
    for number in range(errors):
        place = points[number * len(points) // errors]
        rest[place] = rest[place].replace(b'"nav_per_share_usd":', b'"nav_per_share_usd":-')
    return b"\n".join([_unpromising(header), *rest]) + b"\n", errors


def _is_point(line: bytes) -> bool:
    return line.startswith(b'{"record":"performance"')


def total_size(paths: Iterable[Path]) -> int:
    """Sum up the sizes of files."""
    return sum(path.stat().st_size for path in paths)
