"""Polls the mailboxes of `IMAP_URLS`. A mail is marked as read only after it is stored; one that comes twice is stored once.

`imaps://user:password@host[:port]/FOLDER?queue=billing` (queue: a slug). `imap://` is for servers on this machine. With
`&token=package.function` in place of a password that function is called with the user's name and returns an OAuth2 access token
(Microsoft 365, Google).
"""

from __future__ import annotations

import imaplib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from imap_tools import BaseMailBox, MailBox, MailboxLoginError, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError

from tickets.models import ImapMailbox, Queue

from .mailbox import MailTooLarge, store

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
MOST_AT_ONCE = 200  # mails of one poll: a task ends within two minutes; the rest comes with the next


@dataclass(frozen=True)
class Account:
    """One entry of `IMAP_URLS`."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    queue: str
    token: str
    encrypted: bool

    @classmethod
    def from_url(cls, url: str) -> Account:
        """Raises ValueError when the URL names no host."""
        parts = urlsplit(url)
        if parts.scheme not in {"imap", "imaps"} or not parts.hostname:
            raise ValueError("an IMAP URL looks like imaps://user:password@host/INBOX?queue=support")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        encrypted = parts.scheme == "imaps"
        return cls(
            host=parts.hostname,
            port=parts.port or (993 if encrypted else 143),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            queue=query.get("queue", ""),
            token=query.get("token", ""),
            encrypted=encrypted,
        )

    @property
    def name(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"[:400]


@dataclass(frozen=True)
class Polled:
    """What one mailbox gave: mails stored, or why nothing came."""

    mailbox: str
    stored: int = 0
    error: str = ""


def fetch_all() -> list[Polled]:
    """Polls every configured mailbox once. One that does not answer is noted and does not stop the others."""
    return [fetch(Account.from_url(url)) for url in settings.IMAP_URLS]


def fetch(account: Account) -> Polled:
    """Polls one mailbox. Database errors are raised: nothing is marked as read then."""
    bookmark, _ = ImapMailbox.objects.get_or_create(name=account.name)
    try:
        with _signed_in(account) as box:
            stored = _take_new(box, account, bookmark)
    except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError) as error:
        log.warning("imap_unavailable", extra={"mailbox": account.name, "error": type(error).__name__})
        ImapMailbox.objects.filter(pk=bookmark.pk).update(polled_at=timezone.now(), error=f"{type(error).__name__}: {error}"[:500])
        return Polled(account.name, error=f"{type(error).__name__}: {error}"[:500])
    ImapMailbox.objects.filter(pk=bookmark.pk).update(polled_at=timezone.now(), error="")
    return Polled(account.name, stored)


@contextmanager
def _signed_in(account: Account) -> Iterator[BaseMailBox]:
    box: BaseMailBox = (MailBox if account.encrypted else MailBoxUnencrypted)(account.host, account.port, timeout=TIMEOUT_SECONDS)
    if account.token:
        box.xoauth2(account.user, import_string(account.token)(account.user), initial_folder=account.folder)
    elif account.user:
        box.login(account.user, account.password, initial_folder=account.folder)
    else:
        raise MailboxLoginError(("NO", [b"no user in the URL"]), "OK")
    try:
        yield box
    finally:
        try:
            box.logout()
        except (ImapToolsError, imaplib.IMAP4.error, OSError):
            log.info("imap_goodbye_failed")  # what we came for is done


def _take_new(box: BaseMailBox, account: Account, bookmark: ImapMailbox) -> int:
    queue = Queue.objects.filter(slug=account.queue).first() if account.queue else None
    validity = int(box.folder.status(account.folder, ["UIDVALIDITY"])["UIDVALIDITY"])
    if validity != bookmark.uid_validity:  # first time, or the server has renumbered: what is unread is new
        bookmark.uid_validity, bookmark.last_uid = validity, 0
    stored = 0
    for uid in _new_uids(box, bookmark)[:MOST_AT_ONCE]:
        stored += _take(box, uid, queue)
        bookmark.last_uid = max(bookmark.last_uid, uid)
        bookmark.save(update_fields=["uid_validity", "last_uid"])
    return stored


def _new_uids(box: BaseMailBox, bookmark: ImapMailbox) -> list[int]:
    """Unread mail, and what came since the last poll even if a person has read it meanwhile."""
    unread = {int(uid) for uid in box.uids("UNSEEN UNFLAGGED")}
    since = {int(uid) for uid in box.uids(f"UID {bookmark.last_uid + 1}:*")} if bookmark.last_uid else set()
    return sorted(unread | {uid for uid in since if uid > bookmark.last_uid})  # "n:*" also names the last one when it is older than n


def _take(box: BaseMailBox, uid: int, queue: Queue | None) -> int:
    """Stores one mail, then marks it as read. One over the size limit is flagged and stays unread, for a person."""
    raw = _raw(box, uid)
    if raw is None:
        return 0
    try:
        store(raw, source="imap", queue=queue)
    except MailTooLarge:
        log.warning("imap_mail_too_large", extra={"uid": uid})
        box.flag(str(uid), MailMessageFlags.FLAGGED, True)
        return 0
    box.flag(str(uid), MailMessageFlags.SEEN, True)
    return 1


def _raw(box: BaseMailBox, uid: int) -> bytes | None:
    """The mail word for word, not marked as read by the reading; None when it is gone."""
    status, found = box.client.uid("fetch", str(uid), "(BODY.PEEK[])")
    if status != "OK":
        raise imaplib.IMAP4.error(f"FETCH answered {status}")
    return next((bytes(part[1]) for part in found if isinstance(part, tuple)), None)
