"""Language models: what was asked, what it cost and how it ended (the ledger that limits are counted in); prompts; whom we ask."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.sealed import SealedJSONField


class ModelCall(models.Model):
    """One question to a model. Texts are kept redacted, for a month; the figures stay."""

    class Outcome(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Answered")
        REPAIRED = "repaired", _("Answered after a repair")
        CACHED = "cached", _("Answered before")
        INVALID = "invalid", _("Not a valid answer")
        FAILED = "failed", _("Failed")
        LEFT = "left", _("Broken off by the reader")

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(default=timezone.now)
    task = models.CharField(max_length=40)  # reply, summary, chat, …
    prompt = models.CharField(max_length=60, blank=True)  # "reply@3"
    model = models.CharField(max_length=100)
    about = models.CharField(max_length=80, blank=True)  # "ticket:<uuid>", "chat:<uuid>": what the daily cap counts
    customer_ref = models.UUIDField(null=True, blank=True)  # whose words were sent; no key: core knows no customers
    experiment_ref = models.UUIDField(null=True, blank=True)  # of which experiment, and by which of its arms
    arm_ref = models.UUIDField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)  # of the request or the task that asked
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)  # US dollars, by LLM_PRICES
    ms = models.PositiveIntegerField(default=0)
    first_ms = models.PositiveIntegerField(null=True, blank=True)  # until the first word, of a streamed answer
    payload_hash = models.CharField(max_length=64)
    payload = models.TextField(blank=True)  # redacted
    answer = models.TextField(blank=True)  # with the same marks as the payload

    class Meta:
        verbose_name = _("model call")
        indexes = (
            models.Index(fields=("-created_at",), name="model_call_latest"),
            models.Index(fields=("about", "created_at"), name="model_call_about"),
            models.Index(fields=("customer_ref",), name="model_call_customer", condition=models.Q(customer_ref__isnull=False)),
            models.Index(fields=("experiment_ref",), name="model_call_experiment", condition=models.Q(experiment_ref__isnull=False)),
            models.Index(fields=("task", "created_at"), name="model_call_task"),
        )

    def __str__(self) -> str:
        return f"{self.task} by {self.model} ({self.outcome})"


class PromptVersion(models.Model):
    """One wording of a prompt. The highest number is in use; number 0 is the one in code, in use while there is no other."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    text = models.TextField()
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey("core.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("prompt version")
        constraints = (models.UniqueConstraint(fields=("name", "number"), name="prompt_version_once"),)

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


class ModelProvider(models.Model):
    """Who is asked, as a person set it up. One row at most; without it the environment says (`llm.providers.current`)."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    on = models.BooleanField(default=True)  # False: the local engine alone
    base_url = models.URLField(max_length=300, blank=True)
    credentials = SealedJSONField(blank=True, default=dict)  # {"key": …}
    model = models.CharField(max_length=100, blank=True)
    models_by_task = models.JSONField(default=dict, blank=True)  # {"reply": "…"}
    local_tasks = models.JSONField(default=list, blank=True)  # ["reply"]: what the local engine does alone
    monthly_budget = models.DecimalField(max_digits=9, decimal_places=2, default=0)  # US dollars; 0: none
    seconds = models.FloatField(default=20)
    hide_names = models.BooleanField(default=True)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey("core.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_model_provider"),)

    def __str__(self) -> str:
        return self.base_url or "local engine"


class ModelBudget(models.Model):
    """How much one task may cost in a month, and when people are told. The row without a task is the whole, whose
    limit stands with the provider."""

    task = models.CharField(max_length=40, primary_key=True)
    monthly = models.DecimalField(max_digits=9, decimal_places=2, default=0)  # US dollars; 0: none
    warn_at = models.PositiveSmallIntegerField(default=80)  # per cent
    told: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)  # {"2026-11": 80}: up to which share people were told
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey("core.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("model budget")

    def __str__(self) -> str:
        return self.task or "everything"
