"""What the database roles may do, tried with their real passwords on the real server."""

import os
from io import StringIO
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_migrate
from psycopg import errors

from atlas.domain.errors import InvalidInput
from atlas.grants import grant_roles, models_open_to_signer, tables_without_verdict, verdicts
from atlas.rights import APPEND, WRITE, is_append_only, rights_of

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = "2026-01-01T00:00:00Z"
ATTEST = (
    "INSERT INTO atlas_signerattestation "
    "(attested_at, host, process_id, code_version, holds_key, address, live_trading) "
    f"VALUES ('{TODAY}', 'h', 1, 'v', false, '', false)"
)
NOTE = (
    "INSERT INTO atlas_auditevent "
    "(occurred_at, actor, request_id, action, subject_type, subject_id, reason) "
    f"VALUES ('{TODAY}', 'a', '', 'x.y', 't', '1', '')"
)


def url_of(role):
    name = {"app": "ATLAS_DATABASE_URL", "signer": "ATLAS_SIGNER_DATABASE_URL"}[role]
    parts = urlsplit(os.environ[name])
    return urlunsplit(parts._replace(path="/" + connection.settings_dict["NAME"]))


@pytest.fixture
def roles():
    users = {role: urlsplit(url_of(role)).username for role in ("app", "signer")}
    grant_roles(app_role=users["app"], signer_role=users["signer"])
    return users


@pytest.fixture
def app(roles):
    with psycopg.connect(url_of("app"), autocommit=True) as opened:
        yield opened


@pytest.fixture
def signer(roles):
    with psycopg.connect(url_of("signer"), autocommit=True) as opened:
        yield opened


def test_every_table_of_the_schema_has_a_verdict():
    assert tables_without_verdict() == []


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE atlas_auditevent",
        "TRUNCATE strategies_strategy CASCADE",
        "ALTER TABLE atlas_auditevent DISABLE TRIGGER ALL",
        "DROP TABLE strategies_strategy CASCADE",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
        "UPDATE atlas_auditevent SET reason = 'never happened'",
        "DELETE FROM atlas_auditevent",
        "UPDATE atlas_tradingstatechange SET reason = 'x'",
        "UPDATE execution_fill SET order_id = NULL",
        "DELETE FROM atlas_tradingstate",
        "UPDATE onchain_transactionpermit SET kind = 'SETUP'",
        "UPDATE onchain_transactionpermit SET intent_digest = '0x'",
        "DELETE FROM onchain_transactionpermit",
        "UPDATE atlas_approvalrequest SET change = '{}'",
        "UPDATE atlas_approvalrequest SET requester_id = 1",
        "UPDATE atlas_approvalrequest SET expires_at = now()",
        "DELETE FROM atlas_approvalrequest",
        ATTEST,
        "DELETE FROM django_migrations",
    ],
)
def test_the_app_role_is_refused_what_is_not_its_own(app, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement)


def test_the_app_role_cannot_switch_the_append_only_trigger_off_by_a_session_variable(app):
    app.execute(NOTE)
    app.execute("SET pgtrigger.ignore = '{atlas_auditevent:audit_event_append_only}'")
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute("DELETE FROM atlas_auditevent")


def test_the_app_role_does_its_daily_work(app):
    app.execute(NOTE)
    app.execute("UPDATE strategies_catalogueversion SET version = version + 1")
    app.execute("UPDATE onchain_transactionpermit SET state = 'REVOKED'")
    app.execute("UPDATE atlas_approvalrequest SET state = 'EXPIRED'")
    app.execute("SELECT 1 FROM atlas_approvalrequest FOR UPDATE")
    assert app.execute("SELECT count(*) FROM atlas_signerattestation").fetchone() == (0,)


def test_the_signer_attests_and_notes_and_touches_nothing_else(signer):
    signer.execute(ATTEST)
    signer.execute(NOTE)
    assert signer.execute("SELECT count(*) FROM atlas_tradingstate").fetchone() is not None
    for statement in (
        "UPDATE atlas_tradingstate SET state = 'ACTIVE'",
        "SELECT count(*) FROM strategies_strategy",
        "SELECT password FROM auth_user",
        "UPDATE atlas_signerattestation SET holds_key = true, address = 'x'",
        "INSERT INTO atlas_approvalrequest (kind) VALUES ('x')",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            signer.execute(statement)


def test_granting_again_takes_back_what_is_too_much(roles):
    with connection.cursor() as cursor:
        cursor.execute("GRANT DELETE, TRUNCATE ON atlas_auditevent TO " + roles["app"])
    grant_roles(app_role=roles["app"], signer_role=roles["signer"])
    with psycopg.connect(url_of("app"), autocommit=True) as app:
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("DELETE FROM atlas_auditevent")
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("TRUNCATE atlas_auditevent")


def test_the_command_migrates_first_where_it_is_asked_to(roles):
    migrated = []

    def note(sender, **_):
        migrated.append(sender.label)

    post_migrate.connect(note)
    try:
        told = StringIO()
        named = {"app_role": roles["app"], "signer_role": roles["signer"], "stdout": told}
        call_command("grant_roles", **named)
        assert migrated == []
        call_command("grant_roles", "--migrate", **named)
    finally:
        post_migrate.disconnect(note)
    assert {"atlas", "execution"} <= set(migrated)
    assert told.getvalue().count("Rights of 2 roles set on") == 2


def test_a_role_that_no_grant_could_bind_is_refused():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()
    with pytest.raises(InvalidInput, match="no grant could bind it"):
        grant_roles(app_role=owner, signer_role=owner)


def test_a_role_that_does_not_exist_is_named():
    with pytest.raises(InvalidInput, match="no role 'nobody_here'"):
        grant_roles(app_role="nobody_here", signer_role="nobody_here")


def test_append_only_models_are_recognised_by_their_triggers_and_others_are_not():
    verdict = {model._meta.label: rights_of(model) for model in apps.get_models()}
    assert verdict["execution.OrderEvent"].app == APPEND
    assert verdict["strategies.Strategy"].app == WRITE
    assert sum(is_append_only(model) for model in apps.get_models()) > 5


def test_the_signer_may_touch_only_a_handful_of_tables():
    assert set(models_open_to_signer()) == {
        "atlas_auditevent",
        "atlas_signerattestation",
        "atlas_tradingstate",
        "django_migrations",
        "onchain_contractset",
        "onchain_transactionpermit",
    }
    assert all("TRUNCATE" not in rights.app | rights.signer for rights in verdicts().values())
