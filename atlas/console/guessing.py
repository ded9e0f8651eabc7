"""What is noted of a wrong one-time password: an audit row, and an alert once there are many."""

from datetime import datetime

from django.http import HttpRequest

from atlas.access_alerts import GUESSING
from atlas.alerts import raise_alert
from atlas.audit import Actor, record
from atlas.second_factor import Answer, Verdict

MANY = 5


def note_wrong_code(request: HttpRequest, answer: Answer, *, now: datetime) -> None:
    """Note a code that was not right; says nothing of what was typed."""
    if answer.verdict in {Verdict.RIGHT, Verdict.NO_DEVICE}:
        return
    actor = Actor.of_request(request)
    subject = ("auth.user", str(request.user.pk))
    if answer.verdict is Verdict.WRONG:  # while one has to wait nothing is tried: no row each
        record(
            action="second_factor.wrong",
            subject=subject,
            actor=actor,
            now=now,
            after={"failures": answer.failures},
        )
    if answer.failures >= MANY:
        message = f"{answer.failures} wrong one-time passwords in a row for {actor.name}."
        raise_alert(GUESSING, subject=subject, message=message, now=now)
