"""Removing secrets from what is logged and audited: known ones, by field name, and by shape.

Three nets, each for what the others miss: the secrets of this process's own environment are hidden
wherever they occur; a field whose name promises a secret is hidden whatever it holds; free text is
searched for credentials in addresses, headers, assignments and for anything shaped like a key.
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

HIDDEN = "[redacted]"
# A shorter "secret" (a test's user name, say) would blot out ordinary words of every line.
MIN_KNOWN_LENGTH = 8

_SENSITIVE_WORD = (
    r"(?:password|passwd|pwd|passphrase|secret(?:[_\-]?key)?|api[_\-]?key|private[_\-]?key|"
    r"access[_\-]?key|signing[_\-]?key|token|mnemonic|seed[_\-]?phrase|authorization|"
    r"session[_\-]?id|csrf[_\-]?token|credential|cookie|dsn|otp|basic[_\-]?auth)s?"
)
# A `token` that one of these follows (`token_price_usd`) is a coin, not a credential.
_COIN_WORD = r"(?:price|symbol|decimals|address|amount|balance|supply|name|units|raw|usd|in|out)"
# Whole words between separators: `api_key` and `signer-passphrase` match, `keyboard` does not.
_SENSITIVE_NAME = re.compile(
    rf"(?i)(?:^|[_\-.\s])(?!tokens?[_\-.]{_COIN_WORD}(?:$|[_\-.])){_SENSITIVE_WORD}(?:$|[_\-.\s])"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HASH_NAME = re.compile(r"(?i)(hash|digest|sha256|checksum|topic|intent|_id$|^id$|version|etag)")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")

_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
)
_URL_CREDENTIALS = re.compile(
    r"(?i)\b([a-z][a-z0-9+.\-]*://)[^\s/@:\"'<>]{0,200}:[^\s\"'<>]{0,500}@"
)
_URL_USER = re.compile(r"(?i)\b([a-z][a-z0-9+.\-]*://)[^\s/@:\"'<>]{12,500}@")
_URL_QUERY = re.compile(
    rf"(?i)([?&](?:[a-z0-9]+[_\-])*(?:{_SENSITIVE_WORD}|key|sig|signature|auth|code)=)[^&\s\"'<>#]+"
)
_URL_PATH = re.compile(r"(?i)\b((?:https?|wss?)://[^\s/\"'<>]+)(/[^\s?#\"'<>]*)")
_PATH_KEY = re.compile(r"(?<=/)(?!0x[0-9a-fA-F]{40}(?:/|$))(?=[^/]*\d)[A-Za-z0-9_\-]{24,}(?=/|$)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PHRASE = re.compile(
    r"(?i)\b((?:mnemonic|seed[_\- ]?phrase|passphrase|cookie|set-cookie)\\*[\"']?\s*[=:]\s*)"
    r"(?![\s\\]*[\"'])[^\r\n,}\]]+"
)
_HEADER = re.compile(
    r"(?i)\b((?:proxy-|http_)?authorization\\*[\"']?\s*[=:,]\s*\\*[\"']?)[^\r\n\"'\\,}\])]+"
)
_ASSIGNED = re.compile(
    rf"(?i)\b((?:[a-z0-9]+[_\-])*{_SENSITIVE_WORD}\\*[\"']?\s*(?:=>|[=:])\s*)"
    r"(?!\[redacted\])(\\*\"(?:[^\"\\]|\\[^\"])*\\*\"|\\*'(?:[^'\\]|\\[^'])*\\*'|[^\s,;'\"&)}\]]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer|api-key|apikey)\s+[a-z0-9._~+/\-=]{8,}")
_BASIC = re.compile(r"\b([Bb]asic|[Tt]oken)\s+(?=[A-Za-z0-9+/]*[0-9A-Z=])[A-Za-z0-9+/\-_.]{8,}=*")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?")
_CLOUD_KEY = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\b(?:sk|rk|gh[pousr]|xox[abpr])[_\-][A-Za-z0-9_\-]{16,}"
)
_API_KEY = re.compile(r"\b(atlas_[A-Za-z0-9]{8})\.[A-Za-z0-9%.~_\-]{8,}")  # its prefix may be told
_PRIVATE_KEY = re.compile(r"(?i)(?<![0-9a-z])(?:0x)?[0-9a-f]{64}(?![0-9a-z])")

_PLAIN = (bool, int, float, Decimal, date, time, timedelta, UUID, type(None))
_OWN_FIELDS = frozenset({"_record", "_from_structlog"})  # structlog's own, never written

_known: list[str] = []


def protect(secrets: Iterable[str]) -> None:
    """Hide these very strings, plain or percent-encoded, wherever they occur from now on.

    Ones shorter than 8 characters are left to the other nets.
    """
    forms = {
        form for secret in secrets for form in (secret, quote(secret, safe=""), unquote(secret))
    }
    fresh = {form for form in forms if len(form) >= MIN_KNOWN_LENGTH} - set(_known)
    _known.extend(fresh)
    _known.sort(key=len, reverse=True)  # a secret that contains another one is hidden whole


def redact_text(text: str) -> str:
    """Hide known secrets, and credentials in addresses, headers, assignments and key shapes."""
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    text = _PEM.sub(HIDDEN, text)
    text = _redact_addresses(text)
    text = _API_KEY.sub(rf"\1.{HIDDEN}", text)
    text = _HEADER.sub(rf"\1{HIDDEN}", text)
    text = _PHRASE.sub(rf"\1{HIDDEN}", text)
    text = _ASSIGNED.sub(_hide_assigned, text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _BASIC.sub(rf"\1 {HIDDEN}", text)
    text = _JWT.sub(HIDDEN, text)
    text = _CLOUD_KEY.sub(HIDDEN, text)
    return _PRIVATE_KEY.sub(HIDDEN, text)


def redact_value(name: str, value: Any) -> Any:
    """Hide a value by the name it is filed under, else by its shape.

    32-byte hex is hidden like a private key unless the name says that it is a hash. Anything that
    is no plain figure comes back as text: an object's own wording could carry a secret.
    """
    if _promises_secret(name, value):
        return HIDDEN
    if isinstance(value, Mapping):
        return {redact_text(str(key)): redact_value(str(key), held) for key, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(name, held) for held in value]
    return _redact_single(name, value)


def _redact_single(name: str, value: Any) -> Any:
    """Redact what holds no further values."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, _PLAIN):
        return value
    if not isinstance(value, str):
        return redact_text(repr(value))
    return value if _is_named_hash(name, value) else redact_text(str(value))


