"""Into which team a partner may put something: any for most, its own for a key that is limited to some."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from tickets.models import Queue


def queue_for(viewer: Any, wanted: Queue | None) -> Queue:
    """The wanted queue, or the first of those that a limited key has. Raises ValidationError for another team's: to it there is none."""
    theirs = Queue.objects.visible_to(viewer)
    found = theirs.filter(pk=wanted.pk).first() if wanted else theirs.first()
    if found is None:
        raise ValidationError({"queue": [_("There is no such queue.")]})
    return found
