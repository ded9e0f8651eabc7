"""Who asks: for now a person with a console session; keys for servers join here."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class ConsoleSession(SessionAuthentication):
    """The session of somebody who is logged in to the console.

    The base class names no challenge, and the framework would answer 403 to somebody who is merely
    not logged in; 401 says what is missing.
    """

    def authenticate_header(self, request: Request) -> str:
        """Name the challenge of a 401."""
        return 'Session realm="atlas"'


class ConsoleSessionScheme(OpenApiAuthenticationExtension):
    """Describe the session cookie in the OpenAPI document."""

    target_class = "atlas.api.authentication.ConsoleSession"
    name = "consoleSession"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Give the scheme's description."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
