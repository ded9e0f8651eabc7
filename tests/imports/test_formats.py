"""Reading exports: two shapes with one meaning, and every problem with its place."""

import json

import pytest

from imports.formats.problems import FileRefused
from imports.formats.vocabulary import Kind
from imports.synthetic import SAMPLE_SPEC, document_of, lines_of
from tests.imports.builders import (
    ACCOUNT,
    as_bytes,
    as_lines,
    document,
    header,
    holding,
    point,
    report,
    strategy,
    trade,
    vault,
)
from tests.imports.reading import read


def refused(data: bytes) -> list[str]:
    """Read a file that must be refused; gives the codes of the reasons."""
    with pytest.raises(FileRefused) as refusal:
        read(data)
    assert all(problem.message for problem in refusal.value.problems)
    return [problem.code for problem in refusal.value.problems]


def test_a_valid_document_has_no_problems_and_all_its_records():
    found = read(as_bytes(document()))
    assert found.problems == []
    assert found.good(Kind.PERFORMANCE) == {
        "alpha": [f"backtest 2025-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
    }
    assert found.good(Kind.VAULT_PERFORMANCE) == {ACCOUNT: ["live 2025-01-02T00:00:00Z"]}
    assert found.good(Kind.CLAIM) == {"alpha": ["backtest avg_trade_duration", "backtest sharpe"]}
    assert found.good(Kind.BENCHMARK_POINT) == {
        "eth": ["2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z"]
    }


def test_a_document_and_its_lines_are_the_same_records():
    content = document(strategies=[strategy("alpha"), strategy("beta", benchmark=None)])
    assert read(as_bytes(content)).contents() == read(as_lines(content)).contents()


def test_the_synthetic_sample_is_the_same_in_both_shapes():
    by_document, by_lines = read(document_of(SAMPLE_SPEC)), read(lines_of(SAMPLE_SPEC))
    assert by_document.problems == by_lines.problems == []
    assert by_document.contents() == by_lines.contents()
    assert len(by_document.contents()) == 14_605


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
def test_the_span_of_a_record_is_its_bytes_however_the_document_is_laid_out(indent, separators):
    content = document(strategies=[strategy("alpha"), strategy("beta")])
    data = json.dumps(content, indent=indent, separators=separators).encode()
    expected = {
        **{
            f"/strategies/{s}/performance/{i}": content["strategies"][s]["performance"][i]
            for s in (0, 1)
            for i in (0, 1, 2)
        },
        "/strategies/1": content["strategies"][1],
        "/vaults/0/performance/0": content["vaults"][0]["performance"][0],
        "/strategies/0/reports/0": content["strategies"][0]["reports"][0],
    }
    seen = {
        batch.places.path_of(index): data[start : start + length]
        for batch in read(data).batches
        for index, (start, length) in enumerate(batch.places.spans())
    }
    assert {path: json.loads(seen[path]) for path in expected} == expected


def test_the_span_of_a_line_is_the_line():
    data = as_lines(document())
    lines = data.split(b"\n")
    for batch in read(data).batches:
        for index, (start, length) in enumerate(batch.places.spans()):
            number = int(batch.places.path_of(index).removeprefix("line "))
            assert data[start : start + length] == lines[number - 1]


def test_all_problems_of_a_record_are_told_not_the_first():
    bad = strategy(name="", category="magic", assets=["ETH", ""], timeframe="1x", surprise=1)
    del bad["risk_level"]
    found = read(as_bytes(document(strategies=[bad])))
    fields = {problem.field for problem in found.problems}
    assert fields == {"name", "category", "assets/1", "timeframe", "surprise", "risk_level"}
    assert {problem.path for problem in found.problems} == {"/strategies/0"}
    assert {problem.key for problem in found.problems} == {"alpha"}


def test_scattered_bad_records_are_all_found_and_the_good_ones_kept():
    points = [point(day) for day in range(1, 31)]
    for index in (0, 7, 29):
        points[index]["nav_per_share_usd"] = -1
    found = read(as_bytes(document(strategies=[strategy(performance=points)])))
    assert [problem.path for problem in found.problems] == [
        f"/strategies/0/performance/{index}" for index in (0, 7, 29)
    ]
    assert {problem.value for problem in found.problems} == {"-1"}
    assert len(found.good(Kind.PERFORMANCE)["alpha"]) == 27


def test_a_problem_in_a_line_names_the_line_and_holds_its_bytes():
    data = as_lines(document(strategies=[strategy(trades=[trade(1), trade(2, side="up")])]))
    (problem,) = read(data).problems
    number = int(problem.path.removeprefix("line "))
    assert problem.span is not None
    found = data[problem.span.start : problem.span.start + problem.span.length]
    assert found == data.split(b"\n")[number - 1]
    assert (problem.kind, problem.owner, problem.key) == (Kind.TRADE, "alpha", "t-2")
    assert "long, short" in problem.message


@pytest.mark.parametrize("end", [b"\r\n", b"\n\n", b" \t\n"])
def test_lines_may_end_as_they_do_elsewhere_and_blank_ones_do_not_count(end):
    data = as_lines(document()).replace(b"\n", end)
    found = read(data)
    assert found.problems == []
    assert found.contents() == read(as_lines(document())).contents()


def test_two_records_on_one_line_are_a_problem_of_that_line():
    lines = as_lines(document()).split(b"\n")
    lines[4] += b" " + lines[5]
    (problem,) = read(b"\n".join(lines)).problems
    assert (problem.path, problem.code) == ("line 5", "malformed")


def test_a_line_of_an_unknown_kind_is_told_which_kinds_there_are():
    found = read(as_lines(document()) + b'{"record":"gossip"}\nnonsense\n[1]\n')
    assert [problem.code for problem in found.problems] == [
        "unknown_record",
        "malformed",
        "not_an_object",
    ]
    assert "trade" in found.problems[0].message


@pytest.mark.parametrize(
    "owners", [{}, {"strategy": "alpha", "vault": ACCOUNT}, {"strategy": None}, {"vault": "x"}]
)
def test_a_performance_line_names_exactly_one_owner(owners):
    line = {"record": "performance", **point(9), **owners}
    found = read(as_lines(document()) + as_bytes(line))
    assert len(found.problems) == 1


def test_lines_of_one_kind_may_be_mixed_with_others():
    lines = as_lines(document(strategies=[strategy("alpha"), strategy("beta")])).splitlines()
    woven = [lines[0], *sorted(lines[1:], key=lambda line: line[-9:])]
    times = [line for line in woven if b'"performance"' in line]
    rest = [line for line in woven if b'"performance"' not in line]
    ordered = sorted(times, key=lambda line: json.loads(line)["as_of_at"])
    found = read(b"\n".join([rest[0], *ordered, *rest[1:]]))
    assert found.problems == []
    assert len(found.contents()) == 2 * 8 + 5


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"[]", "not_an_export"),
        (b"%PDF-1.7", "not_an_export"),
        (b"\xff\xfe{\x00", "wrong_encoding"),
        (b"\xef\xbb\xbf{}", "wrong_encoding"),
        ('{"a":1}'.encode("utf-16-le"), "wrong_encoding"),
        (b"{}", "unknown_version"),
        (b'{"schema_version": "9.7"}', "unknown_version"),
        (b'{"schema_version": 1}', "unknown_version"),
        (b'{"record": "trade"}', "unknown_version"),
        (b'{"schema_version": "1.0"', "malformed"),
        (b'{"schema_version": "1.0", "strategies": [1,]}', "malformed"),
        (b'{"schema_version": "1.0", "strategies": [NaN]}', "malformed"),
        (b'{"schema_version": "1.0", "strategies": [Infinity]}', "malformed"),
        (b'{"a": ' + b"[" * 100_000, "malformed"),
        (b'{"schema_version": "1.0", "schema_version": "1.1"}', "missing_field"),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(data, code):
    assert code in refused(data)


