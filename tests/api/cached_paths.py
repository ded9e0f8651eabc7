"""Paths that answer from what is kept; the tests of caching ask them."""

from collections.abc import Callable

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from atlas.api.caching import cached_read
from config.urls import urlpatterns as real_paths
from strategies.models import Strategy
from strategies.versions import strategy_version


class Interruptions:
    """What happens at two moments of a request: after each reading of the version, before data."""

    def __init__(self) -> None:
        self.after_version: Callable[[], None] | None = None
        self.before_data: Callable[[], None] | None = None

    def fire(self, moment: str) -> None:
        """Let it happen once."""
        happening, nothing = getattr(self, moment), None
        setattr(self, moment, nothing)
        if happening:
            happening()


interruptions = Interruptions()


def watched_version(request, *, slug):
    version = strategy_version(request, slug=slug)
    interruptions.fire("after_version")
    return version


class CachedView(APIView):
    permission_classes = [AllowAny]

    @cached_read(watched_version)
    def get(self, request, slug):
        interruptions.fire("before_data")
        strategy = Strategy.objects.get(slug=slug)
        return Response({"name": strategy.name, "public": strategy.public})


class RawView(APIView):
    permission_classes = [AllowAny]

    @cached_read(strategy_version)
    def get(self, request, slug):
        name = Strategy.objects.get(slug=slug).name
        return HttpResponse(
            f"name\r\n{name}\r\n",
            content_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="name.csv"'},
        )


class StreamingView(APIView):
    permission_classes = [AllowAny]

    @cached_read(strategy_version)
    def get(self, request, slug):
        return StreamingHttpResponse(iter([b"{}"]))


class AcceptedView(APIView):
    permission_classes = [AllowAny]

    @cached_read(strategy_version)
    def get(self, request, slug):
        return Response({"name": Strategy.objects.get(slug=slug).name}, status=202)


urlpatterns = [
    path("api/cached/<slug:slug>/", CachedView.as_view()),
    path("api/raw/<slug:slug>/", RawView.as_view()),
    path("api/streaming/<slug:slug>/", StreamingView.as_view()),
    path("api/accepted/<slug:slug>/", AcceptedView.as_view()),
    *real_paths,
]
