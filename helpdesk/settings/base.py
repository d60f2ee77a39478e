"""Django itself: apps, middleware, templates, static files, languages."""

from __future__ import annotations

from .env import BASE_DIR, DATA_DIR, DEBUG, ON_LOOPBACK, SITE_HOST, TESTING, env

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_HOST.partition(":")[0], "127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

ROOT_URLCONF = "helpdesk.urls"
WSGI_APPLICATION = "helpdesk.wsgi.application"
ASGI_APPLICATION = "helpdesk.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "axes",
    "channels",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "pgvector.django",
    "helpdesk.core",
    "customers",
    "knowledge",
    "tickets",
    "assist",
    "helpdesk.apps.HelpdeskConfig",  # last: when it is ready, every subscriber is
]

MIDDLEWARE = [
    "helpdesk.core.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "helpdesk.core.slashes.EitherSlashMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "helpdesk.core.storable.NoNullMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "helpdesk.core.audit.acting.ActingMiddleware",
    "helpdesk.core.accounts.clock.ReadersTimeZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "helpdesk.core.api.idempotency.IdempotencyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "helpdesk.core.accounts.second_step.SecondStepRequired",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "helpdesk.core.context.product",
                "knowledge.context.system_status",
            ],
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = ""  # files are never served by address: a view checks who asks (tickets.views.files)
_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG or TESTING else "helpdesk.core.static.StaticFiles"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": _STATIC},
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING
WHITENOISE_AUTOREFRESH = DEBUG or TESTING  # else every test client walks the whole folder first

LANGUAGE_CODE = "en-gb"
USE_I18N = True
TIME_ZONE, USE_TZ = "UTC", True
LOCALE_PATHS = [BASE_DIR / "helpdesk" / "locale"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
APPEND_SLASH = False  # every path answers both ways; a redirect would lose a POST (core.slashes)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
TEST_RUNNER = "django.test.runner.DiscoverRunner"
USE_X_FORWARDED_HOST = not ON_LOOPBACK and env.bool("USE_X_FORWARDED_HOST", default=False)
