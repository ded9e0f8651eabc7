"""Settings shared by every environment; values come from config.env, never from os.environ."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from config import alerting, console, security, storage
from config.database import database_roles, database_settings
from config.env import environment_or_exit
from config.logs import logging_settings, set_up_structlog
from onchain.rpc.setting import parse_rpc_urls

ENV = environment_or_exit()
BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRET_KEY = ENV.secret_key.get_secret_value()
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins

INSTALLED_APPS = [
    "atlas.apps.AtlasConfig",  # before unfold: our templates win
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "atlas.console.apps.ConsoleConfig",  # django.contrib.admin with our site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_api_key",  # for its abstract key; its own table stays empty and without rights
    "corsheaders",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "axes",
    "csp",
    "django_structlog",
    "pgtrigger",
    "strategies.apps.StrategiesConfig",
    "onchain.apps.OnchainConfig",
    "imports.apps.ImportsConfig",
    "execution.apps.ExecutionConfig",
]

MIDDLEWARE = [
    "atlas.logging.RequestIdMiddleware",  # first: the answer of every other one carries the id
    "atlas.api.pages.ApiErrorMiddleware",  # second: whatever fails below answers as the API does
    "atlas.api.headers.ApiHeadersMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "atlas.console.content_policy.ConsolePolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "atlas.logging.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "atlas.console.doorkeeper.DoorkeeperMiddleware",  # limits of sessions, the second factor
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last: turns a refused login into the page of a lock-out
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database_settings(ENV)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENV.redis_url.get_secret_value(),
        "KEY_PREFIX": ENV.redis_prefix,
        "OPTIONS": {
            "socket_connect_timeout": 1.0,
            "socket_timeout": 1.0,
        },  # slow is as good as away
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: who is locked out is not even compared
    "django.contrib.auth.backends.ModelBackend",
]
globals().update(security.AXES)
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
DATE_FORMAT, TIME_FORMAT, DATETIME_FORMAT = "Y-m-d", "H:i:s", "Y-m-d H:i:s"  # all times are UTC

UNFOLD = console.UNFOLD  # how the console looks

STATIC_URL = "static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
ATLAS_SESSION_LIFETIME = timedelta(hours=12)
ATLAS_SESSION_IDLE = timedelta(hours=1)
SESSION_COOKIE_AGE = int(ATLAS_SESSION_LIFETIME.total_seconds())
ATLAS_REQUIRE_SECOND_FACTOR = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"  # for browsers that do not know frame-ancestors
CONTENT_SECURITY_POLICY = security.CONTENT_SECURITY_POLICY
SECURE_REFERRER_POLICY = "same-origin"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "atlas.api.authentication.KeyAuthentication",
        "atlas.api.authentication.ConsoleSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["atlas.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["atlas.api.throttles.ReaderThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["atlas.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "atlas.api.pagination.PagePagination",
    "DEFAULT_FILTER_BACKENDS": ["atlas.api.filtering.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "atlas.api.schema.AtlasAutoSchema",
    "EXCEPTION_HANDLER": "atlas.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,  # the answer's form is negotiated; `format` is a parameter like any
    "DEFAULT_METADATA_CLASS": None,  # the OpenAPI document describes endpoints, OPTIONS does not
    "COERCE_DECIMAL_TO_STRING": True,
    "DATETIME_FORMAT": "iso-8601",
}

# Browsers elsewhere may read what a visitor sees. A key has no place in a browser, so the header that
# carries it is not among those that may be sent from there, and no cookie is.
CORS_ALLOWED_ORIGINS = ENV.cors_origins
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_METHODS = ("GET", "HEAD", "OPTIONS")
CORS_ALLOW_HEADERS = ("accept", "if-none-match", "x-request-id")
CORS_EXPOSE_HEADERS = (
    *("ETag", "Link", "Deprecation", "Sunset", "X-Request-ID"),
    *("RateLimit", "RateLimit-Policy", "Retry-After"),
)
CORS_PREFLIGHT_MAX_AGE = 3600

SPECTACULAR_SETTINGS = {
    "TITLE": "Atlas API",
    "DESCRIPTION": (
        "Strategy discovery, investor reports, performance history and the state of trading. "
        "Read-only. Money is a string in US dollars, ratios are numbers, times are UTC."
    ),
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "ENUM_NAME_OVERRIDES": {
        "ErrorCode": "atlas.api.schema.CODES",
        "StrategyStatus": "strategies.filters.STATUSES",
        "Category": "strategies.filters.CATEGORIES",
        "RiskLevel": "strategies.filters.RISK_LEVELS",
        "SeriesSource": "strategies.filters.SOURCES",
        "BridgeLeg": "strategies.report.schema.LEGS",
        "Window": "strategies.filters.WINDOWS",
        "TradeSide": "strategies.filters.TRADE_SIDES",
        "TradeResult": "strategies.filters.TRADE_RESULTS",
        "MetricReasonWord": "strategies.serializers.REASONS",
        "VaultStatus": "onchain.filters.VAULT_STATUSES",
        "TermsReason": "onchain.serializers.TERMS_REASONS",
        "TradingMode": "execution.filters.TRADING_MODES",
        "DeploymentStatus": "execution.filters.DEPLOYMENT_STATUSES",
        "CycleState": "execution.filters.CYCLE_STATES",
        "OrderState": "execution.filters.ORDER_STATES",
    },
    "TAGS": [
        {"name": "strategies", "description": "The catalogue: what is published and how it did."},
        {"name": "benchmarks", "description": "What strategies are compared with: their prices."},
        {"name": "vaults", "description": "On-chain vaults that strategies are published from."},
        {"name": "meta", "description": "What the numbers mean."},
        {"name": "deployments", "description": "Strategies at work: their accounts and equity."},
        {"name": "cycles", "description": "Scheduled decisions, how each ended and why."},
        {"name": "orders", "description": "Attempts at venues, with the gate's word on each."},
        {"name": "fills", "description": "Executions, with their four costs apart."},
    ],
}

CELERY_BROKER_URL = ENV.redis_url.get_secret_value()
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{ENV.redis_prefix}:celery:",
    "visibility_timeout": 3600,  # longer than any task's hard limit: Redis never hands one out twice
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True  # unique rows decide, so a second delivery is harmless
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_ROUTES = {
    "execution.*": {"queue": "trading"},
    "imports.*": {"queue": "imports"},
    "onchain.signer.*": {"queue": "signer"},
}
CELERY_BEAT_SCHEDULER = "atlas.beat:PulsingScheduler"  # rows decide; it leaves a sign of life
CELERY_BEAT_SCHEDULE: dict[str, Any] = {}  # rows decide; see atlas.schedules.ensure_schedules
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SEND_SENT_EVENT = True
CELERY_WORKER_SEND_TASK_EVENTS = True

# A worker's own step connects the publishing signals too; both would log each task twice.
DJANGO_STRUCTLOG_CELERY_ENABLED = ENV.process not in {"worker", "signer"}
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestIdMiddleware has checked or made it
set_up_structlog(secrets=ENV.secret_values, serves=ENV.serves)
LOGGING = logging_settings(level=ENV.log_level, output=ENV.log_format)

ATLAS_REDIS_URL = ENV.redis_url.get_secret_value()
ATLAS_REDIS_PREFIX = ENV.redis_prefix
ATLAS_TRUSTED_PROXIES = ENV.trusted_proxies
ATLAS_API_VISITOR_PER_MINUTE = ENV.api_visitor_per_minute
ATLAS_STATE_DIR = ENV.state_dir
ATLAS_STORAGE_DIR, ATLAS_STORAGE_BUCKET = storage.place_of(ENV)
ATLAS_S3_SECRETS = storage.access_of(ENV)  # the name keeps it out of Django's error pages
ATLAS_IMPORT_INBOX_DIR = ENV.import_inbox_dir or ENV.state_dir / "inbox"
ATLAS_IMPORT_SECRETS = storage.named_credentials_of(ENV)
ATLAS_IMPORT_KEEP_DAYS = ENV.import_keep_days
ATLAS_ALERT_SECRETS = alerting.channels_of(ENV)  # the name keeps the addresses out of error pages
ATLAS_ALERT_TERMS = alerting.terms_of(ENV)
ATLAS_DEAD_MAN_AFTER: timedelta | None = timedelta(minutes=ENV.dead_man_minutes)
ATLAS_RPC_SECRETS = parse_rpc_urls(ENV.rpc_urls.get_secret_value() if ENV.rpc_urls else "")
ATLAS_METRICS_ALLOW = ENV.metrics_allow
ATLAS_METRICS_TOKEN = ENV.metrics_token.get_secret_value() if ENV.metrics_token else ""
ATLAS_LIVE_TRADING = ENV.live_trading
ATLAS_REPLAY_FILE = ENV.replay_file
ATLAS_MARKET_DATA_DIR = ENV.market_data_dir
ATLAS_OUTBOUND_ALLOW = ENV.outbound_allow
ATLAS_OUTBOUND_ALLOW_PRIVATE = ENV.outbound_allow_private
ATLAS_INSTANCE_NAME = ENV.instance_name
ATLAS_PROCESS = ENV.process
ATLAS_EMBEDDED = ENV.embedded
ATLAS_DATABASE_ROLES = database_roles(ENV)  # names only; no address leaves config
