"""The NAV series of a strategy over the API."""

from collections.abc import Mapping
from datetime import timedelta

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from atlas.api.caching import cached_read
from strategies.asking import RANGE, range_in, read_parameters
from strategies.benchmark_prices import read_prices
from strategies.chart_answers import chart_json, columns_of, csv_of
from strategies.charts import CARRIED_DAYS, Interval, Prices, draw
from strategies.formats import FORMAT, answer
from strategies.packed import moment_of
from strategies.performance_serializers import PERFORMANCE_PARAMETERS, PerformanceSerializer
from strategies.readers import Reader, between, counting, one_of, text_of_at_most
from strategies.series import LONGEST_SERIES, Series, read_series
from strategies.versions import compared_version, no_strategy
from strategies.vocabulary import SeriesSource

FEWEST_POINTS = 10
READERS: Mapping[str, Reader] = {
    **RANGE,
    "interval": one_of([one.value for one in Interval]),
    "source": one_of([one.value for one in SeriesSource]),
    "benchmark": text_of_at_most(40),
    "max_points": between(FEWEST_POINTS, LONGEST_SERIES),
    "data_version": counting(2**31),
    **FORMAT,
}


class PerformanceViewSet(viewsets.ViewSet):
    """What one share of a strategy was worth over time."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="strategies_performance_retrieve",
        summary="Read the NAV series of a strategy",
        description="NAV per share, return, drawdown and assets as columns of equal length, oldest "
        "first; with `benchmark` its price and return beside them. Returns count from the first "
        "point of the answer, drawdowns from the highest NAV so far in it; days without a point "
        "are absent, never filled. With `max_points` the answer keeps its ends and the lowest and "
        "highest NAV and drawdown of each stretch (`thinned_by`: min_max). With `data_version` the "
        "figures are told as they were published then; `restatements` lists what was changed.",
        parameters=PERFORMANCE_PARAMETERS,
        responses={
            (200, "application/json"): PerformanceSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    @cached_read(compared_version)
    def list(self, request: Request, slug: str) -> HttpResponse:
        """Answer with one series."""
        given = read_parameters(request, READERS)
        series = read_series(
            slug=slug,
            reader=request.user,
            source=SeriesSource(given["source"]) if "source" in given else None,
            within=range_in(given),
            data_version=given.get("data_version"),
        )
        if series is None:
            raise no_strategy(request, slug)
        interval = Interval(given.get("interval", Interval.DAY))
        prices = _prices(given["benchmark"], series) if "benchmark" in given else None
        chart = draw(series, interval=interval, max_points=given.get("max_points"), prices=prices)
        columns = columns_of(chart)
        return answer(
            given,
            name=f"{slug}-performance",
            as_json=lambda: chart_json(series, chart, interval=interval, columns=columns),
            as_csv=lambda: csv_of(columns),
        )


def _prices(slug: str, series: Series) -> Prices:
    """Read the benchmark's prices around a series; raises ValidationError where there is none."""
    start_at, end_at = None, None
    if len(series) > 0:
        first, last = (moment_of(series.micros[at]) for at in (0, -1))
        # A price may be a day old; and at an interval it is the last one of the point's own day.
        start_at, end_at = first - timedelta(days=CARRIED_DAYS + 1), last + timedelta(days=1)
    prices = read_prices(slug, start_at=start_at, end_at=end_at)
    if prices is None:
        raise ValidationError(
            {"benchmark": [f"{slug!r} is unknown; /api/v1/benchmarks/ lists those there are"]}
        )
    return prices
