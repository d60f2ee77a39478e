"""The ledger: may this question be asked now, and what became of it. Limits are counted in PostgreSQL, over all processes."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from helpdesk.core.models import ModelBudget, ModelCall
from helpdesk.core.request_id import current_request_id

from .base import LlmUnavailable, Question
from .providers import Provider
from .wording import Worded

KEPT = timedelta(days=30)  # texts; figures stay
LOCK = 7_120_245  # of admission: two processes must not take the last place together
MILLION = Decimal(1_000_000)


def begin(question: Question, worded: Worded, provider: Provider) -> ModelCall:
    """A line for a question about to be asked. Raises LlmUnavailable when a limit is reached."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        _admit(question, provider)
        return ModelCall.objects.create(**_line(question, worded, provider))


def end(call: ModelCall, outcome: str, *, began: float, tokens_in: int = 0, tokens_out: int = 0, answer: str = "", error: str = "") -> None:
    """What became of it. `began`: time.perf_counter() at the start."""
    call.outcome, call.error, call.answer = outcome, error[:300], answer[:64_000].replace("\x00", "")
    call.tokens_in, call.tokens_out = tokens_in, tokens_out
    call.cost, call.ms = cost(call.model, tokens_in, tokens_out), round((time.perf_counter() - began) * 1000)
    call.save(update_fields=["outcome", "error", "answer", "tokens_in", "tokens_out", "cost", "ms", "first_ms", "attempts"])


def remembered(question: Question, worded: Worded, provider: Provider) -> None:
    """The cache answered: free, and still a line."""
    ModelCall.objects.create(**_line(question, worded, provider) | {"outcome": ModelCall.Outcome.CACHED, "payload": ""})


def forget_texts() -> None:
    """After a month only the figures are kept."""
    old = ModelCall.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(payload="", answer="")
    old.update(payload="", answer="", error="")


def spent(since: datetime, task: str = "") -> Decimal:
    """US dollars since a moment, for one task or for all."""
    calls = ModelCall.objects.filter(created_at__gte=since, **({"task": task} if task else {}))
    return calls.aggregate(sum=Sum("cost"))["sum"] or Decimal(0)


def this_month() -> datetime:
    return timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def cost(model: str, tokens_in: int, tokens_out: int) -> Decimal:
    """By LLM_PRICES, in US dollars; a model that is not named there counts as free."""
    per_in, per_out = prices().get(model, (Decimal(0), Decimal(0)))
    return (per_in * tokens_in + per_out * tokens_out) / MILLION


def prices() -> dict[str, tuple[Decimal, Decimal]]:
    """Model → dollars for a million tokens in, out. Raises ValueError for what is not a price; a system check says so at start."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for entry in filter(None, (part.strip() for part in settings.LLM_PRICES.split(","))):
        model, _, figures = entry.rpartition("=")
        way_in, _, way_out = figures.partition("/")
        try:
            found[model.strip()] = (Decimal(way_in), Decimal(way_out or way_in))
        except ArithmeticError as error:
            raise ValueError(f"LLM_PRICES: “{entry}” is not model=in/out.") from error
    return found


def _admit(question: Question, provider: Provider) -> None:
    now = timezone.now()
    asked = ModelCall.objects.exclude(outcome=ModelCall.Outcome.CACHED)
    alive = Q(outcome=ModelCall.Outcome.RUNNING, created_at__gte=now - timedelta(seconds=2 * provider.seconds))
    count = asked.filter(created_at__gte=now - timedelta(minutes=1)).aggregate(minute=Count("pk"), running=Count("pk", filter=alive))
    if count["running"] >= settings.MAX_CONCURRENT_REQUESTS:
        raise LlmUnavailable("The model is busy with other questions.", kind="busy")
    if count["minute"] >= settings.RATE_LIMIT_PER_MINUTE:
        raise LlmUnavailable("The model was asked as often as it may be in a minute.", kind="busy")
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if question.about and asked.filter(about=question.about, created_at__gte=today).count() >= question.a_day:
        raise LlmUnavailable("The model was asked often enough about this today.", kind="cap")
    if 0 < provider.budget <= spent(this_month()):
        raise LlmUnavailable("The month's budget for language models is spent.", kind="budget")
    own = ModelBudget.objects.filter(task=question.task, monthly__gt=0).values_list("monthly", flat=True).first()
    if own is not None and own <= spent(this_month(), question.task):
        raise LlmUnavailable("The month's budget for this task is spent.", kind="budget")


def _line(question: Question, worded: Worded, provider: Provider) -> dict[str, object]:
    return {
        "task": question.task,
        "prompt": question.prompt,
        "model": question.model or provider.model_for(question.task),
        "about": question.about,
        "customer_ref": question.customer_ref,
        "experiment_ref": question.experiment,
        "arm_ref": question.arm,
        "request_id": current_request_id()[:64],
        "payload_hash": worded.digest,
        "payload": worded.redacted,
    }
