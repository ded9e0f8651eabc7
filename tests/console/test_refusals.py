"""Pages that say no: what happened, and where to go from there."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_a_missing_right_is_named(client_of):
    answer = client_of("viewer").get(reverse("admin:restore"))
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "atlas.restore_trading" in text
    assert 'href="/admin/"' in text


def test_an_unknown_page_says_so(client_of):
    answer = client_of("viewer").get("/nothing/here/")
    assert answer.status_code == 404
    assert "No such page" in answer.content.decode()


def test_a_switch_that_is_gone_is_no_page(client_of):
    assert client_of("risk").get(reverse("admin:restore_scope", args=[999_999])).status_code == 404


def test_a_console_that_breaks_still_says_how_to_halt(client_of, monkeypatch):
    from atlas.console import dashboard

    def broken(*_args, **_values):
        raise RuntimeError("a panel broke")

    monkeypatch.setattr(dashboard, "panels_for", broken)
    client = client_of("viewer")
    client.raise_request_exception = False
    answer = client.get(reverse("admin:index"))
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "manage.py halt" in text
    assert "a panel broke" not in text


def test_the_login_page_tells_strangers_nothing_of_the_house(client):
    text = client.get(reverse("admin:login")).content.decode()
    assert "ak-word" not in text
    assert "PAPER" not in text
