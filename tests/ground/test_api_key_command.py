"""API keys from the shell."""

import io

import pytest
from django.core.management import CommandError, call_command

from atlas.api_keys import key_of
from atlas.models import ApiKey
from tests.factories import UserFactory
from tests.keys import make_key

pytestmark = pytest.mark.django_db


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("api_key", *arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def test_a_fresh_key_alone_goes_to_standard_output():
    UserFactory.create(username="ann")
    out, err = run(
        *("create", "--name", "reports", "--owner", "ann", "--scope", "trading:read"),
        *("--per-minute", "30", "--days", "10"),
    )
    row = key_of(out.removesuffix("\n"))
    assert row is not None
    assert (row.name, row.scopes, row.requests_per_minute) == ("reports", ["trading:read"], 30)
    assert "not shown again" in err
    assert out.strip() not in err


def test_a_key_is_rotated_and_revoked_by_its_prefix():
    issued = make_key()
    out, err = run("rotate", issued.row.prefix, "--reason", "yearly", "--overlap-days", "1")
    fresh = key_of(out.strip())
    assert fresh is not None
    assert "works until" in err
    said, _ = run("revoke", f"atlas_{fresh.prefix}", "--reason", "not needed")
    assert "is revoked" in said
    assert ApiKey.objects.get(pk=fresh.pk).revocation_reason == "not needed"


def test_the_list_tells_state_and_use_and_no_secret():
    issued = make_key()
    out, _ = run("list")
    assert issued.row.prefix in out
    assert "works until" in out
    assert "used never" in out
    assert issued.word not in out


def test_refusals_are_worded():
    with pytest.raises(CommandError, match="no account"):
        run("create", "--name", "x", "--owner", "nobody")
    with pytest.raises(CommandError, match="no key"):
        run("revoke", "nothing1", "--reason", "x")
    UserFactory.create(username="ann")
    with pytest.raises(CommandError, match="731 days"):
        run("create", "--name", "x", "--owner", "ann", "--days", "1000")
