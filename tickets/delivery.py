"""Replies on their way out: one mail for each recipient, sent once, tried again when the server is away.

    send_message / send_due → claim (committed) → compose (`channels.outgoing`) → the mail server → sent, tried again, or failed

A delivery is claimed before the server is spoken to, under a lease: two workers never send the same one, and one whose worker was killed is
taken up again with the *same Message-ID*, so that at worst a mail program shows one mail for two. Without EMAIL_URL deliveries wait as
`no_server`; the first sweep after one is configured sends them, if they are younger than three days.
"""

from __future__ import annotations

import logging
import smtplib
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import HelpdeskError
from tickets.channels import outgoing
from tickets.models import Delivery, Message

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=settings.EVENT_LEASE_SECONDS)  # longer than a task may run
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720, 1440))  # after the 1st, 2nd ... failed try; then it is given up
STALE = timedelta(days=3)  # an answer older than this is not sent by itself when a server is configured at last
PATIENCE = (1, 2, 4, 8, 16)  # seconds between tries to note what was sent, should PostgreSQL be restarting just then
AT_ONCE = 100  # deliveries of one sweep
_PERMANENT = range(500, 600)
_State = Delivery.State
_WORST_FIRST = (_State.BOUNCED, _State.FAILED, _State.NO_SERVER, _State.QUEUED, _State.SENDING, _State.SENT)


def send_message(message_id: UUID | str) -> None:
    """Sends every delivery of one message that is due."""
    _send_all(_due().filter(message_id=message_id))


def send_due() -> None:
    """Sends whatever is due: newly queued, failed before, left by a killed worker, or waiting for a server that is now configured."""
    if has_server():
        _wake_waiting()
    else:
        _park_waiting()
        return
    _send_all(_due().order_by("due_at")[:AT_ONCE])


def has_server() -> bool:
    """Is a mail server configured? Without one replies wait, readable in the console."""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


def send_again(delivery: Delivery) -> None:
    """Queues a delivery that failed, bounced or got stale once more, now; the sweep sends it within ten seconds."""
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).exclude(state=Delivery.State.SENT).update(
            state=Delivery.State.QUEUED, attempts=0, error="", due_at=timezone.now()
        )
        _sum_up(delivery.message_id)


def _due() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state__in=(Delivery.State.QUEUED, Delivery.State.SENDING), due_at__lte=timezone.now())


# -- without a server ------------------------------------------------------------------------------------------


def _park_waiting() -> None:
    waiting = Delivery.objects.filter(state=Delivery.State.QUEUED, due_at__lte=timezone.now())
    for message_id in set(waiting.values_list("message_id", flat=True)[:AT_ONCE]):
        _park(message_id)


def _park(message_id: UUID | str) -> None:
    with transaction.atomic():
        queued = Delivery.objects.filter(message_id=message_id, state=Delivery.State.QUEUED)
        parked = list(queued.select_related("message__ticket"))
        queued.update(state=Delivery.State.NO_SERVER, error=_("No mail server is configured"))
        _sum_up(message_id)
        for delivery in parked:  # open consoles hear of it
            _tell(delivery, "message.delivery_failed", reason="no mail server is configured")


