"""What stands in the file, section by section, in the order in which it can be brought in: what is pointed to comes first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from assist.models import (
    AcdConnection,
    ActionPolicy,
    CallPolicy,
    CallScript,
    EscalationRule,
    FrustrationIndicator,
    OwnWorkflow,
    PriorityRule,
    Product,
    ScriptStep,
    ShadowSwitch,
    WidgetSite,
)
from customers.models import CrmConnection, RetentionPolicy
from helpdesk.core.models import ModelBudget, User, Webhook
from helpdesk.models import AlertRule, FigureTarget
from knowledge.models import Category, Component, StatusHook, SynonymGroup
from tickets.models import (
    BusinessHours,
    ChatHook,
    DutyShift,
    EscalationLevel,
    Holiday,
    InboundHook,
    Macro,
    Queue,
    QueueMembership,
    Rule,
    SlaPolicy,
    Tag,
)

FORMAT, VERSION = "helpdesk-configuration", 1
SECRETS, TO_BE_ENTERED = "secrets", "to be entered"  # what stands in the place of what no file holds

# How a row of another section is named in the file.
NAMED_BY: dict[type[Model], str] = {User: "email", Queue: "slug", Category: "slug", BusinessHours: "name"}


@dataclass(frozen=True)
class Children:
    """Rows that belong to one row and come and go with it."""

    model: type[Model]
    parent: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """`key` finds a row again; rows of one key are told apart by their order. Of `only_one` flags one row at most has each."""

    name: str
    model: type[Model]
    key: tuple[str, ...]
    fields: tuple[str, ...] = ()
    children: dict[str, Children] = field(default_factory=dict)
    only_one: tuple[str, ...] = ()
    chosen: dict[str, Any] = field(default_factory=dict)  # only these rows are configuration
    keeps: bool = False  # rows that the file does not have stay, whatever was asked
    locked: bool = False  # its rows live by secrets: theirs stay as they are, a new row's are to be entered

    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.filter(**self.chosen).order_by("pk")

    @property
    def known(self) -> tuple[str, ...]:
        """Every name that a row may have in the file."""
        return (*self.key, *self.fields, *self.children, *((SECRETS,) if self.locked else ()))


_RULE = ("when", "reason", "position", "is_active")

SECTIONS = (
    Section(
        "people",
        User,
        ("email",),
        ("name", "role", "is_active", "external_id", "time_zone", "language", "skills", "languages", "capacity", "signature"),
        keeps=True,  # accounts are turned off, never deleted: their history stays theirs
    ),
    Section("categories", Category, ("slug",), ("name", "description", "examples", "position")),
    Section("tags", Tag, ("name",), keeps=True),  # tickets wear them
    Section(
        "queues",
        Queue,
        ("slug",),
        (
            "name",
            "email_address",
            "sender_name",
            "signature",
            "icon",
            "is_default",
            "position",
            "access",
            "routing",
            "skills",
            "matches_language",
            "categories",
        ),
        children={"members": Children(QueueMembership, "queue", ("user", "right", "takes_work"))},
        only_one=("is_default",),
    ),
    Section(
        "business_hours",
        BusinessHours,
        ("name",),
        ("time_zone", "week", "country", "subdivision"),
        children={"holidays": Children(Holiday, "hours", ("day", "name"))},
    ),
    Section(
        "sla_policies",
        SlaPolicy,
        ("name",),
        ("position", "is_default", "is_active", "queues", "tiers", "hours", "targets", "warn_percent"),
        only_one=("is_default",),
    ),
    Section(
        "escalation_levels",
        EscalationLevel,
        ("slug",),
        ("minutes", "then", "on_duty"),
        children={"shifts": Children(DutyShift, "level", ("person", "time_zone", "week"))},
    ),
    Section(
        "macros",
        Macro,
        ("queue", "title"),
        ("text", "category", "language", "set_status", "set_priority", "assign", "move_to", "tags"),
        chosen={"owner": None},  # what people keep for themselves is theirs
    ),
    Section(
        "rules",
        Rule,
        ("name",),
        (
            "position",
            "is_active",
            "trigger",
            "kinds",
            "every_minutes",
            "conditions",
            "actions",
            "stops",
            "may_write",
            "zone",
            "shipped",
        ),
    ),
    Section("alert_rules", AlertRule, ("name",), ("metric", "direction", "limit", "hours", "at_least", "queue", "severity", "is_on")),
    Section("synonyms", SynonymGroup, ("terms",), ("one_way", "note")),
    Section("components", Component, ("slug",), ("name", "description", "position", "external_id")),
    Section("products", Product, ("name",), ("aliases", "is_active")),
    Section("escalation_rules", EscalationRule, ("name",), (*_RULE, "level", "at_least")),
    Section("priority_rules", PriorityRule, ("name",), (*_RULE, "effect", "value")),
    Section("frustration_indicators", FrustrationIndicator, ("pattern",), ("weight", "reason", "is_active")),
    Section("workflows", OwnWorkflow, ("name",), ("title", "when", "stages", "position", "is_active")),
    Section("action_policies", ActionPolicy, ("action",), ("mode", "act_from", "propose_from", "by_measure")),
    Section("shadow_mode", ShadowSwitch, (), ("on",)),
    Section("call_policies", CallPolicy, ("queue",), ("needs_consent",)),
    Section(
        "call_scripts",
        CallScript,
        ("queue", "name"),
        ("is_active",),
        children={"steps": Children(ScriptStep, "script", ("text", "position", "phrases", "required"))},
    ),
    Section("figure_targets", FigureTarget, ("figure",), ("value",)),
    Section("model_budgets", ModelBudget, ("task",), ("monthly", "warn_at")),
    Section("retention_policies", RetentionPolicy, ("data_type",), ("days", "enabled")),
    Section(
        "widget_sites",
        WidgetSite,
        ("key",),  # public: it stands in the page
        (
            "name",
            "origins",
            "greeting",
            "colour",
            "asks_first",
            "languages",
            "calendar",
            "hours",
            "time_zone",
            "offline_text",
            "queue",
            "in_help_centre",
            "is_active",
        ),
        only_one=("in_help_centre",),
        locked=True,
    ),
    # partners keep their own
    Section("webhooks", Webhook, ("name",), ("url", "kinds", "scopes", "is_active"), chosen={"key": None}, locked=True),
    Section("inbound_webhooks", InboundHook, ("name",), ("queue", "is_active"), locked=True),
    Section("status_webhooks", StatusHook, ("name",), ("kind", "is_active"), locked=True),
    Section("chat_posts", ChatHook, ("queue",), ("kinds",), chosen={"user": None}, locked=True),
    Section("crm_connections", CrmConnection, ("name",), ("vendor", "base_url", "is_active", "writes_cases"), locked=True),
    Section("telephony", AcdConnection, ("provider", "name"), ("queue", "is_active", "settings"), locked=True),
)
LOCKED = {section.name for section in SECTIONS if section.locked}

# Three more, whose rows are kept in ways of their own: wording.py, trying.py.
PROMPTS, MODEL, EXPERIMENTS = "prompts", "language_model", "experiments"
OWN_WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # the fields of a row, and which of them it needs
    PROMPTS: (("name", "text"), ("name", "text")),
    MODEL: (
        ("on", "base_url", "model", "models", "local", "budget", "seconds", "hide_names", SECRETS),
        ("on", "base_url", "model", "models", "budget", "seconds", "hide_names"),
    ),
    EXPERIMENTS: (
        ("name", "feature", "unit", "metric", "minimum", "guards", "arms"),
        ("name", "feature", "unit", "metric", "minimum", "guards", "arms"),
    ),
}
