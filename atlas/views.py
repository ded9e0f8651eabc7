"""The three probes, and the figures: is the process alive, may it get requests, is the house fit,
and what does Prometheus read of it.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from atlas.api.renderers import to_json
from atlas.exposition import EXPOSITION_TYPE, exposition, may_read_metrics
from atlas.health import HEALTH_GROUPS, READINESS_GROUPS, Finding, ask, is_fit

FIT, UNFIT = 200, 503
FORBIDDEN = 403


@require_safe
@never_cache
def livez(_request: HttpRequest) -> HttpResponse:
    """Answer that the process runs; asks nobody else, so that a sick database restarts nothing."""
    return _answer({"state": "alive"}, FIT)


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when requests can be served: the database answers and is migrated."""
    return _findings(ask(READINESS_GROUPS, now=timezone.now()))


@require_safe
@never_cache
def health(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when every part of the house is fit, else 503 with the same body."""
    return _findings(ask(HEALTH_GROUPS, now=timezone.now()))


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures of the house to those who may read them, else with 403."""
    if not may_read_metrics(request):
        return HttpResponse(
            "Metrics are read from a network of ATLAS_METRICS_ALLOW or with ATLAS_METRICS_TOKEN.\n",
            status=FORBIDDEN,
            content_type="text/plain; charset=utf-8",
        )
    return HttpResponse(exposition(now=timezone.now()), content_type=EXPOSITION_TYPE)


def _findings(findings: dict[str, Finding]) -> HttpResponse:
    """Answer with what was found."""
    fit = is_fit(findings)
    body = {
        "state": "fit" if fit else "unfit",
        "instance": settings.ATLAS_INSTANCE_NAME,
        "at": timezone.now(),
        "checks": {name: finding.as_data() for name, finding in findings.items()},
    }
    return _answer(body, FIT if fit else UNFIT)


def _answer(body: object, status: int) -> HttpResponse:
    """Write a JSON answer."""
    return HttpResponse(to_json(body), status=status, content_type="application/json")
