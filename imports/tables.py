"""Which staged record becomes which row of the catalogue: one table a kind, column by column.

The change-set, its application and its reversal are written once (`imports.statements`), over
these descriptions. To import another kind of thing: a record type, a reader, and one entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import LiteralString

from imports.formats.vocabulary import Kind

_TEXT: LiteralString = "{json}->>{name}"
_JSON: LiteralString = "{json}->{name}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in a record, its type, its name in the catalogue if that differs.

    `read` is SQL that takes the value out of a record's JSON. A column that `refers_to` a table
    holds an id in the catalogue and the slug of that row in the record.
    """

    name: LiteralString
    type: LiteralString
    column: LiteralString = ""
    read: LiteralString = _TEXT
    refers_to: LiteralString = ""

    @property
    def stored_as(self) -> LiteralString:
        """Give the column's name in the catalogue."""
        return self.column or self.name


@dataclass(frozen=True, slots=True)
class Owner:
    """How the owner's name in a record leads to the rows it owns.

    Where `table` is empty the owned rows carry the name itself.
    """

    column: LiteralString
    table: LiteralString = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the catalogue as records of one kind see it.

    `fixed` is what a new row gets beside its record: SQL, in which %(now)s is the time of the run.
    """

    kind: Kind
    name: LiteralString
    keys: tuple[Column, ...]
    values: tuple[Column, ...]
    owner: Owner | None = None
    fixed: Mapping[LiteralString, LiteralString] = field(default_factory=dict)
    touched: LiteralString = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Give the keys, then the values."""
        return self.keys + self.values


def _text(name: LiteralString) -> Column:
    return Column(name, "text")


def _amount(name: LiteralString) -> Column:
    return Column(name, "numeric(38,18)")


def _ratio(name: LiteralString) -> Column:
    return Column(name, "numeric(30,18)")


def _time(name: LiteralString) -> Column:
    return Column(name, "timestamptz")


def _json(name: LiteralString) -> Column:
    return Column(name, "jsonb", read=_JSON)


_OF_STRATEGY = Owner("strategy_id", "strategies_strategy")
_OF_BENCHMARK = Owner("benchmark_id", "strategies_benchmark")
_SOURCE_HASH: LiteralString = (
    "CASE {json}->>'source_code' WHEN '' THEN '' ELSE"
    " '0x' || encode(sha256(convert_to({json}->>'source_code', 'UTF8')), 'hex') END"
)

# In the order in which rows must come: parents before what belongs to them.
TABLES: tuple[Table, ...] = (
    Table(
        Kind.BENCHMARK,
        "strategies_benchmark",
        keys=(_text("slug"),),
        values=(_text("name"),),
    ),
    Table(
        Kind.STRATEGY,
        "strategies_strategy",
        keys=(_text("slug"),),
        values=(
            _text("name"),
            _text("description"),
            _text("category"),
            _json("assets"),
            _text("timeframe"),
            _text("status"),
            _text("risk_level"),
            Column("benchmark", "text", "benchmark_id", refers_to="strategies_benchmark"),
            Column("inception_on", "date"),
            _text("rule"),
            _json("parameters"),
            _json("tags"),
            Column("featured", "boolean"),
            Column("curated", "boolean"),
            _time("discovered_at"),
            _text("source_code"),
            Column("source_hash", "text", read=_SOURCE_HASH),
        ),
        fixed={
            "public": "true",
            "data_version": "1",
            "created_at": "%(now)s",
            "updated_at": "%(now)s",
        },
        touched="updated_at",
    ),
    Table(
        Kind.VAULT,
        "onchain_vault",
        keys=(
            Column("chain_id", "bigint", read="({json}->>'chain_id')::numeric"),
            Column("address", "text", read="lower({json}->>'address')"),
        ),
        values=(
            _text("name"),
            Column("strategy", "text", "strategy_id", refers_to="strategies_strategy"),
            Column("inception_on", "date"),
        ),
        fixed={"status": "'watched'", "created_at": "%(now)s", "updated_at": "%(now)s"},
        touched="updated_at",
    ),
    Table(
        Kind.PERFORMANCE,
        "strategies_performancepoint",
        keys=(_text("source"), _time("as_of_at")),
        values=(_amount("nav_per_share_usd"), _amount("aum_usd")),
        owner=_OF_STRATEGY,
    ),
    Table(
        Kind.VAULT_PERFORMANCE,
        "strategies_vaultperformancepoint",
        keys=(_text("source"), _time("as_of_at")),
        values=(_amount("nav_per_share_usd"), _amount("aum_usd")),
        owner=Owner("vault"),
    ),
    Table(
        Kind.BENCHMARK_POINT,
        "strategies_benchmarkpoint",
        keys=(_time("as_of_at"),),
        values=(_amount("price_usd"),),
        owner=_OF_BENCHMARK,
    ),
    Table(
        Kind.HOLDING,
        "strategies_holding",
        keys=(_time("as_of_at"), _text("asset")),
        values=(_amount("quantity"), _ratio("weight_ratio"), _amount("value_usd")),
        owner=_OF_STRATEGY,
    ),
    Table(
        Kind.TRADE,
        "strategies_importedtrade",
        keys=(_text("external_id"),),
        values=(
            _text("market"),
            _text("side"),
            _time("opened_at"),
            _time("closed_at"),
            _amount("entry_price_usd"),
            _amount("exit_price_usd"),
            _amount("size_usd"),
            _amount("pnl_usd"),
            _ratio("pnl_ratio"),
            _amount("funding_usd"),
            _amount("borrowing_usd"),
            _amount("position_fee_usd"),
            _amount("execution_fee_usd"),
            _text("result"),
        ),
        owner=_OF_STRATEGY,
    ),
    Table(
        Kind.CLAIM,
        "strategies_reportclaim",
        keys=(_text("source"), _text("metric")),
        values=(Column("value", "float8"), _text("text"), _time("claimed_at")),
        owner=_OF_STRATEGY,
    ),
)
