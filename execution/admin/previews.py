"""The page that shows what the next cycle of a deployment would decide."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from atlas.console.acting import act_page, require_right
from atlas.console.display import page_of
from execution.models import Deployment
from execution.preview import preview_cycle
from execution.preview_words import as_json

# Looking asks the deployment's feed, so it is for those who steer deployments.
PREVIEW = "execution.pause_deployment"


def preview_page(request: HttpRequest, object_id: int) -> HttpResponse:
    """Show signal, size and every verdict; nothing of it is kept."""
    require_right(request, PREVIEW)
    row = get_object_or_404(Deployment.objects.detailed(), pk=object_id)
    seen = preview_cycle(row, read=timezone.now)
    context = {"seen": as_json(seen), "at": seen.at, "page": page_of(row)}
    return act_page(request, "execution/console/preview.html", context, title=f"Preview: {row}")