def redact_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Redact a whole log event; a structlog processor."""
    return {
        name: value if name in _OWN_FIELDS else redact_value(name, value)
        for name, value in event.items()
    }


def _promises_secret(name: str, value: Any) -> bool:
    """Say whether the name promises a secret; an on-chain address of a token is none."""
    if not _SENSITIVE_NAME.search(_CAMEL.sub("_", name)):
        return False
    return not (isinstance(value, str) and _ADDRESS.fullmatch(value))


def _is_named_hash(name: str, value: str) -> bool:
    """Say whether the name promises a hash and the whole value is one."""
    return bool(_HASH_NAME.search(name)) and bool(_PRIVATE_KEY.fullmatch(value))


def _redact_addresses(text: str) -> str:
    """Hide user names, passwords, query secrets and key-like path segments of addresses."""
    if "://" in text:
        text = _URL_CREDENTIALS.sub(rf"\1{HIDDEN}@", text)
        text = _URL_USER.sub(rf"\1{HIDDEN}@", text)
        text = _URL_PATH.sub(_hide_path_keys, text)
    return _URL_QUERY.sub(rf"\1{HIDDEN}", text)


def _hide_path_keys(found: re.Match[str]) -> str:
    """Hide the segments of a path that look like the key of a node provider."""
    return found[1] + _PATH_KEY.sub(_hide_path_key, found[2])


def _hide_path_key(found: re.Match[str]) -> str:
    """Hide one long segment, unless it reads like words joined by hyphens."""
    segment = found[0]
    is_words = "-" in segment and segment == segment.lower()
    return segment if is_words and not _UUID.fullmatch(segment) else HIDDEN


def _hide_assigned(found: re.Match[str]) -> str:
    """Hide what is assigned to a secret's name; an on-chain address of a token stays."""
    if _ADDRESS.fullmatch(found[2].strip("\\\"'")):
        return found[0]
    return f"{found[1]}{HIDDEN}"
