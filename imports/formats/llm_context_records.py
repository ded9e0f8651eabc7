"""What a file `llm_context.json` of version 1.0 holds, section by section, as its producers write it.

Fields that are not named here are let through, reported and kept in the file's bytes. Times are
read by `llm_context_mapping`: producers write days as well as moments.
"""

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from imports.formats.records import (
    Address,
    BarLength,
    Description,
    ExternalId,
    Figure,
    Name,
    ParameterMap,
    Price,
    Ratio,
    Slug,
    SourceCode,
    Word,
)

VERSION = "1.0"
PURPOSE = "strategy_import"
ARBITRUM = "arbitrum"
NOTHING = Raw(b"null")

Moment = Annotated[str, Meta(min_length=10, max_length=40)]
Number = Annotated[float, Meta(ge=-1e300, le=1e300)]
WholeNumber = Annotated[float, Meta(ge=-9e15, le=9e15, multiple_of=1)]
Tried = Annotated[str, Meta(max_length=120)]


class Section(Struct, kw_only=True, gc=False):
    """Base of every section; unknown fields pass, and are reported by who reads it."""


class Meta1(Section):
    """What the file says about itself."""

    version: str
    purpose: str
    generated_at: Moment


class StrategySection(Section):
    """The strategy; `leverage_range` is two numbers, the least and the most."""

    name: Name
    slug: Slug
    strategy_type: Word
    asset: Word
    timeframe: BarLength
    status: Word
    leverage_range: Annotated[list[Number], Meta(min_length=2, max_length=2)] | None = None
    featured: bool = False
    passed_curation: bool = False
    discovered_at: Moment | None = None
    description: Description = ""
    parameters: ParameterMap = {}


class VaultSection(Section):
    """The vault that trades the strategy, where there is one."""

    address: Address
    name: Name
    chain: Word = ARBITRUM
    status: Any = None
    check_interval: Any = None
    synthetix_account_id: Any = None


class EquityPoint(Section):
    """What the strategy was worth on a day, in the producer's unit."""

    date: Moment
    value: Price


class TradeSection(Section):
    """One trade of the backtest; `pnl_pct` is in per cent, `size` in USD."""

    trade_num: ExternalId | WholeNumber
    entry_date: Moment
    entry_price: Price
    side: Word
    size: Price
    exit_date: Moment | None = None
    exit_price: Price | None = None
    pnl_pct: Ratio | None = None
    result: Word | None = None


class ReportSection(Section):
    """What the producer claims; `win_rate` lies in 0..1, the returns are ratios."""

    win_rate: Annotated[float, Meta(ge=0, le=1)] | None = None
    total_return: Figure | None = None
    sharpe: Figure | None = None
    sortino: Figure | None = None
    max_drawdown: Figure | None = None
    trade_count: Annotated[float, Meta(ge=0, le=1e12, multiple_of=1)] | None = None
    profit_factor: Figure | None = None
    avg_trade_duration: Figure | Tried | None = None
    leverage: Figure | Tried | None = None


class Context(Section):
    """The whole file; its sections stay bytes until their turn comes."""

    _llm_context: Raw
    strategy: Raw
    vault: Raw = NOTHING
    investor_report: Raw = NOTHING
    equity_curve: Raw = NOTHING
    trades: Raw = NOTHING
    source_code: SourceCode | None = None
