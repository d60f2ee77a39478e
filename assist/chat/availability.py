"""Is there anybody to talk to? People of the queue whose console is open, and who did not say that they are away."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from helpdesk.core.models import User
from tickets.models import Queue

SEEN = timedelta(seconds=150)  # an open console says every minute that it is there


def people_for(queue: Queue) -> QuerySet[User]:
    """Who could take a chat of this queue now."""
    there = User.objects.filter(is_active=True, availability=User.Availability.AVAILABLE, last_seen_at__gte=timezone.now() - SEEN)
    overseers = Q(role__in=(User.Role.SUPERVISOR, User.Role.ADMIN)) | Q(is_superuser=True)
    return there.filter(Q(memberships__queue=queue) | overseers).distinct()


def anybody_for(queue: Queue) -> bool:
    return people_for(queue).exists()
