"""Tasks of webhooks. Each may run twice, and two at once do no harm."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from helpdesk.core.tasks import send_quietly
from helpdesk.partners.webhooks import sending


@shared_task
def work_off_webhook(webhook_id: str) -> None:
    """Send what is due to one address; whoever waits then is asked for again, behind other tasks."""
    for one in sending.work_off(UUID(webhook_id)):
        send_quietly(work_off_webhook, str(one))


@shared_task
def webhooks_left_behind() -> None:
    """Whatever is due and was not sent: a try failed, the broker lost the ask, the worker was killed."""
    for one in sending.waiting():
        send_quietly(work_off_webhook, str(one))


@shared_task
def forget_deliveries() -> None:
    sending.forget_old()
