"""What rows of the inbox say of the assistant's work: a draft, a chat and who has it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from assist.models import ChatSession
from assist.panel import waiting_drafts
from tickets import flags

DRAFT = flags.Flag(_("Draft"), "sparkles", kind="ai")


CHATS = {
    ChatSession.State.WAITING: flags.Flag(_("Waits"), "hourglass"),
    ChatSession.State.WITH_AGENT: flags.Flag(_("Live"), "message-circle"),
}


@flags.register
def chats(ids: Collection[UUID]) -> dict[UUID, flags.Flag]:
    running = ChatSession.objects.filter(ticket__in=ids, state__in=CHATS).values_list("ticket_id", "state")
    return {ticket: CHATS[ChatSession.State(state)] for ticket, state in running if ticket}


@flags.register
def drafts(ids: Collection[UUID]) -> dict[UUID, flags.Flag]:
    return dict.fromkeys(waiting_drafts(ids), DRAFT)
