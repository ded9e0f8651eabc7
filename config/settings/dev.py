"""Settings of `make run` and of a developer's machine."""

from config.settings.base import *  # noqa: F403  # settings are inherited by star, as Django documents

STATIC_ROOT = None  # files are served from where they lie; only an image collects them
