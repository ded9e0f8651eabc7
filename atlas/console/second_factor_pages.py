"""The pages around the second factor: showing it, setting a device up, and one's own access."""

import io
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode

from atlas import second_factor, sessions
from atlas.audit import Actor, record
from atlas.console.acting import REFUSED, act_page
from atlas.console.doorkeeper import OWES
from atlas.console.guessing import note_wrong_code
from atlas.domain.errors import DomainRefusal
from atlas.second_factor import Answer, Enrolment, Verdict

METHODS = ["GET", "HEAD", "POST"]
QR: Any = QRCode  # the library has no types
ENROLLING = "atlas_enrolling"
FRESH_CODES = "atlas/console/recovery_codes.html"

Page = Callable[[HttpRequest], HttpResponse]


def for_staff(page: Page) -> Page:
    """Open a page to staff that is logged in, whether or not the second factor was shown."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if not (
            isinstance(request.user, User) and request.user.is_staff and request.user.is_active
        ):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return page(request)

    return never_cache(require_http_methods(METHODS)(guarded))


@for_staff
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor and let in whoever shows it."""
    user, now = _person(request), timezone.now()
    if not sessions.standing_of(user).has_device:
        return HttpResponseRedirect(reverse("admin:enrol"))
    if request.method != "POST":
        return _ask(request)
    answer = _check(request, user)
    if answer.verdict is not Verdict.RIGHT:
        note_wrong_code(request, answer, now=now)
        return _ask(request, refused=_words(answer))
    _let_in(request, user)
    return HttpResponseRedirect(_next(request))


@for_staff
def enrol_page(request: HttpRequest) -> HttpResponse:
    """Show the QR code of a new device, and confirm the device by its first code."""
    user, now = _person(request), timezone.now()
    if sessions.standing_of(user).has_device:
        return HttpResponseRedirect(reverse("admin:my_access"))
    if request.method != "POST":
        return _show_device(request, user)
    actor = Actor.of_request(request)
    try:
        codes = second_factor.confirm_enrolment(
            user, request.POST.get("code", ""), actor=actor, now=now
        )
    except DomainRefusal as refusal:
        return _show_device(request, user, refused=refusal.message)
    request.session.pop(ENROLLING, None)
    sessions.end_sessions(
        user, reason="a device was set up", actor=actor, now=now, keep=request.session
    )
    _let_in(request, user)
    return _show_codes(request, codes)


@require_http_methods(METHODS)
@never_cache
def my_access_page(request: HttpRequest) -> HttpResponse:
    """Show one's own device and sessions; end the other sessions, draw new recovery codes."""
    user, now = _person(request), timezone.now()
    acts = {"end_sessions": _end_others, "new_codes": _new_codes}
    act = acts.get(request.POST.get("act", "")) if request.method == "POST" else None
    if act is not None:
        return act(request, user)
    device = second_factor.device_of(user)
    context = {
        "device": device,
        "codes_left": device.recovery_codes.filter(used_at=None).count() if device else 0,
        "began_at": sessions.began_at(request.session),
        "ends_at": sessions.ends_at(request.session, now=now),
        "roles": user.groups.order_by("name"),
    }
    status = 400 if request.method == "POST" else 200
    return act_page(
        request, "atlas/console/my_access.html", context, title="My access", status=status
    )


def _end_others(request: HttpRequest, user: User) -> HttpResponse:
    """End all sessions but this one."""
    sessions.end_sessions(
        user,
        reason="asked for by the person",
        actor=Actor.of_request(request),
        now=timezone.now(),
        keep=request.session,
    )
    messages.success(request, "Every other session of yours has ended.")
    return HttpResponseRedirect(reverse("admin:my_access"))


def _new_codes(request: HttpRequest, user: User) -> HttpResponse:
    """Draw new recovery codes for who shows a fresh code of the device."""
    now = timezone.now()
    try:
        answer = second_factor.spend_code(user, request.POST.get("code", ""), now=now)
        note_wrong_code(request, answer, now=now)
        second_factor.require_right(answer)
        codes = second_factor.renew_recovery_codes(user, actor=Actor.of_request(request), now=now)
    except DomainRefusal as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("admin:my_access"))
    return _show_codes(request, codes)


def _check(request: HttpRequest, user: User) -> Answer:
    """Try the typed word as a one-time password, or as a recovery code where that is said."""
    typed, now = request.POST.get("code", ""), timezone.now()
    if request.POST.get("kind") == "recovery":
        actor = Actor.of_request(request)
        return second_factor.spend_recovery_code(user, typed, actor=actor, now=now)
    return second_factor.spend_code(user, typed, now=now)


def _let_in(request: HttpRequest, user: User) -> None:
    """Mark the session and change its key, so that an older copy of it opens nothing."""
    now = timezone.now()
    request.session.cycle_key()
    sessions.mark_second_factor(request.session, now=now)
    record(action="session.second_factor", subject=user, actor=Actor.of_request(request), now=now)


def _show_device(request: HttpRequest, user: User, *, refused: str = "") -> HttpResponse:
    """Show the QR code, and the secret in letters for who cannot scan."""
    try:
        enrolment = second_factor.begin_enrolment(
            user, shown=request.session.get(ENROLLING, ""), now=timezone.now()
        )
    except DomainRefusal as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("admin:index"))
    request.session[ENROLLING] = enrolment.device.salt
    context = {
        "qr": qr_of(enrolment),
        "secret": " ".join(
            enrolment.secret[at : at + 4] for at in range(0, len(enrolment.secret), 4)
        ),
        "refused": refused,
        "must": getattr(request, OWES, False),
    }
    return _plain(request, "atlas/console/enrol.html", context, refused=refused)


def qr_of(enrolment: Enrolment) -> SafeString:
    """Draw the QR code as SVG markup: made here, nothing is fetched for it."""
    code = QR(box_size=12, border=2)
    code.add_data(enrolment.address)
    drawn = io.BytesIO()
    code.make_image(image_factory=SvgPathImage).save(drawn)
    return mark_safe(drawn.getvalue().decode().partition("?>")[2])  # noqa: S308  # our own drawing


def _ask(request: HttpRequest, *, refused: str = "") -> HttpResponse:
    context = {"refused": refused, "next": _next(request)}
    return _plain(request, "atlas/console/second_factor.html", context, refused=refused)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return _plain(request, FRESH_CODES, {"codes": codes}, refused="")


def _plain(
    request: HttpRequest, template: str, context: dict[str, Any], *, refused: str
) -> HttpResponse:
    """Answer with a page that shows nothing of the house."""
    return render(request, template, context, status=REFUSED if refused else 200)


def _words(answer: Answer) -> str:
    try:
        second_factor.require_right(answer)
    except DomainRefusal as refusal:
        return refusal.message
    return ""


def _next(request: HttpRequest) -> str:
    """Give the page of this house that was wanted, else the dashboard."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, hosts, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("this page is for people who are logged in")
    return request.user
