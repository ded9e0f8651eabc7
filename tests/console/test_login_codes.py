"""Codes of a one-time password device: spent once, soon too old, and not to be guessed."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from atlas import second_factor
from atlas.audit import Actor
from atlas.domain.errors import ConflictingState, InvalidInput, NotAllowed
from atlas.models import AuditEvent, OneTimeDevice, RecoveryCode, SessionEpoch
from atlas.second_factor import Verdict
from tests.console.devices import code_at, give_device
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def person():
    return UserFactory.create(username="ann")


@pytest.fixture
def actor(person):
    return Actor("ann", person)


@pytest.fixture
def device(person):
    return give_device(person, now=NOW)


def spend(person, code, *, now=NOW):
    return second_factor.spend_code(person, code, now=now).verdict


def test_a_code_is_right_once_and_never_again(person, device):
    code = code_at(device, NOW)
    assert spend(person, code) is Verdict.RIGHT
    assert spend(person, code) is Verdict.WRONG


def test_blanks_between_the_digits_do_no_harm(person, device):
    code = code_at(device, NOW)
    assert spend(person, f" {code[:3]} {code[3:]} ") is Verdict.RIGHT


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_one_step_off(person, device, steps):
    assert spend(person, code_at(device, NOW + steps * timedelta(seconds=30))) is Verdict.RIGHT


@pytest.mark.parametrize(
    "off", [timedelta(minutes=-5), timedelta(minutes=-2), timedelta(minutes=2)]
)
def test_an_old_code_and_one_of_the_future_are_refused(person, device, off):
    assert spend(person, code_at(device, NOW + off)) is Verdict.WRONG


def test_a_code_before_a_spent_one_is_spent_too(person, device):
    earlier = code_at(device, NOW - timedelta(seconds=30))
    assert spend(person, code_at(device, NOW)) is Verdict.RIGHT
    assert spend(person, earlier) is Verdict.WRONG


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", chr(0xFF11) * 6, "x" * 1000])
def test_what_is_no_code_is_just_wrong(person, device, typed):
    assert spend(person, typed) is Verdict.WRONG


def test_guessing_is_slowed_down_and_the_right_code_waits_too(person, device):
    for _ in range(3):
        assert spend(person, "000000") is Verdict.WRONG
    answer = second_factor.spend_code(person, code_at(device, NOW), now=NOW)
    assert answer.verdict is Verdict.WAIT
    assert answer.wait == timedelta(seconds=30)
    later = NOW + timedelta(seconds=31)
    assert spend(person, code_at(device, later), now=later) is Verdict.RIGHT
    device.refresh_from_db()
    assert (device.failures, device.failed_at) == (0, None)


def test_the_wait_doubles_and_has_an_end(person, device):
    waits = []
    for failures in (3, 4, 5, 30):
        OneTimeDevice.objects.update(failures=failures, failed_at=NOW)
        waits.append(second_factor.spend_code(person, "1", now=NOW).wait)
    assert waits == [timedelta(seconds=one) for one in (30, 60, 120, 900)]


def test_without_a_device_the_remedy_is_named(person):
    answer = second_factor.spend_code(person, "123456", now=NOW)
    assert answer.verdict is Verdict.NO_DEVICE
    with pytest.raises(NotAllowed, match="My access"):
        second_factor.require_right(answer)


def test_an_unconfirmed_device_opens_nothing(person):
    made = second_factor.begin_enrolment(person, shown="", now=NOW).device
    assert spend(person, code_at(made, NOW)) is Verdict.NO_DEVICE


def test_the_database_holds_no_secret(person, device, settings):
    secret = second_factor.device_secret(device)
    row = OneTimeDevice.objects.values().get()
    assert secret not in repr(row)
    settings.SECRET_KEY = "another key " * 6
    assert second_factor.device_secret(device) != secret


def test_what_another_session_was_shown_is_not_what_the_owner_confirms(person):
    first = second_factor.begin_enrolment(person, shown="", now=NOW)
    again = second_factor.begin_enrolment(person, shown=first.device.salt, now=NOW)
    assert again.secret == first.secret
    elsewhere = second_factor.begin_enrolment(person, shown="", now=NOW)
    assert elsewhere.secret != first.secret
    assert OneTimeDevice.objects.count() == 1


def test_nobody_gets_a_second_device(person, device):
    with pytest.raises(ConflictingState, match="lost_device"):
        second_factor.begin_enrolment(person, shown="", now=NOW)


def test_a_wrong_first_code_confirms_nothing(person, actor):
    second_factor.begin_enrolment(person, shown="", now=NOW)
    with pytest.raises(NotAllowed, match="wrong"):
        second_factor.confirm_enrolment(person, "000000", actor=actor, now=NOW)
    assert second_factor.device_of(person) is None


def test_recovery_codes_let_in_once_and_are_kept_as_hashes(person, actor, device):
    codes = second_factor.renew_recovery_codes(person, actor=actor, now=NOW)
    assert len(set(codes)) == 10
    stored = repr(list(RecoveryCode.objects.values()))
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)

    def use(code):
        return second_factor.spend_recovery_code(person, code, actor=actor, now=NOW).verdict

    assert use(codes[0].upper().replace("-", " ")) is Verdict.RIGHT
    assert use(codes[0]) is Verdict.WRONG
    assert AuditEvent.objects.filter(action="second_factor.recovery_code").count() == 1
    second_factor.renew_recovery_codes(person, actor=actor, now=NOW)
    assert use(codes[1]) is Verdict.WRONG


def test_a_recovery_code_is_no_one_time_password(person, actor, device):
    (code, *_) = second_factor.renew_recovery_codes(person, actor=actor, now=NOW)
    assert spend(person, code) is Verdict.WRONG


def test_a_lost_device_is_forgotten_with_a_reason_and_ends_every_session(person, device):
    out = StringIO()
    call_command("lost_device", "ann", "--reason", "seen in person", stdout=out)
    assert "at the next login" in out.getvalue()
    assert not OneTimeDevice.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert SessionEpoch.objects.get().epoch == 1
    event = AuditEvent.objects.get(action="second_factor.lost_device")
    assert event.reason == "seen in person"
    assert event.actor.startswith("shell:")


def test_a_lost_device_needs_a_reason_a_device_and_a_person(person, device):
    with pytest.raises(InvalidInput):
        second_factor.forget_device(person, reason=" ", actor=Actor.system("x"), now=NOW)
    with pytest.raises(CommandError, match="no account"):
        call_command("lost_device", "nobody", "--reason", "x")
    call_command("lost_device", "ann", "--reason", "x", stdout=StringIO())
    with pytest.raises(CommandError, match="no one-time password device"):
        call_command("lost_device", "ann", "--reason", "x")
