"""Tasks of the tickets app. Three lines each; every one may run twice."""

from __future__ import annotations

from celery import shared_task

from helpdesk.core.accounts import availability
from tickets import asking, delivery, escalating, routing, watching
from tickets.channels import imap


@shared_task
def deliver_message(message_id: str) -> None:
    """Send every delivery of one message that is due."""
    delivery.send_message(message_id)


@shared_task
def deliver_the_forgotten() -> None:
    """Send whatever is due and was not sent: the broker lost the ask, the server was away, the worker was killed."""
    delivery.send_due()


@shared_task
def fetch_mail() -> None:
    """Poll the configured IMAP mailboxes."""
    imap.fetch_all()


@shared_task
def ask_how_it_went() -> None:
    """Ask the customers of solved tickets that no mail has asked yet."""
    asking.ask_due()


@shared_task
def watch_sla() -> None:
    """Warn of what is nearly due, tell of what is overdue; each once."""
    watching.watch()


@shared_task
def give_out_tickets() -> None:
    """What nobody has goes to whom is free; who has no console open any more is away."""
    availability.send_away()
    routing.give_out()


@shared_task
def climb_escalations() -> None:
    """What nobody acknowledged in time goes to the next level."""
    escalating.climb()
