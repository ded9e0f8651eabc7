"""The wire: handing one message to apprise, with bounded waits, no files, and errors without secrets.

The library reaches its hosts itself; the addresses come from the installation's own settings and never
from data.
"""

import logging
import warnings
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from atlas.domain.alert_channels import Channel
from atlas.domain.alerts import AlertSeverity
from atlas.redaction import protect, redact_text

if TYPE_CHECKING:
    from apprise import NotifyBase

CONNECT_SECONDS = 4.0
READ_SECONDS = 6.0
ERROR_LENGTH = 500
UNKNOWN_ADDRESS = "its address is none that apprise understands; see docs/alerts.md"

# What the library calls them; it colours messages by these words.
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        AlertSeverity.INFO: "info",
        AlertSeverity.WARNING: "warning",
        AlertSeverity.CRITICAL: "failure",
    }
)


def hand_over(channel: Channel, *, title: str, body: str, severity: AlertSeverity) -> str:
    """Send one message; gives why that failed, without any secret of the address, or nothing."""
    library = _library()
    protect(channel.secrets)
    plugin = _plugin(library, channel)
    if plugin is None:
        return UNKNOWN_ADDRESS
    with library.LogCapture(level=logging.WARNING, fmt="%(message)s") as captured:
        try:
            arrived = plugin.notify(title=title, body=body, notify_type=_KINDS[severity])
        except Exception as error:  # noqa: BLE001  # a plugin of a third party may raise anything
            return redact_text(f"{type(error).__name__}: {error}")[:ERROR_LENGTH]
        reasons = " ".join(captured.getvalue().split())
    return "" if arrived else redact_text(reasons or "it was refused")[:ERROR_LENGTH]


def understands(channel: Channel) -> bool:
    """Say whether the library can make anything of the address of a channel."""
    return _plugin(_library(), channel) is not None


@cache
def _library() -> ModuleType:
    """Load the library once it is needed: its plugins take a second and a half."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it tries modules of older Pythons
        import apprise

        apprise.Apprise.instantiate("json://localhost")
    return apprise


def _plugin(library: ModuleType, channel: Channel) -> "NotifyBase | None":
    """Make the sender of a channel: nothing kept in files, no plugins from elsewhere."""
    asset = library.AppriseAsset(
        plugin_paths=[],
        storage_mode=library.PersistentStoreMode.MEMORY,
        app_id="Atlas",
        app_desc="Atlas",
    )
    plugin: NotifyBase | None = library.Apprise.instantiate(channel.url, asset=asset)
    if plugin is not None:
        plugin.socket_connect_timeout = min(plugin.socket_connect_timeout, CONNECT_SECONDS)
        plugin.socket_read_timeout = min(plugin.socket_read_timeout, READ_SECONDS)
    return plugin
