"""The numbers that people call tickets by."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection, models
from django.utils import timezone


class TicketNumber(models.Model):
    """The last number given on each UTC day."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day} {self.last}"

    @classmethod
    def next(cls, at: datetime | None = None) -> str:
        """`TKT-YYYYMMDD-NNNN`, counted per UTC day, growing past 9999. Holds the day's row until the transaction ends."""
        day = (at or timezone.now()).astimezone(UTC).date()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tickets_ticketnumber (day, last) VALUES (%s, 1) "
                "ON CONFLICT (day) DO UPDATE SET last = tickets_ticketnumber.last + 1 RETURNING last",
                [day],
            )
            (last,) = cursor.fetchone()
        return f"TKT-{day:%Y%m%d}-{last:04d}"
