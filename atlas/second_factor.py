"""One-time passwords of people: enrolling a device, spending a code once, losing the device.

The secret of a device is not stored: it is the keyed hash of a random salt under the installation's
secret key, so a copied database opens nothing. A code is spent under the device's row lock. All
comparisons look at every candidate and take the same time whatever was typed.
"""

import hmac
import secrets
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP

from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState, InvalidInput, NotAllowed
from atlas.models import OneTimeDevice, RecoveryCode

STEP_SECONDS, DIGITS = 30, 6
TOLERANCE_STEPS = 1  # clocks of telephones are off by seconds; an accepted code is 60 s old at most
SECRET_BYTES, SALT_BYTES = 20, 32
RECOVERY_CODES, RECOVERY_BYTES = 10, 10
FREE_FAILURES = 3
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
TIME_BASED: Any = TOTP  # the library has no types
PURPOSE = "atlas.second_factor.device"


class Verdict(StrEnum):
    """What came of a typed code."""

    RIGHT = "right"
    WRONG = "wrong"
    WAIT = "wait"
    NO_DEVICE = "no device"


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on a code; `wait` is how long to wait where there were too many wrong ones."""

    verdict: Verdict
    wait: timedelta = timedelta(0)
    failures: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """A device that waits for its first code, with what its owner's telephone has to know."""

    device: OneTimeDevice
    secret: str
    address: str


def device_of(user: User) -> OneTimeDevice | None:
    """Give a person's device if it is confirmed."""
    return OneTimeDevice.objects.filter(user=user, confirmed_at__isnull=False).first()


def begin_enrolment(user: User, *, shown: str, now: datetime) -> Enrolment:
    """Give the person's unconfirmed device, drawn anew unless it is the one shown in this session.

    `shown` is the salt that this session remembers: whoever saw the secret in another session never
    shares it with the owner. Raises ConflictingState where a confirmed one exists: a second device would be a second way in.
    """
    with transaction.atomic():
        salt = secrets.token_hex(SALT_BYTES)
        device, created = OneTimeDevice.objects.select_for_update().get_or_create(
            user=user, defaults={"salt": salt, "created_at": now}
        )
        if device.confirmed_at is not None:
            raise ConflictingState(
                "You have a one-time password device already; if it is lost, ask an administrator "
                "for `manage.py lost_device`"
            )
        if not created and not hmac.compare_digest(device.salt, shown):
            device.salt, device.created_at, device.last_step = salt, now, 0
            device.save(update_fields=["salt", "created_at", "last_step"])
    secret = b32encode(_secret(device)).decode()
    return Enrolment(device, secret, _address(user, secret))


def confirm_enrolment(user: User, code: str, *, actor: Actor, now: datetime) -> list[str]:
    """Confirm a device by its first code; gives the recovery codes, which nobody can show again.

    Raises NotAllowed for a wrong code, ConflictingState where nothing waits to be confirmed.
    """
    device = OneTimeDevice.objects.filter(user=user, confirmed_at__isnull=True).first()
    if device is None:
        raise ConflictingState("No device waits for its first code; begin again")
    answer = _spend(device.pk, lambda locked: _spend_step(locked, code, now=now), now=now)
    require_right(answer)
    with transaction.atomic():
        OneTimeDevice.objects.filter(pk=device.pk).update(confirmed_at=now)
        codes = _draw_recovery_codes(device)
        _note("second_factor.enrol", user, actor=actor, now=now)
    return codes


def spend_code(user: User, code: str, *, now: datetime) -> Answer:
    """Spend a one-time password of a confirmed device; the same code is never right again."""
    device = device_of(user)
    if device is None:
        return Answer(Verdict.NO_DEVICE)
    return _spend(device.pk, lambda locked: _spend_step(locked, code, now=now), now=now)


def spend_recovery_code(user: User, code: str, *, actor: Actor, now: datetime) -> Answer:
    """Spend one of the codes on paper; it lets in, it never approves anything."""
    device = device_of(user)
    if device is None:
        return Answer(Verdict.NO_DEVICE)
    answer = _spend(device.pk, lambda locked: _spend_paper(locked, code, now=now), now=now)
    if answer.verdict is Verdict.RIGHT:
        _note("second_factor.recovery_code", user, actor=actor, now=now)
    return answer


def renew_recovery_codes(user: User, *, actor: Actor, now: datetime) -> list[str]:
    """Replace all recovery codes. Raises ConflictingState where there is no device."""
    device = device_of(user)
    if device is None:
        raise ConflictingState("You have no one-time password device yet: set one up first")
    with transaction.atomic():
        device.recovery_codes.all().delete()
        codes = _draw_recovery_codes(device)
        _note("second_factor.renew_recovery_codes", user, actor=actor, now=now)
    return codes


