"""Settings for tools that read the code and never connect: type checks, collecting static files.

The addresses lead nowhere on purpose; anything that tries to connect fails at once.
"""

import os
import secrets

os.environ.setdefault("ATLAS_SECRET_KEY", secrets.token_urlsafe(60))
os.environ.setdefault("ATLAS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
os.environ.setdefault("ATLAS_REDIS_URL", "redis://127.0.0.1:1/0")

from config.settings.base import *  # noqa: F403  # the environment must stand first
from config.settings.base import STORAGES
from config.static_files import COLLECTED

STORAGES = {**STORAGES, "staticfiles": COLLECTED}  # what production serves is collected here
