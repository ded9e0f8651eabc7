"""Who asks: a server with a key, or a person with a console session; else a visitor."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, Throttled
from rest_framework.request import Request

from atlas.api.access import KeyHolder
from atlas.api.counting import count
from atlas.api_keys import key_of, note_use, scopes_in, why_ended
from atlas.client_address import client_address, neighbourhood
from atlas.domain.windows import Quota
from atlas.models import ApiKey

SCHEME = "Api-Key"
CHALLENGE = f'{SCHEME} realm="atlas"'
LONGEST_WORD = 100
FAILURES = Quota(requests=30, seconds=60)  # wrong keys of one address; a right one does not count
UNKNOWN_KEY = "This key is unknown; ask who gave it to you for another one"
WRONG_SCHEME = f"Send the key as: Authorization: {SCHEME} <key>"


class KeyAuthentication(BaseAuthentication):
    """Let in who sends `Authorization: Api-Key <key>`; another scheme but Basic is refused."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        """Find the holder; None where no key is sent, AuthenticationFailed where it is no good."""
        word = word_in(request.META)
        if word is None:
            return None
        now, address = timezone.now(), client_address(request._request)
        key = key_of(word) if len(word) <= LONGEST_WORD else None
        if key is None:
            raise _refusal(UNKNOWN_KEY, address)
        if ending := why_ended(key, now=now):
            raise _refusal(f"The key {key.prefix} {ending}", address)
        structlog.contextvars.bind_contextvars(key_prefix=key.prefix)
        note_use(key, address=address or None, now=now)
        return _holder_of(key), key

    def authenticate_header(self, request: Request) -> str:
        """Name the challenge of a 401."""
        return CHALLENGE


class ConsoleSession(SessionAuthentication):
    """The session of somebody who is logged in to the console."""

    def authenticate_header(self, request: Request) -> str:
        """Name the challenge of a 401."""
        return 'Session realm="atlas"'


class KeyScheme(OpenApiAuthenticationExtension):
    """Describe keys in the OpenAPI document."""

    target_class = "atlas.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Give the scheme's description."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`{SCHEME} <key>`. Keys are for servers, never for a browser.",
        }


class ConsoleSessionScheme(OpenApiAuthenticationExtension):
    """Describe the session cookie in the OpenAPI document."""

    target_class = "atlas.api.authentication.ConsoleSession"
    name = "consoleSession"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Give the scheme's description."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def word_in(headers: Mapping[str, Any]) -> str | None:
    """Read the key out of the headers; raises AuthenticationFailed for a scheme that is not ours.

    Basic is left alone: a proxy in front may ask for it and pass it on.
    """
    scheme, _, word = str(headers.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
    if not scheme or scheme.lower() == "basic":
        return None
    if scheme.lower() != SCHEME.lower() or not word.strip():
        raise AuthenticationFailed(WRONG_SCHEME)
    return word.strip()


def _holder_of(key: ApiKey) -> KeyHolder:
    """Give the holder of a valid key."""
    return KeyHolder(key.pk, key.prefix, scopes_in(key), key.requests_per_minute)


def _refusal(message: str, address: str) -> APIException:
    """Refuse a key; who tries many wrong ones is told to wait."""
    verdict = count(f"wrong-key:{neighbourhood(address)}", FAILURES)
    return AuthenticationFailed(message) if verdict.allowed else Throttled(verdict.wait_seconds)
