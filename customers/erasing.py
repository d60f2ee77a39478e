"""What customers and the core hold of a person: registered with customers.erasure."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import Q

from customers import memory
from customers.models import (
    AccessEntry,
    ContactPoint,
    CrmCase,
    CrmExchange,
    CrmRecord,
    Customer,
    CustomerExport,
    CustomerImport,
    CustomerMerge,
)
from helpdesk.core.models import Event, ModelCall, OneTimeToken, WebhookDelivery

from .erasure import Person, keep_files, mentioning, store

_DELETE_ANSWERS = """
    delete from core_idempotencyrecord
    where exists (select 1 from unnest(%s::text[]) as one where position(convert_to(one, 'UTF8') in body) > 0)
"""


@store("memory and facts", layer="customers")
def memories(person: Person) -> int:
    return sum(sum(memory.forget(one).values()) for one in Customer.objects.filter(pk__in=person.ids))


@store("CRM records", layer="customers")
def crm(person: Person) -> int:
    cases = CrmCase.objects.filter(customer__in=person.ids)
    person.marks |= set(cases.values_list("source", flat=True))
    told = CrmExchange.objects.filter(subject__in=person.marks)
    named = mentioning(CrmExchange.objects.all(), "detail", person.addresses)
    return sum(rows.delete()[0] for rows in (told, named, cases, CrmRecord.objects.filter(customer__in=person.ids)))


@store("imported lists", layer="customers")
def imports(person: Person) -> int:
    """A list holds many people: the whole file goes, its counts stay."""
    number = 0
    for run in CustomerImport.objects.exclude(file=""):
        if _holds(run, person):
            number += keep_files(person, [run.file.name or ""])
            CustomerImport.objects.filter(pk=run.pk).update(file="", skipped=[])
    return number + mentioning(CustomerImport.objects.all(), "skipped", person.addresses).update(skipped=[])


@store("exports", layer="customers")
def exports(person: Person) -> int:
    found = CustomerExport.objects.filter(customer__in=person.ids)
    keep_files(person, found.values_list("file", flat=True))
    return found.delete()[0]


@store("merges", layer="customers")
def merges(person: Person) -> int:
    found = CustomerMerge.objects.filter(kept__in=person.ids) | CustomerMerge.objects.filter(merged__in=person.ids)
    return found.delete()[0]


@store("consent", layer="customers")
def consents(person: Person) -> int:
    return sum(one.consents.all().delete()[0] for one in Customer.objects.filter(pk__in=person.ids))


@store("access log", layer="customers")
def readings(person: Person) -> int:
    """That somebody looked stays, under an id that leads nowhere; what it says of the person goes."""
    theirs = AccessEntry.objects.filter(customer_ref__in=person.ids)
    AccessEntry.objects.filter(actor_kind="customer", actor_id__in=[str(pk) for pk in person.ids]).update(actor_name="", actor_id="")
    return theirs.update(why="")


@store("addresses", layer="customers")
def addresses(person: Person) -> int:
    return ContactPoint.objects.filter(customer__in=person.ids).delete()[0]


@store("events", layer="core")
def events(person: Person) -> int:
    """Events of the person and of their tickets go; in those of others only their name and words are emptied."""
    ids = [str(pk) for pk in person.ids]
    own = Event.objects.filter(customer_ref__in=person.ids) | Event.objects.filter(ticket_ref__in=person.tickets)
    own |= Event.objects.filter(subject_id__in=person.marks) | Event.objects.filter(data__other__in=ids)
    number = Event.objects.filter(pk__in=own.values("pk")).delete()[0]
    acted = Event.objects.filter(actor_kind="customer", actor_id__in=ids).update(actor_name="", actor_id="")
    named = mentioning(Event.objects.all(), "data", [*person.addresses, *person.marks]).update(data={})
    return number + acted + named


@store("what language models were asked", layer="core")
def model_calls(person: Person) -> int:
    """The words go; tokens and cost stay for the books."""
    about = [f"{kind}:{mark}" for kind in ("ticket", "chat", "call") for mark in (*map(str, person.tickets), *sorted(person.marks))]
    theirs = ModelCall.objects.filter(Q(customer_ref__in=person.ids) | Q(about__in=about))
    return theirs.update(payload="", answer="", error="", about="", customer_ref=None)


@store("deliveries of webhooks", layer="core")
def deliveries(person: Person) -> int:
    """What was sent to partners, as far as our log goes back; partners hear of the erasure by its event."""
    theirs = WebhookDelivery.objects.filter(Q(customer_ref__in=person.ids) | Q(ticket_ref__in=person.tickets))
    named = mentioning(WebhookDelivery.objects.all(), "body", [*person.addresses, *person.marks])
    return sum(rows.delete()[0] for rows in (theirs, named))


@store("links sent by e-mail", layer="core")
def tokens(person: Person) -> int:
    theirs = OneTimeToken.objects.filter(user=None)  # an agent with this address is another matter
    return sum(mentioning(theirs, *where).delete()[0] for where in (("email", person.addresses), ("data", person.marks)))


@store("answers kept for repeated requests", layer="core")
def answers(person: Person) -> int:
    needles = sorted({*person.marks, *person.addresses, *person.names})
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_ANSWERS, [needles])
        return int(cursor.rowcount)


@store("back office history", layer="core")
def history(person: Person) -> int:
    return LogEntry.objects.filter(object_id__in=person.marks).delete()[0]


@store("the customer", layer="core")
def themselves(person: Person) -> int:
    return Customer.objects.filter(pk__in=person.ids).delete()[0]


def _holds(run: CustomerImport, person: Person) -> bool:
    needles = [value.encode() for value in (*person.addresses, *person.names)]
    try:
        with run.file.open("rb") as file:
            text = file.read().lower()
    except FileNotFoundError:
        return False
    return any(needle.lower() in text for needle in needles)
