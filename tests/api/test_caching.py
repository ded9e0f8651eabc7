"""Answers that are kept: when they are served, to whom, and that they are never another's or old."""

import socket
import threading
import time
from contextlib import closing
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import Redis

from atlas.api import caching, editions
from atlas.api.store import REST_SECONDS, Store, api_store
from strategies.models import Strategy
from strategies.services import bump_data_version
from tests.api.cached_paths import interruptions
from tests.factories import StrategyFactory, UserFactory

pytestmark = [
    pytest.mark.urls("tests.api.cached_paths"),
    pytest.mark.django_db(transaction=True),
]

PATH = "/api/cached/trend/"


@pytest.fixture
def strategy():
    return StrategyFactory.create(slug="trend", name="Old")


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


def rename(name):
    """Change what is published, as a writer of ours does."""
    strategy = Strategy.objects.get(slug="trend")
    Strategy.objects.filter(pk=strategy.pk).update(name=name)
    bump_data_version([strategy.pk])


def rename_elsewhere(name):
    """Change it on another connection and commit before anything else happens."""

    def change():
        try:
            rename(name)
        finally:
            connection.close()

    writer = threading.Thread(target=change)
    writer.start()
    writer.join(timeout=20)
    assert not writer.is_alive()


def asked(client, path=PATH, **headers):
    with CaptureQueriesContext(connection) as asked_database:
        answer = client.get(path, headers=headers)
    # A prepared statement may be told without its text.
    return answer, [query["sql"] or "" for query in asked_database.captured_queries]


def touches_data(statements):
    return any('"strategies_strategy"' in statement for statement in statements)


def test_the_second_reader_costs_one_small_query_and_gets_the_same_bytes(visitor, strategy):
    first, cost_of_first = asked(visitor)
    assert first.json() == {"name": "Old", "public": True}
    assert touches_data(cost_of_first)
    second, cost = asked(visitor)
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Content-Type"] == first.headers["Content-Type"] == "application/json"
    assert len(cost) == 1
    assert not touches_data(cost)


