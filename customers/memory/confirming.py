"""An agent confirms a fact that was only drawn from words."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer, MemoryFact
from helpdesk.core.errors import Conflict

from . import consent

UNSURE = 0.9  # below this confidence a fact waits for somebody's confirmation; what an agent or a CRM says is surer


def confirm(fact: MemoryFact, *, by: str) -> MemoryFact:
    """Believe it fully from now on, over the same time; `by` is the new source's id. Raises Conflict when it is believed no more."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=fact.customer_id)
        consent.require(fact.customer, consent.STORAGE, "Entity")
        fact = MemoryFact.objects.select_for_update().get(pk=fact.pk)
        if fact.retired_at:
            raise Conflict(_("Something newer is known."))
        now = max(timezone.now(), fact.learned_at)
        MemoryFact.objects.filter(pk=fact.pk).update(retired_at=now)
        fact.pk, fact.learned_at, fact.confidence = MemoryFact._meta.pk.get_default(), now, 1.0
        fact.source_kind, fact.source_id = "agent", by
        fact.save(force_insert=True)
    return fact
