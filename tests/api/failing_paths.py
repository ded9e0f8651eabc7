"""Paths that fail in every way the API can fail; the tests of the envelope ask them."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from atlas.domain import errors
from config.urls import urlpatterns as real_paths

SECRET = "postgresql://atlas:hunter2-hunter2@db.internal/atlas"

FAILURES = {
    "InvalidInput": lambda: errors.InvalidInput("size must be above 0", detail={"size": "-1"}),
    "NotAllowed": lambda: errors.NotAllowed("a second person is missing"),
    "Denied": lambda: errors.Denied("trading is halted"),
    "ConflictingState": lambda: errors.ConflictingState("it has moved on"),
    "IllegalTransition": lambda: errors.IllegalTransition("no such arrow"),
    "LeaseLost": lambda: errors.LeaseLost("another worker has it"),
    "UnusableData": lambda: errors.UnusableData("the candles have a hole"),
    "DomainRefusal": lambda: errors.DomainRefusal("no"),
    "Temporary": lambda: errors.Temporary("the node is away"),
    "NeedsHuman": lambda: errors.NeedsHuman("look at the vault"),
    "Bug": lambda: errors.Bug(f"broken promise {SECRET}"),
    "RuntimeError": lambda: RuntimeError(f"boom {SECRET}"),
    "OperationalError": lambda: OperationalError(f"connection to {SECRET} failed"),
    "Http404": lambda: Http404("no vault of that name"),
    "PermissionDenied": PermissionDenied,
    "DjangoSuspicion": lambda: SuspiciousOperation("odd"),
    "Validation": lambda: serializers.ValidationError({"slug": ["is taken"]}),
    "ValidationList": lambda: serializers.ValidationError(["all of it is wrong"]),
    "Nested": lambda: serializers.ValidationError({"range": {"from": ["is late"]}}),
    "Parse": exceptions.ParseError,
    "NotAuthenticated": exceptions.NotAuthenticated,
    "AuthenticationFailed": lambda: exceptions.AuthenticationFailed("the key has expired"),
    "Throttled": lambda: exceptions.Throttled(wait=12.2),
    "UnsupportedMediaType": lambda: exceptions.UnsupportedMediaType("text/csv"),
}


@api_view(["GET", "POST"])
@permission_classes([AllowAny])
def fail(request, kind):
    raise FAILURES[kind]()


@api_view(["GET"])
def closed(request):
    return Response({"open": True})


def plain(request):
    raise RuntimeError(f"outside of the framework {SECRET}")


def suspicious(request):
    raise SuspiciousOperation("odd")


urlpatterns = [
    path("api/fail/<str:kind>/", fail),
    path("api/closed/", closed),
    path("api/plain/", plain),
    path("api/suspicious/", suspicious),
    path("plain/", plain),
    *real_paths,
]
