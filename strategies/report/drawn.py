"""Which charts a report is drawn with, and from which of its columns."""

from typing import Any

from atlas.domain.metrics import MetricId
from strategies.report.charts import (
    AMBER,
    Bar,
    Line,
    bar_chart,
    fall_chart,
    line_chart,
    waterfall,
)
from strategies.report.computing import InvestorReport, Measured
from strategies.report.curves import Rolling
from strategies.report.money_words import LEG_NAMES
from strategies.report.wording import plain_number

ROLLING_NAMES = {
    MetricId.ROLLING_SHARPE: "Rolling Sharpe ratio",
    MetricId.ROLLING_VOLATILITY: "Rolling volatility",
    MetricId.ROLLING_BETA: "Rolling beta",
}
LEAST_POINTS = 2

Drawn = dict[str, Any]


def charts_of(report: InvestorReport) -> list[Drawn]:
    """Draw the report: growth, drawdown, rolling metrics, distribution of daily returns."""
    measured = report.measured
    if measured is None or len(measured.curves.days) < LEAST_POINTS:
        return []
    return [
        _growth(report, measured),
        {
            "title": "Under water",
            "caption": "How far the NAV per share lay below its highest so far.",
            "svg": fall_chart(
                "Drawdown by day",
                measured.curves.days.tolist(),
                measured.curves.drawdowns.tolist(),
            ),
        },
        *(_rolling(one) for one in measured.rolling if len(one.series.days) >= LEAST_POINTS),
        {
            "title": "Daily returns",
            "caption": f"How often a day ended where; {sum(measured.histogram.counts):,} days.",
            "svg": bar_chart(
                "Histogram of daily returns", measured.histogram.edges, measured.histogram.counts
            ),
        },
    ]


def bridge_chart(told: Drawn) -> str:
    """Draw how the opening NAV of a bridge became the closing one."""
    level = float(told["opening_nav_usd"])
    bars = [Bar("Opening NAV", 0.0, level, is_total=True)]
    for step in told["steps"]:
        if step["amount_usd"] is not None:
            after = float(step["after_usd"])
            bars.append(Bar(LEG_NAMES[step["leg"]], level, after))
            level = after
    closing = float(told["closing_nav_usd"])
    bars.append(Bar("Not explained", level, closing))
    bars.append(Bar("Closing NAV", 0.0, closing, is_total=True))
    return waterfall("From the opening NAV to the closing NAV", bars)


def _growth(report: InvestorReport, measured: Measured) -> Drawn:
    """Draw the growth of the strategy and of its benchmark."""
    curves, prices = measured.curves, report.facts.prices
    lines = [Line(report.facts.about.name, curves.returns.tolist())]
    if curves.benchmark is not None and prices is not None:
        lines.append(
            Line(prices.name, curves.benchmark.tolist(), css="c-bench", stroke=AMBER, dash="5 3")
        )
    against = f" beside {prices.name}" if len(lines) > 1 and prices is not None else ""
    return {
        "title": "Growth",
        "caption": f"Return of the NAV per share since the opening{against}.",
        "svg": line_chart(f"Return since the opening{against}", curves.days.tolist(), lines),
    }


def _rolling(one: Rolling) -> Drawn:
    """Draw a rolling metric."""
    series = one.series
    name = ROLLING_NAMES[series.metric]
    lines = [Line(name, series.values.tolist())]
    days = series.days.tolist()
    is_ratio = series.metric is MetricId.ROLLING_VOLATILITY
    return {
        "title": name,
        "caption": f"Over {series.window_days} days, by the last of them.",
        "svg": line_chart(name, days, lines)
        if is_ratio
        else line_chart(name, days, lines, worded=plain_number),
    }
