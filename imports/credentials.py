"""Credentials of sources: held by the environment under names, bound to where they may be sent.

A row names an entry and never holds what is in it, so whoever may edit rows can neither read a
secret nor send it to a host of their own.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

ENDPOINT = r"^(https?://[^/@\s]+/?)?$"
REGION = r"^[a-z0-9-]*$"


class HeaderCredentials(BaseModel):
    """A header that one host asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["header"]
    host: str = Field(min_length=1, description="The only host that it is sent to.")
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    value: SecretStr

    @property
    def secrets(self) -> tuple[str, ...]:
        """List what must not be written anywhere."""
        return (self.value.get_secret_value(),)


class S3Credentials(BaseModel):
    """Access to an S3 service; without keys the machine's own role is used.

    An empty endpoint is Amazon's. It is set by whoever installs Atlas and may be a private address.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["s3"] = "s3"
    endpoint_url: str = Field(default="", pattern=ENDPOINT)
    region: str = Field(default="", pattern=REGION)
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """List what must not be written anywhere."""
        held = (self.access_key_id, self.secret_access_key)
        return tuple(one.get_secret_value() for one in held if one is not None)


Credentials = Annotated[HeaderCredentials | S3Credentials, Field(discriminator="kind")]
# Not the library's own words: some of them repeat what was given.
_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not known",
    "union_tag_invalid": "must have the kind header or s3",
    "union_tag_not_found": "must have the kind header or s3",
}
_ENTRIES: TypeAdapter[dict[str, Credentials]] = TypeAdapter(dict[str, Credentials])


def parse_credentials(text: str) -> dict[str, Any]:
    """Read named credentials from a JSON object; raises ValueError that repeats none of it."""
    if not text:
        return {}
    try:
        return dict(_ENTRIES.validate_python(json.loads(text)))
    except json.JSONDecodeError:
        raise ValueError("must be a JSON object of named credentials") from None
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ValueError(f"{place} {_WORDS.get(first['type'], 'is not valid')}") from None
