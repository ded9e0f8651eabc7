"""API keys for tests, issued as the house issues them."""

from datetime import timedelta

from django.utils import timezone

from atlas.api.access import EVERYTHING
from atlas.api_keys import Issued, issue_key
from atlas.audit import Actor
from tests.factories import UserFactory

ACTOR = Actor.system("tests")


def make_key(**wanted) -> Issued:
    """Issue a key that opens everything for a day, unless something else is wanted."""
    now = wanted.pop("now", timezone.now())
    terms = {
        "name": "reporting",
        "scopes": EVERYTHING,
        "requests_per_minute": 600,
        "expires_at": now + timedelta(days=1),
        **wanted,
    }
    owner = terms.pop("owner", None) or UserFactory.create()
    return issue_key(owner=owner, actor=ACTOR, now=now, **terms)


def header(word: str) -> dict[str, str]:
    """Give the header that carries a key."""
    return {"Authorization": f"Api-Key {word}"}
