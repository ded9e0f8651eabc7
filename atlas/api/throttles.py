"""How often one may ask: a key as often as it says, a person and an address as often as we say."""

from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from atlas.api.access import KeyHolder
from atlas.api.counting import count
from atlas.client_address import client_address, neighbourhood
from atlas.domain.windows import Quota, Verdict

WINDOW_SECONDS = 60
PERSON_PER_MINUTE = 600
LIMIT_ATTRIBUTE = "atlas_limit"  # where the middleware finds what it tells of a request


class Limit:
    """What a client was told: whose limit it is and where it stands."""

    def __init__(self, policy: str, quota: Quota, verdict: Verdict) -> None:
        self.policy, self.quota, self.verdict = policy, quota, verdict

    def headers(self) -> dict[str, str]:
        """Word it as the standard's `RateLimit` fields."""
        remaining, reset = self.verdict.remaining, self.verdict.reset_seconds
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota.requests};w={self.quota.seconds}',
            "RateLimit": f'"{self.policy}";r={remaining};t={reset}',
        }


class ReaderThrottle(BaseThrottle):
    """Count a request for its key, its person or its address, whichever is known first."""

    def __init__(self) -> None:
        self._wait: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; gives whether it is served."""
        policy, client, quota = counted_as(request)
        verdict = count(f"{policy}:{client}", quota)
        setattr(request._request, LIMIT_ATTRIBUTE, Limit(policy, quota, verdict))
        self._wait = verdict.wait_seconds or None
        return verdict.allowed

    def wait(self) -> float | None:
        """Give the seconds after which the client may come back."""
        return self._wait


def counted_as(request: Request) -> tuple[str, str, Quota]:
    """Give the name of the limit, the client that it counts, and its quota."""
    reader: Any = request.user  # the framework's types know no holders of keys
    if isinstance(reader, KeyHolder):
        return "key", str(reader.key_id), Quota(reader.requests_per_minute, WINDOW_SECONDS)
    if isinstance(reader, AbstractBaseUser) and reader.is_authenticated:
        return "person", str(reader.pk), Quota(PERSON_PER_MINUTE, WINDOW_SECONDS)
    address = neighbourhood(client_address(request._request))
    return "address", address, Quota(settings.ATLAS_API_VISITOR_PER_MINUTE, WINDOW_SECONDS)


def limit_of(request: HttpRequest) -> Limit | None:
    """Give what a request was told of its limit, if it was counted."""
    found: Limit | None = getattr(request, LIMIT_ATTRIBUTE, None)
    return found
