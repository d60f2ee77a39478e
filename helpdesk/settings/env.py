"""The environment, and what a few variables mean for everything else. `.env` beside manage.py is read when it is there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import environ

# Our matrices are small: more than one thread for them only spins, in every process, while others want the processor.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")  # no error when there is none

DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / ".data"))).resolve()
DEBUG = env.bool("DEBUG", default=False)
TESTING = env.bool("HELPDESK_TESTING", default=False)

# The address at which people reach us. Off loopback we insist on HTTPS, secure cookies and a secret of your own.
SITE_URL = env("SITE_URL", default=f"http://127.0.0.1:{env('PORT', default='8000')}").rstrip("/")
SITE_HOST = SITE_URL.partition("://")[2].partition("/")[0]
ON_LOOPBACK = SITE_HOST.partition(":")[0] in ("127.0.0.1", "localhost", "[::1]") or SITE_HOST.startswith("[::1]")
PRODUCT_NAME = env("PRODUCT_NAME", default="Fernway Support")


def _secret_of_this_installation() -> str:
    """A random key, made once and kept in DATA_DIR, so that a laptop needs no configuration and shares no key with others."""
    file = DATA_DIR / "secret-key"
    if not file.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(50))
        try:
            os.link(part, file)  # atomic: of two first starts one wins, and both read its key
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return file.read_text().strip()


SECRET_KEY = env("SECRET_KEY", default="") or ("only-for-tests" if TESTING else _secret_of_this_installation())
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
