"""Naming deployments at the shell: by the slug of the strategy, and by number where it has several."""

from atlas.domain.errors import InvalidInput
from execution.models import Deployment


def deployment_of(slug: str, *, number: int | None = None) -> Deployment:
    """Find the one deployment of a strategy, or the one of this number among several.

    Raises InvalidInput where there is none, or more than one and no number tells which.
    """
    found: list[Deployment] = list(
        Deployment.objects.detailed().filter(strategy__slug=slug).order_by("pk")
    )
    if not found:
        raise InvalidInput(f"The strategy {slug!r} has no deployment.")
    listed = ", ".join(f"{one.pk} ({one.status} on {', '.join(one.markets)})" for one in found)
    named = found if number is None else [one for one in found if one.pk == number]
    if not named:
        raise InvalidInput(f"{slug} has no deployment {number}; it has {listed}.")
    if len(named) > 1:
        raise InvalidInput(f"{slug} has several deployments, name one by --deployment: {listed}.")
    return named[0]
