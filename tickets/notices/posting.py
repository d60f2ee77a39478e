"""What is due in chat systems: one POST each to an incoming webhook, tried again with growing pauses while the other side is away."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core import http
from helpdesk.core.errors import HelpdeskError
from tickets.models import ChatHook, ChatPost
from tickets.rules import texts

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)
GONE = (403, 404, 410)  # Slack's words for a hook that is no more


def post_due(limit: int = 50) -> int:
    """Post what is due; returns how many arrived."""
    due = ChatPost.objects.filter(sent_at__isnull=True, failed_at__isnull=True, due_at__lte=timezone.now())
    return sum(_post(pk) for pk in list(due.order_by("due_at").values_list("pk", flat=True)[:limit]))


def check(url: str) -> None:
    """Raises HelpdeskError for an address that may not be reached. For forms."""
    http.check_address(url)


def _post(pk: int) -> bool:
    now = timezone.now()
    mine = ChatPost.objects.filter(pk=pk, sent_at__isnull=True, failed_at__isnull=True, due_at__lte=now).update(due_at=now + LEASE)
    post = ChatPost.objects.select_related("hook", "ticket__customer", "ticket__queue", "ticket__assignee").filter(pk=pk).first()
    if not mine or post is None:
        return False
    try:
        answer = http.request("POST", post.hook.address.get("url", ""), data={"text": said(post)}, most_bytes=10_000)
        error = "" if answer.status < 300 else f"HTTP {answer.status}"  # noqa: PLR2004
        over = answer.status in GONE
    except HelpdeskError as refused:
        error, over = refused.detail, False
    _note(post, error, over)
    return not error


def _note(post: ChatPost, error: str, over: bool) -> None:
    now, post.attempts = timezone.now(), post.attempts + 1
    if not error:
        post.sent_at = now
    elif over or post.attempts >= ChatPost.MOST_ATTEMPTS:
        post.failed_at = now
    else:
        post.due_at = now + timedelta(seconds=30 * 4 ** (post.attempts - 1))
    post.save(update_fields=["attempts", "sent_at", "failed_at", "due_at"])
    ChatHook.objects.filter(pk=post.hook_id).update(last_error=error[:200])
    if error:
        log.warning("chat_post_failed", extra={"post": post.pk, "error": error})


def said(post: ChatPost) -> str:
    """In Slack's way of writing; what people wrote is escaped, so that it links to nothing and calls nobody."""
    label = str(dict(post_kinds()).get(post.kind, post.kind))
    ticket = post.ticket
    text = texts.filled(post.text, ticket) if ticket and post.text else post.text
    line = escaped(text) or label
    if ticket is None:
        return f"{line} {settings.SITE_URL}{post.link}".strip()
    return f"{line}: <{settings.SITE_URL}{ticket.get_absolute_url()}|{escaped(ticket.number)}> {escaped(ticket.subject)}"


def post_kinds() -> list[tuple[str, object]]:
    """How each kind is called in a team's room."""
    return [
        ("new", _("New ticket")),
        ("replied", _("A customer wrote")),
        ("escalated", _("Escalated")),
        ("sla", _("A target is nearly missed, or was missed")),
        ("rated", _("A low rating")),
        ("assigned", _("Assigned to you")),
        ("mentioned", _("You were mentioned")),
        ("rule", _("A rule tells you")),
    ]


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
