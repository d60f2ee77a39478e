"""E-mail out (EMAIL_URL) and in (IMAP_URLS, lmtpd). Without EMAIL_URL replies wait, and the console says so."""

from __future__ import annotations

from .env import SITE_HOST, TESTING, env

EMAIL_URL = env("EMAIL_URL", default="")
if EMAIL_URL:
    _mail = env.email_url("EMAIL_URL")
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = _mail.get("EMAIL_HOST") or "localhost", _mail.get("EMAIL_PORT") or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_USER") or "", _mail.get("EMAIL_HOST_PASSWORD") or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)  # seconds

_HOST = SITE_HOST.partition(":")[0]
DEFAULT_FROM_EMAIL = env(
    "DEFAULT_FROM_EMAIL", default=f"support@{'localhost.localdomain' if _HOST in ('127.0.0.1', 'localhost', '[') else _HOST}"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_DOMAIN = env("MAIL_DOMAIN", default=DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">"))
MAIL_REPLY_ADDRESS = env("MAIL_REPLY_ADDRESS", default=f"reply@{MAIL_DOMAIN}")
MAIL_LARGEST = env.int("MAIL_LARGEST", default=25 * 1024 * 1024)  # bytes, as announced by SMTP SIZE
MAIL_AUTHSERV_ID = env("MAIL_AUTHSERV_ID", default="")  # whose Authentication-Results we believe
MAIL_CHECK_SENDERS = env.bool("MAIL_CHECK_SENDERS", default=not TESTING)  # DMARC by ourselves, when DNS answers
MAIL_ACKNOWLEDGE = env.bool("MAIL_ACKNOWLEDGE", default=False)
SATISFACTION_ASK = env.bool("SATISFACTION_ASK", default=True)  # about tickets that were solved without a mail
MAIL_AUTOMATIC_PER_HOUR = env.int("MAIL_AUTOMATIC_PER_HOUR", default=200)
IMAP_URLS = env.list("IMAP_URLS", default=[])  # imaps://user:password@host/INBOX?queue=billing
