"""Tasks of customers. Three lines each."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from customers import access_log, customer_session, exporting, import_runs, privacy_requests, retention
from customers.crm import cases, looking_up, syncing
from customers.memory import observing, summarising


@shared_task
def ask_crm(customer_id: str) -> None:
    looking_up.refresh(customer_id)


@shared_task
def seal_readings() -> None:
    access_log.seal_readings()


@shared_task
def tell_crm() -> None:
    cases.send_due()


@shared_task
def sync_crm() -> None:
    syncing.sync_all()


@shared_task
def import_customers(pk: str) -> None:
    import_runs.work(UUID(pk))


@shared_task
def read_memories() -> None:
    observing.read_the_unread()


@shared_task
def summarise_memories() -> None:
    summarising.refresh_the_changed()


@shared_task
def forget_the_old() -> None:
    retention.run()


@shared_task
def make_exports() -> None:
    exporting.make_waiting()


@shared_task
def erase_ordered() -> None:
    privacy_requests.carry_out()


@shared_task
def send_customer_link(address: str, to: str = customer_session.PRIVACY) -> None:
    customer_session.send_link(address, to)
