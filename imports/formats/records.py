"""The current records: what every format is parsed into, field by field, with units and bounds.

The bounds are those of the published schema (`imports/schema/v1_0.json`), and they lie within what
the catalogue's columns hold, so that a record which passes here is never refused by the database.
Amounts are JSON numbers: fifteen significant digits survive them exactly.
"""

import datetime as dt
from typing import Annotated, Any

from msgspec import Meta, Struct

from imports.formats.vocabulary import Mode, RecordName
from strategies.vocabulary import (
    Category,
    RiskLevel,
    SeriesSource,
    StrategyStatus,
    TradeResult,
    TradeSide,
)

# No control characters (tab and line ends only where text has lines) and no half of a surrogate
# pair: neither can be stored. `(?!\n)` makes Python's `$` refuse a trailing line end, as `$` does
# in the other dialects of JSON Schema.
TEXT = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]*$(?!\n)"
LINE = r"^[^\u0000-\u001f\u007f\ud800-\udfff]*$(?!\n)"
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)"
PARAMETER = r"^[A-Za-z_][A-Za-z0-9_]{0,59}$(?!\n)"
METRIC = r"^[a-z][a-z0-9_]{0,59}$(?!\n)"
RULE = r"^([a-z][a-z0-9_]{0,59})?$(?!\n)"
BAR_LENGTH = r"^[1-9][0-9]{0,2}[mhdw]$(?!\n)"
ADDRESS = r"^0x[0-9a-fA-F]{40}$(?!\n)"
ACCOUNT = r"^eip155:[1-9][0-9]{0,15}:0x[0-9a-fA-F]{40}$(?!\n)"
CHECKSUM = r"^sha256:[0-9a-f]{64}$(?!\n)"

Time = Annotated[dt.datetime, Meta(tz=True)]
Slug = Annotated[str, Meta(pattern=SLUG, max_length=80)]
BenchmarkSlug = Annotated[str, Meta(pattern=SLUG, max_length=40)]
Name = Annotated[str, Meta(pattern=LINE, min_length=1, max_length=160)]
BenchmarkName = Annotated[str, Meta(pattern=LINE, min_length=1, max_length=120)]
Description = Annotated[str, Meta(pattern=TEXT, max_length=20_000)]
SourceCode = Annotated[str, Meta(pattern=TEXT, max_length=200_000)]
Word = Annotated[str, Meta(pattern=LINE, min_length=1, max_length=40)]
Words = Annotated[list[Word], Meta(max_length=100)]
ExternalId = Annotated[str, Meta(pattern=LINE, min_length=1, max_length=120)]
BarLength = Annotated[str, Meta(pattern=BAR_LENGTH)]
RuleName = Annotated[str, Meta(pattern=RULE)]
ChainId = Annotated[float, Meta(ge=1, le=9_007_199_254_740_991, multiple_of=1)]
Address = Annotated[str, Meta(pattern=ADDRESS)]
AccountId = Annotated[str, Meta(pattern=ACCOUNT)]
MetricName = Annotated[str, Meta(pattern=METRIC)]
ParameterName = Annotated[str, Meta(pattern=PARAMETER)]

Usd = Annotated[float, Meta(ge=-1e15, le=1e15)]
NotNegativeUsd = Annotated[float, Meta(ge=0, le=1e15)]
Price = Annotated[float, Meta(ge=1e-12, le=1e15)]
Quantity = Annotated[float, Meta(ge=-1e15, le=1e15)]
Ratio = Annotated[float, Meta(ge=-1e9, le=1e9)]
Figure = Annotated[float, Meta(ge=-1e300, le=1e300)]
Wording = Annotated[str, Meta(pattern=LINE, max_length=120)]

# The values are checked by `parameters.problems_in`: a union of bounded scalars with containers
# makes msgspec 0.22 write past the end of its own type node.
ParameterMap = Annotated[dict[ParameterName, Any], Meta(max_length=100)]
MetricMap = Annotated[dict[MetricName, Figure | Wording | None], Meta(min_length=1, max_length=100)]
Counts = dict[RecordName, Annotated[float, Meta(ge=0, le=1e12, multiple_of=1)]]
Checksum = Annotated[str, Meta(pattern=CHECKSUM)]
Note = Annotated[str, Meta(pattern=TEXT, max_length=500)]
Producer = Annotated[str, Meta(pattern=LINE, min_length=1, max_length=120)]


class Record(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """Base of everything that a file states about one thing; it holds no cycles, so no collector."""


class Header(Record):
    """Who made the file, when, and how much it claims to say.

    `counts` are records by name; `checksum` covers the records' bytes. Both are verified.
    """

    schema_version: str
    generated_at: Time
    source: Producer
    mode: Mode
    counts: Counts | None = None
    checksum: Checksum | None = None
    note: Note | None = None


class Benchmark(Record):
    """An asset or index that strategies are compared with."""

    slug: BenchmarkSlug
    name: BenchmarkName


class BenchmarkPoint(Record):
    """What a benchmark was worth at a moment, in USD."""

    as_of_at: Time
    price_usd: Price


class Strategy(Record):
    """A published trading idea; leaving an optional field out states its default."""

    slug: Slug
    name: Name
    category: Category
    assets: Annotated[list[Word], Meta(min_length=1, max_length=100)]
    timeframe: BarLength
    status: StrategyStatus
    risk_level: RiskLevel
    description: Description = ""
    benchmark: BenchmarkSlug | None = None
    inception_on: dt.date | None = None
    rule: RuleName = ""
    parameters: ParameterMap = {}
    tags: Words = []
    featured: bool = False
    curated: bool = False
    discovered_at: Time | None = None
    source_code: SourceCode = ""


class Vault(Record):
    """A vault on a chain and the strategy that is published from it."""

    chain_id: ChainId
    address: Address
    name: Name
    strategy: Slug | None = None
    inception_on: dt.date | None = None


class PerformancePoint(Record):
    """What one share was worth at a moment, in USD, and all shares together."""

    as_of_at: Time
    nav_per_share_usd: Price
    source: SeriesSource
    aum_usd: NotNegativeUsd | None = None


class Holding(Record):
    """How much of one asset was held at a moment; short positions are negative."""

    as_of_at: Time
    asset: Word
    quantity: Quantity
    weight_ratio: Ratio
    value_usd: Usd


class Trade(Record):
    """One trade of the record; the four costs stay apart, a cost is positive."""

    external_id: ExternalId
    market: Word
    side: TradeSide
    opened_at: Time
    entry_price_usd: Price
    size_usd: Price
    result: TradeResult
    closed_at: Time | None = None
    exit_price_usd: Price | None = None
    pnl_usd: Usd | None = None
    pnl_ratio: Ratio | None = None
    funding_usd: Usd = 0.0
    borrowing_usd: Usd = 0.0
    position_fee_usd: Usd = 0.0
    execution_fee_usd: Usd = 0.0


class Report(Record):
    """Metrics as the producer claims them: a number, or words where it is none."""

    source: SeriesSource
    claimed_at: Time
    metrics: MetricMap


class Claim(Record):
    """One metric of a report: `value` where it is a number, else `text`."""

    source: SeriesSource
    metric: str
    claimed_at: Time
    value: float | None = None
    text: str = ""