def test_who_has_the_answer_gets_304_without_a_body_and_without_the_data_being_read(
    visitor, strategy
):
    tag = visitor.get(PATH).headers["ETag"]
    assert tag.startswith('"')
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        answer, cost = asked(visitor, **{"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert answer.headers["Cache-Control"] == "public, max-age=30"
        assert len(cost) == 1
    assert asked(visitor, **{"If-None-Match": '"other"'})[0].status_code == 200


def test_a_star_is_answered_only_after_something_was_found(visitor, strategy):
    star = {"If-None-Match": "*"}
    assert visitor.get(PATH, headers=star).status_code == 304
    assert visitor.get(PATH, headers=star).status_code == 304
    assert visitor.get("/api/cached/nothing/", headers=star).status_code == 404


def test_a_change_is_seen_at_once_under_a_new_tag(visitor, strategy):
    old = visitor.get(PATH)
    rename("New")
    new = visitor.get(PATH, headers={"If-None-Match": old.headers["ETag"]})
    assert new.json()["name"] == "New"
    assert new.headers["ETag"] != old.headers["ETag"]


def test_a_head_request_is_answered_like_a_get_without_its_body(visitor, strategy):
    whole = visitor.get(PATH)
    head = visitor.head(PATH)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_a_writer_between_version_and_data_is_not_seen_under_the_old_version(visitor, strategy):
    old_tag = caching_tag(visitor)
    interruptions.before_data = lambda: rename_elsewhere("New")
    interrupted = visitor.get(PATH, {"page": ""})
    assert interrupted.json()["name"] == "Old"
    assert caching_tag(visitor) != old_tag
    assert visitor.get(PATH, {"page": ""}).json()["name"] == "New"


def test_a_writer_between_the_first_look_and_the_snapshot_is_seen_under_the_new_version(
    visitor, strategy
):
    interruptions.after_version = lambda: rename_elsewhere("New")
    interrupted = visitor.get(PATH)
    assert interrupted.json()["name"] == "New"
    again, cost = asked(visitor)
    assert again.headers["ETag"] == interrupted.headers["ETag"]
    assert again.json()["name"] == "New"
    assert not touches_data(cost)


def caching_tag(client):
    return client.get(PATH).headers["ETag"]


def test_readers_and_a_writer_at_the_same_time_never_see_a_tag_with_two_contents(strategy):
    seen: dict[str, set[bytes]] = {}
    guard, stop = threading.Lock(), threading.Event()
    wrong: list[BaseException] = []

    def read():
        client = Client()
        try:
            while not stop.is_set():
                answer = client.get(PATH)
                with guard:
                    seen.setdefault(answer.headers["ETag"], set()).add(answer.content)
        except BaseException as error:  # noqa: BLE001  # told to the test's own thread
            wrong.append(error)
        finally:
            connection.close()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(25):
        rename(f"Name {number}")
        time.sleep(0.01)
    stop.set()
    for reader in readers:
        reader.join(timeout=20)
    assert not wrong
    assert len(seen) > 3
    assert all(len(contents) == 1 for contents in seen.values())


def test_readers_with_different_rights_never_share_bytes(strategy):
    visitor, person, staff = Client(), Client(), Client()
    person.force_login(UserFactory.create(is_staff=False))
    staff.force_login(UserFactory.create())
    tags = {name: caching_tag(one) for name, one in {"v": visitor, "s": staff}.items()}
    assert tags["v"] != tags["s"]
    assert caching_tag(person) == tags["v"]  # who has no rights sees what a visitor sees
    Strategy.objects.update(public=False)
    bump_data_version([strategy.pk])
    assert staff.get(PATH).json() == {"name": "Old", "public": False}
    for one in (visitor, person):
        assert one.get(PATH, headers={"If-None-Match": caching_tag(staff)}).status_code == 404


def test_only_what_a_visitor_sees_may_be_kept_by_others(strategy):
    staff = Client()
    staff.force_login(UserFactory.create())
    assert Client().get(PATH).headers["Cache-Control"] == "public, max-age=30"
    private = staff.get(PATH)
    assert private.headers["Cache-Control"] == "private, no-cache"
    for answer in (Client().get(PATH), private):
        assert {"Accept", "Authorization", "Cookie"} <= set(
            answer.headers["Vary"].replace(" ", "").split(",")
        )


def test_the_order_of_parameters_does_not_matter_but_everything_else_does(visitor, strategy):
    def tag(path=PATH, query=None, **headers):
        return visitor.get(path, query, headers=headers).headers["ETag"]

    assert tag(query={"a": "1", "b": "2"}) == tag(query={"b": "2", "a": "1"})
    different = [
        tag(),
        tag(query={"a": "1"}),
        tag(query={"a": "1", "b": "2"}),
        tag(query={"a": "1&b=2"}),
        tag(query={"a": "2", "b": "1"}),
        tag("/api/raw/trend/"),
        tag(host="127.0.0.1"),
    ]
    assert len(set(different)) == len(different)


def test_another_edition_of_the_code_starts_anew(visitor, strategy, monkeypatch):
    old = caching_tag(visitor)
    monkeypatch.setattr(caching, "code_edition", lambda: "another")
    answer, cost = asked(visitor)
    assert answer.headers["ETag"] != old
    assert touches_data(cost)


def test_headers_of_an_answer_are_kept_with_it(visitor, strategy):
    first, _ = asked(visitor, "/api/raw/trend/")
    second, cost = asked(visitor, "/api/raw/trend/")
    assert not touches_data(cost)
    assert second.content == first.content == b"name\r\nOld\r\n"
    for name in ("Content-Type", "Content-Disposition", "ETag", "Cache-Control"):
        assert second.headers[name] == first.headers[name]


def test_what_is_no_plain_success_is_not_kept(visitor, strategy):
    for _ in range(2):
        answer, cost = asked(visitor, "/api/accepted/trend/")
        assert answer.status_code == 202
        assert touches_data(cost)
        assert "ETag" not in answer.headers


def test_a_streaming_answer_is_a_bug_because_its_snapshot_would_be_gone(visitor, strategy):
    assert visitor.get("/api/streaming/trend/").status_code == 500


def test_an_answer_that_is_not_whole_in_redis_is_read_anew(visitor, strategy):
    tag = caching_tag(visitor)
    store = api_store()
    for broken in (b"", b"no json\n{}", b'{"headers":{},"length":9}\n{}'):
        store.ask(partial(Redis.set, name=caching._name(tag), value=broken))
        answer, cost = asked(visitor)
        assert answer.json()["name"] == "Old"
        assert touches_data(cost)


def test_too_much_at_once_is_not_kept_so_that_the_queue_has_room(visitor, strategy, monkeypatch):
    store = api_store()
    store.ask(lambda redis: redis.delete(store.named("kept-bytes")))
    size = len(visitor.get(PATH).content)
    monkeypatch.setattr(caching, "MOST_KEPT", size * 10)
    kept = 0
    for number in range(12):
        visitor.get(PATH, {"number": number})
        kept += not touches_data(asked(visitor, f"{PATH}?number={number}")[1])
    assert 0 < kept < 12
    monkeypatch.setattr(caching, "LARGEST_KEPT", 5)
    store.ask(lambda redis: redis.delete(store.named("kept-bytes")))
    visitor.get(PATH, {"large": 1})
    assert touches_data(asked(visitor, f"{PATH}?large=1")[1])


def free_port():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_without_redis_every_answer_is_read_anew_and_right(visitor, strategy, settings):
    settings.ATLAS_REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    tags = set()
    for _ in range(3):
        answer, cost = asked(visitor)
        assert answer.json()["name"] == "Old"
        assert touches_data(cost)
        tags.add(answer.headers["ETag"])
    assert len(tags) == 1
    tag = tags.pop()
    assert visitor.get(PATH, headers={"If-None-Match": tag}).status_code == 304


def test_a_redis_that_hangs_costs_one_short_wait_and_is_then_left_alone(
    visitor, strategy, settings
):
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        settings.ATLAS_REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        visitor.get("/api/raw/nothing/")  # warm: what is asked for is not there
        began = time.monotonic()
        answers = [visitor.get(PATH).json()["name"] for _ in range(5)]
        assert time.monotonic() - began < 2.0
    assert answers == ["Old"] * 5


def test_redis_is_asked_again_after_its_rest_by_one_caller_at_a_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("atlas.api.store.time.monotonic", lambda: now[0])
    store = Store("redis://127.0.0.1:1/0", prefix="test")
    asked_times = []

    def fail(_redis):
        asked_times.append(now[0])
        raise ConnectionError("away")

    assert store.ask(fail) is None
    assert store.ask(fail) is None
    now[0] += REST_SECONDS
    assert store.ask(fail) is None
    assert store.ask(fail) is None
    now[0] += REST_SECONDS
    assert store.ask(lambda _redis: store.ask(fail) or "back") == "back"
    assert store.ask(lambda _redis: "still here") == "still here"
    assert asked_times == [100.0, 100.0 + REST_SECONDS]


def test_a_changed_template_makes_another_edition(monkeypatch, tmp_path):
    page = tmp_path / "strategies" / "page.html"
    page.parent.mkdir()
    page.write_text("one")
    monkeypatch.setattr(editions, "ROOT", tmp_path)
    editions.code_edition.cache_clear()
    before = editions.code_edition()
    page.write_text("two")
    editions.code_edition.cache_clear()
    assert editions.code_edition() != before
    editions.code_edition.cache_clear()
