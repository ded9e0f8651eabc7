"""The forms in which a report may be had, and how one is agreed on."""

from collections.abc import Iterable
from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from strategies.formats import FORMAT_PARAMETER

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "html": "text/html",
    "pdf": "application/pdf",
}


class FormNegotiation(DefaultContentNegotiation):
    """Let `format` choose the form; what the client accepts must admit it.

    Errors are always JSON, so that is the renderer whatever form is wanted.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """Give the renderer of errors and the media type; raises NotAcceptable."""
        wanted = MEDIA_TYPES.get(request.query_params.get(FORMAT_PARAMETER, "json"))
        media_type = wanted or MEDIA_TYPES["json"]
        accepted = self.get_accept_list(request)
        if any(media_type_matches(media_type, one) for one in accepted):
            return next(iter(renderers)), media_type
        raise NotAcceptable(
            f"The answer would be {media_type}, which the Accept header does not admit; ask for "
            "another format or accept it"
        )
