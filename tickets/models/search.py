"""Full text of tickets and messages, in a table of its own: written after intake, so that no text can stop a message."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from .message import Message
from .ticket import Ticket


class SearchEntry(models.Model):
    """One searchable text: a message, or (message NULL) the ticket's own number, subject, people and tags."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    document = SearchVectorField()

    class Meta:
        indexes = (GinIndex(fields=("document",), name="ticket_search"),)
        constraints = (models.UniqueConstraint(fields=("ticket",), condition=models.Q(message__isnull=True), name="ticket_entry_once"),)

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.message_id or 'ticket'}"
