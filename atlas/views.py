"""The three probes: is the process alive, may it get requests, is the whole house fit."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from atlas.api.renderers import to_json
from atlas.health import HEALTH_GROUPS, READINESS_GROUPS, Finding, ask, is_fit

FIT, UNFIT = 200, 503


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
