"""How outside services have been answering, for the circuit breaker (`helpdesk.core.circuit`)."""

from __future__ import annotations

from django.db import models


class Circuit(models.Model):
    """Whether an outside service is asked at all just now; one row a service, shared by all processes."""

    name = models.CharField(max_length=200, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    first_failure_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {'open' if self.paused_until else 'closed'}"
