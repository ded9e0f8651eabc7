"""Keys over the API: who is let in, what a scope opens, and that no log ever shows one."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from atlas.api.access import NOTHING, Scope
from atlas.api_keys import revoke_key, rotate_key
from atlas.models import ApiKey
from tests.api.test_errors import envelope_of
from tests.factories import StrategyFactory, UserFactory
from tests.keys import ACTOR, header, make_key

pytestmark = pytest.mark.django_db

STRATEGIES, ORDERS = "/api/v1/strategies/", "/api/v1/orders/"


@pytest.fixture
def server():
    return Client(raise_request_exception=False)


def ask(client, path, word=None):
    return client.get(path, headers=header(word) if word else None)


def slugs(client, word=None):
    return {item["slug"] for item in ask(client, STRATEGIES, word).json()["results"]}


@pytest.fixture(autouse=True)
def catalogue():
    StrategyFactory.create(slug="open")
    StrategyFactory.create(slug="closed", public=False)


def test_a_visitor_reads_what_is_public_and_a_key_reads_what_its_scopes_say(server):
    assert slugs(server) == {"open"}
    assert slugs(server, make_key(scopes=NOTHING).word) == {"open"}
    assert slugs(server, make_key(scopes={Scope.TRADING}).word) == {"open"}
    assert slugs(server, make_key(scopes={Scope.CATALOGUE}).word) == {"open", "closed"}
    assert ask(server, f"{STRATEGIES}closed/", make_key(scopes=NOTHING).word).status_code == 404


def test_the_house_s_own_affairs_need_their_scope(server):
    visitor = ask(server, ORDERS)
    assert (visitor.status_code, envelope_of(visitor)["code"]) == (401, "not_authenticated")
    assert visitor.headers["WWW-Authenticate"] == 'Api-Key realm="atlas"'
    without = ask(server, ORDERS, make_key(scopes={Scope.CATALOGUE}).word)
    assert (without.status_code, envelope_of(without)["code"]) == (403, "not_allowed")
    assert "trading:read" in without.json()["message"]
    assert ask(server, ORDERS, make_key(scopes={Scope.TRADING}).word).status_code == 200


def test_an_account_that_may_not_enter_the_console_has_no_rights_here(server):
    server.force_login(UserFactory.create(is_staff=False))
    assert slugs(server) == {"open"}
    assert ask(server, ORDERS).status_code == 403


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Api-Key atlas_nothing1.abcdefghijklmnopqrstuvwxyz012345", "unknown"),
        ("Api-Key " + "x" * 500, "unknown"),
        ("Api-Key", "Api-Key <key>"),
        ("Api-Key  ", "Api-Key <key>"),
        ("Bearer atlas_nothing1.abcdefghijklmnopqrstuvwxyz012345", "Api-Key <key>"),
        ("Api-Key atlas_\x00.x", "unknown"),
    ],
)
def test_a_key_that_is_none_is_refused_even_where_visitors_are_welcome(server, given, said):
    answer = server.get(STRATEGIES, headers={"Authorization": given})
    assert (answer.status_code, envelope_of(answer)["code"]) == (401, "not_authenticated")
    assert said in answer.json()["message"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_basic_is_left_to_the_proxy_that_asked_for_it(server):
    answer = server.get(STRATEGIES, headers={"Authorization": "Basic Zm9vOmJhcg=="})
    assert answer.status_code == 200


def test_the_scheme_is_read_in_any_case(server):
    word = make_key().word
    answer = server.get(STRATEGIES, headers={"Authorization": f"api-key  {word} "})
    assert answer.json()["count"] == 2


def test_a_key_that_has_ended_says_so_and_opens_nothing(server):
    expired = make_key(now=timezone.now() - timedelta(days=2))
    answer = ask(server, STRATEGIES, expired.word)
    assert answer.status_code == 401
    assert "has expired" in answer.json()["message"]
    revoked = make_key()
    revoke_key(revoked.row, reason="lost", actor=ACTOR, now=timezone.now())
    answer = ask(server, STRATEGIES, revoked.word)
    assert (answer.status_code, "is revoked" in answer.json()["message"]) == (401, True)
    orphan = make_key()
    orphan.row.owner.is_active = False
    orphan.row.owner.save()
    assert ask(server, STRATEGIES, orphan.word).status_code == 401


def test_both_keys_work_during_the_overlap_of_a_rotation(server):
    old = make_key()
    fresh = rotate_key(
        old.row, overlap=timedelta(hours=1), reason="yearly", actor=ACTOR, now=timezone.now()
    )
    assert slugs(server, old.word) == slugs(server, fresh.word) == {"open", "closed"}


def test_a_key_wins_over_a_session_and_is_not_a_person(server):
    server.force_login(UserFactory.create())
    assert slugs(server, make_key(scopes=NOTHING).word) == {"open"}


def test_use_is_noted_with_the_address(server):
    issued = make_key()
    ask(server, STRATEGIES, issued.word)
    row = ApiKey.objects.get(pk=issued.row.pk)
    assert row.last_used_at is not None
    assert row.last_used_address == "127.0.0.1"


def test_a_request_with_a_key_costs_one_query_more_than_a_visitor_s(
    server, django_assert_num_queries
):
    word = make_key().word
    ask(server, STRATEGIES, word)  # notes the use, which happens once a minute
    with django_assert_num_queries(4):  # key with owner, version, version again with the page
        ask(server, STRATEGIES, word)


def test_what_a_key_sees_may_be_kept_by_nobody_else(server):
    assert ask(server, STRATEGIES, make_key().word).headers["Cache-Control"] == "private, no-cache"
    assert "public" in ask(server, STRATEGIES).headers["Cache-Control"]


def test_no_log_line_shows_a_key(server, capfd):
    issued = make_key()
    secret = issued.word.partition(".")[2]
    ask(server, STRATEGIES, issued.word)
    ask(server, f"{STRATEGIES}?q={issued.word}")
    ask(server, ORDERS, issued.word[:-1] + "?")
    ask(server, f"/api/v1/{issued.word}/", issued.word)
    out, err = capfd.readouterr()
    written = out + err
    assert "request_started" in written
    assert issued.row.prefix in written  # whose request it was can be told
    assert secret not in written
    assert secret[:-1] not in written
