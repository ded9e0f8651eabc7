"""The sealed audit log: whatever is edited, removed, added or moved afterwards is found."""

import json
import threading
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.utils import timezone

from atlas import sealing
from atlas.audit import Actor, record
from atlas.models import AuditEvent, AuditSeal

pytestmark = pytest.mark.django_db(transaction=True)

NOW = timezone.now()
# A transaction of a test beside this one, in another database of the server, holds sealing up.
PATIENCE = 90


def write(number):
    return [
        record(
            action="test.act",
            subject=("thing", str(index)),
            actor=Actor.system("test"),
            now=NOW,
            before={"n": index},
            after={"n": index + 1, "name": "ü"},
            reason=f"because {index}",
        )
        for index in range(number)
    ]


def as_superior(statement, *parameters):
    """Touch the log as somebody who can switch the triggers off: the owner."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE atlas_auditevent DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE atlas_auditseal DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        cursor.execute("ALTER TABLE atlas_auditevent ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE atlas_auditseal ENABLE TRIGGER USER")


@pytest.fixture
def sealed(monkeypatch):
    monkeypatch.setattr(sealing, "BATCH_EVENTS", 4)
    events = write(10)
    assert sealing.seal_settled(now=NOW, patience_seconds=PATIENCE) == AuditEvent.objects.count()
    return events


def findings():
    return [finding.message for finding in sealing.verify()]


def test_a_log_that_nobody_touched_holds(sealed):
    assert findings() == []
    assert AuditSeal.objects.count() >= 3
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "holds" in out.getvalue()
    assert "0 waiting" in out.getvalue()


def test_sealing_again_seals_only_what_is_new(sealed):
    assert sealing.seal_settled(now=NOW) == 0
    write(2)
    assert sealing.seal_settled(now=NOW, patience_seconds=PATIENCE) == 2
    assert findings() == []


@pytest.mark.parametrize("column", ["actor", "reason", "action", "subject_id", "request_id"])
def test_an_edited_event_is_found(sealed, column):
    as_superior(f"UPDATE atlas_auditevent SET {column} = 'else' WHERE id = %s", sealed[5].pk)
    assert any("edited or moved" in message for message in findings())
    with pytest.raises(CommandError, match="was touched"):
        call_command("verify_audit")


def test_an_edited_value_inside_the_stored_change_is_found(sealed):
    as_superior(
        "UPDATE atlas_auditevent SET after = jsonb_set(after, '{n}', '99') WHERE id = %s",
        sealed[3].pk,
    )
    assert any("edited or moved" in message for message in findings())


@pytest.mark.parametrize("position", [1, 2, 5])
def test_a_removed_event_is_found(sealed, position):
    as_superior("DELETE FROM atlas_auditevent WHERE id = %s", sealed[position].pk)
    assert any("missing" in message for message in findings())


def test_an_event_at_the_edge_of_a_seal_cannot_be_removed_at_all(sealed):
    with pytest.raises(IntegrityError, match="still referenced"):
        as_superior("DELETE FROM atlas_auditevent WHERE id = %s", sealed[0].pk)


def test_two_events_that_changed_places_are_found(sealed):
    first, second = sealed[4].pk, sealed[5].pk
    as_superior(
        "UPDATE atlas_auditevent a SET reason = b.reason, subject_id = b.subject_id, "
        "before = b.before, after = b.after FROM atlas_auditevent b "
        "WHERE (a.id, b.id) IN ((%s, %s), (%s, %s))",
        first,
        second,
        second,
        first,
    )
    assert any("edited or moved" in message for message in findings())


def test_an_event_slipped_in_below_a_seal_is_found(sealed):
    write(1)
    late = AuditEvent.objects.latest("pk").pk
    first = AuditEvent.objects.earliest("pk").pk
    as_superior("UPDATE atlas_auditevent SET id = %s WHERE id = %s", first - 1, late)
    assert any("added" in message for message in findings())


def test_a_rewritten_seal_is_found_by_the_seal_after_it(sealed):
    as_superior(
        "UPDATE atlas_auditseal SET seal_hash = '0x00' "
        "WHERE id = (SELECT min(id) FROM atlas_auditseal)"
    )
    assert any("does not follow" in message for message in findings())


def test_a_log_cut_off_at_its_end_contradicts_the_exported_head(sealed, tmp_path):
    exported = tmp_path / "head.json"
    call_command("export_audit_head", "--file", str(exported))
    call_command("verify_audit", "--head", str(exported), stdout=StringIO())
    last = AuditSeal.objects.latest("pk")
    as_superior("DELETE FROM atlas_auditseal WHERE id = %s", last.pk)
    assert findings() == []
    with pytest.raises(CommandError, match="cut off"):
        call_command("verify_audit", "--head", str(exported))


def test_a_head_of_another_log_is_refused_and_a_broken_file_named(sealed, tmp_path):
    other = tmp_path / "other.json"
    seal = AuditSeal.objects.latest("pk").pk
    other.write_text(json.dumps({"seal": seal, "seal_hash": "0x11"}))
    with pytest.raises(CommandError, match="rewritten"):
        call_command("verify_audit", "--head", str(other))
    other.write_text("no json")
    with pytest.raises(CommandError, match="no exported head"):
        call_command("verify_audit", "--head", str(other))


def test_nothing_sealed_is_no_head():
    with pytest.raises(CommandError, match="Nothing is sealed"):
        call_command("export_audit_head")


def test_an_event_whose_transaction_is_still_open_holds_the_seal_back():
    settings = connection.settings_dict
    write(1)
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
    ) as other:
        other.execute(
            "INSERT INTO atlas_auditevent (occurred_at, actor, request_id, action, "
            "subject_type, subject_id, reason) VALUES (now(), 'slow', '', 'a.b', 't', '1', '')"
        )
        write(1)
        assert sealing.seal_settled(now=NOW, patience_seconds=0.2) == 0
        other.commit()
    assert sealing.seal_settled(now=NOW, patience_seconds=PATIENCE) == AuditEvent.objects.count()
    assert findings() == []


def test_two_sealers_at_once_make_one_chain():
    write(50)
    last = sealing.mark().last_event
    results = []

    def seal():
        try:
            results.append(sealing.seal_up_to(last, now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(results) == AuditEvent.objects.filter(pk__lte=last).count()
    assert findings() == []
