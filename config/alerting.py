"""Where alerts are sent and how long they are quiet, read from the environment."""

from atlas.domain.alert_channels import Channel, parse_channels, parse_minutes
from atlas.domain.telling import Terms
from config.env import Environment


def channels_of(environment: Environment) -> tuple[Channel, ...]:
    """Give the channels of the installation; none where nothing is set."""
    held = environment.alert_urls
    return parse_channels(held.get_secret_value()) if held else ()


def terms_of(environment: Environment) -> Terms:
    """Give when an alert is told again and when louder."""
    return Terms(
        cooldown=parse_minutes(environment.alert_cooldown_minutes),
        escalate_after=parse_minutes(environment.alert_escalate_minutes),
    )