def test_an_unknown_version_is_told_which_are_known():
    with pytest.raises(FileRefused, match=r"atlas 1\.0 \(document\).*atlas 1\.0 \(lines\)"):
        read(as_bytes(document(schema_version="2.0")))


def test_broken_json_is_located_by_line_and_column():
    data = json.dumps(document(), indent=1).replace('"side": "long"', '"side": long')
    line = next(i for i, text in enumerate(data.split("\n"), 1) if "side" in text)
    with pytest.raises(FileRefused, match=rf"line {line}, column"):
        read(data.encode())


def test_every_problem_of_a_header_is_told():
    wrong = header(mode="some", source="", generated_at="yesterday", extra=1)
    codes = refused(as_bytes(wrong))
    assert len(codes) == 4
    assert sorted(codes) == sorted(refused(as_bytes({"record": "header", **wrong})))


def test_text_that_is_no_utf_8_is_a_problem_of_its_record():
    data = as_bytes(document()).replace(b"Buys low.", b"Buys l\xf6w.")
    (problem,) = read(data).problems
    assert (problem.code, problem.field) == ("malformed", "description")
    assert "UTF-8" in problem.message


def test_a_huge_string_is_refused_without_being_repeated():
    bad = strategy(description="x" * 10_000_000)
    (problem,) = read(as_bytes(document(strategies=[bad]))).problems
    assert "20000 characters" in problem.message
    assert len(problem.value) <= 200


