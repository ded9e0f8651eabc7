"""Benchmarks over the API: which there are, and their prices."""

from collections.abc import Mapping

from django.db.models import Count, Max, Min, QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from atlas.api.caching import cached_read
from atlas.api.filtering import Order
from strategies.asking import RANGE, range_in, read_parameters
from strategies.benchmark_prices import read_prices
from strategies.chart_answers import csv_of, line_columns, prices_json
from strategies.charts import Interval, draw_prices
from strategies.formats import FORMAT, answer
from strategies.models import Benchmark
from strategies.performance_serializers import SERIES_PARAMETERS
from strategies.readers import Reader, between, one_of
from strategies.record_serializers import BenchmarkItemSerializer, PricesSerializer
from strategies.series import LONGEST_SERIES
from strategies.versions import benchmark_version
from strategies.views.performance import FEWEST_POINTS

READERS: Mapping[str, Reader] = {
    **RANGE,
    "interval": one_of([one.value for one in Interval]),
    "max_points": between(FEWEST_POINTS, LONGEST_SERIES),
    **FORMAT,
}
BENCHMARK_SLUG = OpenApiParameter(
    "slug", str, OpenApiParameter.PATH, description="Slug of the benchmark."
)


class BenchmarkViewSet(viewsets.GenericViewSet[Benchmark]):
    """What strategies are compared with."""

    permission_classes = [AllowAny]
    queryset = Benchmark.objects.all()
    serializer_class = BenchmarkItemSerializer
    lookup_field = "slug"
    lookup_value_regex = r"[A-Za-z0-9_-]+"
    orderings: Mapping[str, Order] = {"slug": ["slug"], "name": ["name"]}

    def get_queryset(self) -> QuerySet[Benchmark]:
        """Read benchmarks with how far their prices reach."""
        return Benchmark.objects.annotate(
            observations=Count("points__as_of_at"),
            first_at=Min("points__as_of_at"),
            last_at=Max("points__as_of_at"),
        )

    @extend_schema(summary="List benchmarks", description="What strategies can be compared with.")
    @cached_read(benchmark_version)
    def list(self, request: Request) -> Response:
        """Answer with one page of benchmarks."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(BenchmarkItemSerializer(page, many=True).data)

    @extend_schema(
        summary="Read the prices of a benchmark",
        description="Price, return and drawdown as columns of equal length, oldest first.",
        parameters=[BENCHMARK_SLUG, *SERIES_PARAMETERS],
        responses={
            (200, "application/json"): PricesSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        },
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    @cached_read(benchmark_version)
    def points(self, request: Request, slug: str) -> HttpResponse:
        """Answer with the prices of one benchmark."""
        given = read_parameters(request, READERS)
        within = range_in(given)
        prices = read_prices(slug, start_at=within.start_at, end_at=within.end_at)
        if prices is None:
            raise Http404(f"There is no benchmark {slug!r}")
        interval = Interval(given.get("interval", Interval.DAY))
        chart = draw_prices(prices, interval=interval, max_points=given.get("max_points"))
        columns = line_columns(chart, "price_usd")
        return answer(
            given,
            name=f"{slug}-prices",
            as_json=lambda: prices_json(prices, chart, interval=interval, columns=columns),
            as_csv=lambda: csv_of(columns),
        )
