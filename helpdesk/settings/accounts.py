"""Sign-in: allauth by e-mail, passkey or the company's own; Argon2; lock-out by axes in PostgreSQL (Redis may be flushed; locks stay)."""

from __future__ import annotations

from datetime import timedelta

from .env import ON_LOOPBACK, TESTING, env

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
_ARGON2 = "django.contrib.auth.hashers.Argon2PasswordHasher"
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher", _ARGON2] if TESTING else [_ARGON2, "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/inbox/"
PASSWORD_RESET_TIMEOUT = 3600

ACCOUNT_ADAPTER = "helpdesk.core.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people join by invitation only: the link came by e-mail
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"reset_password": "10/m/ip,3/h/key", "login_failed": False}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = ON_LOOPBACK  # browsers themselves take 127.0.0.1 for safe
TWO_FACTOR_REQUIRED = env.bool("TWO_FACTOR_REQUIRED", default=not ON_LOOPBACK)

# The company's own sign-in (OpenID Connect). It lets in who has an account here already; it makes none.
OIDC_ISSUER = env("OIDC_ISSUER", default="")
OIDC_NAME = env("OIDC_NAME", default="Company sign-in")
OIDC_TRUSTS_EMAILS = env.bool("OIDC_TRUSTS_EMAILS", default=False)  # for issuers that never say `email_verified`, as Entra ID
SOCIALACCOUNT_ADAPTER = "helpdesk.core.accounts.company.CompanyAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # ours is stricter: helpdesk.core.accounts.company
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form that leads to another host would be stopped by `form-action 'self'`; `state` guards the way back
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10  # seconds
_COMPANY = {
    "provider_id": "company",
    "name": OIDC_NAME,
    "client_id": env("OIDC_CLIENT_ID", default=""),
    "secret": env("OIDC_CLIENT_SECRET", default=""),
    "settings": {"server_url": OIDC_ISSUER},
}
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [_COMPANY] if OIDC_ISSUER else [], "OAUTH_PKCE_ENABLED": True}}

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_RESET_ON_SUCCESS = True
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_IPWARE_PROXY_COUNT = env.int("NUM_PROXIES", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = AXES_IPWARE_PROXY_COUNT  # who a visitor is, for every limit (core.limits)
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_VERBOSE = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "helpdesk_session" if ON_LOOPBACK else "__Host-session"
CSRF_COOKIE_NAME = "helpdesk_csrf" if ON_LOOPBACK else "__Host-csrf"
CSRF_COOKIE_SAMESITE = "Lax"
