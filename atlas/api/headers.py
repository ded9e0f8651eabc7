"""What every answer of the API says about itself: how fresh it is, and how much more may be asked."""

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from atlas.api.pages import API_PREFIX
from atlas.api.throttles import limit_of

FIRST_ERROR = 400
OK = 200
READING = frozenset({"GET", "HEAD"})
VARY = ("Accept", "Authorization", "Cookie")


class ApiHeadersMiddleware:
    """Give answers under `/api/` their rate headers, and an ETag where the view gave none.

    Such an ETag is a digest of the body: it saves sending what the client has, though not making it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path_info.startswith(API_PREFIX):
            return response
        if response.status_code >= FIRST_ERROR:
            response.headers["Cache-Control"] = "no-store"
        elif _lacks_tag(request, response):
            response = _tagged(request, response)
        limit = limit_of(request)
        if limit is not None:
            for name, value in limit.headers().items():
                response.headers[name] = value
        return response


def _lacks_tag(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Say whether this is a whole answer that could be asked for again and has no ETag yet."""
    return (
        request.method in READING
        and response.status_code == OK
        and isinstance(response, HttpResponse)
        and "ETag" not in response.headers
    )


def _tagged(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Tag an answer by its content, or say that the client has it already."""
    content: bytes = getattr(response, "content", b"")
    kind = response.headers.get("Content-Type", "").encode()
    tag = f'"{hashlib.blake2b(kind + content, digest_size=16).hexdigest()}"'
    response.headers["ETag"] = tag
    response.headers.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, VARY)
    given = {
        one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))
    }
    return _not_modified(response) if given & {tag, "*"} else response


def _not_modified(response: HttpResponseBase) -> HttpResponse:
    """Give the answer without its content."""
    bare = HttpResponseNotModified()
    for name, value in response.headers.items():
        if name not in {"Content-Type", "Content-Length"}:
            bare.headers[name] = value
    bare.cookies = response.cookies
    return bare
