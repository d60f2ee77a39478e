"""Our own mail addresses: what the settings say, and telling ours from a customer's."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import parseaddr

from django.conf import settings


def normalise(address: str) -> str:
    """Lower case, without surrounding space or brackets: the form in which addresses are compared and stored."""
    return address.strip().strip("<>").strip().lower()


def mail_domain() -> str:
    """The domain in our Message-IDs and reply addresses (`MAIL_DOMAIN`); `localhost.localdomain` until one is set."""
    return str(getattr(settings, "MAIL_DOMAIN", "") or default_from().rpartition("@")[2] or "localhost.localdomain").lower()


def reply_mailbox() -> str:
    """The mailbox that takes signed replies, without the signed part (`MAIL_REPLY_ADDRESS`), such as reply@help.example."""
    return normalise(getattr(settings, "MAIL_REPLY_ADDRESS", "") or f"reply@{mail_domain()}")


def default_from() -> str:
    """The bare address of `DEFAULT_FROM_EMAIL`."""
    return normalise(parseaddr(str(settings.DEFAULT_FROM_EMAIL))[1])


def is_ours(address: str, queue_addresses: Iterable[str]) -> bool:
    """True for a queue's address, the default sender, and the reply mailbox, with or without a +part."""
    local, _, domain = normalise(address).rpartition("@")
    bare = f"{local.partition('+')[0]}@{domain}"
    own = {normalise(queue) for queue in queue_addresses if queue} | {default_from(), reply_mailbox()}
    return bare in own or normalise(address) in own
