"""Settings, read from the environment once, here. README.md has the table."""

import logging
import os
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from budgetctl.home import BASE_DIR, DATABASE, home
from budgetctl.secret import secret_key

env = environ.Env()

HOME = home()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(HOME)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "template_partials",
    "allocation.rights",
    "allocation.display",
    "allocation.audit",
    "allocation.catalog",
    "allocation.floors",
    "allocation.budgets",
    "allocation.directives",
    "allocation.usage",
    "allocation.decisions",
    "allocation.optimizer",
    "allocation.forecasts",
    "allocation.checkpoints",
    "allocation.reports",
    "allocation.reminders",
    "allocation.api",
    "allocation.claude_code",
    "allocation.dashboard",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "budgetctl.middleware.kept_by_nobody",
    "budgetctl.middleware.DatabaseFaults",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "budgetctl.middleware.acting_for_the_user",
    "budgetctl.kept_forms.signed_out_forms",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "budgetctl.middleware.owners_zone",
    "axes.middleware.AxesMiddleware",
    "budgetctl.middleware.refused_methods",
]

ROOT_URLCONF = "budgetctl.urls"
WSGI_APPLICATION = "budgetctl.wsgi.application"

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
                "allocation.dashboard.context.frame",
            ],
        },
    },
]


_SQLITE = "django.db.backends.sqlite3"
_SCHEMES = {"postgres", "postgresql", "psql", "pgsql", "sqlite"}


def _database(variable: str) -> dict[str, Any]:
    # Not by an address: in that some characters that a folder may have mean something else.
    config: dict[str, Any] = {"ENGINE": _SQLITE, "NAME": str(HOME / DATABASE)}
    if url := os.environ.get(variable):
        if url.partition(":")[0].lower() not in _SCHEMES:
            raise ValueError(f"{variable} must begin with postgres:// or sqlite:///")
        try:
            config = env.db(variable)
        except ValueError as error:  # which may quote a part of the password
            raise ValueError(
                f"{variable} must be as postgres://user:password@host/name, with signs such as "
                "/ and # of a password written as %2F and %23"
            ) from error
    # django-environ puts a socket's host into OPTIONS, so these are added and never assigned.
    options: dict[str, Any] = config.setdefault("OPTIONS", {})
    # To open one takes a millisecond and more on SQLite too: half of what a hook takes.
    config.setdefault("CONN_MAX_AGE", 60)
    if config["ENGINE"] == _SQLITE:
        config["ENGINE"] = "budgetctl.sqlite"
        options.update(
            transaction_mode="IMMEDIATE",  # a writer takes its lock at once and cannot deadlock
            timeout=20,
            init_command=(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768;"
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=67108864;"
                # A server empties the log beside its requests (cli.serving); this is for the rest.
                "PRAGMA wal_autocheckpoint=4000;"
            ),
        )
    else:
        config["ENGINE"] = "allocation.rights.postgresql"
        config.setdefault("CONN_HEALTH_CHECKS", True)
    return config


DATABASES = {"default": _database("DATABASE_URL")}
# Who may change the tables, where that is not who works with them: docs/database-rights.md.
MIGRATION_DATABASE = (
    _database("MIGRATION_DATABASE_URL") if os.environ.get("MIGRATION_DATABASE_URL") else None
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "budgetctl.sign_in.locked_out"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = 14 * 24 * 3600


def _email() -> dict[str, Any]:
    try:
        found: dict[str, Any] = env.email_url("EMAIL_URL", default="dummymail://")
    except (ImproperlyConfigured, ValueError) as error:  # which may quote a part of the password
        raise ValueError("EMAIL_URL must be as smtp+tls://user:password@host:587") from error
    return found


def _log_level() -> str:
    level = (os.environ.get("LOG_LEVEL") or "WARNING").upper()
    if level not in logging.getLevelNamesMapping():
        raise ValueError("LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return level


# E-mail is for reminders only. Without EMAIL_URL there is none, and the settings page says so.
vars().update({name: value for name, value in _email().items() if value is not None})
EMAIL_TIMEOUT = 5  # seconds, for each step of the conversation with the mail server
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="budgetctl@localhost")
# A webhook goes to public addresses only; for development it may go to this machine too.
WEBHOOK_ALLOW_LOOPBACK = env.bool("BUDGETCTL_WEBHOOK_LOOPBACK", default=False)

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "budgetctl.formats"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served from where they lie, in service too: nothing to collect, so there is no STATIC_ROOT.
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A confirmed CSV comes back in its form, signed and compressed; see checkpoints.sheet_page.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "budgetctl.kept_forms.expired"

# Served over TLS (`BUDGETCTL_TLS=1` behind a proxy that terminates it), everything insists on it.
TLS = env.bool("BUDGETCTL_TLS", default=False)
SECURE_SSL_REDIRECT = TLS
SESSION_COOKIE_SECURE = TLS
CSRF_COOKIE_SECURE = TLS
if TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True


def _without_trace(record: logging.LogRecord) -> bool:
    """Let it through as one line: who asks by a wrong name has no part in where that was seen."""
    record.exc_info = None
    return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "without_trace": {"()": "django.utils.log.CallbackFilter", "callback": _without_trace}
    },
    "loggers": {"django.security.DisallowedHost": {"filters": ["without_trace"]}},
    "formatters": {
        "line": {
            "()": "budgetctl.log_lines.Lines",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": _log_level()},
}
