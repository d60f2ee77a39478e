"""What rows of the inbox say of the assistant's work: a draft, a chat and who has it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from assist.models import ChatSession
from assist.panel import waiting_drafts
from tickets import flags

DRAFT = flags.Flag(_("Draft"), "sparkles", kind="ai")


@flags.register
def drafts(ids: Collection[UUID]) -> dict[UUID, flags.Flag]:
    return dict.fromkeys(waiting_drafts(ids), DRAFT)


CHATS = {
    ChatSession.State.ASSISTANT: flags.Flag(_("Chat with assistant"), "message-circle", kind="ai"),
    ChatSession.State.WAITING: flags.Flag(_("Waits in chat"), "message-circle"),
    ChatSession.State.WITH_AGENT: flags.Flag(_("Live chat"), "message-circle"),
}


@flags.register
def chats(ids: Collection[UUID]) -> dict[UUID, flags.Flag]:
    running = ChatSession.objects.running().filter(ticket__in=ids).values_list("ticket_id", "state")
    return {ticket: CHATS[ChatSession.State(state)] for ticket, state in running if ticket}
