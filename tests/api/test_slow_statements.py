"""A statement of the API cannot run for ever: the database ends it and the caller hears of it."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import include, path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from config.database import TIME_OUTS_MS, database_settings
from config.env import read_environment
from tests.api.test_errors import envelope_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


@api_view(["GET"])
@permission_classes([AllowAny])
def slow(request):
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
        try:
            cursor.execute("SELECT pg_sleep(20)")
        finally:
            connection.close()  # the next one shall have its own time-out again
    return Response({})


urlpatterns = [path("api/slow/", slow), path("", include("config.urls"))]


def test_a_statement_that_takes_too_long_is_answered_503_with_a_time_to_come_back():
    answer = Client(raise_request_exception=False).get("/api/slow/")
    assert (answer.status_code, envelope_of(answer)["code"]) == (503, "temporary")
    assert int(answer.headers["Retry-After"]) > 0
    assert b"pg_sleep" not in answer.content


def test_the_web_process_has_a_short_time_out_on_each_of_its_connections():
    environment = read_environment(
        {
            "ATLAS_SECRET_KEY": "x" * 60,
            "ATLAS_DATABASE_URL": "postgresql://app@127.0.0.1/atlas",
            "ATLAS_REDIS_URL": "redis://127.0.0.1/0",
            "ATLAS_PROCESS": "web",
        }
    )
    options = database_settings(environment)["OPTIONS"]["options"]
    assert f"statement_timeout={TIME_OUTS_MS['web'][0]}" in options
    assert TIME_OUTS_MS["web"][0] <= 10_000
