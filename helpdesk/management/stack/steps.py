"""What happens before the parts start, one step after the other, each shown with its time."""

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.utils import OperationalError

from assist.chat import intents
from assist.triage.warming import learn
from helpdesk.core.embeddings import EmbeddingMisfit, EmbeddingUnavailable, prepare
from helpdesk.core.tasks import HEARTBEAT_KEY
from knowledge.categories import load_default_categories
from knowledge.models import Category
from tickets.models import Rule
from tickets.rules import shipped

from .children import fork

# A helpdesk that answers "stored" and forgets it at the next power cut is worse than one that does not start.
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": ("on", "remote_apply")}


def run(title: str, work: Callable[[], object]) -> None:
    """Do `work` in a child while `title` stands on the screen. Raises CommandError when the child failed."""
    began = time.monotonic()
    print(f"  {title} …", flush=True)  # noqa: T201
    child = fork("step", work)
    try:
        _, status = os.waitpid(child, 0)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)  # every step can be cut off: migrations roll back, files are put in place whole
        os.waitpid(child, 0)
        raise
    if status != 0:
        raise CommandError(f"“{title}” failed; what went wrong stands above. Nothing was started.")
    print(f"  {title}: {time.monotonic() - began:.1f} s", flush=True)  # noqa: T201


def check_settings() -> None:
    """Django's checks and ours: an insecure production does not start."""
    call_command("check", stdout=StringIO())


def update_database() -> None:
    """Refuse a database that may forget, then migrate it. The last run's heartbeat says nothing about this one."""
    _check_durability()
    call_command("migrate", interactive=False, verbosity=0)
    if not Category.objects.exists():  # a company that empties the list on purpose keeps one; none at all is a first start
        load_default_categories()
    if not Rule.objects.exists():
        shipped.ensure()
    cache.delete(HEARTBEAT_KEY)


def _check_durability() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(DURABLE)])
            found = dict(cursor.fetchall())
    except (OperationalError, ImproperlyConfigured) as error:
        raise CommandError(
            f"PostgreSQL at DATABASE_URL does not answer ({str(error).splitlines()[0]}): start it, or correct the address."
        ) from error
    for name, wanted in DURABLE.items():
        if found[name] not in wanted:
            raise CommandError(
                f"PostgreSQL runs with {name} = {found[name]} and could lose what we call stored: set {name} = on and restart it."
            )


def prepare_model() -> None:
    """Convert the embedding model (first start only). Without it the helpdesk still works, by words alone, and says so.

    An engine whose vectors do not fit is another matter: it would never work. Raises CommandError.
    """
    last = ""

    def show(what: str, done: float) -> None:
        nonlocal last
        if sys.stdout.isatty():
            print(f"\r    {what} {done:4.0%}   ", end="" if done < 1 else "\n", flush=True)  # noqa: T201
        elif what != last:
            print(f"    {what}", flush=True)  # noqa: T201
        last = what

    try:
        prepare(show)
        learn()
        intents.classifier()  # the chat's: else the first visitors wait while the web process fits it
    except EmbeddingMisfit as error:
        raise CommandError(error.detail) from error
    except EmbeddingUnavailable as error:
        print(f"    {error.detail} Search goes by words alone until it does.", flush=True)  # noqa: T201


def load_demo() -> None:
    """The demonstration company, if the database holds none yet."""
    call_command("demo", if_empty=True)


def static_files_changed() -> bool:
    """Whether static files were collected from other sources than today's."""
    return _stamp().read_text() != _static_mark() if _stamp().exists() else True


def collect_static() -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    _stamp().write_text(_static_mark())


def _stamp() -> Path:
    return Path(settings.STATIC_ROOT) / ".collected"


def _static_mark() -> str:
    mark = hashlib.sha256((settings.BASE_DIR / "requirements.txt").read_bytes())
    for line in _static_sources():
        mark.update(line.encode())
    return mark.hexdigest()


def _static_sources() -> Iterator[str]:
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            found = path.stat()
            yield f"{path} {found.st_size} {found.st_mtime_ns}\n"
