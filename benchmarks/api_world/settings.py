"""Settings of the measured server: the real ones, with the yardsticks' paths beside the real ones.

One client asks as often as it can, so the throttle counts but never refuses. No stack writes a
line of log for each request.
"""

from config.settings.base import *  # noqa: F403  # settings are inherited by star, as Django documents

ROOT_URLCONF = "benchmarks.api_world.paths"
ATLAS_API_VISITOR_PER_MINUTE = 1_000_000_000
STATIC_ROOT = None
