"""Who may ask a path at all. What of it he sees is decided by the query sets."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from atlas.api.access import EVERYTHING, Scope, scopes_of


class HasScope(BasePermission):
    """Let in who has the view's `required_scope`; a view that names none wants all there are.

    So a view that forgets to say is closed to all keys but those that open everything.
    """

    message = "This needs more rights"

    def has_permission(self, request: Request, view: Any) -> bool:
        """Compare what the view wants with what the reader has."""
        wanted: Scope | None = getattr(view, "required_scope", None)
        needed = EVERYTHING if wanted is None else frozenset({wanted})
        self.message = f"This needs the right {', '.join(sorted(needed))}"
        return needed <= scopes_of(request.user)
