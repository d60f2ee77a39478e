"""Read what changed in the CRMs since we last looked, page by page; a killed sync goes on where it was."""

from __future__ import annotations

import logging

from django.utils import timezone

from customers.models import CrmConnection

from . import CrmRefused, CrmUnavailable
from .circuit import exchange, forget_old
from .looking_up import keep, known_by

log = logging.getLogger(__name__)

MOST_PAGES = 20  # of one run: the rest comes with the next


def sync_all() -> None:
    """Every connection in use; one that fails does not hold up the next."""
    for connection in CrmConnection.objects.filter(is_active=True):
        try:
            sync(connection)
        except (CrmUnavailable, CrmRefused) as error:  # it stands in the sync log and on the connection
            log.info("crm_sync_postponed", extra={"connection": connection.name, "error": error.detail})
    forget_old()


def sync(connection: CrmConnection) -> int:
    """Bring the records of customers whom we know up to date; returns how many. Raises CrmUnavailable and CrmRefused.

    People whom we have never met are passed over: a helpdesk is no copy of the CRM.
    """
    updated = 0
    for _page in range(MOST_PAGES):
        cursor = connection.cursor
        changes = exchange(connection, "changes", lambda crm, cursor=cursor: crm.changes(cursor))  # type: ignore[misc]
        customers = known_by(changes.people)
        for person in changes.people:
            if customer := customers.get(person.remote_id):
                keep(connection, customer, person, None)
                updated += 1
        connection.cursor, connection.synced_at = changes.cursor, timezone.now()
        connection.save(update_fields=["cursor", "synced_at"])
        if not changes.more:
            break
    return updated
