"""The word "Draft" on rows of the inbox."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from assist.panel import waiting_drafts
from tickets import flags

DRAFT = flags.Flag(_("Draft"), "sparkles", kind="ai")


@flags.register
def drafts(ids: Collection[UUID]) -> dict[UUID, flags.Flag]:
    return dict.fromkeys(waiting_drafts(ids), DRAFT)
