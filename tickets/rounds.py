"""Tasks that write replies: above `replying`, where `tasks` is below it. Three lines each; every one may run twice."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from helpdesk.core.tasks import send_quietly
from tickets import mass_reply
from tickets.notices import mailing, posting
from tickets.rules import schedule


@shared_task
def reply_to_many(pk: str) -> None:
    """Some of the replies of one job; the rest waits its turn behind what others asked for."""
    if mass_reply.work(UUID(pk)):
        send_quietly(reply_to_many, pk)


@shared_task
def replies_left_behind() -> None:
    for pk in mass_reply.left_behind():
        send_quietly(reply_to_many, str(pk))


@shared_task
def rules_by_the_clock() -> None:
    """One round of every rule on a schedule that is due."""
    schedule.run_due()


@shared_task
def mail_notices() -> None:
    """One mail to everybody for whom something is due."""
    mailing.mail_due()


@shared_task
def post_notices() -> None:
    """What is due in chat systems."""
    posting.post_due()
