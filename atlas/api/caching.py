"""Answers that are kept until their data change: strong ETags, 304, and bytes in Redis.

A read endpoint names the version of what it shows; the version is raised in the transaction that
changes the data. Then

    @cached_read(strategy_version)
    def performance(self, request, slug): ...

answers 304 or from Redis after one small query, and otherwise reads version and data, the version
first, from one snapshot of the database. Bytes are kept under a digest of everything that they
depend on: version, address, media type, the reader's rights, the edition of the code. So nothing
ever has to be deleted, and a change between two statements cannot put new data under an old name
or the other way round.

Whatever else an answer depends on (the time of day, say) must be part of the version.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from redis import Redis
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from atlas.api.access import Reader, scope_text, scopes_of
from atlas.api.editions import code_edition
from atlas.api.store import api_store, script
from atlas.domain.errors import Bug
from atlas.snapshots import one_snapshot


@dataclass(frozen=True, slots=True)
class AllRead:
    """An answer of which all data is read: its form is made after the snapshot has been closed.

    For forms that take long to make, so that no transaction stays open meanwhile.
    """

    make: Callable[[], HttpResponse]


P = ParamSpec("P")
Read = Callable[Concatenate[Any, Request, P], HttpResponseBase | AllRead]
Answer = Callable[Concatenate[Any, Request, P], HttpResponseBase]
VersionOf = Callable[..., str]

PUBLIC_SECONDS = 30  # how old an answer to a visitor may be; docs/api.md promises it
KEPT_SECONDS = 300
LARGEST_KEPT = 8 * 2**20
MOST_KEPT = 128 * 2**20  # bytes newly kept within KEPT_SECONDS; the queue lives in the same Redis
OK = 200
VARY = ("Accept", "Authorization", "Cookie")

# Keeps an answer unless too much was kept lately: KEYS answer, sum; ARGV bytes, size, most, seconds.
KEEP = """
local sum = redis.call('INCRBY', KEYS[2], ARGV[2])
if sum == tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[2], ARGV[4]) end
if sum > tonumber(ARGV[3]) then redis.call('DECRBY', KEYS[2], ARGV[2]); return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[4])
return 1
"""


def cached_read(version_of: VersionOf) -> Callable[[Read[P]], Answer[P]]:
    """Make a method of a read view answer from what is kept, as long as its version holds.

    `version_of(request, **path_arguments)` gives the version in one cheap query; it raises what the
    view would raise for an object that the reader may not see. The method must read all its data
    before it returns: a streaming answer is a Bug. It may return `AllRead` to have its answer made
    after that.
    """

    def decorate(read: Read[P]) -> Answer[P]:
        @wraps(read)
        def answer(
            view: Any, request: Request, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            stands = _answer_of(request, version_of(request, **kwargs))
            if stands is not None:
                return stands
            with one_snapshot() as is_one_state:
                tag = tag_of(request, version_of(request, **kwargs))
                given = read(view, request, *args, **kwargs)
                made = given if isinstance(given, AllRead) else _rendered(view, request, given)
            fresh = made.make() if isinstance(made, AllRead) else made
            if fresh.status_code != OK:
                return fresh
            if is_one_state:
                _keep(tag, fresh)
            return with_validators(request, fresh, tag)

        return answer

    return decorate


def tag_of(request: Request, version: str) -> str:
    """Give the strong ETag of what a request asks for at a version, quotes included.

    The host is part of it, because answers hold absolute addresses; parameters count in any order.
    """
    depends_on = (
        code_edition(),
        version,
        f"{request.scheme}://{request.get_host()}{request.path}",
        urlencode(sorted((name, value) for name, value in request.query_params.items())),
        str(request.accepted_media_type),
        scope_text(scopes_of(request.user)),
    )
    return f'"{hashlib.blake2b(orjson.dumps(depends_on), digest_size=16).hexdigest()}"'


def with_validators(request: Request, response: HttpResponse, tag: str) -> HttpResponse:
    """Give an answer its ETag and say who may keep it for how long; 304 where it is known.

    `If-None-Match: *` is answered here, after the view has found that there is something.
    """
    if _is_known(request, tag) or _wants_none(request):
        response = HttpResponseNotModified()
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = cache_control(request.user)
    patch_vary_headers(response, VARY)
    return response


def cache_control(reader: Reader) -> str:
    """Say who may keep an answer: anybody what a visitor sees, only the reader what others do."""
    if reader.is_authenticated:
        return "private, no-cache"
    return f"public, max-age={PUBLIC_SECONDS}"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it lies in Redis: a line with its headers and its length, then its bytes."""

    headers: Mapping[str, str]
    body: bytes

    def written(self) -> bytes:
        """Write the answer down."""
        head = orjson.dumps({"headers": dict(self.headers), "length": len(self.body)})
        return head + b"\n" + self.body

    @classmethod
    def read(cls, written: bytes) -> "Kept | None":
        """Read an answer back; gives None where it is not whole."""
        head, _, body = written.partition(b"\n")
        try:
            told = orjson.loads(head)
        except orjson.JSONDecodeError:
            return None
        return cls(told["headers"], body) if told["length"] == len(body) else None


def _answer_of(request: Request, version: str) -> HttpResponse | None:
    """Answer without reading data: 304 where the client has it, else what is kept, else None."""
    tag = tag_of(request, version)
    if _is_known(request, tag):
        return with_validators(request, HttpResponse(), tag)
    kept = _kept(tag)
    if kept is None:
        return None
    return with_validators(request, HttpResponse(kept.body, headers=dict(kept.headers)), tag)


def _rendered(view: APIView, request: Request, response: HttpResponseBase) -> HttpResponse:
    """Turn what a view gave into bytes while its snapshot is still open."""
    if not isinstance(response, HttpResponse):
        raise Bug(f"{type(view).__name__} streams what it wants to be kept")
    if not isinstance(response, Response):
        return response
    response.accepted_renderer = request.accepted_renderer
    response.accepted_media_type = request.accepted_media_type
    response.renderer_context = view.get_renderer_context()  # type: ignore[attr-defined]  # the framework sets it so
    response.render()
    return HttpResponse(
        response.content, status=response.status_code, headers=dict(response.headers)
    )


def _kept(tag: str) -> Kept | None:
    """Look for an answer in Redis."""
    store = api_store()
    found: Any = store.ask(lambda redis: redis.get(_name(tag)))
    return None if found is None else Kept.read(found)


def _keep(tag: str, response: HttpResponse) -> None:
    """Put an answer into Redis, unless it is very large or too much was kept lately."""
    written = Kept(dict(response.headers), response.content).written()
    if len(written) > LARGEST_KEPT:
        return

    def put(redis: Redis) -> object:
        keys = [_name(tag), api_store().named("kept-bytes")]
        return script(redis, KEEP, keys, [written, len(written), MOST_KEPT, KEPT_SECONDS])

    api_store().ask(put)


def _name(tag: str) -> str:
    """Give the key of an answer."""
    return api_store().named(f"answer:{tag.strip(chr(34))}")


def _is_known(request: Request, tag: str) -> bool:
    """Say whether the client holds this very answer."""
    given = request.headers.get("If-None-Match", "")
    return tag in {one.removeprefix("W/") for one in parse_etags(given)}


def _wants_none(request: Request) -> bool:
    """Say whether the client wants nothing as long as there is something."""
    return request.headers.get("If-None-Match", "").strip() == "*"
