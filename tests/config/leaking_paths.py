"""Paths whose failures and log lines are full of what must not be written."""

import structlog
from django.http import HttpResponse
from django.urls import path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny

from tests.config.secret_texts import EVERYTHING


def fail(request):
    raise RuntimeError(EVERYTHING)


@api_view(["GET"])
@permission_classes([AllowAny])
def api_fail(request):
    raise ConnectionError(EVERYTHING)


def write(request):
    structlog.get_logger("view").info("asked", meta=dict(request.META), cookies=request.COOKIES)
    return HttpResponse("written")


urlpatterns = [path("fail/", fail), path("api/fail/", api_fail), path("log/", write)]