def _wake_waiting() -> None:
    parked = Delivery.objects.filter(state=Delivery.State.NO_SERVER)
    fresh = parked.filter(message__created_at__gte=timezone.now() - STALE)
    for message_id in set(fresh.values_list("message_id", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            parked.filter(message_id=message_id).update(state=Delivery.State.QUEUED, error="", due_at=timezone.now())
            _sum_up(message_id)


# -- with one --------------------------------------------------------------------------------------------------


def _send_all(due: QuerySet[Delivery]) -> None:
    """One connection for all. A server that cannot be reached is asked once, not once for each mail."""
    deliveries = list(due.values_list("pk", "message_id"))
    if not deliveries:
        return
    if not has_server():
        for message_id in {message_id for _pk, message_id in deliveries}:
            _park(message_id)
        return
    server = get_connection(fail_silently=False)
    try:
        for delivery_id, _message_id in deliveries:
            if not send(delivery_id, server):
                break
    finally:
        _close(server)


def send(delivery_id: UUID, server: BaseEmailBackend) -> bool:
    """Sends one delivery over an open connection. Returns False when the server is away, so that the others are not tried now."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return True
    if delivery.attempts > len(WAITS) + 1:  # each try ended its worker: it may not end every worker for ever
        _failed(delivery, _("Sending it was interrupted each time"))
        return True
    try:
        mail = outgoing.compose(delivery, server)
    except (HelpdeskError, ValueError, OSError) as error:  # it must not stop the ones behind it
        _failed(delivery, str(error))
        return True
    return _hand_over(delivery, mail, server)


def _hand_over(delivery: Delivery, mail: EmailMessage, server: BaseEmailBackend) -> bool:
    try:
        server.open()  # kept for the mails behind it; `send_messages` would shut what it opened itself
        server.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = next(iter(error.recipients.values()), (550, b""))
        return _refused(delivery, code, _words(reason))
    except smtplib.SMTPResponseException as error:
        return _refused(delivery, error.smtp_code, _words(error.smtp_error))
    except ValueError as error:  # a header or a part that cannot be written down: no later try changes that
        _failed(delivery, str(error))
        return True
    except (smtplib.SMTPException, OSError, AnymailError) as error:
        _try_later(delivery, f"{type(error).__name__}: {error}")
        _close(server)
        return False
    _sent(delivery)
    return True


def _claim(delivery_id: UUID) -> Delivery | None:
    """Takes the delivery for the length of a lease, committed before anything is sent."""
    now = timezone.now()
    with transaction.atomic():
        waiting = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=delivery_id, due_at__lte=now)
        delivery = waiting.filter(state__in=(Delivery.State.QUEUED, Delivery.State.SENDING)).first()
        if delivery is None:
            return None
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.SENDING, attempts=F("attempts") + 1, due_at=now + LEASE)
    return Delivery.objects.select_related("message__ticket__queue", "message__ticket__customer", "message__user").get(pk=delivery_id)


def _refused(delivery: Delivery, code: int, reason: str) -> bool:
    """5xx about this mail is final; so would be a 5xx to our password, but that is ours to mend, so it is tried again."""
    if code in _PERMANENT and code not in {530, 534, 535, 538}:
        _failed(delivery, f"{code} {reason}")
        return True
    _try_later(delivery, f"{code} {reason}")
    return code != 421  # noqa: PLR2004 - the server is closing down: no use in trying the next one


def _sent(delivery: Delivery) -> None:
    """What has left is noted, if need be a little later: not noted, it would leave again."""
    for pause in PATIENCE:
        try:
            return _note_sent(delivery)
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block:
                raise
            log.warning("sent_not_noted_yet", extra={"delivery": str(delivery.pk), "error": type(error).__name__})
            connection.close()
            time.sleep(pause)
    return _note_sent(delivery)


def _note_sent(delivery: Delivery) -> None:
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.SENT, sent_at=timezone.now(), error="")
        _sum_up(delivery.message_id)
        _tell(delivery, "message.delivered", attempts=delivery.attempts)


def _try_later(delivery: Delivery, reason: str) -> None:
    if delivery.attempts > len(WAITS):
        _failed(delivery, reason)
        return
    due = timezone.now() + WAITS[delivery.attempts - 1]
    log.warning("mail_postponed", extra={"delivery": str(delivery.pk), "attempts": delivery.attempts})
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.QUEUED, due_at=due, error=reason[:2000])
        _sum_up(delivery.message_id)
        _tell(delivery, "message.delivery_postponed", reason=reason[:300], attempts=delivery.attempts)


def _failed(delivery: Delivery, reason: str) -> None:
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.FAILED, error=reason[:2000])
        _sum_up(delivery.message_id)
        _tell(delivery, "message.delivery_failed", reason=reason[:300], attempts=delivery.attempts)


def _tell(delivery: Delivery, kind: str, **data: Any) -> None:
    delivery.message.ticket.record(kind, by=None, subject=delivery.message, recipient=delivery.recipient, **data)


def _sum_up(message_id: UUID | str) -> None:
    """The message shows its worst delivery: one recipient without the answer is what an agent must see."""
    states = set(Delivery.objects.filter(message_id=message_id).values_list("state", flat=True))
    worst = next((state for state in _WORST_FIRST if state in states), Message.DeliveryState.NONE)
    shown = Message.DeliveryState.QUEUED if worst == Delivery.State.SENDING else worst
    Message.objects.filter(Q(pk=message_id) & ~Q(delivery=shown)).update(delivery=shown)


def _close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (smtplib.SMTPException, OSError):
        log.info("mail_server_goodbye_failed")  # it had hung up already


def _words(reason: bytes | str) -> str:
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
