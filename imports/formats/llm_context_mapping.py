"""From the sections of an `llm_context.json` to the current records, each with what must be said.

A mapping gives its record, or findings where it cannot. What the older format does not say is not
made up in silence: what was taken instead is in the findings, as a warning.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from imports.formats.findings import Finding
from imports.formats.llm_context_records import (
    ARBITRUM,
    EquityPoint,
    ReportSection,
    StrategySection,
    TradeSection,
    VaultSection,
)
from imports.formats.parameters import findings_in_parameters
from imports.formats.records import Claim, PerformancePoint, Strategy, Trade, Vault
from strategies.vocabulary import (
    Category,
    RiskLevel,
    SeriesSource,
    StrategyStatus,
    TradeResult,
    TradeSide,
)

ARBITRUM_ONE = 42_161
PER_CENT = 100
STATUSES = (StrategyStatus.PREVIEW, StrategyStatus.DEPLOYABLE, StrategyStatus.DEPLOYED)
UNLEVERED, MODERATE = 1.0, 3.0
CATEGORIES = {
    **{category.value: category for category in Category},
    "trend_following": Category.TREND,
    "reversion": Category.MEAN_REVERSION,
    "funding": Category.CARRY,
    "funding_rate": Category.CARRY,
    "arbitrage": Category.MARKET_NEUTRAL,
    "neutral": Category.MARKET_NEUTRAL,
    "hold": Category.BUY_AND_HOLD,
}
# Their name -> ours; the values are ratios already, the count a number.
METRICS = {
    "win_rate": "win_rate_ratio",
    "total_return": "total_return_ratio",
    "sharpe": "sharpe_ratio",
    "sortino": "sortino_ratio",
    "max_drawdown": "max_drawdown_ratio",
    "trade_count": "trade_count",
    "profit_factor": "profit_factor",
    "avg_trade_duration": "avg_trade_duration",
    "leverage": "leverage",
}


@dataclass(slots=True)
class Mapped:
    """What a section became: records, or errors; and warnings either way."""

    records: list[object] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


def strategy_of(section: StrategySection, *, source_code: str) -> Mapped:
    """Map the strategy; no rule of ours stands behind its code, so it cannot be deployed here."""
    mapped = Mapped(errors=findings_in_parameters(section.parameters, "parameters"))
    if section.status not in {status.value for status in STATUSES}:
        mapped.errors.append(_one_of("status", section.status, [one.value for one in STATUSES]))
    discovered_at = _optional_moment("discovered_at", section.discovered_at, mapped)
    category = _category(section.strategy_type, mapped)
    risk = _risk(section.leverage_range, mapped)
    if not mapped.errors:
        mapped.records = [
            Strategy(
                slug=section.slug,
                name=section.name,
                category=category,
                assets=[section.asset],
                timeframe=section.timeframe,
                status=StrategyStatus(section.status),
                risk_level=risk,
                description=section.description,
                parameters=section.parameters,
                featured=section.featured,
                curated=section.passed_curation,
                discovered_at=discovered_at,
                source_code=source_code,
            )
        ]
    return mapped


def vault_of(section: VaultSection, *, strategy: str) -> Mapped:
    """Map the vault; only Arbitrum is known under a name."""
    mapped = Mapped()
    if section.chain.lower() != ARBITRUM:
        mapped.errors.append(_one_of("chain", section.chain, [ARBITRUM]))
        return mapped
    mapped.records = [
        Vault(chain_id=ARBITRUM_ONE, address=section.address, name=section.name, strategy=strategy)
    ]
    for name in ("status", "check_interval", "synthetix_account_id"):
        if getattr(section, name) is not None:
            said = str(getattr(section, name))[:200]
            message = f"{name} has no place in the catalogue; it stays in the file."
            mapped.warnings.append(Finding("kept_raw", message, name, said))
    return mapped


def point_of(section: EquityPoint) -> Mapped:
    """Map a point of the equity curve: it is a backtest, and its value stands for a share's NAV."""
    mapped = Mapped()
    at = _moment("date", section.date, mapped)
    if at is not None:
        point = PerformancePoint(
            as_of_at=at, nav_per_share_usd=section.value, source=SeriesSource.BACKTEST
        )
        mapped.records = [point]
    return mapped


