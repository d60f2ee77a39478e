"""Rules that come with the product, switched off until somebody wants them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from tickets.models import Rule


def shipped() -> list[dict[str, Any]]:
    """Close what stays solved, remind who does not answer, follow up, and wake what was forgotten."""
    return [
        {
            "shipped": "close-solved",
            "name": _("Close tickets that stayed solved for 7 days"),
            "every_minutes": 60,
            "conditions": {"all": [_is("status", "resolved"), _more("status_since", 7 * 24)]},
            "actions": [{"do": "status", "value": "closed", "text": ""}],
        },
        {
            "shipped": "remind-pending",
            "name": _("Remind customers who have not answered for 3 days"),
            "every_minutes": 60,
            "conditions": {"all": [_is("status", "pending"), _more("status_since", 3 * 24), _more("agent_wrote", 3 * 24)]},
            "actions": [
                {
                    "do": "reply",
                    "value": "",
                    "text": _(
                        "Hello {{customer.first_name}},\n\nwe wrote to you about “{{ticket.subject}}” and have not heard from you yet. "
                        "Answer this mail if you still need us.\n\n{{team.name}}"
                    ),
                },
                {"do": "tag", "value": "reminded", "text": ""},
            ],
        },
        {
            "shipped": "solve-silent",
            "name": _("Solve tickets that stayed silent for 7 days after a reminder"),
            "every_minutes": 60,
            "conditions": {"all": [_is("status", "pending"), {"field": "tag", "op": "has", "value": "reminded"}, _more("updated", 7 * 24)]},
            "actions": [{"do": "status", "value": "resolved", "text": ""}, {"do": "untag", "value": "reminded", "text": ""}],
        },
        {
            "shipped": "follow-up-open",
            "name": _("Tell the assignee when a customer has waited for a day"),
            "every_minutes": 60,
            "conditions": {
                "all": [_is("status", "open"), _more("customer_wrote", 24), {"field": "assignee", "op": "is_not", "value": ""}],
            },
            "actions": [{"do": "notify", "value": "assignee", "text": _("{{customer.name}} has waited for an answer for a day")}],
        },
    ]


def ensure() -> int:
    """Put in those that are not here, switched off; returns how many."""
    known = set(Rule.objects.filter(shipped__isnull=False).values_list("shipped", flat=True))
    new = [Rule(trigger=Rule.Trigger.SCHEDULE, position=900 + n, **one) for n, one in enumerate(shipped()) if one["shipped"] not in known]
    return len(Rule.objects.bulk_create(new, ignore_conflicts=True))


def _is(field: str, value: str) -> dict[str, str]:
    return {"field": field, "op": "is", "value": value}


def _more(field: str, hours: int) -> dict[str, str]:
    return {"field": field, "op": "more_than", "value": str(hours)}
