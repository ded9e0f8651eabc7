"""Sending what the outbox holds, one message at a time, outside of any transaction.

A message is claimed, sent, and its outcome written: three separate steps, so that no lock is held
while a far host takes its time. A sender that dies in between leaves a claim that runs out, and the
message is sent again: told twice is better than never.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from atlas.alert_codes import UNDELIVERED
from atlas.alert_wire import hand_over
from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor
from atlas.domain.alert_channels import Channel, by_name
from atlas.domain.alerts import AlertSeverity, DeliveryState
from atlas.domain.telling import retry_after
from atlas.models import AlertDelivery

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
PASS_LASTS = timedelta(seconds=30)
TELL_AFTER_ATTEMPTS = 3

Clock = Callable[[], datetime]


def send_due(*, clock: Clock, channels: Sequence[Channel]) -> int:
    """Send what is due until nothing is left or half a minute has passed; gives how many arrived.

    A channel that fails once is left alone for the rest of the pass: a host that hangs must not keep
    the others waiting.
    """
    known = by_name(channels)
    _give_up_unknown(known)
    began, sent = clock(), 0
    healthy = dict(known)
    while healthy and clock() - began < PASS_LASTS:
        delivery = _claim(list(healthy), now=clock())
        if delivery is None:
            break
        notice = delivery.notice
        error = hand_over(
            healthy[delivery.channel],
            title=notice.title,
            body=notice.body,
            severity=AlertSeverity(notice.severity),
        )
        if error:
            del healthy[delivery.channel]
            _failed(delivery, error, now=clock())
        else:
            sent += 1
            _arrived(delivery, now=clock())
    return sent


def _claim(channels: Sequence[str], *, now: datetime) -> AlertDelivery | None:
    """Take the oldest message that is due, so that no other sender takes it meanwhile."""
    with transaction.atomic():
        delivery = (
            AlertDelivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("notice__alert")
            .filter(next_attempt_at__lte=now, channel__in=channels)
            .order_by("pk")
            .first()
        )
        if delivery is None:
            return None
        delivery.state = DeliveryState.SENDING
        delivery.attempts += 1
        delivery.next_attempt_at = now + LEASE
        delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
    return delivery


def _arrived(delivery: AlertDelivery, *, now: datetime) -> None:
    """Write that a message arrived, and that its channel works."""
    delivery.state, delivery.sent_at = DeliveryState.SENT, now
    delivery.next_attempt_at, delivery.error = None, ""
    delivery.save(update_fields=["state", "sent_at", "next_attempt_at", "error"])
    log.info("alert_sent", delivery=delivery.pk, channel=delivery.channel)
    resolve_by_itself(
        UNDELIVERED,
        subject=("alert channel", delivery.channel),
        key=delivery.channel,
        reason="a message arrived",
        actor=Actor.system("alert sender"),
        now=now,
    )


def _failed(delivery: AlertDelivery, error: str, *, now: datetime) -> None:
    """Write why a message did not arrive, and when it is tried again, if it is."""
    pause = retry_after(delivery.attempts)
    delivery.state = DeliveryState.FAILED if pause is None else DeliveryState.WAITING
    delivery.next_attempt_at = None if pause is None else now + pause
    delivery.error = error
    delivery.save(update_fields=["state", "next_attempt_at", "error"])
    log.warning(
        "alert_not_sent",
        delivery=delivery.pk,
        channel=delivery.channel,
        attempts=delivery.attempts,
        error=error,
    )
    if delivery.attempts >= TELL_AFTER_ATTEMPTS and delivery.notice.alert.rule != UNDELIVERED:
        _tell_of(delivery, now=now)


def _tell_of(delivery: AlertDelivery, *, now: datetime) -> None:
    """Raise an alert about a channel, which the other channels carry."""
    raise_alert(
        UNDELIVERED,
        subject=("alert channel", delivery.channel),
        key=delivery.channel,
        message=(
            f"The channel {delivery.channel} did not take a message in {delivery.attempts} attempts: "
            f"{delivery.error}"
        ),
        now=now,
    )


def _give_up_unknown(known: Collection[str]) -> None:
    """End the messages to channels that the settings no longer name."""
    waiting = AlertDelivery.objects.filter(next_attempt_at__isnull=False).exclude(channel__in=known)
    waiting.update(
        state=DeliveryState.FAILED,
        next_attempt_at=None,
        error="the settings no longer name this channel",
    )
