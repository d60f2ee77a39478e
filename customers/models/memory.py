"""What we remember of a customer: nodes, facts with two times, what recall reads, and what agents thought of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, HalfVectorField

from helpdesk.core.models.embedding import DIMENSIONS

from .customer import Customer

Row = TypeVar("Row", bound=models.Model)
MARKS = 512  # bits; a long message has some 300 words
READ_FIRST = (
    *("id", "node_type", "category", "starts_at", "learned_at", "retired_at", "importance", "feedback"),
    *("marks", "model", "vector"),
)


class TwoTimesQuerySet(models.QuerySet[Row], Generic[Row]):
    """Rows with `starts_at`/`ends_at` (when it held) and `learned_at`/`retired_at` (when we knew it)."""

    def known_at(self, moment: datetime) -> Self:
        return self.filter(Q(retired_at=None) | Q(retired_at__gt=moment), learned_at__lte=moment)

    def held_at(self, moment: datetime) -> Self:
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=moment), starts_at__lte=moment)


class MemoryNode(models.Model):
    class Type(models.TextChoices):
        ENTITY = "Entity", _("Entity")
        OBSERVATION = "Observation", _("Observation")
        EVENT = "Event", _("Event")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="memories")
    node_type = models.CharField(max_length=12, choices=Type.choices)
    kind = models.CharField(max_length=30)  # entity_type, observation_type or event_type
    entity_ref = models.CharField(max_length=150, blank=True)  # of an entity: its id, as it was given
    content = models.JSONField(default=dict)
    text = models.TextField(blank=True)  # the content as words: what is searched, shown and summarised
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    learned_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True, blank=True)
    importance = models.FloatField(default=0.5)
    channel = models.CharField(max_length=20, blank=True)
    ticket_ref = models.UUIDField(null=True, blank=True)  # a plain column: tickets stand above
    metadata = models.JSONField(default=dict, blank=True)  # as given: importance, channel, ticket_id, resolution, category
    category = models.CharField(max_length=60, blank=True)
    source_kind = models.CharField(max_length=20)  # message, ticket, call, rating, customer, api, agent, summary
    source_id = models.CharField(max_length=150, blank=True)

    objects = TwoTimesQuerySet.as_manager()

    class Meta:
        verbose_name = _("memory")
        verbose_name_plural = _("memories")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "node_type", "source_kind", "source_id"), condition=~Q(source_id=""), name="memory_once"
            ),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gte=models.F("starts_at")), name="memory_ends_after_start"),
        )
        indexes = (
            models.Index(fields=("customer", "-starts_at"), name="memory_timeline"),
            models.Index(fields=("entity_ref",), name="memory_entity", condition=~Q(entity_ref="")),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.text[:60]}"


class MemoryTrace(models.Model):
    """What recall reads of a node, once for each customer whom it concerns.

    A customer's rows lie scattered over the table, as they came. `memory_trace_of` holds beside each other what the first look needs.
    """

    id = models.BigAutoField(primary_key=True)
    node = models.ForeignKey(MemoryNode, on_delete=models.CASCADE, related_name="traces")
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, related_name="memory_traces", db_index=False
    )  # covered below
    node_type = models.CharField(max_length=12)
    category = models.CharField(max_length=60, blank=True)
    starts_at = models.DateTimeField()
    learned_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    importance = models.FloatField()
    feedback = models.FloatField(default=0.5)  # how many found it useful, 0 to 1; 0.5 when nobody said
    words = SearchVectorField()
    marks = models.GeneratedField(  # one bit for each word: whether a row may hold a word, where the words themselves would be too long
        expression=models.Func("words", function="helpdesk_word_marks"), output_field=BitField(length=MARKS), db_persist=True
    )
    model = models.CharField(max_length=60, blank=True)  # of the vector; "" until the engine has read it
    vector = HalfVectorField(dimensions=DIMENSIONS, null=True)
    next_model = models.CharField(max_length=60, blank=True, db_default="", default="")  # of an engine that is to take over
    next_vector = HalfVectorField(dimensions=DIMENSIONS, null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("node", "customer"), nulls_distinct=False, name="memory_trace_once"),)
        indexes = (
            models.Index(fields=("customer",), name="memory_trace_of", include=READ_FIRST),
            models.Index(fields=("customer", "node_type", "learned_at"), name="memory_trace_age"),
            models.Index(fields=("id",), name="memory_trace_unread", condition=Q(vector=None)),
            models.Index(fields=("id",), name="memory_trace_next", condition=~Q(next_model="")),
        )

    def __str__(self) -> str:
        return f"{self.node_id} of {self.customer_id}"


class MemoryFact(models.Model):
    """One attribute of a customer over a time. Never overwritten: what we believed before stays, with the time until which we did."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="facts")
    attribute = models.CharField(max_length=60)
    value = models.CharField(max_length=300)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    learned_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True, blank=True)
    confidence = models.FloatField(default=0.7)
    source_kind = models.CharField(max_length=20)
    source_id = models.CharField(max_length=150, blank=True)
    ticket_ref = models.UUIDField(null=True, blank=True)
    quote = models.CharField(max_length=300, blank=True)  # the words that it was drawn from

    objects = TwoTimesQuerySet.as_manager()

    class Meta:
        verbose_name = _("remembered fact")
        constraints = (
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")), name="fact_ends_after_start"),
            models.CheckConstraint(condition=Q(retired_at=None) | Q(retired_at__gte=models.F("learned_at")), name="fact_retired_later"),
        )
        indexes = (models.Index(fields=("customer", "attribute", "starts_at"), name="fact_of"),)

    def __str__(self) -> str:
        return f"{self.attribute}: {self.value}"


class MemorySummary(models.Model):
    """A line on one month of a long history. It says nothing that its sources, the ids of memories, do not say, and goes with them."""

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="memory_summaries")
    month = models.DateField()
    at = models.DateTimeField()  # when the last of its sources began
    learned_at = models.DateTimeField()  # when we knew the last of them: before that, the line did not exist
    text = models.TextField()
    sources = ArrayField(models.UUIDField())
    number = models.PositiveIntegerField()  # memories of the month when this was made, and
    newest = models.BigIntegerField()  # the last of their traces: otherwise it is made anew
    by = models.CharField(max_length=100, blank=True)  # the prompt of the model that wrote it; "" for a sentence as it was said

    class Meta:
        verbose_name = _("memory summary")
        verbose_name_plural = _("memory summaries")
        indexes = (models.Index(fields=("customer", "month"), name="memory_summary_of", include=("number", "newest")),)

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.text[:60]}"


class MemoryFeedback(models.Model):
    """Whether an agent found a recalled memory useful. The last word of each agent counts."""

    node = models.ForeignKey(MemoryNode, on_delete=models.CASCADE, related_name="feedback")
    by = models.CharField(max_length=64)  # the user's or the key's id
    useful = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("node", "by"), name="memory_feedback_once"),)

    def __str__(self) -> str:
        return f"{self.node_id}: {self.useful}"


def shown(node: MemoryNode) -> dict[str, Any]:
    """A node as the contract writes it (section 5), with its id, when we learned it and where from."""
    ends = node.ends_at.isoformat() if node.ends_at else None
    return {
        "id": str(node.pk),
        "node_type": node.node_type,
        "content": node.content,
        "temporal": {"start_time": node.starts_at.isoformat(), "end_time": ends},
        "metadata": node.metadata,
        "learned_at": node.learned_at.isoformat(),
        "source": {"kind": node.source_kind, "id": node.source_id},
    }
