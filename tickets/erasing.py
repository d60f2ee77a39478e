"""What tickets hold of a person: their own go whole; in other people's, their words, files and addresses go."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from customers.erasure import Person, keep_files, mentioning, store
from tickets.models import Attachment, Delivery, Message, Participant, Rating, RawMail, SearchEntry, Ticket


@store("own tickets", layer="collect")
def collect(person: Person) -> int:
    """By which ids and numbers other stores know what was theirs."""
    rows = list(Ticket.objects.filter(customer__in=person.ids).values_list("pk", "number"))
    person.tickets = [pk for pk, _number in rows]
    person.marks |= {str(pk) for pk in person.tickets} | {number for _pk, number in rows}
    theirs = Message.objects.filter(Q(ticket__in=person.tickets) | Q(customer__in=person.ids))
    person.marks |= {str(pk) for pk in theirs.values_list("pk", flat=True)}
    return len(rows)


@store("raw mails", layer="tickets")
def raw_mails(person: Person) -> int:
    theirs = _theirs(person)
    found = RawMail.objects.filter(Q(message__in=theirs) | Q(pk__in=theirs.values("raw_mail")))
    sent = mentioning(RawMail.objects.all(), "envelope_from", person.addresses)
    return sum(rows.delete()[0] for rows in (found, sent))


@store("attachments", layer="tickets")
def attachments(person: Person) -> int:
    found = Attachment.objects.filter(message__in=_theirs(person))
    keep_files(person, found.values_list("file", flat=True))
    return found.delete()[0]


@store("search entries", layer="tickets")
def search_entries(person: Person) -> int:
    found = SearchEntry.objects.filter(Q(ticket__in=person.tickets) | Q(message__in=_theirs(person)))
    return found.delete()[0]


@store("ratings", layer="tickets")
def ratings(person: Person) -> int:
    return Rating.objects.filter(Q(ticket__in=person.tickets) | Q(customer__in=person.ids)).delete()[0]


@store("tickets and messages", layer="tickets")
def tickets(person: Person) -> int:
    """Theirs, with every message in them, whoever wrote it: answers repeat what was asked."""
    number = Message.objects.filter(ticket__in=person.tickets).delete()[0]
    return number + Ticket.objects.filter(pk__in=person.tickets).delete()[0]


@store("messages in other people's tickets", layer="tickets")
def elsewhere(person: Person) -> int:
    emptied = {"body_text": "", "body_html": "", "quoted_text": "", "author_name": "", "metadata": {}, "external_id": "", "recipients": []}
    number = Message.objects.filter(customer__in=person.ids).update(**emptied, customer=None)
    Participant.objects.filter(customer__in=person.ids).delete()
    Participant.objects.filter(address__in=person.addresses).delete()
    Delivery.objects.filter(recipient__in=person.addresses).delete()
    for message in mentioning(Message.objects.all(), "recipients", person.addresses):
        kept = [one for one in message.recipients if str(one).lower() not in person.addresses]
        Message.objects.filter(pk=message.pk).update(recipients=kept)
        number += 1
    return number


def _theirs(person: Person) -> QuerySet[Message]:
    return Message.objects.filter(Q(ticket__in=person.tickets) | Q(customer__in=person.ids))