def trade_of(section: TradeSection, *, asset: str) -> Mapped:
    """Map a trade; without an exit it is open, without a result the sign of its profit tells."""
    mapped = Mapped()
    opened_at = _moment("entry_date", section.entry_date, mapped)
    closed_at = _optional_moment("exit_date", section.exit_date, mapped)
    side, result = section.side.lower(), _result(section, mapped)
    if side not in {one.value for one in TradeSide}:
        mapped.errors.append(_one_of("side", section.side, [one.value for one in TradeSide]))
    if opened_at is None or mapped.errors or result is None:
        return mapped
    mapped.records = [
        Trade(
            external_id=_name_of(section.trade_num),
            market=asset,
            side=TradeSide(side),
            opened_at=opened_at,
            closed_at=closed_at,
            entry_price_usd=section.entry_price,
            exit_price_usd=section.exit_price,
            size_usd=section.size,
            pnl_ratio=None if section.pnl_pct is None else section.pnl_pct / PER_CENT,
            result=result,
        )
    ]
    return mapped


def claims_of(section: ReportSection, *, claimed_at: datetime) -> Mapped:
    """Map the report to claims, in the order of our names; what it leaves out is not claimed."""
    claims = []
    for theirs, ours in sorted(METRICS.items(), key=lambda item: item[1]):
        value = getattr(section, theirs)
        if value is None:
            continue
        text = value if isinstance(value, str) else ""
        claims.append(
            Claim(
                source=SeriesSource.BACKTEST,
                metric=ours,
                claimed_at=claimed_at,
                value=None if isinstance(value, str) else float(value),
                text=text,
            )
        )
    return Mapped(records=list(claims))


def _name_of(number: str | float) -> str:
    """Write a trade's number as its name: a whole one without a fraction."""
    return number if isinstance(number, str) else str(int(number))


def moment_of(text: str) -> datetime | None:
    """Read a day or a moment; without a zone it is UTC. None where it is neither."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(name: str, text: str, mapped: Mapped) -> datetime | None:
    at = moment_of(text)
    if at is None:
        message = f"{name} must be a day or a time in ISO form, such as 2024-01-31."
        mapped.errors.append(Finding("wrong_type", message, name, text))
    return at


def _optional_moment(name: str, text: str | None, mapped: Mapped) -> datetime | None:
    return None if text is None else _moment(name, text, mapped)


def _result(section: TradeSection, mapped: Mapped) -> TradeResult | None:
    """Read how a trade ended; None and an error where the word is unknown."""
    if section.exit_date is None:
        return TradeResult.OPEN
    if section.result is None:
        gained = section.pnl_pct or 0.0
        if gained == 0:
            return TradeResult.FLAT
        return TradeResult.WIN if gained > 0 else TradeResult.LOSS
    word = section.result.lower()
    if word in {one.value for one in TradeResult}:
        return TradeResult(word)
    mapped.errors.append(_one_of("result", section.result, [one.value for one in TradeResult]))
    return None


def _category(word: str, mapped: Mapped) -> Category:
    """Find the category of a strategy type; an unknown one is `other`, with its word told."""
    category = CATEGORIES.get(word.lower().replace("-", "_").replace(" ", "_"))
    if category is not None:
        return category
    message = f"strategy_type {word!r} is no category here; the strategy is filed under other."
    mapped.warnings.append(Finding("unknown_category", message, "strategy_type", word))
    return Category.OTHER


def _risk(leverage: list[float] | None, mapped: Mapped) -> RiskLevel:
    """Take the risk level from the highest leverage: this format does not state one."""
    most = max(leverage) if leverage else None
    if most is not None and most <= UNLEVERED:
        level = RiskLevel.MEDIUM
    elif most is not None and most <= MODERATE:
        level = RiskLevel.HIGH
    else:
        level = RiskLevel.VERY_HIGH
    said = "an unknown leverage" if most is None else f"a leverage of up to {most:g}"
    message = f"This format states no risk level; {level.value} was taken for {said}."
    mapped.warnings.append(Finding("risk_level_taken", message, "leverage_range"))
    return level


def _one_of(name: str, given: str, allowed: list[str]) -> Finding:
    return Finding("wrong_value", f"{name} must be one of {', '.join(allowed)}.", name, given[:200])