def test_a_number_beyond_all_numbers_is_a_problem_of_its_field():
    data = as_bytes(document()).replace(b"1000.0", b"1e999")
    assert {problem.field for problem in read(data).problems} == {"aum_usd"}


def test_a_line_longer_than_eight_megabytes_is_refused():
    data = as_lines(document()) + b'{"record":"strategy","name":"' + b"x" * 11_000_000 + b'"}\n'
    assert refused(data) == ["line_too_long"]


@pytest.mark.parametrize("written", [as_bytes, as_lines])
def test_counts_and_checksum_of_the_header_are_verified(written):
    right = {"strategy": 1, "performance": 4, "trade": 1, "vault": 1, "report": 1}
    assert read(written(document(counts=right))).problems == []
    with pytest.raises(FileRefused, match=r"promises 3 trade records and the file holds 1"):
        read(written(document(counts=right | {"trade": 3})))
    with pytest.raises(FileRefused, match="changed or damaged"):
        read(written(document(checksum="sha256:" + "0" * 64)))


def test_a_list_that_is_none_is_one_problem():
    found = read(as_bytes(document(strategies=[strategy(trades={"a": 1})])))
    assert found.codes == ["wrong_type"]
    assert "/strategies/0/trades must be a list" in found.problems[0].message


def test_children_of_a_strategy_that_cannot_be_read_are_read_all_the_same():
    bad = strategy(status="asleep", holdings=[holding(asset="")])
    found = read(as_bytes(document(strategies=[bad])))
    assert {problem.field for problem in found.problems} == {"status", "asset"}
    assert len(found.good(Kind.PERFORMANCE)["alpha"]) == 3


@pytest.mark.parametrize(
    "parameters",
    [
        {"deep": {"er": {"est": 1}}},
        {"list": [[1]]},
        {"large": 10**16},
        {"long": "x" * 201},
        {"line": "a\nb"},
        {"bad name": 1},
        {"list": list(range(101))},
    ],
)
def test_parameters_are_plain_values_or_one_level_of_them(parameters):
    found = read(as_bytes(document(strategies=[strategy(rule="", parameters=parameters)])))
    assert len(found.problems) == 1
    assert found.problems[0].field.startswith("parameters")


def test_a_vault_is_known_by_its_lower_case_account():
    found = read(as_bytes(document(vaults=[vault(chain_id=42161.0)])))
    assert found.good(Kind.VAULT) == {"": [ACCOUNT]}


def test_claims_come_one_a_metric_and_stand_where_their_report_stands():
    found = read(as_bytes(document(strategies=[strategy(reports=[report(a=1, b=None, c="x")])])))
    (claims,) = [batch for batch in found.batches if batch.kind is Kind.CLAIM]
    assert [(one.metric, one.value, one.text) for one in claims.records] == [
        ("a", 1.0, ""),
        ("b", None, ""),
        ("c", None, "x"),
    ]
    assert len(set(claims.places.spans())) == 1
