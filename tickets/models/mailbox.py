"""How far we have read an IMAP mailbox."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImapMailbox(models.Model):
    """The bookmark of one mailbox of `IMAP_URLS`. UIDs only grow, until the server gives a new UIDVALIDITY: then we read what is unseen."""

    name = models.CharField(max_length=400, unique=True)  # user@host/folder, without the password
    uid_validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)
    polled_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)  # of the last try; empty when it went well

    class Meta:
        verbose_name = _("IMAP mailbox")

    def __str__(self) -> str:
        return self.name
