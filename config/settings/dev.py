"""Settings of `make run` and of a developer's machine."""

from config.settings.base import *  # noqa: F403  # settings are inherited by star, as Django documents
from config.settings.base import ENV

STATIC_ROOT = None  # files are served from where they lie; only an image collects them
ATLAS_METRICS_ALLOW = ENV.metrics_allow or ["127.0.0.0/8", "::1/128"]  # the developer's own machine

# Operators of a demonstration may go without; the console says so, and whoever has a device shows it.
ATLAS_REQUIRE_SECOND_FACTOR = False
