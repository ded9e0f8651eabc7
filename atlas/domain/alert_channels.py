"""Where alerts are sent: the channels that the installation names, each with what it wants to hear.

The text of the setting is entries separated by white space, `NAME@SEVERITY=ADDRESS`: the address is
one that apprise understands and usually holds a secret, so no error message repeats any of it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from atlas.domain.alerts import AlertSeverity

_ENTRY = re.compile(r"(?P<name>[a-z][a-z0-9_-]{0,39})@(?P<severity>[A-Z]+)=(?P<url>\S+://\S+)")
_SECRET_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to tell people; it hears of alerts at least as grave as its threshold."""

    name: str
    threshold: AlertSeverity
    url: str = field(repr=False)

    def hears(self, severity: AlertSeverity) -> bool:
        """Say whether an alert of this severity goes here."""
        return severity.rank >= self.threshold.rank

    @property
    def secrets(self) -> tuple[str, ...]:
        """List the address and every part of it that may be a secret of its own."""
        parts = urlsplit(self.url)
        whole = [
            parts.netloc,
            *parts.path.split("/"),
            *(value for _, value in parse_qsl(parts.query)),
        ]
        login = [one for one in (parts.username, parts.password) if one]
        return (self.url, *(one for one in [*whole, *login] if len(one) >= _SECRET_LENGTH))


def parse_channels(text: str) -> tuple[Channel, ...]:
    """Read the setting; raises ValueError with the position of a wrong entry, never its text."""
    channels = [_channel(number, entry) for number, entry in enumerate(text.split(), start=1)]
    names = [channel.name for channel in channels]
    if len(set(names)) != len(names):
        raise ValueError("names a channel twice")
    return tuple(channels)


def parse_minutes(text: str) -> Mapping[AlertSeverity, timedelta]:
    """Read `WARNING=240,CRITICAL=15`: whole minutes above zero; a severity left out has none."""
    entries = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    found: dict[AlertSeverity, timedelta] = {}
    for word, _, minutes in entries:
        if word not in AlertSeverity.__members__ or not minutes.isdecimal() or int(minutes) == 0:
            raise ValueError("must look like WARNING=240,CRITICAL=15, in whole minutes")
        found[AlertSeverity(word)] = timedelta(minutes=int(minutes))
    return found


def by_name(channels: Iterable[Channel]) -> Mapping[str, Channel]:
    """Give the channels by their names."""
    return {channel.name: channel for channel in channels}


def _channel(number: int, entry: str) -> Channel:
    """Read one entry."""
    found = _ENTRY.fullmatch(entry)
    if found is None or found["severity"] not in AlertSeverity.__members__:
        known = ", ".join(AlertSeverity.__members__)
        raise ValueError(
            f"entry {number} must look like name@SEVERITY=scheme://address, with {known}"
        )
    return Channel(found["name"], AlertSeverity(found["severity"]), found["url"])
