"""What every test shares: how hypothesis searches.

Deadlines are off, because a busy machine is no finding. Where CI judges a change the examples are the
same each time, so that a verdict can be repeated; everywhere else they are new each time.
"""

import os

from hypothesis import HealthCheck, settings

_SHARED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", _SHARED)
settings.register_profile("judge", _SHARED, derandomize=True, print_blob=True)
settings.load_profile("judge" if os.environ.get("CI") else "search")
