"""What may be asked of a report, read from the query parameters and checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from atlas.api.filtering import DateRange
from strategies.asking import RANGE, range_in, read_parameters
from strategies.formats import FORMAT_PARAMETER
from strategies.performance_serializers import RANGE_PARAMETERS, SLUG_PARAMETER
from strategies.readers import Reader, counting, one_of, ratio, text_of_at_most
from strategies.vocabulary import SeriesSource

NO_BENCHMARK = "none"
FORMATS = ("json", "csv", "html", "pdf")
HIGHEST_RATE = 10.0


@dataclass(frozen=True, slots=True)
class Wish:
    """One report; `benchmark` is None where the strategy's own is wanted, `none` where none is.

    `rf` is yearly: 0.05 is 5 %. Without a source the best evidence that exists is told.
    """

    within: DateRange
    benchmark: str | None
    source: SeriesSource | None
    rf: float
    data_version: int | None
    form: str


def read_wish(request: Request) -> Wish:
    """Read what is asked for; raises ValidationError naming every wrong parameter."""
    given = read_parameters(request, READERS)
    return Wish(
        within=range_in(given),
        benchmark=given.get("benchmark"),
        source=SeriesSource(given["source"]) if "source" in given else None,
        rf=given.get("rf", 0.0),
        data_version=given.get("data_version"),
        form=given.get(FORMAT_PARAMETER, FORMATS[0]),
    )


def _rate(given: str) -> float:
    """Read a yearly rate."""
    rate = ratio(given)
    if not -1 < rate <= HIGHEST_RATE:
        raise ValueError(
            f"must be a yearly rate above -1 and at most {HIGHEST_RATE:g}: 0.05 is 5 %"
        )
    return rate


READERS: Mapping[str, Reader] = {
    **RANGE,
    "benchmark": text_of_at_most(40),
    "source": one_of([one.value for one in SeriesSource]),
    "rf": _rate,
    "data_version": counting(2**31),
    FORMAT_PARAMETER: one_of(FORMATS),
}
PARAMETERS = [
    SLUG_PARAMETER,
    *RANGE_PARAMETERS,
    OpenApiParameter(
        "benchmark",
        str,
        description="Slug of a benchmark to compare with; without it the strategy's own, with "
        f"`{NO_BENCHMARK}` none.",
    ),
    OpenApiParameter(
        "source",
        str,
        enum=[one.value for one in SeriesSource],
        description="Kind of evidence; without it the best that exists: live, paper, backtest.",
    ),
    OpenApiParameter(
        "rf",
        {
            "type": "number",
            "minimum": -1,
            "exclusiveMinimum": True,
            "maximum": HIGHEST_RATE,
            "default": 0,
        },
        description="Yearly risk-free rate; 0.05 is 5 %.",
    ),
    OpenApiParameter(
        "data_version",
        {"type": "integer", "minimum": 1},
        description="Tell the figures as they were published at this version of the data.",
    ),
    OpenApiParameter(
        FORMAT_PARAMETER,
        str,
        enum=list(FORMATS),
        default=FORMATS[0],
        description="JSON; CSV, one number a line; a self-contained HTML page to be read or "
        "printed; the same as PDF.",
    ),
]
