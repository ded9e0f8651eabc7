"""What browsers are told about our pages, and when a login is closed after wrong passwords."""

from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE

# No script stands in a page and none comes from elsewhere. The console's theme evaluates the
# attributes of its elements, so its pages alone may also evaluate (atlas.console.content_policy).
# Style may stand in pages: the theme writes its colours there, and the report is printed with its own.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

# One account from one address: who is locked out elsewhere does not close the door for its owner.
AXES: dict[str, Any] = {
    "AXES_FAILURE_LIMIT": 5,
    "AXES_COOLOFF_TIME": timedelta(minutes=15),
    "AXES_LOCKOUT_PARAMETERS": [["username", "ip_address"]],
    "AXES_RESET_ON_SUCCESS": True,
    "AXES_CLIENT_IP_CALLABLE": "atlas.console.lockout.address_of",
    "AXES_LOCKOUT_CALLABLE": "atlas.console.lockout.locked_out",
    "AXES_DISABLE_ACCESS_LOG": True,  # the audit log has it
    "AXES_ENABLE_ADMIN": False,
    "AXES_VERBOSE": False,
}
