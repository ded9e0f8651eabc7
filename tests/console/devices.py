"""Authenticators of people in tests: they know the device's secret and show codes like a telephone."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from django_otp.oath import TOTP

from atlas.audit import Actor
from atlas.models import OneTimeDevice
from atlas.second_factor import _secret, begin_enrolment, confirm_enrolment


def code_at(device: OneTimeDevice, at: datetime) -> str:
    """Give the code that the device shows at a moment."""
    clock = TOTP(_secret(device))
    clock.time = int(at.timestamp())
    return f"{clock.token():06d}"


def give_device(user: User, *, now: datetime | None = None) -> OneTimeDevice:
    """Set a device up for a person, ten minutes ago, so that every present code is unspent."""
    then = (now or timezone.now()) - timedelta(minutes=10)
    device = begin_enrolment(user, shown="", now=then).device
    confirm_enrolment(user, code_at(device, then), actor=Actor(user.username, user), now=then)
    device.refresh_from_db()
    return device
