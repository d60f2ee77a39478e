"""The ticket: its state, and the verbs by which it changes. Each verb guards, writes and records in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Organisation
from helpdesk.core.errors import Conflict, Invalid, NotAllowed
from helpdesk.core.events import record
from helpdesk.core.models import ApiKey, User
from knowledge.models import Category
from tickets import sla
from tickets.channels.charsets import clean_line

from .queue import Queue
from .rule import Rule
from .tag import Tag

if TYPE_CHECKING:
    from helpdesk.core.models import Event

Actor = User | ApiKey | Customer | Rule | None


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, viewer: Any) -> Self:
        """Supervisors, admins and keys: all. Agents: the queues they may see and what is assigned to them. Customers: their own.

        A key that is limited to some queues: what is in them.
        """
        if isinstance(viewer, User | ApiKey) and viewer.oversees:
            return self
        if isinstance(viewer, ApiKey):
            return self.filter(queue__in=viewer.queues)
        if isinstance(viewer, User):
            mine = Queue.objects.visible_to(viewer).values("pk")
            return self.filter(models.Q(queue__in=mine) | models.Q(assignee=viewer))
        return self.filter(customer=viewer) if isinstance(viewer, Customer) else self.none()

    def read_along_by(self, viewer: User) -> Self:
        """Those that somebody sees, but may neither answer nor change. Who has a ticket may."""
        return self.filter(queue__in=Queue.objects.read_along_by(viewer)).exclude(assignee=viewer)

    def active(self) -> Self:
        """Somebody still has to do something: not resolved, not closed."""
        return self.filter(status__in=Ticket.ACTIVE)

    def waiting_for_us(self) -> Self:
        return self.filter(status__in=(Ticket.Status.NEW, Ticket.Status.OPEN))

    def awake(self) -> Self:
        return self.filter(models.Q(snoozed_until__isnull=True) | models.Q(snoozed_until__lte=timezone.now()))

    def snoozed(self) -> Self:
        return self.filter(snoozed_until__gt=timezone.now())

    def unassigned(self) -> Self:
        return self.filter(assignee__isnull=True)

    def at_risk(self) -> Self:
        """Overdue or due within half an hour."""
        return self.filter(due_at__lte=timezone.now() + sla.AT_RISK)

    def with_people(self) -> Self:
        """Everything that a row on screen shows, in one query."""
        return self.select_related("customer__organisation", "organisation", "queue", "assignee", "category").defer("analysis", "clocks")


class Ticket(models.Model):
    class Status(models.TextChoices):
        NEW = "new", _("New")
        OPEN = "open", _("Open")
        PENDING = "pending", _("Waiting on customer")
        ON_HOLD = "on_hold", _("On hold")
        RESOLVED = "resolved", _("Solved")
        CLOSED = "closed", _("Closed")

    class Priority(models.TextChoices):
        LOW = "low", _("Low")
        NORMAL = "normal", _("Normal")
        HIGH = "high", _("High")
        URGENT = "urgent", _("Urgent")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEB_FORM = "web_form", _("Web form")
        CHAT = "chat", _("Chat")
        PHONE = "phone", _("Phone")
        SMS = "sms", _("SMS")
        API = "api", _("API")
        WEBHOOK = "webhook", _("Webhook")

    class Sentiment(models.TextChoices):
        VERY_NEGATIVE = "very_negative", _("Very negative")
        NEGATIVE = "negative", _("Negative")
        NEUTRAL = "neutral", _("Neutral")
        POSITIVE = "positive", _("Positive")
        VERY_POSITIVE = "very_positive", _("Very positive")

    ACTIVE: ClassVar[tuple[str, ...]] = (Status.NEW, Status.OPEN, Status.PENDING, Status.ON_HOLD)
    DONE: ClassVar[tuple[str, ...]] = (Status.RESOLVED, Status.CLOSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.NEW)
    priority = models.CharField(_("priority"), max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="tickets")
    assignee = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tickets")
    organisation = models.ForeignKey(Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    tags: models.ManyToManyField[Tag, Any] = models.ManyToManyField(Tag, blank=True, related_name="tickets")
    language = models.CharField(_("language"), max_length=12, blank=True)
    sentiment = models.CharField(_("sentiment"), max_length=16, choices=Sentiment.choices, blank=True)
    polarity = models.FloatField(null=True, blank=True)  # -1..+1
    frustration = models.FloatField(null=True, blank=True)  # 0..1
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    metadata = models.JSONField(default=dict, blank=True)
    analysis = models.JSONField(null=True, blank=True)  # the newest triage's (contract section 4); assist writes it, lists leave it out
    # What a person decided, triage leaves alone: names of fields.
    decided_by_people = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    status_since = models.DateTimeField(default=timezone.now)
    last_customer_message_at = models.DateTimeField(null=True, blank=True)
    last_agent_message_at = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # how long the customer waited in business hours, without the time in which we waited for them (s); the SLA's clocks write it
    first_reply_took = models.PositiveIntegerField(null=True, blank=True, editable=False)
    solving_took = models.PositiveIntegerField(null=True, blank=True, editable=False)
    solved_by_people = models.BooleanField(default=True, db_default=True, editable=False)  # not by a rule, a partner or the customer
    snoozed_until = models.DateTimeField(null=True, blank=True)
    first_reply_due_at = models.DateTimeField(null=True, blank=True)
    next_reply_due_at = models.DateTimeField(null=True, blank=True)
    resolve_due_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # the nearest of the three: what lists are sorted by
    clocks = models.JSONField(default=dict, blank=True)  # pauses, policies, what was told: tickets/sla/clocks.py
    sla_check_at = models.DateTimeField(null=True, blank=True)  # the next warning or breach to tell
    version = models.PositiveIntegerField(default=1)

    objects = TicketQuerySet.as_manager()

    _allowed: Set[Any] = frozenset()  # whose right was asked for
    _touched: set[str] | None = None  # fields waiting to be saved, while `changing`

    class Meta:
        verbose_name = _("ticket")
        ordering = ("-created_at",)
        indexes = (
            # the inbox: what waits, by due time; partial, so that years of solved tickets cost nothing
            models.Index(
                fields=("queue", "due_at", "id"), name="ticket_inbox", condition=models.Q(status__in=("new", "open", "pending", "on_hold"))
            ),
            models.Index(
                fields=("assignee", "due_at", "id"),
                name="ticket_mine",
                condition=models.Q(status__in=("new", "open", "pending", "on_hold")),
            ),
            # lists across queues: supervisors', and agents' of several queues
            models.Index(fields=("due_at", "id"), name="ticket_due", condition=models.Q(status__in=("new", "open", "pending", "on_hold"))),
            models.Index(fields=("sla_check_at",), name="ticket_sla_check", condition=models.Q(sla_check_at__isnull=False)),
            models.Index(fields=("updated_at", "id"), name="ticket_waiting", condition=models.Q(status="pending")),
            models.Index(fields=("customer", "-created_at"), name="ticket_by_customer"),
            models.Index(fields=("-created_at", "id"), name="ticket_newest"),
            models.Index(fields=("-updated_at", "id"), name="ticket_updated"),
            # figures of a day: what was answered and solved on it
            models.Index(fields=("first_response_at",), name="ticket_answered", condition=models.Q(first_response_at__isnull=False)),
            models.Index(fields=("resolved_at",), name="ticket_solved", condition=models.Q(resolved_at__isnull=False)),
            GinIndex(fields=("metadata",), name="ticket_metadata", opclasses=("jsonb_path_ops",)),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("ticket", args=[self.number])

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    @property
    def is_asleep(self) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > timezone.now()

    @property
    def clock_stopped(self) -> bool:
        """Waiting for somebody else: the SLA cards say "Paused"."""
        return self.status in (self.Status.PENDING, self.Status.ON_HOLD)

    @property
    def audience(self) -> tuple[str, str]:
        """The realtime groups that hear of a change."""
        return (f"ticket.{self.pk}", f"queue.{self.queue_id}")

    def record(self, kind: str, *, by: Actor = None, subject: models.Model | None = None, also: Iterable[str] = (), **data: Any) -> Event:
        """Record an event of this ticket's history and tell everyone who is looking."""
        return record(kind, subject=subject or self, by=by, ticket=self, audience=(*self.audience, *also), **data)

    def allow(self, by: Actor) -> None:
        """Raises NotAllowed for a colleague who may only read along here. Who has the ticket may answer it. Asked once for each object."""
        if not isinstance(by, User) or by.oversees or by.pk == self.assignee_id or by.pk in self._allowed:
            return
        if Ticket.objects.read_along_by(by).filter(pk=self.pk).exists():
            raise NotAllowed(_t("You may read along in this team and leave notes, but not answer or change its tickets."))
        self._allowed = {*self._allowed, by.pk}  # also for the rest of what they do when they hand it to another team

    # -- verbs -------------------------------------------------------------------------------------------------

    def set_status(self, status: str, *, by: Actor, reason: str = "") -> None:
        """Move through the lifecycle. Resolving and closing stop the clocks, reopening starts them again."""
        if status not in self.Status.values:
            raise Invalid(f"{status!r} is not a status")
        with transaction.atomic():
            self._lock(by)
            if status == self.status:
                return
            old, self.status, now = self.status, status, timezone.now()
            self.status_since = now
            if status in self.DONE:
                self.solved_by_people = isinstance(by, User) if self.resolved_at is None else self.solved_by_people
                self.resolved_at = self.resolved_at or now
                self.closed_at = now if status == self.Status.CLOSED else None
                self.snoozed_until = None
            elif old in self.DONE:
                self.resolved_at = self.closed_at = None
            self.touch("status", "status_since", "resolved_at", "solved_by_people", "closed_at", "snoozed_until")
            self.record("ticket.status_changed", by=by, old=old, new=status, reason=reason)

    def resolve(self, *, by: Actor) -> None:
        self.set_status(self.Status.RESOLVED, by=by)

    def reopen(self, *, by: Actor, reason: str = "") -> None:
        self.set_status(self.Status.OPEN, by=by, reason=reason)

    def assign(self, *, to: User | None, by: Actor, reason: str = "") -> None:
        """Give the ticket to an agent (None: to nobody). Raises Conflict when that agent has left."""
        if to is not None and not to.is_active:
            raise Conflict(f"{to} has left")
        with transaction.atomic():
            self._lock(by)
            if to == self.assignee:
                return
            old, self.assignee = self.assignee, to
            self.touch("assignee")
            self._decided(by, "assignee")
            people = [f"agent.{person.pk}" for person in (old, to) if person]
            ids: dict[str, Any] = {"old_id": str(old.pk) if old else None, "new_id": str(to.pk) if to else None}
            self.record("ticket.assigned", by=by, also=people, old=str(old or ""), new=str(to or ""), reason=reason, **ids)

    def take(self, *, by: User) -> bool:
        """Assign to `by` if nobody has it. False when somebody was quicker; two who take at once never both get it."""
        with transaction.atomic():
            free = Ticket.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=self.pk, assignee__isnull=True).first()
            if free is not None:
                free.assign(to=by, by=by)
        return free is not None

    def set_priority(self, priority: str, *, by: Actor, reason: str = "") -> None:
        if priority not in self.Priority.values:
            raise Invalid(f"{priority!r} is not a priority")
        self._change("priority", priority, "ticket.priority_changed", by=by, reason=reason)

    def set_category(self, category: Category | None, *, by: Actor, reason: str = "") -> None:
        self._change("category", category, "ticket.category_changed", by=by, reason=reason)

    def set_subject(self, subject: str, *, by: Actor) -> None:
        if not (subject := clean_line(subject)):
            raise Invalid("A ticket needs a subject")
        self._change("subject", subject[:500], "ticket.subject_changed", by=by)

    def move(self, *, queue: Queue, by: Actor, reason: str = "") -> None:
        """Hand the ticket to another queue; both queues' screens hear of it."""
        self._change("queue", queue, "ticket.queue_changed", by=by, reason=reason, also=(f"queue.{self.queue_id}",))

    def belong_to(self, customer: Customer, *, by: Actor, reason: str = "") -> None:
        """It has come out whose request it is: the ticket, and their words in it, are `customer`'s from now on."""
        with transaction.atomic():
            self._lock(by)
            old = self.customer
            if old == customer:
                return
            self.messages.filter(customer=old).update(customer=customer)
            self.customer = customer
            self.touch("customer")
            self.record("ticket.customer_changed", by=by, old=str(old), new=str(customer), reason=reason)

    def tag(self, name: str, *, by: Actor) -> Tag:
        tag = Tag.named(name)
        with transaction.atomic():
            self._lock(by)
            if not self.tags.filter(pk=tag.pk).exists():
                self.tags.add(tag)
                self.touch()
                self.record("ticket.tagged", by=by, tag=tag.name)
        return tag

    def untag(self, name: str, *, by: Actor) -> None:
        with transaction.atomic():
            self._lock(by)
            if tag := self.tags.filter(name=Tag.normal(name)).first():
                self.tags.remove(tag)
                self.touch()
                self.record("ticket.untagged", by=by, tag=tag.name)

    def snooze(self, *, until: datetime | None, by: Actor) -> None:
        """Hide from the inbox until then (None: wake now). A customer's message wakes it earlier."""
        if until is not None and until <= timezone.now():
            raise Invalid("Snooze needs a time in the future")
        with transaction.atomic():
            self._lock(by)
            if until is not None and not self.is_active:
                raise Conflict("A solved ticket cannot be snoozed")
            self.snoozed_until = until
            self.touch("snoozed_until")
            self.record("ticket.snoozed", by=by, until=until.isoformat() if until else None)

    # -- how verbs write ---------------------------------------------------------------------------------------

    @contextmanager
    def changing(self, *, locked: bool = False) -> Iterator[None]:
        """Several verbs as one change: one lock and one UPDATE for all of them; each still records its own event.

        `locked`: the caller has read the ticket with `select_for_update` in this transaction. The object is not to be
        used further when the block raises.
        """
        with transaction.atomic():
            if not locked:
                self._lock()
            self._touched = set()
            try:
                yield
                touched = self._touched
            finally:
                self._touched = None
            if touched:
                self.touch(*touched)

    def _change(self, field: str, value: Any, kind: str, *, by: Actor, reason: str = "", also: Iterable[str] = ()) -> None:
        with nullcontext() if self._touched is not None else transaction.atomic():
            self._lock(by)
            old = getattr(self, field)
            if old == value:
                return
            setattr(self, field, value)
            self.touch(field)
            self._decided(by, field)
            self.record(kind, by=by, also=also, old=str(old or ""), new=str(value or ""), reason=reason)

    def _lock(self, by: Actor = None) -> None:
        """Serialise writers of one ticket and see its present state: two clicks at once leave two events and one truth."""
        if self._touched is None:  # else held since `changing`
            self.refresh_from_db(from_queryset=Ticket.objects.select_for_update(of=("self",)))
        self.allow(by)

    def touch(self, *fields: str) -> None:
        """Save these fields, with due times, change time and version brought up to date."""
        if self._touched is not None:
            self._touched.update(fields)
            return
        sla.reschedule(self)
        self.updated_at = timezone.now()
        self.version += 1
        self.save(update_fields=[*fields, *sla.FIELDS, "updated_at", "version"])

    def _decided(self, by: Actor, field: str) -> None:
        if by is not None and field not in self.decided_by_people:
            self.decided_by_people = [*self.decided_by_people, field]
            if self._touched is not None:
                self._touched.add("decided_by_people")
            else:
                self.save(update_fields=["decided_by_people"])
