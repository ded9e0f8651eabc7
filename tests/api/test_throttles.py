"""How often one may ask: counted for a key, a person, an address; told in headers; without Redis too."""

import threading
import time

import pytest
from django.test import Client

from atlas.api import counting
from atlas.api.counting import CountsHere, count
from atlas.api.store import api_store
from atlas.domain.windows import Quota, Window, admits, index_at
from tests.api.test_caching import free_port
from tests.api.test_errors import envelope_of
from tests.factories import StrategyFactory, UserFactory
from tests.keys import header, make_key

pytestmark = pytest.mark.django_db
PATH = "/api/v1/strategies/"


@pytest.fixture(autouse=True)
def three_a_minute(settings):
    settings.ATLAS_API_VISITOR_PER_MINUTE = 3
    forget()
    yield
    forget()


def forget():
    """Forget who asked how often."""
    store = api_store()
    names = store.ask(lambda redis: list(redis.scan_iter(store.named("limit:*"))))
    if names:
        store.ask(lambda redis: redis.delete(*names))
    counting._here = CountsHere()


def ask_redis(question):
    answer = api_store().ask(question)
    assert answer is not None
    return answer


def ask(address="198.51.100.1", **headers):
    return Client(raise_request_exception=False).get(PATH, REMOTE_ADDR=address, headers=headers)


def test_who_asks_too_often_is_told_when_to_come_back():
    for left in (2, 1, 0):
        answer = ask()
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"address";q=3;w=60'
        assert answer.headers["RateLimit"].startswith(f'"address";r={left};t=')
    refused = ask()
    assert (refused.status_code, envelope_of(refused)["code"]) == (429, "throttled")
    assert 1 <= int(refused.headers["Retry-After"]) <= 121
    assert refused.headers["RateLimit"].startswith('"address";r=0;t=')
    assert refused.headers["Cache-Control"] == "no-store"
    assert ask("198.51.100.2").status_code == 200


def test_an_ipv6_home_shares_one_count():
    answers = [ask(f"2001:db8::{number}").status_code for number in range(1, 5)]
    assert answers == [200, 200, 200, 429]


def test_a_forged_forwarding_header_gives_no_new_count(settings):
    answers = [ask(**{"X-Forwarded-For": f"203.0.113.{number}"}).status_code for number in range(4)]
    assert answers == [200, 200, 200, 429]
    settings.ATLAS_TRUSTED_PROXIES = ["198.51.100.1/32"]
    assert ask(**{"X-Forwarded-For": "203.0.113.9"}).status_code == 200


def test_a_key_is_counted_by_itself_as_often_as_it_says():
    word = make_key(requests_per_minute=2).word
    answers = [ask(**header(word)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"key";q=2;w=60'
    assert ask().status_code == 200


def test_a_person_is_counted_by_himself():
    client = Client()
    client.force_login(UserFactory.create())
    assert client.get(PATH).headers["RateLimit-Policy"] == '"person";q=600;w=60'


def test_wrong_keys_of_one_address_are_counted_too(monkeypatch):
    monkeypatch.setattr("atlas.api.authentication.FAILURES", Quota(requests=2, seconds=60))
    wrong = header("atlas_nothing1.abcdefghijklmnopqrstuvwxyz012345")
    assert [ask(**wrong).status_code for _ in range(3)] == [401, 401, 429]
    assert ask(**header(make_key().word)).status_code == 200


def test_what_is_answered_from_the_cache_counts_as_well():
    StrategyFactory.create(slug="trend")
    tag = ask().headers["ETag"]
    again = ask(**{"If-None-Match": tag})
    assert again.status_code == 304
    assert again.headers["RateLimit"].startswith('"address";r=1;t=')


def test_without_redis_each_process_counts_for_itself(settings):
    settings.ATLAS_REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert [ask().status_code for _ in range(4)] == [200, 200, 200, 429]


def test_many_at_once_get_exactly_the_quota():
    quota = Quota(requests=10, seconds=60)
    allowed: list[bool] = []

    def hammer():
        allowed.extend(count("address:many", quota).allowed for _ in range(5))

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert (len(allowed), sum(allowed)) == (40, 10)


def test_redis_counts_as_the_arithmetic_says():
    quota, window = Quota(requests=7, seconds=1), Window()
    name = api_store().named("limit:compared")
    verdicts = set()
    for _ in range(120):
        fits, moment, index, present, earlier = ask_redis(counting._counting(name, quota))
        window = window.at(index_at(float(moment), quota))
        expected = admits(window, quota, moment=float(moment))
        window = window.counted() if expected else window
        assert (bool(fits), int(index), int(present), int(earlier)) == (
            expected,
            window.index,
            window.present,
            window.earlier,
        )
        verdicts.add(expected)
        time.sleep(0.02)
    assert verdicts == {True, False}


def test_counts_are_forgotten_by_redis_and_bounded_here():
    count("address:once", Quota(requests=5, seconds=60))
    left = ask_redis(lambda redis: redis.ttl(api_store().named("limit:address:once")))
    assert 0 < left <= 120
    here = CountsHere()
    for number in range(counting.MOST_CLIENTS_HERE + 5):
        here.count(f"address:{number}", Quota(requests=5, seconds=60))
    assert len(here._windows) == counting.MOST_CLIENTS_HERE
