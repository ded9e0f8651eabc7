"""What every answer says of itself: a tag where the view gave none, and who else may read it."""

import pytest
from django.test import Client
from django.urls import include, path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from atlas.api.access import Scope
from atlas.api.deprecation import deprecated
from tests.factories import UserFactory
from tests.keys import header, make_key

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@api_view(["GET", "POST"])
@permission_classes([AllowAny])
def plain(request):
    return Response({"said": request.query_params.get("say", "")})


@api_view(["GET"])
@permission_classes([AllowAny])
@deprecated(since="2026-01-31", sunset="2026-12-31", successor="/api/v2/plain/")
def old(request):
    return Response({"said": "old"})


@api_view(["GET"])
def open_to_people_alone(request):
    return Response({})


urlpatterns = [
    path("api/plain/", plain),
    path("api/old/", old),
    path("api/unsaid/", open_to_people_alone),
    path("", include("config.urls")),
]


def test_an_answer_without_a_tag_is_tagged_by_its_content(client):
    first = client.get("/api/plain/", {"say": "a"})
    assert first.headers["ETag"] == client.get("/api/plain/?say=a").headers["ETag"]
    assert first.headers["ETag"] != client.get("/api/plain/?say=b").headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get("/api/plain/?say=a", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary", "RateLimit", "X-Request-ID"):
        assert name in again.headers
    assert "Content-Type" not in again.headers


def test_what_is_written_or_not_of_the_api_is_not_tagged(client):
    assert "ETag" not in client.post("/api/plain/").headers
    assert "ETag" not in client.get("/livez").headers


def test_a_path_that_will_go_says_since_when_until_when_and_what_follows(client):
    headers = client.get("/api/old/").headers
    assert headers["Deprecation"] == "@1769817600"
    assert headers["Sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"
    assert headers["Link"] == '</api/v2/plain/>; rel="successor-version"'


def test_a_view_that_names_no_right_is_open_to_people_and_to_keys_for_everything(client):
    path_of_it = "/api/unsaid/"
    assert client.get(path_of_it).status_code == 401
    assert client.get(path_of_it, headers=header(make_key().word)).status_code == 200
    narrow = header(make_key(scopes={Scope.TRADING}).word)
    assert client.get(path_of_it, headers=narrow).status_code == 403
    client.force_login(UserFactory.create())
    assert client.get(path_of_it).status_code == 200


HERE, THERE = "https://app.example.org", "https://evil.example"


def test_only_listed_origins_may_read_from_a_browser_and_never_with_a_key(client, settings):
    settings.CORS_ALLOWED_ORIGINS = [HERE]
    path_of_it = "/api/v1/strategies/"
    listed = client.get(path_of_it, headers={"Origin": HERE})
    assert listed.headers["Access-Control-Allow-Origin"] == HERE
    assert "access-control-allow-credentials" not in listed.headers
    assert "ETag" in listed.headers["Access-Control-Expose-Headers"]
    assert "origin" in listed.headers["Vary"].lower()
    stranger = client.get(path_of_it, headers={"Origin": THERE})
    assert "access-control-allow-origin" not in stranger.headers
    asked = {"Origin": HERE, "Access-Control-Request-Method": "GET"}
    preflight = client.options(path_of_it, headers=asked)
    assert preflight.status_code == 200
    allowed = preflight.headers["access-control-allow-headers"]
    assert "if-none-match" in allowed
    assert "authorization" not in allowed
    assert "access-control-allow-origin" not in Client().get("/livez", headers=asked).headers


def test_without_a_list_no_origin_may_read(client):
    answer = client.get("/api/v1/strategies/", headers={"Origin": HERE})
    assert "access-control-allow-origin" not in answer.headers
