"""Settings of an installation that people rely on; refuses what is only fit for development."""

from config.production_checks import production_problems
from config.settings.base import *  # noqa: F403  # settings are inherited by star, as Django documents
from config.settings.base import ENV, STORAGES
from config.static_files import COLLECTED

_problems = production_problems(ENV)
if _problems:
    raise SystemExit(
        "Atlas cannot start in production:\n" + "".join(f"  {line}\n" for line in _problems)
    )

STORAGES = {**STORAGES, "staticfiles": COLLECTED}
WHITENOISE_USE_FINDERS = False

SECURE_SSL_REDIRECT = ENV.behind_tls
SECURE_REDIRECT_EXEMPT = [
    r"^livez$",
    r"^readyz$",
    r"^health$",
    r"^metrics$",
]  # probes come from inside, without TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.behind_tls else None
SECURE_HSTS_SECONDS = 31_536_000 if ENV.behind_tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV.behind_tls
SECURE_HSTS_PRELOAD = ENV.behind_tls
SESSION_COOKIE_SECURE = ENV.behind_tls
CSRF_COOKIE_SECURE = ENV.behind_tls
