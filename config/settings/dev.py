"""Settings of `make run` and of a developer's machine."""

from config.settings.base import *  # noqa: F403  # settings are inherited by star, as Django documents
