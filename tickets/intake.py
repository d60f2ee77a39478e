"""The one door in: every customer message enters the helpdesk here, whoever carried it.

Channels only translate; `receive` decides who is speaking, which ticket it belongs to, and writes customer, ticket,
message and events in one transaction. The same message twice (by channel and external id) is one message.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from customers import identity
from customers.models import ContactPoint, Customer
from helpdesk.core.models import ApiKey, User
from tickets import merging, sla
from tickets.channels.base import InboundAttachment, InboundMessage
from tickets.channels.threading import token_matches
from tickets.models import Attachment, Delivery, Message, Participant, Queue, Tag, ThreadReference, Ticket, TicketNumber

MOST_SUGGESTED = 20  # participants taken from one mail's To and Cc (security T08)
MOST_REFERENCES = 60
DANGEROUS = frozenset("exe com scr bat cmd msi js jse vbs vbe wsf ps1 jar hta lnk reg dll apk iso img svg html htm xhtml xml".split())


@dataclass(frozen=True)
class Placement:
    """Where a message goes: into a ticket, or into a new one; `stranger_to` is the ticket it claimed without proof."""

    ticket: Ticket | None = None
    as_note: bool = False
    stranger_to: Ticket | None = None
    follow_up_of: Ticket | None = None


def receive(inbound: InboundMessage, *, by: ApiKey | None = None) -> Message:
    """Take one message in. Returns its Message, the earlier one when this message was already received.

    `by` is the partner's key that posted it, if one did. Raises nothing that a channel must handle: a message without
    text, sender or subject is still a ticket.
    """
    if (known := _already_received(inbound)) is not None:
        return known
    try:
        with transaction.atomic():
            return _receive(inbound, by)
    except IntegrityError:  # the same message came through two doors at once: the other one won
        if (known := _already_received(inbound)) is not None:
            return known
        raise


def adopt(message: Message, *, into: Ticket, by: User) -> None:
    """An agent decides that a stranger's message does belong to the ticket it pointed at. Raises NotAllowed for who only reads along."""
    origin = message.ticket
    with transaction.atomic():
        into.refresh_from_db(from_queryset=Ticket.objects.select_for_update(of=("self",)))
        into.allow(by)
        message.ticket = into
        message.save(update_fields=["ticket"])
        if message.customer and message.customer.email:
            _take_part(into, message.customer.email, Participant.Role.CC, message.customer)
        into.record("message.adopted", by=by, subject=message, sender=message.author_name, target=into.number)
        if message.author_kind == Message.AuthorKind.CUSTOMER:
            _advance(into, message, opened=False)
        if not origin.messages.exists():
            _move_references(origin, into)
            origin.set_status(Ticket.Status.CLOSED, by=by, reason=f"moved to {into.number}")


def _receive(inbound: InboundMessage, by: ApiKey | None) -> Message:
    if inbound.bounce_of and (bounced := _bounce(inbound)) is not None:
        return bounced
    sender = inbound.sender
    customer = identity.resolve(
        email=sender.email, phone=sender.phone, name=sender.name, external_id=sender.external_id, customer_id=str(sender.customer_id or "")
    )
    place = _place(inbound, customer)
    ticket = place.ticket or _open(inbound, customer, place)
    message = _add(inbound, ticket, customer, as_note=place.as_note)
    _remember_thread(inbound, ticket)
    if not place.as_note:
        _suggest_participants(inbound, ticket)
        _advance(ticket, message, opened=place.ticket is None)
    _tell(inbound, ticket, message, place, by or customer)
    return message


def _already_received(inbound: InboundMessage) -> Message | None:
    if not inbound.external_id:
        return None
    return Message.objects.select_related("ticket").filter(channel=inbound.channel, external_id=inbound.external_id).first()


# -- which ticket ----------------------------------------------------------------------------------------------


def _place(inbound: InboundMessage, customer: Customer) -> Placement:
    """Only participants get into a ticket: a signed reply address or a known Message-ID alone is not enough (security T07)."""
    claimed = _claimed(inbound)
    if claimed is None:
        return Placement()
    ticket = merging.survivor(claimed)
    if not _takes_part(ticket, inbound, customer):
        return Placement(stranger_to=ticket)
    if inbound.verified == "fail":  # someone writes in a participant's name: agents only, nothing changes (T06)
        return Placement(ticket=ticket, as_note=True)
    # Held from here on: a reply or a close that commits this moment is seen, and not written over.
    ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    if ticket.status == Ticket.Status.CLOSED:
        return Placement(follow_up_of=ticket)
    return Placement(ticket=ticket)


