"""Who asked, carried from the console to the worker: the audit row names the person either way."""

from typing import Any

from django.contrib.auth.models import User

from atlas.audit import Actor


def words_of(actor: Actor) -> dict[str, Any]:
    """Write an actor as a task's argument."""
    return {
        "name": actor.name,
        "user": None if actor.user is None else actor.user.pk,
        "address": actor.address,
        "request_id": actor.request_id,
    }


def actor_from(words: dict[str, Any]) -> Actor:
    """Read an actor back; a person who is gone by now stays a name."""
    user = words["user"]
    return Actor(
        name=words["name"],
        user=None if user is None else User.objects.filter(pk=user).first(),
        address=words["address"],
        request_id=words["request_id"],
    )
