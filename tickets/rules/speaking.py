"""How a rule speaks: notes for colleagues, calls of webhooks, and replies to customers, which are marked automatic and held back
where they could go in circles.

A reply leaves only when a supervisor let this rule write, to a person who wrote by themselves, once a day for a rule and ticket,
three a day to an address, `MAIL_AUTOMATIC_PER_HOUR` in all (security T11, T12). Counted in PostgreSQL.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from helpdesk.core.limits import spend
from helpdesk.core.models import Webhook
from tickets.channels.rendering import reply_html
from tickets.channels.threading import message_id, reply_token
from tickets.models import Delivery, Message, Rule, ThreadReference, Ticket

PER_ADDRESS_A_DAY = 3
DAY = timedelta(days=1)


def note(rule: Rule, ticket: Ticket, text: str) -> Message:
    """An internal note in the rule's name."""
    message = _message(rule, ticket, text, visibility=Message.Visibility.INTERNAL)
    message.save()
    ticket.touch()
    ticket.record("note.added", by=rule, subject=message)
    return message


def reply(rule: Rule, ticket: Ticket, text: str, *, answers: Message | None) -> str:
    """Write to the customer; returns why nothing was written, "" when something was."""
    address = ticket.customer.email
    if why := _why_not(rule, ticket, address, answers):
        return why
    message = _message(rule, ticket, text, channel=Ticket.Channel.EMAIL, recipients=[address], delivery=Message.DeliveryState.QUEUED)
    message.author_name = (ticket.queue.sender_name or ticket.queue.name)[:200]
    message.save()
    Delivery.objects.create(message=message, recipient=address)  # the sweep of deliveries sends it
    marks = (message.external_id, reply_token(ticket.pk, address))
    ThreadReference.objects.bulk_create([ThreadReference(ticket=ticket, value=mark) for mark in marks], ignore_conflicts=True)
    ticket.touch()
    ticket.record("message.sent", by=rule, subject=message, channel=message.channel, automatic=True)
    return ""


def _message(rule: Rule, ticket: Ticket, text: str, **fields: object) -> Message:
    message = Message(
        ticket=ticket,
        author_kind=Message.AuthorKind.SYSTEM,
        author_name=rule.name,
        body_text=text.strip(),
        body_html=reply_html(text),
        automatic=True,
        metadata={"rule": str(rule.pk)},
        **{"channel": ticket.channel, **fields},
    )
    message.external_id = message_id(message.pk)
    return message


def _why_not(rule: Rule, ticket: Ticket, address: str, answers: Message | None) -> str:  # noqa: PLR0911 - one reason a line
    if not rule.may_write:
        return _("Nothing was sent: this rule may not write to customers")
    if not address:
        return _("Nothing was sent: the customer has no e-mail address")
    if answers is not None and answers.automatic:
        return _("Nothing was sent: a machine wrote to us")
    if answers is not None and answers.verified == "fail":
        return _("Nothing was sent: the sender is not who they say")
    if not spend("rule-reply", f"{rule.pk} {ticket.pk}", limit=1, window=DAY):
        return _("Nothing was sent: this rule wrote here today already")
    if not spend("rule-reply-address", address, limit=PER_ADDRESS_A_DAY, window=DAY):
        return _("Nothing was sent: this address had enough automatic mail today")
    if not spend("automatic-mail", "all", limit=settings.MAIL_AUTOMATIC_PER_HOUR, window=timedelta(hours=1)):
        return _("Nothing was sent: too much automatic mail this hour")
    return ""


def call(rule: Rule, ticket: Ticket, webhook_id: str) -> str:
    """Tell another system, through the partners' signed delivery: its tries, waits and log are those of every webhook."""
    webhook = Webhook.objects.on().filter(pk=webhook_id).first()
    if webhook is None:
        return _("Left out: this webhook is off, or no more")
    ticket.record("rule.called", by=rule, webhook=str(webhook.pk), name=webhook.name, rule=rule.name)
    return _("Called %(name)s") % {"name": webhook.name}
