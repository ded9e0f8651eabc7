"""How endpoints describe themselves in the OpenAPI document."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from atlas.api.access import Scope
from atlas.api.errors import ERROR_CODES, JSON
from atlas.api.examples import example_of
from atlas.api.filtering import form_parameters, ordering_parameters
from atlas.api.tables import CSV

CODES = sorted(ERROR_CODES.items())
BAD_INPUT = "A parameter is unknown, malformed or out of range"
NOT_AUTHENTICATED = "Send a key or log in"
BAD_KEY = "The key that was sent is unknown, revoked or expired"
NOT_ALLOWED = "You lack the right"
TOO_MANY = "Too many requests; wait as long as Retry-After says"
NOT_MODIFIED = "You have this answer already: If-None-Match names its ETag"
NOT_FOUND = "There is no such object or page, or you may not see it"
NOT_ACCEPTABLE = "None of the accepted media types is offered"
BROKEN = "A bug on our side"
AWAY = "A service behind the API is away or slow; try again after Retry-After seconds"


@extend_schema_serializer(component_name="Error")
class ErrorEnvelope(serializers.Serializer[Any]):
    """The one form of every error."""

    code = serializers.ChoiceField(choices=CODES, help_text="A stable word for machines.")
    message = serializers.CharField(
        help_text="One sentence for a person: what is wrong, what to do."
    )
    detail = serializers.DictField(
        help_text="What the message is about: field -> reasons, or the values that it names."
    )
    request_id = serializers.CharField(help_text="Also in X-Request-ID; name it in reports.")


class AtlasAutoSchema(AutoSchema):
    """Add what every endpoint has in common: the error envelope, the order parameter, tags."""

    def get_tags(self) -> list[str]:
        """Sort endpoints by what they are about, the first word of their path."""
        return [self._tokenize_path()[0]]

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        """Add the order of lists to the filters."""
        parameters: list[dict[str, Any]] = super()._get_filter_parameters()
        if self._is_list_view():
            parameters += ordering_parameters(self.view) + form_parameters(self.view)
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """Add the errors that an endpoint can answer with."""
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, description in self._errors().items():
            if status not in bodies:
                body = self._get_response_for_code(
                    ErrorEnvelope, status, media_types=[JSON], direction=direction
                )
                bodies[status] = {**body, "description": description}
        bodies.setdefault("304", {"description": NOT_MODIFIED})
        return dict(sorted(bodies.items()))

    def _map_serializer_field(
        self,
        field: Any,
        direction: Any,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002 - the signature is the base's
    ) -> Any:
        """Say that an item of a list may be null; the base class forgets it for objects."""
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        item = field.child if isinstance(field, serializers.ListField) else None
        if isinstance(item, serializers.BaseSerializer) and item.allow_null:
            return {**schema, "items": {"allOf": [schema["items"]], "nullable": True}}
        return schema

    def _get_response_for_code(
        self,
        serializer: Any,
        status_code: str,
        media_types: list[str] | None = None,
        direction: Any = "response",
    ) -> dict[str, Any]:
        """Describe CSV as text: its columns are the fields of the JSON form."""
        body: dict[str, Any] = super()._get_response_for_code(
            serializer, status_code, media_types, direction
        )
        content = body.get("content", {})
        if CSV in content:
            content[CSV] = {"schema": {"type": "string"}}
        example = example_of(self.get_operation_id()) if status_code == "200" else None
        if example is not None and JSON in content:
            content[JSON]["example"] = example
        return body

    def _errors(self) -> dict[str, str]:
        """Name the error statuses of this endpoint with what they mean."""
        errors = {
            "400": BAD_INPUT,
            "401": BAD_KEY,
            "406": NOT_ACCEPTABLE,
            "429": TOO_MANY,
            "500": BROKEN,
            "503": AWAY,
        }
        if not any(isinstance(one, AllowAny) for one in self.view.get_permissions()):
            errors |= {"401": NOT_AUTHENTICATED, "403": self._needed_right()}
        if "{" in self.path or self._is_list_view():  # a page beyond the last one is not there
            errors["404"] = NOT_FOUND
        return errors

    def _needed_right(self) -> str:
        """Name the right that an endpoint asks for."""
        scope: Scope | None = getattr(self.view, "required_scope", None)
        return f"{NOT_ALLOWED}; it takes {scope}" if scope else NOT_ALLOWED
