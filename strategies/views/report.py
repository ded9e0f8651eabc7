"""The investor report of a strategy over the API."""

from collections.abc import Callable, Mapping
from functools import partial

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import viewsets
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from atlas.api.access import sees_everything
from atlas.api.caching import AllRead, cached_read
from atlas.api.renderers import to_json
from atlas.api.schema import ErrorEnvelope
from atlas.hot_statements import first_row
from atlas.registries import report_legs
from strategies.report.as_csv import csv_of
from strategies.report.asking import PARAMETERS, Wish, read_wish
from strategies.report.computing import InvestorReport, compute
from strategies.report.document import Document, document_of
from strategies.report.facts import Facts, read_facts
from strategies.report.forms import MEDIA_TYPES, FormNegotiation
from strategies.report.page import content_policy, page_of
from strategies.report.printing import pdf_of
from strategies.report.schema import ReportSerializer
from strategies.services import BENCHMARK_VERSION
from strategies.versions import no_strategy

NO_ENGINE = "PDF needs libraries that this installation lacks; the message names the remedy"
_VERSIONS = """
    SELECT concat_ws(' ', s.data_version, s.xmin, v.version, v.xmin{legs})
    FROM strategies_strategy AS s, strategies_catalogueversion AS v
    WHERE s.slug = %s AND (s.public OR %s) AND v.name = %s
"""


def report_version(request: Request, *, slug: str) -> str:
    """Give the version of everything that a report shows; raises Http404 for no strategy."""
    legs = "".join(f", ({one.version})" for _, one in report_legs)
    values = [slug, sees_everything(request.user), BENCHMARK_VERSION]
    row = first_row(_VERSIONS.format(legs=legs), values)
    if row is None:
        raise no_strategy(request, slug)
    return f"report:{row[0]}"


class ReportViewSet(viewsets.ViewSet):
    """Everything that is known of a strategy over a range of days."""

    permission_classes = [AllowAny]
    content_negotiation_class = FormNegotiation

    @extend_schema(
        operation_id="strategies_report_retrieve",
        summary="Read the investor report of a strategy",
        description="Metrics with their provenance, the benchmark beside them, monthly table, "
        "drawdowns, rolling metrics, distribution of daily returns, statistics of trades, the "
        "bridge from the opening to the closing NAV, gross and net, and what the producer claims "
        "against ours. A number that cannot be told is null with a reason. `meta/metrics/` says "
        "what each metric means, docs/report.md how each part is made.",
        parameters=PARAMETERS,
        responses={
            (200, "application/json"): ReportSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "text/html"): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
            501: OpenApiResponse(ErrorEnvelope, description=NO_ENGINE),
        },
    )
    @cached_read(report_version)
    def list(self, request: Request, slug: str) -> AllRead:
        """Answer with the report in the form that was asked for."""
        wish = read_wish(request)
        facts = read_facts(wish, slug=slug, reader=request.user)
        if facts is None:
            raise no_strategy(request, slug)
        return AllRead(partial(_answer, facts, wish))


def _answer(facts: Facts, wish: Wish) -> HttpResponse:
    """Compute the report and write it in the form that was asked for; nothing is read any more."""
    report = compute(facts, wish)
    return ANSWERS[wish.form](report, document_of(report))


def _json(_report: InvestorReport, document: Document) -> HttpResponse:
    """Answer with the document itself."""
    return HttpResponse(to_json(document), content_type=MEDIA_TYPES["json"])


def _html(report: InvestorReport, document: Document) -> HttpResponse:
    """Answer with the page, under a policy that lets it show nothing but itself."""
    return HttpResponse(
        page_of(report, document),
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": content_policy()},
    )


def _csv(report: InvestorReport, document: Document) -> HttpResponse:
    """Answer with one number a line, as a file."""
    return HttpResponse(
        csv_of(document),
        content_type="text/csv; charset=utf-8",
        headers=_file(report, "attachment", "csv"),
    )


def _pdf(report: InvestorReport, document: Document) -> HttpResponse:
    """Answer with the page as it is printed."""
    return HttpResponse(
        pdf_of(page_of(report, document)),
        content_type=MEDIA_TYPES["pdf"],
        headers=_file(report, "inline", "pdf"),
    )


def _file(report: InvestorReport, how: str, ending: str) -> dict[str, str]:
    """Name the file that an answer is saved as."""
    name = f"{report.facts.about.slug}-report.{ending}"
    return {"Content-Disposition": f'{how}; filename="{name}"'}


ANSWERS: Mapping[str, Callable[[InvestorReport, Document], HttpResponse]] = {
    "json": _json,
    "csv": _csv,
    "html": _html,
    "pdf": _pdf,
}
