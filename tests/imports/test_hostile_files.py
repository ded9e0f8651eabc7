"""Files that mean harm, or are merely broken: a clear word, the right exit code, nothing half done."""

import gzip
import random

import pytest
import zstandard

from imports.models import ImportRun
from strategies.models import Strategy
from tests.imports.builders import as_bytes, document, point, strategy

pytestmark = pytest.mark.django_db

GOOD = as_bytes(document())


def with_raw(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


NAV = b'"nav_per_share_usd": 1.0'
assert NAV in GOOD


def twice_the_key() -> bytes:
    return with_raw(b'"mode": "snapshot"', b'"mode": "snapshot", "mode": "delta"')


# The same noise in each run, and no bracket in it: it looks like nothing.
NOISE = random.Random(20261123).randbytes(64).replace(b"{", b"x").replace(b"\x00", b"y")
NOT_JSON = "This is no valid JSON: invalid character at line 1, column"

CASES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "The file is empty"),
    "blank": (b" \n\t ", "The file is empty"),
    "a list": (b"[]", "begins with a JSON object"),
    "binary": (NOISE, "An export begins with a JSON object; this file does not."),
    "utf-16": (GOOD.decode().encode("utf-16"), "UTF-16"),
    "utf-8 with a mark": (b"\xef\xbb\xbf" + GOOD, "byte-order mark"),
    "latin-1": (GOOD.replace(b"tests", "t\xe9sts".encode("latin-1"), 1), "UTF-8"),
    "cut off": (GOOD[: len(GOOD) // 2], "cut off"),
    "a trailing comma": (GOOD.rstrip()[:-1] + b",}", "trailing comma in object at line 1, column"),
    "a name that stands twice": (twice_the_key(), "mode stands twice in one object"),
    "a second list of strategies": (
        GOOD.rstrip()[:-1] + b', "strategies": []}',
        "strategies stands twice in one object",
    ),
    "nan": (with_raw(NAV, b'"nav_per_share_usd": NaN'), NOT_JSON),
    "infinity": (with_raw(NAV, b'"nav_per_share_usd": Infinity'), NOT_JSON),
    "a number beyond all": (
        with_raw(NAV, b'"nav_per_share_usd": 1e999'),
        "nav_per_share_usd is a number too large to be one. Found: 1e999",
    ),
    "deep nesting": (
        b'{"schema_version": "1.0", "note": ' + b"[" * 100_000,
        "The brackets are nested too deeply.",
    ),
    "a text of ten megabytes": (
        as_bytes(document(strategies=[strategy(description="x" * 10_000_000)])),
        "at most 20000 characters",
    ),
    "zero bytes in a text": (
        as_bytes(document(strategies=[strategy(name="a\x00b")])),
        "control characters",
    ),
    "gz that is cut off": (gzip.compress(GOOD, mtime=0)[:-20], "cut off or damaged"),
    "zst that is cut off": (zstandard.ZstdCompressor().compress(GOOD)[:-10], "cut off or damaged"),
    "not really gz": (b"\x1f\x8b" + b"nothing of the kind", "cut off or damaged"),
    "twenty thousand errors in one field": (
        as_bytes(document(strategies=[strategy(tags=[1] * 20_000)])),
        "and 19,956 more; --json lists all, and so does the console",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_taken_is_refused_in_words_and_leaves_nothing(command, file, name):
    content, words = CASES[name]
    code, out, err = command("--file", file(content, "hostile.json"))
    assert code == 1, (out, err)
    assert words in err
    assert len(err) < 20_000
    assert "Traceback" not in err
    assert not Strategy.objects.exists()
    assert not ImportRun.objects.exclude(state="REJECTED").exists()


def test_a_bomb_is_stopped_at_its_cap(command, file, monkeypatch):
    monkeypatch.setattr("imports.storage.LARGEST_UNPACKED_BYTES", 1_000_000)
    bomb = gzip.compress(b" " * 50_000_000, mtime=0)
    assert len(bomb) < 100_000
    code, _, err = command("--file", file(bomb, "bomb.json.gz"))
    assert code == 1
    assert "come out of the packed file" in err
    assert not Strategy.objects.exists()


def test_of_a_name_that_stands_twice_in_a_record_the_last_one_counts(command, file):
    twice = with_raw(b'"name": "The alpha strategy"', b'"name": "First", "name": "Last"')
    code, _, err = command("--file", file(twice))
    assert code == 0, err
    assert Strategy.objects.get().name == "Last"


def test_after_every_refusal_the_good_file_still_comes_in(command, file):
    for content, _ in list(CASES.values())[:4]:
        command("--file", file(content, "hostile.json"))
    code, _, err = command("--file", file(GOOD))
    assert code == 0, err
    assert Strategy.objects.exists()


def test_text_that_looks_like_sql_or_html_is_only_text(command, file):
    name = "Robert'); DROP TABLE strategies_strategy;-- <script>alert(1)</script>"
    content = as_bytes(document(strategies=[strategy(name=name, performance=[point(1)])]))
    code, _, err = command("--file", file(content))
    assert code == 0, err
    assert Strategy.objects.get().name == name


def test_a_link_is_read_as_the_file_it_leads_to_and_a_loop_is_refused(command, tmp_path):
    loop = tmp_path / "loop.json"
    loop.symlink_to(loop)
    code, _, err = command("--file", str(loop))
    assert code == 2
    assert "loop.json" in err
