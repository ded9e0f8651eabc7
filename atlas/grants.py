"""Giving the database roles exactly their rights: `manage.py grant_roles`, run as the owner."""

from collections.abc import Iterable

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from atlas.domain.errors import InvalidInput
from atlas.rights import NONE, READ, Rights, rights_of

MIGRATIONS_TABLE = "django_migrations"


def verdicts() -> dict[str, Rights]:
    """Give the rights on every table that the models and Django itself own."""
    found = {
        model._meta.db_table: rights_of(model)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    found[MIGRATIONS_TABLE] = Rights(app=READ, signer=READ)
    return found


def grant_roles(*, app_role: str, signer_role: str) -> list[str]:
    """Revoke everything from both roles, then grant what the verdicts say, in one transaction.

    Gives one line a table. Raises InvalidInput where a role does not exist or is more than an
    ordinary role.
    """
    for role in (app_role, signer_role):
        _require_ordinary_role(role)
    lines = []
    with transaction.atomic():
        for role in (app_role, signer_role):
            _reset(role)
        for table, rights in sorted(verdicts().items()):
            _grant(table, rights.app, app_role)
            _grant_columns(table, rights.app_updates, app_role)
            _grant(table, rights.signer, signer_role)
            lines.append(f"{table}: app {_words(rights.app)}, signer {_words(rights.signer)}")
    return lines


def _require_ordinary_role(role: str) -> None:
    """Refuse a role that no grant could bind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolname = current_user "
            "FROM pg_roles WHERE rolname = %s",
            [role],
        )
        row = cursor.fetchone()
    if row is None:
        raise InvalidInput(f"The database has no role {role!r}; create it before granting")
    if row[0]:
        raise InvalidInput(
            f"{role!r} is a superuser, may create roles, or is the owner itself: "
            "no grant could bind it; use an ordinary role"
        )


def _reset(role: str) -> None:
    """Take back whatever the role has in our schema, then let it in."""
    _execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}", role=role)
    _execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}", role=role)
    _execute("REVOKE ALL ON SCHEMA public FROM {role}", role=role)
    _execute("GRANT USAGE ON SCHEMA public TO {role}", role=role)


def _grant(table: str, verbs: frozenset[str], role: str) -> None:
    """Grant verbs on one table; a sequence behind it goes with the right to insert."""
    if not verbs:
        return
    _execute(
        "GRANT {verbs} ON TABLE {table} TO {role}", role=role, table=table, verbs=sorted(verbs)
    )
    if "INSERT" in verbs:
        for sequence in _sequences(table):
            _execute("GRANT USAGE, SELECT ON SEQUENCE {table} TO {role}", role=role, table=sequence)


def _grant_columns(table: str, columns: Iterable[str], role: str) -> None:
    """Grant the update of single columns."""
    names = list(columns)
    if not names:
        return
    statement = sql.SQL("GRANT UPDATE ({columns}) ON TABLE {table} TO {role}").format(
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        table=sql.Identifier(table),
        role=sql.Identifier(role),
    )
    _run(statement)


def _execute(template: str, *, role: str, table: str = "", verbs: Iterable[str] = ()) -> None:
    """Fill a statement with quoted names and run it."""
    statement = sql.SQL(template).format(
        role=sql.Identifier(role),
        table=sql.Identifier(table) if table else sql.SQL(""),
        verbs=sql.SQL(", ").join(map(sql.SQL, verbs)),
    )
    _run(statement)


def _run(statement: sql.Composed) -> None:
    """Run a composed statement on Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None))


def _sequences(table: str) -> list[str]:
    """List the sequences that a table's columns own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.relname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid "
            "JOIN pg_class t ON t.oid = d.refobjid "
            "WHERE s.relkind = 'S' AND t.relname = %s AND d.deptype IN ('a', 'i')",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def _words(verbs: frozenset[str]) -> str:
    """Write a set of verbs for a person."""
    return "/".join(sorted(verbs)).lower() if verbs else "nothing"


def tables_without_verdict() -> list[str]:
    """List the tables of the schema that nobody decided about; there should be none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        present = {name for (name,) in cursor.fetchall()}
    return sorted(present - verdicts().keys())


def models_open_to_signer() -> dict[str, Rights]:
    """List the tables that the signer may touch at all."""
    return {table: rights for table, rights in verdicts().items() if rights.signer != NONE}
