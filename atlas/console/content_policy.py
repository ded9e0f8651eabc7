"""The console's addition to the content security policy that every page gets."""

from collections.abc import Callable

from csp.constants import UNSAFE_EVAL
from django.http import HttpRequest, HttpResponse

CONSOLE = "admin"  # the namespace of every page of the console

Next = Callable[[HttpRequest], HttpResponse]


class ConsolePolicyMiddleware:
    """Let the console's pages evaluate: the theme's scripts read expressions out of attributes.

    Everything they evaluate stands in our own templates; values of people are escaped text there.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Widen the policy of this answer if it is a page of the console."""
        answer = self.get_response(request)
        found = request.resolver_match
        if found is not None and CONSOLE in found.app_names:
            setattr(answer, "_csp_update", {"script-src": [UNSAFE_EVAL]})  # noqa: B010  # read by csp
        return answer
