"""Heads of the audit chain that are kept elsewhere: a history rewritten whole contradicts them."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from atlas import audit_alerts, audit_heads, registries, sealing, tasks
from atlas.audit import Actor, record
from atlas.models import Alert, AuditEvent, AuditSeal

pytestmark = pytest.mark.django_db(transaction=True)

NOW = timezone.now()
PATIENCE = 90
RULE = "audit_chain_broken"


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.ATLAS_STORAGE_DIR = tmp_path
    return tmp_path


def write(number=3):
    for index in range(number):
        record(
            action="test.act",
            subject=("thing", str(index)),
            actor=Actor.system("test"),
            now=NOW,
            reason=f"because {index}",
        )
    sealing.seal_settled(now=NOW, patience_seconds=PATIENCE)


def rewrite_history():
    """Do what the owner of the database can: change an event and make every seal anew."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE atlas_auditevent DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE atlas_auditseal DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE atlas_auditevent SET reason = 'nothing happened' WHERE subject_id = '1'"
        )
        previous = sealing.GENESIS_HASH
        for seal in AuditSeal.objects.order_by("pk"):
            events = AuditEvent.objects.filter(
                pk__gte=seal.first_event_id, pk__lte=seal.last_event_id
            ).order_by("pk")
            made = sealing.chain_hash(previous, events)
            cursor.execute(
                "UPDATE atlas_auditseal SET previous_hash = %s, seal_hash = %s WHERE id = %s",
                [previous, made, seal.pk],
            )
            previous = made
        cursor.execute("ALTER TABLE atlas_auditevent ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE atlas_auditseal ENABLE TRIGGER USER")


def test_the_daily_head_is_a_file_a_log_line_and_goes_into_every_archive(
    storage, monkeypatch, caplog
):
    kept = {}
    monkeypatch.setattr(
        registries.archives,
        "_entries",
        {"test": lambda name, path: kept.update({name: path.read_text()})},
    )
    write()
    tasks.export_audit_head()
    (file,) = (storage / "audit-heads").iterdir()
    told = json.loads(file.read_text())
    head = sealing.head()
    assert head is not None
    assert (told["seal"], told["seal_hash"]) == (head.seal, head.seal_hash)
    assert kept == {f"audit-heads/{file.name}": file.read_text()}
    assert head.seal_hash in caplog.text


def test_a_history_that_was_rewritten_whole_holds_alone_and_contradicts_the_kept_head(storage):
    write()
    file = audit_heads.keep(now=NOW)
    write()
    call_command("verify_audit", "--against", str(file), stdout=StringIO())
    rewrite_history()
    assert list(sealing.verify()) == []
    call_command("verify_audit", stdout=StringIO())
    for against in (file, storage / "audit-heads"):
        with pytest.raises(CommandError, match="the log was rewritten"):
            call_command("verify_audit", "--against", str(against))


def test_the_nightly_look_compares_with_the_kept_heads_and_raises_an_alert():
    write()
    audit_heads.keep(now=NOW)
    tasks.verify_audit_log()
    assert not Alert.objects.filter(rule=RULE).exists()
    rewrite_history()
    tasks.verify_audit_log()
    alert = Alert.objects.get(rule=RULE)
    assert (alert.severity, "the log was rewritten" in alert.message) == ("CRITICAL", True)
    assert AuditEvent.objects.filter(action="audit.contradiction").exists()


def test_a_head_that_is_kept_is_never_written_again():
    write()
    file = audit_heads.keep(now=NOW)
    assert file is not None
    file.write_text("mine")
    assert audit_heads.keep(now=NOW) == file
    assert file.read_text() == "mine"


def test_nothing_sealed_is_nothing_to_keep(storage):
    tasks.export_audit_head()
    assert list(storage.iterdir()) == []


def test_the_command_keeps_a_head_at_once(storage):
    write()
    said = StringIO()
    call_command("export_audit_head", "--keep", stdout=said)
    (file,) = (storage / "audit-heads").iterdir()
    assert file.name in said.getvalue()


def test_events_that_wait_for_their_seal_too_long_are_told_until_they_are_sealed():
    record(action="test.act", subject=("thing", "1"), actor=Actor.system("test"), now=NOW)
    first = AuditEvent.objects.order_by("pk")[0]
    at = first.occurred_at
    assert audit_alerts.look_at_sealing(now=at + audit_alerts.UNSEALED_FOR / 2) is False
    assert audit_alerts.look_at_sealing(now=at + audit_alerts.UNSEALED_FOR) is True
    assert f"Event {first.pk}" in Alert.objects.get(rule="audit_not_sealed").message
    sealing.seal_settled(now=NOW, patience_seconds=PATIENCE)
    assert audit_alerts.look_at_sealing(now=at + audit_alerts.UNSEALED_FOR) is False
    assert Alert.objects.get(rule="audit_not_sealed").state == "RESOLVED"
