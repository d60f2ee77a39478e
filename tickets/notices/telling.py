"""Writing down that somebody is to be told: one row for each person and source, in the ways they chose, in the transaction of the news."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from helpdesk.core import realtime
from helpdesk.core.models import User
from tickets.models import ChatHook, ChatPost, Notice, NoticeSettings, Ticket

from . import timing

APP, MAIL, CHAT = "app", "mail", "chat"
Kind = Notice.Kind

# Ways of a kind, until a person chooses others: what is theirs to act on is mailed, the rest only shows.
USUAL: dict[str, tuple[str, ...]] = {
    Kind.ASSIGNED: (APP, MAIL),
    Kind.REPLIED: (APP,),
    Kind.MENTIONED: (APP, MAIL),
    Kind.SLA: (APP, MAIL),
    Kind.ESCALATED: (APP, MAIL),
    Kind.NEW: (),
    Kind.RATED: (APP,),
    Kind.READY: (APP,),
    Kind.RULE: (APP,),
}


def ways_of(chosen: NoticeSettings | None, kind: str) -> tuple[str, ...]:
    """How a person is told of this kind."""
    ways = (chosen.ways if chosen else {}).get(kind)
    return tuple(ways) if isinstance(ways, list) else USUAL.get(kind, (APP,))


def tell(people: Iterable[UUID], kind: str, *, source: str, ticket: Ticket | None = None, **fields: Any) -> int:
    """Tell these people, each once for this source; returns how many were new to it. Four statements, however many they are.

    `fields`: actor, message_ref, text, link. Nobody is told of what they did themselves: callers leave the actor out.
    """
    users = User.objects.filter(pk__in=set(people), is_active=True).select_related("notice_settings", "chat_hook")
    now, notices, posts = timezone.now(), [], []
    for user in users:
        chosen = getattr(user, "notice_settings", None)
        ways = ways_of(chosen, kind)
        hook = getattr(user, "chat_hook", None)
        if CHAT in ways and hook is not None:
            posts.append(_post(hook, kind, source, ticket, fields))
        if APP in ways or MAIL in ways:
            mail = mail_due(user, chosen, now) if MAIL in ways else None
            notices.append(
                Notice(user=user, kind=kind, source=source, ticket=ticket, in_app=APP in ways, mail_due_at=mail, at=now, **fields)
            )
    before = set(Notice.objects.filter(source=source, user__in=[n.user_id for n in notices]).values_list("user_id", flat=True))
    new = [notice for notice in notices if notice.user_id not in before]
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    ChatPost.objects.bulk_create(posts, ignore_conflicts=True)
    for notice in new:
        if notice.in_app:
            ring(notice.user_id)
    return len(new)


def post_to_team(ticket: Ticket, kind: str, *, source: str, text: str = "") -> None:
    """Tell the chat system of the ticket's team, where it has one that wants this kind."""
    hook = ChatHook.objects.filter(queue=ticket.queue_id, kinds__contains=[kind]).first()
    if hook is not None:
        ChatPost.objects.bulk_create([_post(hook, kind, source, ticket, {"text": text})], ignore_conflicts=True)


def mail_due(user: User, chosen: NoticeSettings | None, now: Any) -> Any:
    """When this person's next mail leaves."""
    if chosen is None:
        return timing.due(now, zone=user.time_zone)
    return timing.due(
        now,
        digest=chosen.digest,
        zone=user.time_zone,
        daily_at=chosen.daily_at,
        quiet_from=chosen.quiet_from,
        quiet_until=chosen.quiet_until,
    )


def ring(user: UUID) -> None:
    """Let the bell on this person's screens ask for its number, after the commit."""
    realtime.broadcast(f"agent.{user}", {"type": "event", "event": 0, "kind": "notice", "ticket": ""})


def _post(hook: ChatHook, kind: str, source: str, ticket: Ticket | None, fields: dict[str, Any]) -> ChatPost:
    return ChatPost(hook=hook, kind=kind, source=source, ticket=ticket, text=fields.get("text", ""), link=fields.get("link", ""))
