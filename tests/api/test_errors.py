"""One envelope for every error under /api/, whoever raised it."""

import inspect

import pytest
from django.test import Client

from atlas.api.errors import CODE_OF_STATUS, ERROR_CODES
from atlas.domain import errors
from tests.api.failing_paths import FAILURES
from tests.factories import UserFactory

pytestmark = pytest.mark.urls("tests.api.failing_paths")


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


def envelope_of(answer):
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["code", "message", "detail", "request_id"]
    assert body["code"] in ERROR_CODES
    assert body["message"]
    assert isinstance(body["detail"], dict)
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return body


EXPECTED = {
    "InvalidInput": (400, "invalid_input"),
    "NotAllowed": (403, "not_allowed"),
    "Denied": (403, "denied"),
    "ConflictingState": (409, "conflict"),
    "IllegalTransition": (409, "illegal_transition"),
    "LeaseLost": (409, "lease_lost"),
    "UnusableData": (422, "unusable_data"),
    "DomainRefusal": (422, "refused"),
    "Temporary": (503, "temporary"),
    "NeedsHuman": (503, "needs_human"),
    "Bug": (500, "internal"),
    "RuntimeError": (500, "internal"),
    "OperationalError": (503, "temporary"),
    "Http404": (404, "not_found"),
    "PermissionDenied": (403, "not_allowed"),
    "DjangoSuspicion": (400, "malformed"),
    "Validation": (400, "invalid_input"),
    "ValidationList": (400, "invalid_input"),
    "Nested": (400, "invalid_input"),
    "Parse": (400, "malformed"),
    "NotAuthenticated": (401, "not_authenticated"),
    "AuthenticationFailed": (401, "not_authenticated"),
    "Throttled": (429, "throttled"),
    "UnsupportedMediaType": (415, "unsupported_media_type"),
}


def test_every_failure_of_the_test_has_an_expectation():
    assert set(EXPECTED) == set(FAILURES)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("kind", FAILURES)
def test_every_error_wears_the_envelope_with_its_status_and_code(visitor, settings, kind, debug):
    settings.DEBUG = debug
    answer = visitor.get(f"/api/fail/{kind}/")
    body = envelope_of(answer)
    assert (answer.status_code, body["code"]) == EXPECTED[kind]
    assert b"hunter2" not in answer.content
    assert b"Traceback" not in answer.content


def test_what_the_error_is_about_is_passed_on(visitor):
    assert visitor.get("/api/fail/InvalidInput/").json()["detail"] == {"size": "-1"}
    validation = visitor.get("/api/fail/Validation/").json()
    assert validation["detail"] == {"slug": ["is taken"]}
    assert validation["message"] == "slug: is taken"
    whole = visitor.get("/api/fail/ValidationList/").json()
    assert (whole["message"], whole["detail"]) == (
        "all of it is wrong",
        {"non_field_errors": ["all of it is wrong"]},
    )
    assert visitor.get("/api/fail/Http404/").json()["message"] == "no vault of that name"


def test_who_shall_come_back_is_told_when(visitor):
    assert visitor.get("/api/fail/Throttled/").headers["Retry-After"] == "13"
    assert int(visitor.get("/api/fail/Temporary/").headers["Retry-After"]) > 0
    assert int(visitor.get("/api/fail/OperationalError/").headers["Retry-After"]) > 0


def test_somebody_who_is_not_logged_in_gets_401_with_a_challenge(visitor):
    answer = visitor.get("/api/closed/")
    assert (answer.status_code, envelope_of(answer)["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Api-Key realm="atlas"'


@pytest.mark.django_db
def test_somebody_who_is_logged_in_gets_in(visitor):
    visitor.force_login(UserFactory.create())
    assert visitor.get("/api/closed/").json() == {"open": True}


@pytest.mark.django_db
def test_a_forged_form_is_refused_with_the_envelope():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(UserFactory.create())
    answer = strict.post("/api/fail/Bug/")
    assert (answer.status_code, envelope_of(answer)["code"]) == (403, "not_allowed")


def test_unknown_paths_and_wrong_methods_and_media_types_wear_the_envelope(visitor):
    assert envelope_of(visitor.get("/api/v1/nothing/"))["code"] == "not_found"
    wrong = visitor.delete("/api/closed/")
    assert (wrong.status_code, envelope_of(wrong)["code"]) == (401, "not_authenticated")
    answer = visitor.get("/api/fail/Bug/", headers={"accept": "text/csv"})
    assert (answer.status_code, envelope_of(answer)["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/plain/", (500, "internal")),
        ("/api/suspicious/", (400, "bad_request")),
        ("/api/v9/", (404, "not_found")),
    ],
)
def test_what_fails_outside_of_the_framework_wears_it_too(visitor, settings, path, expected, debug):
    settings.DEBUG = debug
    answer = visitor.get(path)
    assert (answer.status_code, envelope_of(answer)["code"]) == expected
    assert b"hunter2" not in answer.content


def test_a_host_that_is_not_ours_is_refused_with_the_envelope(visitor):
    answer = visitor.get("/api/v1/strategies/", headers={"host": "evil.example"})
    assert (answer.status_code, envelope_of(answer)["code"]) == (400, "bad_request")


def test_pages_of_people_stay_pages(visitor):
    answer = visitor.get("/plain/")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["X-Request-ID"]


def test_a_path_without_its_last_slash_is_led_on(visitor):
    answer = visitor.get("/api/v1/strategies?q=x")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/api/v1/strategies/?q=x")


def test_every_code_of_our_own_errors_is_published():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    codes = {kind.code for kind in kinds if issubclass(kind, errors.AtlasError)}
    assert codes - {"error", "bug"} <= set(
        ERROR_CODES
    )  # the base is never raised; a bug is internal
    assert set(CODE_OF_STATUS.values()) <= set(ERROR_CODES)
