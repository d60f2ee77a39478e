"""Tasks of the roof. Three lines each; every one may run twice."""

from __future__ import annotations

from celery import shared_task

from helpdesk.backoffice import alerts, costs, reporting
from helpdesk.backoffice.metrics import rollup


@shared_task
def count_figures() -> None:
    """Count again the days that something changed in."""
    rollup.refresh()


@shared_task
def count_all_figures() -> None:
    """Count every day again: erased tickets leave their days, and no slip lasts longer than one."""
    rollup.rebuild()


@shared_task
def evaluate_alerts() -> None:
    alerts.evaluate()


@shared_task
def watch_budgets() -> None:
    """Tell of budgets that are nearly spent."""
    costs.watch()


@shared_task
def send_reports() -> None:
    """Mail the figures to whoever asked for them."""
    reporting.send_due()
