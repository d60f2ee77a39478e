"""Who takes part in a call: the customer, the agent and the queue, by whatever the telephony system calls them."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify

from customers import identity
from customers.models import Customer
from helpdesk.core.models import User
from tickets.models import Queue

NOWHERE = "agents.invalid"  # a domain that can never receive mail (RFC 2606)


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A call as it is announced. Only `call_id` must be known; ids are ours or the caller's external ones."""

    call_id: str
    provider: str = "generic"
    agent_id: str = ""
    agent_name: str = ""
    customer_id: str = ""
    customer_phone: str = ""
    customer_name: str = ""
    customer_email: str = ""
    queue: str = ""  # slug or name; without it `acd_metadata["queue"]` counts
    direction: str = "inbound"
    acd_metadata: dict[str, Any] = field(default_factory=dict)
    crm_metadata: dict[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None


def customer_of(opening: Opening) -> Customer | None:
    """Found by id, then phone, else created. None when nothing at all is known about the caller."""
    if not (opening.customer_id or opening.customer_phone or opening.customer_name or opening.customer_email):
        return None
    return identity.resolve(
        customer_id=opening.customer_id[:150],
        external_id=opening.customer_id[:150],
        phone=opening.customer_phone[:40],
        email=opening.customer_email,
        name=opening.customer_name,
    )


def agent_of(opening: Opening) -> User | None:
    """Found by our id, their external id or e-mail address; an unknown one is noted, and cannot sign in until invited."""
    if not (named := opening.agent_id.strip()[:150]):
        return None
    return _known_agent(named) or _note_agent(named, opening.agent_name.strip()[:150] or named)


def queue_of(opening: Opening) -> Queue:
    """What is not known goes where everything else goes."""
    return queue_named(opening) or Queue.objects.default()


def queue_named(opening: Opening) -> Queue | None:
    """By slug or name, as `technical_support` or `Technical support`."""
    named = str(opening.queue or opening.acd_metadata.get("queue") or "").strip()[:80]
    if not named:
        return None
    slug = slugify(named.replace("_", " "))
    return Queue.objects.filter(Q(slug=named) | Q(slug=slug) | Q(name__iexact=named.replace("_", " "))).first()


def _known_agent(named: str) -> User | None:
    same = Q(external_id=named) | Q(email__iexact=named)
    with contextlib.suppress(ValueError):  # no UUID: not one of ours
        same |= Q(pk=uuid.UUID(named))
    return User.objects.filter(same).first()


def _note_agent(external_id: str, name: str) -> User:
    address = f"{hashlib.sha256(external_id.encode()).hexdigest()[:16]}@{NOWHERE}"
    try:
        with transaction.atomic():
            return User.objects.create_user(address, name=name, external_id=external_id, is_active=False)
    except IntegrityError:  # another call of the same agent began this moment
        return User.objects.get(external_id=external_id)
