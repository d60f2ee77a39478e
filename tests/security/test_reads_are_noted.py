"""Whoever reads a customer's data is written down: every page and every answer of the API that shows some (security T50).

A path that reads has a row here: what is noted, or why there is nothing to note. The permission matrix's test fails for one without.
"""

from __future__ import annotations

import pytest

from assist.models import CallSession
from customers.models import AccessEntry
from tests.security.test_permission_matrix import World, world  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

NOTED = {
    "inbox/<slug:view>/<slug:number>/": "ticket",
    "assist/tickets/<uuid:pk>/summary/": "summary",
    "api/v1/tickets/<str:number>/summary/": "summary",
    "api/v1/tickets/<str:number>/actions/": "actions",
    "api/v1/tickets/<str:number>/actions/<int:action>/": "actions",
    "messages/<uuid:pk>/raw": "mail as it came",
    "files/<uuid:pk>/": "file",
    "search/": "search",
    "customers/": "list of customers",
    "customers/<uuid:pk>/": "profile",
    "customers/<uuid:pk>/timeline/": "timeline",
    "customers/<uuid:pk>/merge/": "merge",
    "customers/<uuid:pk>/facts/": "facts",
    "customers/<uuid:pk>/facts/<uuid:fact_id>/": "fact",
    "customers/<uuid:pk>/consent/": "consent",
    "customers/<uuid:pk>/access/": "access log",
    "customers/<uuid:pk>/erase/": "erasure page",
    "customers/<uuid:pk>/erase/preview/": "erasure counts",
    "customers/<uuid:pk>/crm/": "CRM",
    "customers/<uuid:pk>/card/": "card",
    "customers/requests/": "privacy requests",
    "customers/exports/<uuid:pk>/": "export page",
    "calls/<uuid:session_id>/": "call",
    "calls/<uuid:session_id>/wrap-up/": "wrap-up",
    "api/v1/tickets/": "tickets",
    "api/v1/tickets/<str:number>/": "ticket",
    "api/v1/tickets/<str:number>/messages/": "messages",
    "api/v1/tickets/<str:number>/events/": "events",
    "api/v1/satisfaction/": "ratings",
    "api/v1/tickets/<str:number>/messages/<uuid:pk>/": "message",
    "api/v1/attachments/<uuid:pk>/content/": "file",
    "api/v1/customers/": "customers",
    "api/v1/customers/<str:reference>/": "customer",
    "api/v1/events/": "events",
    "api/v1/webhooks/<uuid:pk>/deliveries/<uuid:delivery>/": "webhook delivery",
    "api/realtime/suggestions/<uuid:session_id>/": "call",
    "api/v1/calls/": "calls",
    "api/users/<str:user>/tickets/": "tickets",
    "api/users/<str:user>/history/": "chat history",
    "api/v1/calls/<uuid:session_id>/": "call",
}
# Work lists show a line of each ticket or call; who opens one is noted. They are read anew at every event.
LISTS = {
    "notices/",
    "notices/bell/",
    "inbox/",
    "inbox/<slug:view>/",
    "inbox/counts/",
    "calls/",
    "calls/board/",
    "calls/ringing/",
    "dashboard/",
    "dashboard/tickets/",
    "escalations/",
    "incidents/",
    "incidents/<slug:reference>/",
    "incidents/<slug:reference>/replies/",
    "evaluation/batches/",
    "evaluation/batches/<uuid:pk>/",
    "evaluation/drafts/",  # numbers
    "evaluation/learning/",
    "evaluation/learning/<slug:field>/tickets/",
    "assist/gaps/",
    "api/realtime/stream/<uuid:session_id>/",
}
# Parts of a page that was noted when it was opened.
PARTS = {
    "messages/<uuid:pk>/body",
    "tickets/<slug:number>/due/",
    "tickets/<slug:number>/merge/",
    "tickets/<slug:number>/others/",
    "tickets/<slug:number>/macros/",
    "tickets/<slug:number>/macros/fitting/",
    "assist/tickets/<uuid:pk>/",
    "assist/tickets/<uuid:pk>/draft/",
    "assist/tickets/<uuid:pk>/chat/",
    "assist/runs/<uuid:pk>/",
    "calls/<uuid:session_id>/parts/<slug:name>/",
}
# The customer's own, noted where a visit or a link leads in: tests/customers/test_customer_page.py, tests/tickets/test_my_requests.py.
OWN = {
    "api/widget/chat",
    "help/privacy/export/<uuid:pk>/",
    "help/requests/mine/<str:number>/",
    "help/requests/<str:secret>/",
    "help/rate/<str:token>/",
    "help/contact/sent/<str:reference>/",
}
# Leads on, or shows nothing of any customer.
NOTHING = {
    "notices/<int:pk>/",  # leads on to the ticket
    "widget/",
    "widget/demo/",
    "profile/",
    "profile/sessions/",
    "inbox/new/",
    "tickets/<slug:number>/",
    "api/v1/macros/",  # texts of ours
    "api/v1/macros/<uuid:pk>/",
    "invitations/<str:secret>/",
    "setup/<str:secret>/",
    "customers/import/",
    "customers/import/<uuid:pk>/",
    "help/privacy/erased/<str:mark>/",
    "customers/erasures/<str:mark>/",
    "customers/erasures/<str:mark>/receipt.json",
    "customers/exports/<uuid:pk>/file/",  # not made yet: tests/customers/test_exporting.py
    "evaluation/",
    "evaluation/policies/",
    "evaluation/experiments/",  # numbers
    "evaluation/experiments/new/",
    "evaluation/experiments/<uuid:experiment_id>/",
    "evaluation/experiments/<uuid:experiment_id>/edit/",
    "dashboard/figures/",
    "api/v1/metrics/summary/",
    "api/v1/ai/costs/",
    "api/v1/ai/ledger/",
    "api/v1/experiments/",
    "api/v1/experiments/<uuid:experiment_id>/",
    "api/v1/satisfaction/summary/",
    "api/v1/articles/",
    "api/v1/articles/<slug:slug>/",
    "api/v1/search/",
    "api/v1/webhooks/",
    "api/v1/attachments/<uuid:pk>/",  # its name and size; the content is noted
    "api/v1/queues/",
    "api/v1/queues/<slug:slug>/",
    "api/v1/agents/",
    "api/v1/agents/<uuid:pk>/",
    "api/v1/tags/",
    "api/v1/organizations/",
    "api/v1/organizations/<uuid:pk>/",
    "api/v1/webhooks/<uuid:pk>/",
    "api/v1/webhooks/<uuid:pk>/deliveries/",
}
ELSEWHERE = ("knowledge/", "settings/", "api/v1/status/")  # areas that know no customer


@pytest.mark.parametrize("pattern", sorted(NOTED))
def test_who_looked_at_what_and_whose_is_written_down(pattern: str, world: World) -> None:  # noqa: F811
    customer, number = world.values["customers.pk"], world.values["number"]
    CallSession.objects.update(customer=customer)
    before = set(AccessEntry.objects.values_list("pk", flat=True))
    by_key = pattern.startswith("api/users/")  # agents read chats in their console
    client = world.clients["key" if by_key else "supervisor"]
    answer = client.get(world.path(pattern), {"q": number} if pattern == "search/" else {})
    assert answer.status_code == 200
    new = AccessEntry.objects.exclude(pk__in=before).filter(customer_ref=customer, what=NOTED[pattern])
    assert [(entry.actor_kind, entry.actor_name) for entry in new] == [("api", "Matrix") if by_key else ("agent", "Priya Raman")]
    refused = world.clients["stranger"].get(world.path(pattern))
    if refused.status_code in (403, 404):
        assert not AccessEntry.objects.exclude(pk__in=before).filter(actor_name="Tomasz Wójcik").exists(), "nothing was read"
