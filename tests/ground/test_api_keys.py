"""The life of an API key: issued, found, rotated, revoked; and that it is nowhere in the clear."""

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from atlas.api.access import EVERYTHING, NOTHING, Scope
from atlas.api_keys import key_of, note_use, revoke_key, rotate_key, scopes_in, why_ended
from atlas.domain.errors import ConflictingState, InvalidInput
from atlas.models import ApiKey, AuditEvent
from tests.factories import UserFactory
from tests.keys import ACTOR, make_key

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def rows_as_text():
    """Write down everything that the tables of keys and of the audit log hold."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM atlas_apikey k")
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT row_to_json(a)::text FROM atlas_auditevent a")
        return "\n".join(found + [row[0] for row in cursor.fetchall()])


def found(word):
    row = key_of(word)
    assert row is not None
    return row


def test_a_key_is_branded_found_by_its_word_and_kept_as_a_hash_only():
    issued = make_key()
    assert issued.word.startswith(f"atlas_{issued.row.prefix}.")
    assert len(issued.word) == 47
    assert key_of(issued.word) == issued.row
    secret = issued.word.partition(".")[2]
    assert secret not in rows_as_text()
    assert issued.row.hashed_key == "sha512$$" + hashlib.sha512(issued.word.encode()).hexdigest()
    assert secret not in repr(issued)
    assert str(issued.row.pk).isdigit()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda word: word[:-1] + ("a" if word[-1] != "a" else "b"),
        lambda word: word + "x",
        lambda word: word.removeprefix("atlas_"),
        lambda word: word.partition(".")[0],
        lambda word: word.partition(".")[0] + ".",
        lambda word: "atlas_" + "x" * 8 + "." + word.partition(".")[2],
        lambda word: word.upper(),
        lambda word: "",
        lambda word: "atlas_\x00." + word,
    ],
)
def test_any_other_word_finds_nothing(spoil):
    word = make_key().word
    assert key_of(spoil(word)) is None


def test_finding_a_key_costs_one_query_and_no_slow_hash(django_assert_num_queries, monkeypatch):
    word = make_key().word

    def slow(*_args, **_kwargs):
        raise AssertionError("a key of 190 bits needs no slow hash")

    monkeypatch.setattr("hashlib.pbkdf2_hmac", slow)
    monkeypatch.setattr("hashlib.scrypt", slow)
    with django_assert_num_queries(1):
        assert key_of(word) is not None


def test_a_key_ends_by_its_date_by_being_revoked_and_with_its_owner():
    row = make_key(now=NOW).row
    assert why_ended(row, now=NOW) == ""
    assert "expired" in why_ended(row, now=NOW + timedelta(days=1))
    row.owner.is_active = False
    assert "inactive" in why_ended(row, now=NOW)
    revoked = revoke_key(row, reason="lost", actor=ACTOR, now=NOW)
    assert why_ended(revoked, now=NOW) == "is revoked"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"expires_at": NOW}, "end after now"),
        ({"expires_at": NOW + timedelta(days=800)}, "731 days"),
        ({"requests_per_minute": 0}, "between 1 and 6000"),
        ({"requests_per_minute": 6001}, "between 1 and 6000"),
    ],
)
def test_a_key_without_name_end_or_limit_is_refused(wanted, said):
    with pytest.raises(InvalidInput, match=said):
        make_key(now=NOW, **wanted)


def test_nobody_who_is_gone_gets_a_key():
    with pytest.raises(InvalidInput, match="inactive"):
        make_key(owner=UserFactory.create(is_active=False))


def test_rotation_gives_the_same_rights_and_lets_the_old_key_work_a_while():
    old = make_key(now=NOW, scopes={Scope.CATALOGUE}, expires_at=NOW + timedelta(days=100))
    fresh = rotate_key(old.row, overlap=timedelta(days=7), reason="yearly", actor=ACTOR, now=NOW)
    assert (fresh.row.scopes, fresh.row.owner) == (["catalogue:read"], old.row.owner)
    assert fresh.row.expiry_date is not None
    assert fresh.row.expiry_date > NOW + timedelta(days=99)
    replaced = found(old.word)
    assert replaced.replaced_by == fresh.row
    assert replaced.expiry_date == NOW + timedelta(days=7)
    assert why_ended(replaced, now=NOW + timedelta(days=6)) == ""
    assert why_ended(replaced, now=NOW + timedelta(days=8))
    with pytest.raises(ConflictingState, match="successor"):
        rotate_key(replaced, overlap=timedelta(0), reason="again", actor=ACTOR, now=NOW)


def test_rotation_never_lengthens_the_life_of_the_old_key():
    old = make_key(now=NOW, expires_at=NOW + timedelta(hours=2))
    rotate_key(old.row, overlap=timedelta(days=7), reason="early", actor=ACTOR, now=NOW)
    assert found(old.word).expiry_date == NOW + timedelta(hours=2)


def test_what_has_ended_is_not_rotated_and_is_revoked_once():
    row = revoke_key(make_key().row, reason="leaked", actor=ACTOR, now=NOW)
    with pytest.raises(ConflictingState, match="issue a new key"):
        rotate_key(row, overlap=timedelta(0), reason="try", actor=ACTOR, now=NOW)
    with pytest.raises(ConflictingState, match="revoked already"):
        revoke_key(row, reason="again", actor=ACTOR, now=NOW)


@pytest.mark.parametrize("overlap", [timedelta(days=-1), timedelta(days=31)])
def test_an_overlap_out_of_range_is_refused(overlap):
    with pytest.raises(InvalidInput, match="overlap"):
        rotate_key(make_key().row, overlap=overlap, reason="x", actor=ACTOR, now=NOW)


def test_acts_need_a_reason_and_leave_an_audit_row():
    issued = make_key()
    for act in (
        lambda: revoke_key(issued.row, reason=" ", actor=ACTOR, now=NOW),
        lambda: rotate_key(issued.row, overlap=timedelta(0), reason="", actor=ACTOR, now=NOW),
    ):
        with pytest.raises(InvalidInput, match="Say why"):
            act()
    fresh = rotate_key(issued.row, overlap=timedelta(0), reason="yearly", actor=ACTOR, now=NOW)
    revoke_key(fresh.row, reason="not needed", actor=ACTOR, now=NOW)
    events = AuditEvent.objects.filter(subject_type="atlas.apikey").order_by("pk")
    assert [event.action for event in events] == [
        "api_key.issue",
        "api_key.issue",
        "api_key.rotate",
        "api_key.revoke",
    ]
    rotated = events[2]
    assert rotated.reason == "yearly"
    assert rotated.after is not None
    assert rotated.after["replaced_by"] == fresh.row.prefix
    assert rotated.after["prefix"] == issued.row.prefix


def test_use_is_written_down_at_most_once_a_minute(django_assert_num_queries):
    row = make_key().row
    note_use(row, address="198.51.100.1", now=NOW)
    row.refresh_from_db()
    assert (row.last_used_at, row.last_used_address) == (NOW, "198.51.100.1")
    with django_assert_num_queries(0):
        note_use(row, address="198.51.100.2", now=NOW + timedelta(seconds=59))
    note_use(row, address="198.51.100.2", now=NOW + timedelta(seconds=60))
    row.refresh_from_db()
    assert row.last_used_address == "198.51.100.2"


def test_scopes_are_what_was_given():
    assert scopes_in(make_key(scopes=NOTHING).row) == NOTHING
    assert scopes_in(make_key(scopes=EVERYTHING).row) == EVERYTHING


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"scopes": ["everything"]}, "api_key_scopes_known"),
        ({"expiry_date": None}, "api_key_ends_some_day"),
        ({"requests_per_minute": 0}, "api_key_rate_in_range"),
        ({"revoked": True}, "api_key_revoked_by_somebody"),
        ({"name": ""}, "api_key_has_a_name"),
    ],
)
def test_the_database_binds_the_shell_too(change, constraint):
    row = make_key().row
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ApiKey.objects.filter(pk=row.pk).update(**change)
