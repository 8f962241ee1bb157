"""Every setting of the service, all from the environment.

Any variable NAME may also be given as NAME_FILE, a path whose content is the value (for secrets).
`craic_ml/checks.py` verifies them at start; `docs/configuration.md` explains them.
"""

from pathlib import Path

import environ

from craic_ml import __version__

BASE_DIR = Path(__file__).resolve().parent.parent
INSECURE_SECRET = "insecure-for-development-only"  # noqa: S105  refused by a system check when DEBUG is off

env = environ.FileAwareEnv()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

# --- The process ---------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_SECRET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEBUG else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
(DATA_DIR / "static").mkdir(parents=True, exist_ok=True)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
SERVICE_NAME = "ml-service"
SERVICE_VERSION = __version__

# --- Who may call --------------------------------------------------------------------------------
API_AUTH = env.str("API_AUTH", default="open" if DEBUG else "required")
JWT_SECRET = env.str("JWT_SECRET", default=INSECURE_SECRET)
JWT_PUBLIC_KEY = env.str("JWT_PUBLIC_KEY", default="")  # PEM or JWKS: RS256 too
THROTTLE_USER = env.str("THROTTLE_USER", default="600/min")

# --- Recommending --------------------------------------------------------------------------------
DEFAULT_RECOMMENDATION_COUNT = env.int("DEFAULT_RECOMMENDATION_COUNT", default=20)
MAX_RECOMMENDATION_COUNT = env.int("MAX_RECOMMENDATION_COUNT", default=100)
DEFAULT_ALGORITHM = env.str("DEFAULT_ALGORITHM", default="hybrid")
REFRESH_SECONDS = env.float("REFRESH_SECONDS", default=1.0)
PREDICTION_FLUSH_SECONDS = env.float("PREDICTION_FLUSH_SECONDS", default=0.5)

# --- Training ------------------------------------------------------------------------------------
MIN_TRAINING_SAMPLES = env.int("MIN_TRAINING_SAMPLES", default=100)
AUTO_PROMOTE = env.bool("AUTO_PROMOTE", default=True)

# --- Django --------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_prometheus",
    "django_tasks",
    "django_tasks_db",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "common",
    "catalogue",
    "feedback",
    "modelregistry",
    "experiments",
    "recommendations",
    "craic_ml.apps.ProjectConfig",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "craic_ml.urls"
WSGI_APPLICATION = "craic_ml.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-ie"
TIME_ZONE = "UTC"
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- Storage -------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'craic.sqlite3'}")}
PLATFORM_DATABASE_URL = env.str("PLATFORM_DATABASE_URL", default="")
CONNECT_SECONDS = 5  # a database that is away is noticed at once
_OPTIONS_BY_ENGINE: dict[str, dict[str, object]] = {
    "django.db.backends.sqlite3": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: an answered request survives a power cut, not only a killed process.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000;",
    },
    "django.db.backends.postgresql": {"connect_timeout": CONNECT_SECONDS},
    "django.db.backends.mysql": {
        "connect_timeout": CONNECT_SECONDS,
        "charset": "utf8mb4",
        "init_command": "SET sql_mode='STRICT_TRANS_TABLES', default_storage_engine=INNODB",
    },
}
_default = DATABASES["default"]
_default["OPTIONS"] = _OPTIONS_BY_ENGINE.get(_default["ENGINE"], {}) | _default.get("OPTIONS", {})
_default["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
_default["CONN_HEALTH_CHECKS"] = True

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
    "artefacts": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "artefacts"},
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = DEBUG
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- The API -------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["common.authentication.CallerAuthentication"],
    "DEFAULT_PARSER_CLASSES": ["common.json_codec.OrjsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["common.json_codec.OrjsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.json_codec.LenientNegotiation",
    "DEFAULT_THROTTLE_CLASSES": ["common.throttles.UserTokenThrottle"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.error_responses.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "What's The Craic: recommendations",
    "DESCRIPTION": "Which gigs, club nights and shows a person in an Irish city should see.",
    "VERSION": SERVICE_VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "OAS_VERSION": "3.1.0",  # pydantic writes its JSON schemas for this one
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
}

# --- The admin -----------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "What's The Craic",
    "SITE_HEADER": "What's The Craic",
    "SITE_SUBHEADER": "Recommendations, experiments, models",
    "SHOW_VIEW_ON_SITE": False,
}

# --- Security (behind a proxy that ends TLS) -----------------------------------------------------
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
COOKIES_OVER_TLS_ONLY = env.bool("COOKIES_OVER_TLS_ONLY", default=not DEBUG)
SESSION_COOKIE_SECURE = COOKIES_OVER_TLS_ONLY
CSRF_COOKIE_SECURE = COOKIES_OVER_TLS_ONLY
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL if LOG_LEVEL in LOG_LEVELS else "INFO"},
}
