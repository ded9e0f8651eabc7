"""Asking for a fresh one-time password with the POST that acts."""

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from atlas import second_factor
from atlas.console.guessing import note_wrong_code
from atlas.domain.errors import NotAllowed
from atlas.second_factor import Verdict
from atlas.step_up import Proof

CODE = "code"


def require_step_up(request: HttpRequest) -> Proof:
    """Spend the code that came with this POST; call it last, when everything else is in order.

    Whoever has a device must show it everywhere. Who has none passes only where the installation
    does not require one, with a proof that says so; grave acts refuse that proof. Raises NotAllowed
    for a wrong, old or used code, and without a device with the remedy.
    """
    user, now = request.user, timezone.now()
    if not isinstance(user, User):
        raise NotAllowed("Log in first")
    answer = second_factor.spend_code(user, request.POST.get(CODE, ""), now=now)
    if answer.verdict is Verdict.NO_DEVICE and not settings.ATLAS_REQUIRE_SECOND_FACTOR:
        return Proof(user.pk, now, by_code=False)
    note_wrong_code(request, answer, now=now)
    second_factor.require_right(answer)
    return Proof(user.pk, now, by_code=True)


def asks_for_code(request: HttpRequest) -> bool:
    """Say whether a form should show the field for the code."""
    if settings.ATLAS_REQUIRE_SECOND_FACTOR or not isinstance(request.user, User):
        return True
    return second_factor.device_of(request.user) is not None
