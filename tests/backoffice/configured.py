"""A company with something of every section of its configuration file, and words of such files."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from assist.experiments import running
from assist.models import (
    AcdConnection,
    ActionPolicy,
    CallPolicy,
    CallScript,
    OwnWorkflow,
    Product,
    ScriptStep,
    ShadowSwitch,
    WidgetSite,
)
from customers.models import CrmConnection, RetentionPolicy
from helpdesk.backoffice import configuration
from helpdesk.core.llm import prompts, providers
from helpdesk.core.models import ModelBudget, User, Webhook
from helpdesk.models import AlertRule, FigureTarget
from knowledge.models import Component, StatusHook, SynonymGroup
from tests.cast import make_agent, make_category
from tickets.models import (
    BusinessHours,
    ChatHook,
    EscalationLevel,
    Holiday,
    InboundHook,
    Macro,
    Queue,
    Rule,
    SlaPolicy,
    Tag,
)


@pytest.fixture
def ruth(db: None) -> User:
    return make_agent("Ruth Abernathy", role=User.Role.ADMIN)


@pytest.fixture
def company(ruth: User, maya: User, support: Queue, billing: Queue) -> None:
    """Something of every section."""
    category = make_category("billing", examples=["charged twice"])
    support.categories.add(category)
    Tag.objects.create(name="refund")
    hours = BusinessHours.objects.create(name="Oslo", time_zone="Europe/Oslo", week=[[[540, 1020]]] * 5 + [[], []], country="NO")
    Holiday.objects.create(hours=hours, day=date(2026, 12, 24), name="Julaften")
    policy = SlaPolicy.objects.create(name="Enterprise", hours=hours, tiers=["enterprise"], position=1)
    policy.queues.add(support)
    EscalationLevel.objects.get_or_create(slug="legal", defaults={"minutes": 30})[0].on_duty.add(ruth)
    Macro.objects.create(title="Thanks", text="Thank you, {{ customer.first_name }}", queue=support, category=category, tags=["refund"])
    said = {"all": [{"field": "queue", "op": "is", "value": str(billing.pk)}], "any": []}
    deeds = [{"do": "assignee", "value": str(maya.pk), "text": ""}]
    Rule.objects.create(name="Invoices to Maya", kinds=["ticket.created"], conditions=said, actions=deeds, position=1, is_active=True)
    AlertRule.objects.create(name="Slow", metric="first_response", limit=300, queue=support)
    SynonymGroup.objects.create(terms=["2fa", "two-factor"], note="sign-in")
    Component.objects.create(slug="sync", name="Sync API")
    Product.objects.create(name="Fernway Sync", aliases=["sync"])
    ActionPolicy.objects.update_or_create(action="queue", defaults={"mode": "propose", "act_from": 0.9, "propose_from": 0.4})
    ShadowSwitch.objects.update_or_create(id=1, defaults={"on": True})
    CallPolicy.objects.create(queue=support, needs_consent=True)
    ScriptStep.objects.create(script=CallScript.objects.create(name="Greeting", queue=support), text="Say hello", phrases=["hello"])
    OwnWorkflow.objects.create(name="vip", title="VIP", when=[{"tier": ["enterprise"]}], stages=["knowledge", "respond"], position=1)
    FigureTarget.objects.create(figure="satisfaction", value=4.5)
    ModelBudget.objects.create(task="reply", monthly=12.5)
    RetentionPolicy.objects.update_or_create(data_type="Fact", defaults={"days": 30, "enabled": True})
    WidgetSite.objects.create(name="fernway.example", origins=["https://fernway.example"], queue=support).renew_secret()
    _connections(support)
    prompts.find("reply").save("Write kindly.", note="", after=prompts.find("reply").current().number, by=ruth)
    arms = [{"name": name, "engine": "model", "model": "", "prompt_number": n, "weight": 50} for name, n in (("Old", 0), ("New", None))]
    tried = {"name": "Kinder", "feature": "reply", "unit": "ticket", "metric": "edit", "minimum": 30, "guards": {"cost": 0.1}}
    running.save(tried, arms, by=ruth)
    given = {"on": True, "key": "sk-canary-0123456789", "model": "gpt-5-mini", "models": {}, "budget": "20", "hide_names": True}
    providers.save(given, by=ruth)


def _connections(support: Queue) -> None:
    """What lives by secrets."""
    hook = Webhook(name="ERP", url="https://erp.example.com/hook", kinds=["ticket.created"])
    hook.new_secret()
    hook.save()
    InboundHook.objects.create(name="Shop", queue=support)
    status = StatusHook(name="Alerts", kind="alertmanager")
    status.renew()
    status.save()
    ChatHook.objects.create(queue=support, address={"url": "https://chat.example/canary"}, kinds=["new"])
    CrmConnection.objects.create(
        name="Zendesk", vendor="zendesk", base_url="https://x.example.com", credentials={"api_token": "canary-token"}
    )
    AcdConnection.create(provider="pbx", name="Switch", queue=support, settings={"addresses": ["10.0.0.0/8"]}, secrets={"x": "canary-acd"})


def bring_in(text: str, **how: Any) -> configuration.Result:
    how.setdefault("by", None)
    return configuration.bring_in(configuration.parse(text), **how)


def of(section: str, *rows: dict[str, Any]) -> str:
    return json.dumps({"format": "helpdesk-configuration", "version": 1, "sections": {section: list(rows)}})
