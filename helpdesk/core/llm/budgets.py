"""Budgets of a month: for all of it and for each task, who set them, and how much is gone. At the end the local engine goes on alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.db.models import Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.core.errors import Invalid, NotFound
from helpdesk.core.events import record
from helpdesk.core.models import ModelBudget, ModelCall, User

from . import ledger, prompts, providers

ALL = ""  # the task of the whole
FULL = 100  # per cent


@dataclass(frozen=True)
class Budget:
    task: str
    title: str | Promise
    monthly: Decimal  # 0: no limit
    warn_at: int
    spent: Decimal

    @property
    def share(self) -> int | None:
        """Per cent that is gone."""
        return int(FULL * self.spent / self.monthly) if self.monthly else None

    @property
    def reached(self) -> int:
        """The share of which people are to hear: 0, `warn_at` or 100."""
        share = self.share or 0
        return FULL if share >= FULL else self.warn_at if share >= self.warn_at else 0


def standing() -> list[Budget]:
    """The whole, then every task. Four statements."""
    rows = {row.task: row for row in ModelBudget.objects.all()}
    month = ModelCall.objects.filter(created_at__gte=ledger.this_month()).order_by()
    spent: dict[str, Decimal] = dict(month.values_list("task").annotate(sum=Sum("cost", default=Decimal(0))))
    tasks = {prompt.name: prompt.title for prompt, _wording in prompts.in_use()}
    named = [*tasks.items(), *((task, task) for task in sorted({*rows, *spent} - {*tasks, ALL}))]
    whole = rows.get(ALL, ModelBudget(task=ALL))
    found = [Budget(ALL, gettext_lazy("Everything"), providers.current().budget, whole.warn_at, sum(spent.values(), Decimal(0)))]
    for task, title in named:
        row = rows.get(task, ModelBudget(task=task))
        found.append(Budget(task, title, row.monthly, row.warn_at, spent.get(task, Decimal(0))))
    return found


def change(task: str, *, monthly: str, warn_at: str, by: User) -> None:
    """Set one. Raises Invalid, and NotFound for a task that nobody knows."""
    before = next((one for one in standing() if one.task == task), None)
    if before is None:
        raise NotFound(_("There is no such task."))
    limit, share = _amount(monthly), _share(warn_at)
    if (limit, share) == (before.monthly, before.warn_at):
        return
    with transaction.atomic():
        row, _new = ModelBudget.objects.update_or_create(
            task=task, defaults={"monthly": Decimal(0) if task == ALL else limit, "warn_at": share, "told": {}, "changed_by": by}
        )
        if task == ALL:
            providers.keep(monthly_budget=limit, by=by)
        old = {"monthly": f"{before.monthly:.2f}", "warn_at": str(before.warn_at)}
        record("budget.changed", subject=row, by=by, task=task, old=old, new={"monthly": f"{limit:.2f}", "warn_at": str(share)})


def news() -> list[Budget]:
    """The budgets that passed a share of which nobody was told this month. Each is told once, by whoever asks first."""
    month, found = f"{ledger.this_month():%Y-%m}", []
    for one in standing():
        if not one.reached:
            continue
        with transaction.atomic():
            row = ModelBudget.objects.select_for_update().get_or_create(task=one.task)[0]
            if row.told.get(month, 0) >= one.reached:
                continue
            row.told = {month: one.reached}
            row.save(update_fields=["told"])
            amounts = {"spent": f"{one.spent:.2f}", "limit": f"{one.monthly:.2f}"}
            record("budget.warned", subject=row, task=one.task, month=month, share=one.reached, **amounts)
        found.append(one)
    return found


def _amount(text: str) -> Decimal:
    try:
        found = Decimal((text or "0").strip().replace(",", ".")).quantize(Decimal("0.01"))
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or not 0 <= found <= providers.MOST_BUDGET:
        raise Invalid(_("A budget is an amount of US dollars, or 0 for none."), field="monthly")
    return found


def _share(text: str) -> int:
    share = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0  # noqa: PLR2004
    if not 1 <= share <= FULL:
        raise Invalid(_("A warning is at 1 to 100 per cent."), field="warn_at")
    return share