def _claimed(inbound: InboundMessage) -> Ticket | None:
    """The ticket that the message points to: by reply token first, else by any Message-ID that it names."""
    if number := inbound.metadata.get("ticket_number"):  # set by channels that have proven it: API, tracking link, chat
        return Ticket.objects.filter(number=number).first()
    if inbound.reply_token:
        reference = ThreadReference.objects.select_related("ticket").filter(value=inbound.reply_token).first()
        if reference and token_matches(inbound.reply_token, reference.ticket_id, inbound.sender.email):
            return reference.ticket
    named = [inbound.in_reply_to, *reversed(inbound.references)][:MOST_REFERENCES]
    found = {
        r.value: r.ticket
        for r in ThreadReference.objects.select_related("ticket").filter(value__in=list(filter(None, named))).order_by("-id")
    }
    return next((found[value] for value in named if value in found), None)


def _takes_part(ticket: Ticket, inbound: InboundMessage, customer: Customer) -> bool:
    if inbound.metadata.get("ticket_number"):
        return True
    if inbound.reply_token and token_matches(inbound.reply_token, ticket.pk, inbound.sender.email):
        return not ticket.participants.filter(address=identity.normal_email(inbound.sender.email), removed_at__isnull=False).exists()
    people = ticket.participants.filter(removed_at__isnull=True).exclude(role=Participant.Role.SUGGESTED)
    mine = customer.contact_points.filter(kind=ContactPoint.Kind.EMAIL).values("value")
    return (
        customer.pk == ticket.customer_id
        or people.filter(Q(address=identity.normal_email(inbound.sender.email)) | Q(address__in=mine)).exists()
    )


def _open(inbound: InboundMessage, customer: Customer, place: Placement) -> Ticket:
    queue = Queue.objects.filter(slug=inbound.queue).first() if inbound.queue else None
    metadata = {key: value for key, value in inbound.metadata.items() if key != "ticket_number"}
    if place.stranger_to:
        metadata["claimed_ticket"] = place.stranger_to.number
    if place.follow_up_of:
        metadata["follow_up_of"] = place.follow_up_of.number
    now = inbound.received_at or timezone.now()
    ticket = Ticket(
        subject=_subject(inbound),
        queue=queue or (place.follow_up_of.queue if place.follow_up_of else Queue.objects.default()),
        customer=customer,
        organisation=customer.organisation,
        channel=inbound.channel,
        priority=inbound.priority or Ticket.Priority.NORMAL,
        decided_by_people=["priority"] if inbound.priority else [],
        metadata=metadata,
        created_at=now,
        updated_at=now,
    )
    if not inbound.automatic:
        ticket.last_customer_message_at = now
    sla.reschedule(ticket)
    # The number's row is locked until the commit, so it is taken as late as can be.
    ticket.number = TicketNumber.next(now)
    ticket.save()
    if inbound.tags:
        ticket.tags.add(*(Tag.named(name) for name in inbound.tags if name.strip()))
    if address := identity.normal_email(inbound.sender.email) or customer.email:
        Participant.objects.create(ticket=ticket, address=address, role=Participant.Role.REQUESTER, customer=customer)
    return ticket


def _subject(inbound: InboundMessage) -> str:
    first_line = next((line.strip() for line in inbound.body_text.splitlines() if line.strip()), "")
    return (" ".join(inbound.subject.split()) or first_line[:120] or _("(no subject)"))[:500]


# -- what was said ---------------------------------------------------------------------------------------------


def _add(inbound: InboundMessage, ticket: Ticket, customer: Customer, *, as_note: bool) -> Message:
    message = Message.objects.create(
        ticket=ticket,
        author_kind=Message.AuthorKind.CUSTOMER,
        customer=customer,
        author_name=inbound.sender.name[:200] or customer.display_name[:200],
        visibility=Message.Visibility.INTERNAL if as_note else Message.Visibility.PUBLIC,
        channel=inbound.channel,
        body_text=inbound.body_text,
        body_html=inbound.body_html,
        quoted_text=inbound.quoted_text,
        external_id=inbound.external_id,
        in_reply_to=inbound.in_reply_to,
        recipients=list(inbound.recipients),
        automatic=inbound.automatic,
        verified=inbound.verified,
        undisplayable=inbound.undisplayable,
        raw_mail_id=inbound.raw_mail_id,
        created_at=inbound.received_at or timezone.now(),
    )
    for attachment in inbound.attachments:
        attach(message, attachment)
    return message


def attach(message: Message, inbound: InboundAttachment) -> Attachment:
    """Keep one file under a name of our own; what may run as a program is marked, not dropped."""
    suffix = inbound.name.rpartition(".")[2].lower() if "." in inbound.name else ""
    row = Attachment(
        message=message,
        name=inbound.name[:255] or "attachment",
        content_type=inbound.content_type[:120],
        size=len(inbound.content),
        sha256=hashlib.sha256(inbound.content).hexdigest(),
        content_id=inbound.content_id[:255],
        inline=inbound.inline,
        verdict=Attachment.Verdict.DANGEROUS if suffix in DANGEROUS else Attachment.Verdict.UNCHECKED,
    )
    row.file.save("", ContentFile(inbound.content), save=False)
    row.save()
    return row