def forget_device(user: User, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a lost device out of use with all its recovery codes.

    Raises InvalidInput without a reason, ConflictingState where there is no device.
    """
    if not reason.strip():
        raise InvalidInput("A reason is needed: how was it made sure that the owner asks?")
    with transaction.atomic():
        device = OneTimeDevice.objects.select_for_update().filter(user=user).first()
        if device is None:
            raise ConflictingState(f"{user.get_username()} has no one-time password device")
        device.recovery_codes.all().delete()
        device.delete()
        _note("second_factor.lost_device", user, actor=actor, now=now, reason=reason)


def require_right(answer: Answer) -> None:
    """Turn a verdict into words. Raises NotAllowed unless the code was right."""
    if answer.verdict is Verdict.RIGHT:
        return
    if answer.verdict is Verdict.WAIT:
        seconds = max(1, int(answer.wait.total_seconds()))
        raise NotAllowed(f"Too many wrong codes: wait {seconds} s, then type a new one")
    if answer.verdict is Verdict.NO_DEVICE:
        raise NotAllowed(
            "This needs a one-time password and you have no device: set one up under "
            "'My access' in the console first"
        )
    raise NotAllowed(
        "The one-time password is wrong, too old or was used before: wait for the next one"
    )


def device_secret(device: OneTimeDevice) -> str:
    """Give the device's secret in base 32, as a telephone takes it."""
    return b32encode(_secret(device)).decode()


def _secret(device: OneTimeDevice) -> bytes:
    return salted_hmac(PURPOSE, device.salt, algorithm="sha256").digest()[:SECRET_BYTES]


def _address(user: User, secret: str) -> str:
    """Write the otpauth address that goes into the QR code."""
    issuer = f"Atlas {settings.ATLAS_INSTANCE_NAME}"
    query = urlencode(
        {"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS},
        quote_via=quote,
    )
    return f"otpauth://totp/{quote(issuer)}:{quote(user.get_username())}?{query}"


def _spend(device_pk: int, attempt: Callable[[OneTimeDevice], bool], *, now: datetime) -> Answer:
    """Try a code under the row lock; a wrong one is counted whatever happens afterwards."""
    with transaction.atomic():
        device = OneTimeDevice.objects.select_for_update().filter(pk=device_pk).first()
        if device is None:
            return Answer(Verdict.NO_DEVICE)
        wait = _wait(device, now=now)
        if wait > timedelta(0):
            return Answer(Verdict.WAIT, wait, device.failures)
        is_right = attempt(device)
        device.failures = 0 if is_right else device.failures + 1
        device.failed_at = None if is_right else now
        device.save(update_fields=["last_step", "failures", "failed_at"])
    return Answer(Verdict.RIGHT if is_right else Verdict.WRONG, failures=device.failures)


def _wait(device: OneTimeDevice, *, now: datetime) -> timedelta:
    """Tell how long this device takes no code: doubled with each wrong one after the third."""
    if device.failed_at is None or device.failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(device.failures - FREE_FAILURES, 10)
    wait: timedelta = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    return device.failed_at + wait - now


def _spend_step(device: OneTimeDevice, code: str, *, now: datetime) -> bool:
    """Look for the code among the steps around now; a spent step is wrong."""
    clock = TIME_BASED(_secret(device), step=STEP_SECONDS, digits=DIGITS)
    clock.time = int(now.timestamp())
    present = clock.t()
    typed = "".join(code.split()).encode()
    found = 0
    for step in range(present - TOLERANCE_STEPS, present + TOLERANCE_STEPS + 1):
        clock.drift = step - present
        same = hmac.compare_digest(f"{clock.token():0{DIGITS}d}".encode(), typed)
        found = step if same and step > device.last_step else found
    device.last_step = found or device.last_step
    return found > 0


def _spend_paper(device: OneTimeDevice, code: str, *, now: datetime) -> bool:
    """Look for the code among those not used yet."""
    typed = _hashed(device, code)
    found = None
    for one in RecoveryCode.objects.filter(device=device, used_at__isnull=True):
        found = one if hmac.compare_digest(one.code_hash, typed) else found
    if found is None:
        return False
    found.used_at = now
    found.save(update_fields=["used_at"])
    return True


def _draw_recovery_codes(device: OneTimeDevice) -> list[str]:
    """Draw codes of 80 random bits and keep their hashes; a slow hash would add nothing to that."""
    codes = [
        b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(device=device, code_hash=_hashed(device, code)) for code in codes
    )
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def _hashed(device: OneTimeDevice, code: str) -> str:
    plain = "".join(one for one in code.lower() if one.isalnum())
    return "0x" + sha256(f"{device.salt}:{plain}".encode()).hexdigest()


def _note(action: str, user: User, *, actor: Actor, now: datetime, reason: str = "") -> None:
    record(
        action=action,
        subject=user,
        actor=actor,
        now=now,
        after={"name": user.get_username()},
        reason=reason,
    )
