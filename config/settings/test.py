"""Settings of the test suite: real PostgreSQL and Redis, quick password hashing."""

from config.settings.base import *  # noqa: F403  # settings are inherited by star, as Django documents

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_STORE_EAGER_RESULT = False
STATIC_ROOT = None
ATLAS_API_VISITOR_PER_MINUTE = 1_000_000  # the suite is one visitor; tests of throttles set theirs
WHITENOISE_AUTOREFRESH = True  # look a file up when it is asked for; no scan for each test client
ATLAS_REQUIRE_SECOND_FACTOR = False  # tests of the second factor require it
ATLAS_DEAD_MAN_AFTER = None  # no scheduler runs beside the suite; its own tests set it