def _remember_thread(inbound: InboundMessage, ticket: Ticket) -> None:
    values = dict.fromkeys(filter(None, (inbound.external_id, inbound.in_reply_to, *inbound.references[-MOST_REFERENCES:])))
    if inbound.channel == Ticket.Channel.EMAIL:
        ThreadReference.objects.bulk_create([ThreadReference(ticket=ticket, value=value[:998]) for value in values], ignore_conflicts=True)


def _move_references(origin: Ticket, into: Ticket) -> None:
    """What answers a mail of `origin` from now on belongs to `into`."""
    values = origin.references.values_list("value", flat=True)
    ThreadReference.objects.bulk_create([ThreadReference(ticket=into, value=value) for value in values], ignore_conflicts=True)
    origin.references.all().delete()


def _take_part(ticket: Ticket, address: str, role: str, customer: Customer | None = None) -> None:
    """As whoever was suggested or removed before, too: an agent has decided."""
    rows = ticket.participants.filter(address=address)
    if not rows.exists():
        Participant.objects.create(ticket=ticket, address=address, role=role, customer=customer)
    rows.filter(Q(role=Participant.Role.SUGGESTED) | Q(removed_at__isnull=False)).update(role=role, customer=customer, removed_at=None)


def _suggest_participants(inbound: InboundMessage, ticket: Ticket) -> None:
    """People in To and Cc are proposed to the agent; a mail cannot add them by itself (security T08)."""
    addresses = dict.fromkeys(identity.normal_email(address) for address in inbound.recipients[:MOST_SUGGESTED])
    rows = [Participant(ticket=ticket, address=address, role=Participant.Role.SUGGESTED) for address in addresses]
    if rows:
        Participant.objects.bulk_create(rows, ignore_conflicts=True)  # who takes part already, stays what they are


def _advance(ticket: Ticket, message: Message, *, opened: bool) -> None:
    """A customer's message reopens and wakes the ticket; an automatic one only stands in it."""
    if opened:  # saved with its times a moment ago
        return
    _touch(ticket, message)
    if message.automatic:
        return
    if ticket.snoozed_until:
        ticket.snooze(until=None, by=None)
    if ticket.status in (Ticket.Status.PENDING, Ticket.Status.ON_HOLD, Ticket.Status.RESOLVED):
        ticket.reopen(by=message.customer, reason="customer replied")


def _touch(ticket: Ticket, message: Message) -> None:
    if not message.automatic:
        ticket.last_customer_message_at = message.created_at
    ticket.touch("last_customer_message_at")


def _tell(inbound: InboundMessage, ticket: Ticket, message: Message, place: Placement, by: Customer | ApiKey) -> None:
    opened = place.ticket is None
    data: dict[str, Any] = {"channel": inbound.channel, "automatic": inbound.automatic, "verified": inbound.verified}
    if opened:
        ticket.record("ticket.created", by=by, **data)
    if place.stranger_to:
        where = {"sender": inbound.sender.email, "target": ticket.number}
        place.stranger_to.record("message.quarantined", subject=message, by=by, reason="not a participant", **where)
    if place.as_note:
        ticket.record("message.quarantined", subject=message, by=by, reason="sender not verified", sender=inbound.sender.email)
    else:
        ticket.record("message.received", subject=message, by=by, opens_ticket=opened, **data)


def _bounce(inbound: InboundMessage) -> Message | None:
    """One of our mails came back: mark its deliveries and show the report beside the reply. Nobody is answered."""
    original = Message.objects.select_related("ticket").filter(channel=Ticket.Channel.EMAIL, external_id=inbound.bounce_of).first()
    if original is None:
        return None
    report = Message.objects.create(
        ticket=original.ticket,
        author_kind=Message.AuthorKind.SYSTEM,
        author_name=_("Mail system"),
        visibility=Message.Visibility.INTERNAL,
        channel=inbound.channel,
        body_text=inbound.body_text,
        external_id=inbound.external_id,
        automatic=True,
        raw_mail_id=inbound.raw_mail_id,
    )
    deliveries = Delivery.objects.filter(message=original)
    named = deliveries.filter(recipient__iexact=inbound.metadata.get("mail", {}).get("bounce", {}).get("recipient", ""))
    (named if named.exists() else deliveries).update(state=Delivery.State.BOUNCED, error=inbound.body_text[:500])
    Message.objects.filter(pk=original.pk).update(delivery=Message.DeliveryState.BOUNCED)
    original.ticket.record("message.bounced", subject=original, reason=inbound.body_text[:200])
    return report
