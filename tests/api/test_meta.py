"""The codes of errors as data."""

from atlas.api.errors import ERROR_CODES, status_of
from atlas.domain.errors import AtlasError
from tests.api.test_errors import EXPECTED

# Published codes and their status. What stands here was promised: lines may join, none may go.
PROMISED = {
    "answer_too_large": 422,
    "bad_request": 400,
    "conflict": 409,
    "denied": 403,
    "illegal_transition": 409,
    "internal": 500,
    "invalid_input": 400,
    "lease_lost": 409,
    "malformed": 400,
    "method_not_allowed": 405,
    "needs_human": 503,
    "not_acceptable": 406,
    "not_allowed": 403,
    "not_authenticated": 401,
    "not_found": 404,
    "outbound_refused": 422,
    "refused": 422,
    "temporary": 503,
    "throttled": 429,
    "unsupported_media_type": 415,
    "unusable_data": 422,
}


def told(client):
    return {one["code"]: one for one in client.get("/api/v1/meta/errors/").json()["codes"]}


def test_every_promised_code_stands_with_its_status(client):
    found = {code: one["status"] for code, one in told(client).items()}
    assert PROMISED.items() <= found.items()
    assert set(found) == set(ERROR_CODES)


def test_our_own_errors_come_with_the_status_that_is_told(client):
    found = told(client)
    for kind in kinds_below(AtlasError):
        if kind.code in found:
            assert status_of(kind) == found[kind.code]["status"], kind


def kinds_below(kind):
    return [kind, *(one for below in kind.__subclasses__() for one in kinds_below(below))]


def test_every_error_that_the_api_can_give_is_among_them(client):
    found = told(client)
    for status, code in EXPECTED.values():
        assert found[code]["status"] == status, code


def test_only_what_passes_by_itself_is_worth_another_try(client):
    assert {code for code, one in told(client).items() if one["retry"]} == {
        "temporary",
        "throttled",
    }


def test_it_takes_no_parameters(client):
    assert client.get("/api/v1/meta/errors/?code=denied").status_code == 400
