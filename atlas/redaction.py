"""Removing secrets from what is logged: by field name, by shape, and inside addresses."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "[redacted]"

# Whole words between separators: `api_key` and `signer-passphrase` match, `keyboard` does not.
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_\-.\s])(password|passwd|passphrase|secret|token|authorization|cookie|sessionid|"
    r"csrftoken|api_?key|private_?key|mnemonic|seed_?phrase|dsn|credential|otp)s?(?:$|[_\-.\s])"
)
_URL_CREDENTIALS = re.compile(r"(?i)\b([a-z][a-z0-9+.\-]*://)[^\s/@:]*:[^\s@]+@")
_URL_QUERY_SECRET = re.compile(
    r"(?i)([?&](?:api_?key|key|token|secret|password|signature|access_token)=)[^&\s\"']+"
)
_ASSIGNED_SECRET = re.compile(
    r"(?i)\b((?:[a-z0-9]+_)*(?:password|passwd|passphrase|secret(?:_key)?|api_?key|private_?key|"
    r"token|mnemonic))(\s*[=:]\s*|'\s*:\s*'|\"\s*:\s*\")([^\s,;'\"&)}\]]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic|api-key)\s+[a-z0-9._~+/\-=]{8,}")
_PRIVATE_KEY = re.compile(r"(?i)(?<![0-9a-z])(?:0x)?[0-9a-f]{64}(?![0-9a-z])")
_HASH_NAME = re.compile(r"(?i)(hash|digest|sha256|checksum|topic|intent|_id$|^id$|version|etag)")


def redact_text(text: str) -> str:
    """Hide credentials in addresses, headers, assignments and anything shaped like a key."""
    text = _URL_CREDENTIALS.sub(rf"\1{HIDDEN}@", text)
    text = _URL_QUERY_SECRET.sub(rf"\1{HIDDEN}", text)
    text = _ASSIGNED_SECRET.sub(rf"\1\2{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    return _PRIVATE_KEY.sub(HIDDEN, text)


def redact_value(name: str, value: Any) -> Any:
    """Hide a value by the name it is filed under, else by its shape.

    32-byte hex is hidden like a private key unless the name says that it is a hash.
    """
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return value if _is_named_hash(name, value) else redact_text(value)
    if isinstance(value, Mapping):
        return {key: redact_value(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redact_value(name, inner) for inner in value]
    return value


def _is_named_hash(name: str, value: str) -> bool:
    """Say whether the name promises a hash and the whole value is one."""
    return bool(_HASH_NAME.search(name)) and bool(_PRIVATE_KEY.fullmatch(value))


def redact_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Redact a whole log event; a structlog processor."""
    for name, value in event.items():
        if name.startswith("_"):
            continue  # structlog's own record, not written
        event[name] = redact_value(name, value)
    return event
