"""Every path of the product against everybody who may ask for it. A path without a row here fails the test (security T21).

A row says who may enter: anybody else gets 401, 403 or 404 from the API, and the sign-in page or 404 from a screen. The objects belong
to General support; the agent of Billing must not learn that they exist.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from assist.models import AcdConnection, Experiment, TriageBatch, WidgetSite
from customers import memory
from customers.models import CustomerExport, CustomerImport, CustomerMerge
from helpdesk.core.models import ApiKey, ModelCall, User, Webhook, WebhookDelivery
from helpdesk.models import Alert, AlertRule
from knowledge.models import Article, ArticleFile, Category, Component, ImportRun, Incident, PassageFlag
from tests.cast import make_agent, make_customer, signed_in
from tickets.models import (
    Attachment,
    BusinessHours,
    InboundHook,
    Macro,
    Message,
    Notice,
    Queue,
    Rating,
    RawMail,
    Rule,
    RuleFiring,
    SlaPolicy,
    Ticket,
)

pytestmark = pytest.mark.django_db

PUBLIC = {"anonymous", "stranger", "agent", "supervisor", "admin", "key"}
STAFF = {"stranger", "agent", "supervisor", "admin"}
TEAM = {"agent", "supervisor", "admin"}  # who may see this ticket
OVERSEERS = {"supervisor", "admin"}
NOBODY: set[str] = set()
API = {"agent", "supervisor", "admin", "key"}  # objects
KEEPERS = {"supervisor", "admin", "key"}  # of what belongs to the company's set-up
API_LIST = API | {"stranger"}  # lists show each what is theirs


@dataclass(frozen=True)
class Row:
    """`method` is the one that the path exists for; `entered` are the statuses that mean "come in", whatever comes of it."""

    who: set[str]
    method: str = "GET"
    entered: tuple[int, ...] = (200, 201, 204, 301, 302, 303, 400, 405, 409, 422)


READ, WRITE = "GET", "POST"
ROWS: dict[str, Row] = {
    # public by contract ("Common rules")
    "help/": Row(PUBLIC),
    "help/search/": Row(PUBLIC),
    "help/suggestions/": Row(PUBLIC),
    "sitemap.xml": Row(PUBLIC),
    "robots.txt": Row(PUBLIC),
    "help/<slug:slug>/feedback/": Row(PUBLIC, WRITE),
    "help/article": Row(PUBLIC),
    "help/privacy/": Row(PUBLIC),
    "help/privacy/in/<str:secret>/": Row(PUBLIC),  # a button; what it opens, the secret says
    "help/visit/end/": Row(PUBLIC, WRITE),
    "help/visit/<str:secret>/": Row(PUBLIC),
    "help/requests/open/<str:secret>/": Row(PUBLIC),
    "help/privacy/erased/<str:mark>/": Row(NOBODY),  # of an erasure that nobody ordered
    "help/privacy/export/<uuid:pk>/": Row(NOBODY),  # without a visit of the customer's own
    "help/contact/": Row(PUBLIC),
    "widget.js": Row(PUBLIC),
    "widget/help-centre.js": Row(PUBLIC),
    "widget/": Row(NOBODY),  # without a site's key
    "widget/demo/": Row(NOBODY),
    "api/widget/visits": Row(PUBLIC, WRITE),
    "api/widget/introductions": Row(NOBODY, WRITE),  # of a visitor, who comes with a token of their own
    "api/widget/departures": Row(NOBODY, WRITE),
    "api/widget/files": Row(NOBODY, WRITE),
    "api/widget/chat": Row(NOBODY),
    "api/widget/chat/handovers": Row(NOBODY, WRITE),
    "api/widget/chat/endings": Row(NOBODY, WRITE),
    "help/contact/sent/<str:reference>/": Row(NOBODY),  # without a signed reference it opens nothing
    "help/rate/<str:token>/": Row(NOBODY),  # without a link that we signed
    "help/requests/": Row(PUBLIC),
    "help/requests/mine/<str:number>/": Row(NOBODY),  # without a visit nobody's
    "help/requests/<str:secret>/": Row(NOBODY),
    "status/": Row(PUBLIC),
    "status/status.json": Row(PUBLIC),
    "status/feed.atom": Row(PUBLIC),
    "status/feed.rss": Row(PUBLIC),
    "status/history/": Row(PUBLIC),
    "status/incidents/<slug:reference>/": Row(PUBLIC),
    "invitations/<str:secret>/": Row(NOBODY),
    "setup/<str:secret>/": Row(NOBODY),
    "health": Row(PUBLIC),
    "health/live": Row(PUBLIC),
    "docs": Row(PUBLIC),
    "redoc": Row(PUBLIC),
    "api/schema/": Row(PUBLIC),
    "accounts/": Row(PUBLIC),  # sign-in and reset; each of allauth's own pages looks after itself, see below
    # screens
    "": Row(PUBLIC),  # only leads to the inbox, which asks for a sign-in
    "profile/": Row(STAFF),
    "profile/theme/": Row(STAFF, WRITE),
    "profile/sessions/": Row(STAFF),
    "profile/sessions/end/": Row(STAFF, WRITE),
    "profile/sessions/<int:session>/end/": Row(NOBODY, WRITE),  # one's own only: tests/core/test_second_step.py
    "profile/availability/": Row(STAFF, WRITE),
    "inbox/": Row(STAFF),
    "inbox/counts/": Row(STAFF),
    "inbox/new/": Row(STAFF),
    "inbox/next/": Row(STAFF, WRITE),
    "inbox/bulk/": Row(STAFF, WRITE),
    "inbox/bulk/undo/": Row(STAFF, WRITE),
    "inbox/<slug:view>/": Row(STAFF),
    "inbox/<slug:view>/<slug:number>/": Row(TEAM),
    "escalations/": Row(STAFF),  # of the tickets that the viewer may see
    "escalations/do/": Row(STAFF, WRITE),  # the same
    "incidents/": Row(STAFF),  # our systems are the company's; the tickets on the page are what the reader may see
    "incidents/<slug:reference>/": Row(STAFF),
    "incidents/<slug:reference>/updates/": Row(STAFF, WRITE),
    "incidents/<slug:reference>/change/": Row(STAFF, WRITE),
    "incidents/<slug:reference>/replies/": Row(STAFF),  # numbers of the whole; no customer is named
    "incidents/<slug:reference>/take-back/": Row(NOBODY, WRITE),  # this incident has no update of that id
    "incidents/<slug:reference>/tickets/": Row(STAFF, WRITE),
    "notices/": Row(STAFF),
    "notices/bell/": Row(STAFF),
    "notices/read/": Row(STAFF, WRITE),
    "notices/<int:pk>/": Row(NOBODY),  # of somebody else
    "settings/notifications/": Row(STAFF),
    "settings/notifications/<slug:slug>/": Row(OVERSEERS, WRITE, (302, 404)),  # a team's room
    "search/": Row(STAFF),
    "tickets/<slug:number>/": Row(TEAM),
    "tickets/<slug:number>/due/": Row(TEAM),
    "tickets/<slug:number>/merge/": Row(TEAM),
    "tickets/merges/<uuid:pk>/undo/": Row(NOBODY, WRITE),  # nothing was merged here
    "tickets/<slug:number>/messages/": Row(TEAM, WRITE),
    "tickets/<slug:number>/others/": Row(TEAM),
    "tickets/<slug:number>/macros/": Row(TEAM),
    "tickets/<slug:number>/macros/fitting/": Row(TEAM),
    "tickets/<slug:number>/macros/<uuid:pk>/use/": Row(TEAM, WRITE),
    "settings/macros/": Row(STAFF),  # everybody keeps their own
    "settings/macros/import/": Row(STAFF, WRITE),
    "settings/macros/<uuid:pk>/": Row(TEAM),  # shared with the team
    "settings/macros/<uuid:pk>/remove/": Row({"supervisor"}, WRITE, (302,)),  # gone after the first who may
    "tickets/<slug:number>/adopt/": Row(NOBODY, WRITE),  # this ticket claims no other one
    "tickets/<slug:number>/do/<slug:verb>/": Row(TEAM, WRITE),
    "messages/<uuid:pk>/body": Row(TEAM),
    "messages/<uuid:pk>/raw": Row(TEAM),
    "messages/<uuid:pk>/withdraw/": Row(TEAM, WRITE),
    "messages/<uuid:pk>/send-again/": Row(TEAM, WRITE),
    "files/<uuid:pk>/": Row(TEAM),
    "knowledge/": Row(STAFF),
    "knowledge/new/": Row(STAFF),
    "knowledge/import/": Row(OVERSEERS),  # and leads: an import publishes
    "knowledge/import/<uuid:pk>/": Row(OVERSEERS),
    "knowledge/export/": Row(OVERSEERS),
    "knowledge/flag/": Row(NOBODY),  # names no article
    "knowledge/flags/<uuid:pk>/settle/": Row(STAFF, WRITE),
    "knowledge/gaps/": Row(STAFF),
    "knowledge/searches/": Row(STAFF),
    "assist/gaps/": Row(STAFF),  # of the tickets that the viewer may see
    "knowledge/<uuid:pk>/edit/": Row(STAFF),
    "knowledge/<uuid:pk>/preview/": Row(STAFF, WRITE),
    "knowledge/<uuid:pk>/autosave/": Row(STAFF, WRITE),
    "knowledge/<uuid:pk>/discard/": Row(STAFF, WRITE),
    "knowledge/<uuid:pk>/move/": Row(STAFF, WRITE),
    "knowledge/<uuid:pk>/files/": Row(STAFF, WRITE),
    "knowledge/<uuid:pk>/translate/": Row(STAFF, WRITE),
    "knowledge/<uuid:pk>/versions/": Row(STAFF),
    "knowledge/<uuid:pk>/versions/<int:version>/": Row(STAFF),
    "knowledge/<uuid:pk>/versions/<int:version>/restore/": Row(STAFF, WRITE),
    "knowledge/files/<uuid:pk>/": Row(STAFF),  # of an internal article; those of a public one are public
    "knowledge/files/<uuid:pk>/remove/": Row(STAFF, WRITE, (302, 404)),  # gone after the first who may
    "customers/import/": Row(OVERSEERS),  # and leads
    "customers/import/<uuid:pk>/": Row(OVERSEERS),
    "customers/import/<uuid:pk>/go/": Row(OVERSEERS, WRITE),
    "customers/": Row(STAFF),
    "customers/<uuid:pk>/": Row(STAFF),  # the tickets on it are the viewer's own
    "customers/<uuid:pk>/timeline/": Row(STAFF),
    "customers/<uuid:pk>/merge/": Row(STAFF),
    "customers/<uuid:pk>/facts/": Row(STAFF),
    "customers/<uuid:pk>/facts/<uuid:fact_id>/": Row(TEAM),  # it came from a ticket of the team
    "customers/<uuid:pk>/facts/<uuid:fact_id>/confirm/": Row(TEAM, WRITE),
    "customers/<uuid:pk>/facts/<uuid:fact_id>/end/": Row(TEAM, WRITE),
    "customers/<uuid:pk>/consent/": Row(STAFF),
    "customers/<uuid:pk>/access/": Row(OVERSEERS),
    "customers/requests/": Row(OVERSEERS),
    "customers/<uuid:pk>/erase/": Row(OVERSEERS),
    "customers/<uuid:pk>/erase/preview/": Row(OVERSEERS),
    "customers/erasures/<str:mark>/": Row(NOBODY),  # nobody was erased under this hash
    "customers/erasures/<str:mark>/receipt.json": Row(NOBODY),
    "customers/<uuid:pk>/export/": Row(OVERSEERS, WRITE),
    "customers/exports/<uuid:pk>/": Row(OVERSEERS),
    "customers/exports/<uuid:pk>/file/": Row(NOBODY),  # it is not made yet
    "customers/merges/<uuid:pk>/undo/": Row(STAFF, WRITE),
    "customers/<uuid:pk>/crm/": Row(STAFF),
    "customers/<uuid:pk>/card/": Row(STAFF),  # customers are the company's, not a team's
    "assist/tickets/<uuid:pk>/": Row(TEAM),
    "assist/tickets/<uuid:pk>/draft/": Row(TEAM),
    "assist/tickets/<uuid:pk>/summary/": Row(TEAM),
    "assist/tickets/<uuid:pk>/summary/renew/": Row(TEAM, WRITE),
    "assist/tickets/<uuid:pk>/summary/note/": Row(TEAM, WRITE),
    "assist/tickets/<uuid:pk>/chat/": Row(TEAM),
    "assist/tickets/<uuid:pk>/chat/<slug:deed>/": Row(TEAM, WRITE),
    "assist/tickets/<uuid:pk>/article/": Row(TEAM, WRITE),
    "assist/runs/<uuid:pk>/": Row(TEAM),
    "assist/runs/<uuid:pk>/again/": Row(TEAM, WRITE),
    "assist/drafts/<uuid:pk>/use/": Row(TEAM, WRITE),
    "assist/drafts/<uuid:pk>/dismiss/": Row(TEAM, WRITE),
    "assist/drafts/<uuid:pk>/rate/": Row(TEAM, WRITE),
    "assist/drafts/<uuid:pk>/stop/": Row(TEAM, WRITE),
    "assist/drafts/<uuid:pk>/rewrite/": Row(TEAM, WRITE),
    "assist/suggestions/<int:pk>/differs/": Row(TEAM, WRITE),
    "assist/suggestions/<int:pk>/rate/": Row(TEAM, WRITE),
    "assist/suggestions/<int:pk>/clicked/": Row(TEAM, WRITE),
    "assist/suggestions/<int:pk>/apply/": Row(TEAM, WRITE),
    "assist/suggestions/<int:pk>/dismiss/": Row(TEAM, WRITE),
    "assist/suggestions/<int:pk>/undo/": Row(TEAM, WRITE),
    "evaluation/batches/": Row(OVERSEERS),
    "evaluation/batches/<uuid:pk>/": Row(OVERSEERS),
    "evaluation/batches/<uuid:pk>/act/": Row(OVERSEERS, WRITE),
    "calls/": Row(STAFF),
    "calls/board/": Row(OVERSEERS),  # and leads
    "calls/ringing/": Row(STAFF),
    "calls/<uuid:session_id>/": Row(TEAM),
    "calls/<uuid:session_id>/parts/<slug:name>/": Row(TEAM),
    "calls/<uuid:session_id>/wrap-up/": Row(TEAM),
    "calls/<uuid:session_id>/notes/": Row(TEAM, WRITE),
    "calls/<uuid:session_id>/confirm/": Row(TEAM, WRITE),
    "calls/<uuid:session_id>/suggestions/<int:pk>/use/": Row(TEAM, WRITE),
    "calls/<uuid:session_id>/suggestions/<int:pk>/rate/": Row(TEAM, WRITE),
    "calls/<uuid:session_id>/answer/": Row({"agent"}, WRITE),  # the one it rings for
    "calls/<uuid:session_id>/decline/": Row({"agent"}, WRITE),
    "calls/<uuid:session_id>/consent/": Row(NOBODY, WRITE),  # this call is over
    "calls/<uuid:session_id>/steps/<int:pk>/": Row(NOBODY, WRITE),
    "calls/<uuid:session_id>/end/": Row(NOBODY, WRITE),
    "calls/<uuid:session_id>/whisper/": Row(OVERSEERS, WRITE),  # and leads
    "settings/retention/": Row(OVERSEERS),
    "settings/rules/": Row(OVERSEERS),
    "settings/rules/new/": Row(OVERSEERS),
    "settings/rules/row/": Row(OVERSEERS),
    "settings/rules/history/": Row(OVERSEERS),
    "settings/rules/export/": Row(OVERSEERS),
    "settings/rules/import/": Row(OVERSEERS, WRITE),
    "settings/rules/usual/": Row(OVERSEERS, WRITE),
    "settings/rules/firings/<uuid:firing_id>/undo/": Row(OVERSEERS, WRITE),
    "settings/rules/<uuid:rule_id>/": Row(OVERSEERS),
    "settings/rules/<uuid:rule_id>/switch/": Row(OVERSEERS, WRITE),
    "settings/rules/<uuid:rule_id>/move/": Row(OVERSEERS, WRITE),
    "settings/rules/<uuid:rule_id>/remove/": Row(OVERSEERS, WRITE, (302, 404)),  # gone after the first who may
    "dashboard/": Row(OVERSEERS),
    "dashboard/tickets/": Row(NOBODY),  # names no figure: tests/backoffice/test_dashboard.py
    "dashboard/figures/": Row(OVERSEERS),
    "dashboard/report/": Row(OVERSEERS, WRITE),
    "settings/alerts/": Row(OVERSEERS),
    "settings/alerts/rules/<uuid:alert_rule>/": Row(OVERSEERS),
    "settings/alerts/<uuid:alert_id>/seen/": Row(OVERSEERS, WRITE),
    "settings/telephony/": Row(OVERSEERS),
    "settings/widget/": Row(OVERSEERS),
    "settings/widget/<uuid:site_id>/": Row(OVERSEERS),
    "settings/widget/<uuid:site_id>/secret/": Row(OVERSEERS, WRITE),
    "settings/widget/<uuid:site_id>/remove/": Row(OVERSEERS, WRITE, (302, 404)),  # gone after the first who may
    "settings/ai/": Row(OVERSEERS),
    "settings/ai/ledger/": Row(OVERSEERS),
    "settings/ai/ledger/<int:call_id>/": Row(OVERSEERS),
    "settings/ai/costs/": Row(OVERSEERS),
    "settings/ai/budgets/": Row(OVERSEERS),
    "settings/ai/test/": Row(OVERSEERS, WRITE),
    "settings/ai/forget/": Row({"admin"}, WRITE),
    "settings/ai/prompts/<slug:prompt_name>/": Row(OVERSEERS),
    "settings/api-keys/": Row(OVERSEERS),
    "settings/api-keys/<uuid:key_id>/": Row(OVERSEERS),
    "settings/api-keys/<uuid:key_id>/renew/": Row({"admin"}, WRITE),
    "settings/api-keys/<uuid:key_id>/revoke/": Row({"admin"}, WRITE),
    "settings/webhooks/": Row(OVERSEERS),
    "settings/webhooks/<uuid:webhook_id>/": Row(OVERSEERS),
    "settings/webhooks/<uuid:webhook_id>/test/": Row(OVERSEERS, WRITE),
    "settings/webhooks/<uuid:webhook_id>/secret/": Row(OVERSEERS, WRITE),
    "settings/webhooks/<uuid:webhook_id>/remove/": Row(OVERSEERS, WRITE, (302, 404)),  # gone after the first who may
    "settings/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/": Row(OVERSEERS),
    "settings/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/replay/": Row(OVERSEERS, WRITE),
    "settings/telephony/<uuid:connection_id>/": Row(OVERSEERS),
    "settings/telephony/<uuid:connection_id>/arrived/": Row(NOBODY),  # without a moment to wait from there is nothing
    "settings/telephony/<uuid:connection_id>/play/": Row(OVERSEERS, WRITE),
    "settings/telephony/<uuid:connection_id>/address/": Row(OVERSEERS, WRITE),
    "settings/telephony/<uuid:connection_id>/remove/": Row(OVERSEERS, WRITE, (302, 404)),  # gone after the first who may
    "evaluation/": Row(OVERSEERS),
    "evaluation/drafts/": Row(OVERSEERS),
    "evaluation/learning/": Row(OVERSEERS),
    "evaluation/learning/<slug:field>/tickets/": Row(OVERSEERS),
    "evaluation/learning/examples/<int:pk>/undo/": Row(OVERSEERS, WRITE),
    "evaluation/policies/": Row(OVERSEERS),
    "evaluation/experiments/": Row(OVERSEERS),
    "evaluation/experiments/new/": Row(OVERSEERS),
    "evaluation/experiments/<uuid:experiment_id>/": Row(OVERSEERS),
    "evaluation/experiments/<uuid:experiment_id>/edit/": Row(OVERSEERS),
    "evaluation/experiments/<uuid:experiment_id>/act/": Row(OVERSEERS, WRITE),
    "evaluation/policies/shadow/": Row(OVERSEERS, method="post"),
    "settings/escalations/": Row(OVERSEERS),
    "settings/escalations/<slug:level_slug>/": Row(OVERSEERS),
    "settings/escalations/<slug:level_slug>/duty/": Row(OVERSEERS),
    "settings/escalations/<slug:level_slug>/duty/days/": Row(OVERSEERS, WRITE),
    "settings/escalations/<slug:level_slug>/duty/<int:row_id>/remove/": Row(OVERSEERS, WRITE),
    "settings/escalations/<slug:level_slug>/duty/days/<int:row_id>/remove/": Row(OVERSEERS, WRITE),
    "settings/figures/": Row(OVERSEERS),
    "settings/audit/": Row(OVERSEERS),
    "settings/configuration/": Row(OVERSEERS),  # bringing one in is the admins': tests/backoffice/test_configuration.py
    "settings/configuration/export/": Row(OVERSEERS),
    "settings/routing/": Row(OVERSEERS),
    "settings/routing/<uuid:queue_id>/": Row(OVERSEERS),
    "settings/sla/": Row(OVERSEERS),
    "settings/sla/new/": Row(OVERSEERS),
    "settings/sla/<uuid:policy_id>/": Row(OVERSEERS),
    "settings/sla/<uuid:policy_id>/remove/": Row(OVERSEERS, WRITE, (302, 404)),  # gone after the first who may
    "settings/hours/": Row(OVERSEERS),
    "settings/hours/new/": Row(OVERSEERS),
    "settings/hours/<uuid:hours_id>/": Row(OVERSEERS),
    "settings/hours/<uuid:hours_id>/remove/": Row(OVERSEERS, WRITE, (302, 404)),
    "settings/people/": Row(OVERSEERS),
    "settings/people/<uuid:user_id>/": Row(OVERSEERS),
    "settings/people/<uuid:user_id>/resend/": Row(OVERSEERS, WRITE),
    "settings/people/<uuid:user_id>/revoke/": Row(OVERSEERS, WRITE),
    "settings/people/<uuid:user_id>/deactivate/": Row(OVERSEERS, WRITE),
    "settings/people/<uuid:user_id>/reactivate/": Row(OVERSEERS, WRITE),
    "settings/people/<uuid:user_id>/second-step/": Row(OVERSEERS, WRITE),
    # API
    "api/v1/tickets/": Row(API_LIST),
    "api/v1/tickets/<str:number>/": Row(API),
    "api/v1/tickets/<str:number>/messages/": Row(API),
    "api/v1/tickets/<str:number>/events/": Row(API),
    "api/v1/satisfaction/": Row(API_LIST),
    "api/v1/tickets/<str:number>/messages/<uuid:pk>/": Row(API),
    "api/v1/tickets/<str:number>/summary/": Row(API),
    "api/v1/tickets/<str:number>/actions/": Row(API),
    "api/v1/tickets/<str:number>/actions/<int:action>/": Row(API),
    "api/v1/tickets/<str:number>/actions/<int:action>/approve/": Row(API, WRITE),
    "api/v1/tickets/<str:number>/actions/<int:action>/dismiss/": Row(API, WRITE),
    "api/v1/tickets/<str:number>/actions/<int:action>/undo/": Row(API, WRITE),
    "api/v1/tickets/<str:number>/merge/": Row(API, WRITE),
    "api/v1/tickets/<str:number>/escalate/": Row(API, WRITE),
    "api/v1/attachments/<uuid:pk>/": Row(API),
    "api/v1/attachments/<uuid:pk>/content/": Row(API),
    "api/v1/queues/": Row(API_LIST),
    "api/v1/queues/<slug:slug>/": Row(API),
    "api/v1/agents/": Row(API_LIST),
    "api/v1/agents/<uuid:pk>/": Row(API_LIST),  # colleagues know of each other
    "api/v1/tags/": Row(API_LIST),
    "api/v1/customers/": Row(API_LIST),  # customers are the company's, not a team's
    "api/v1/customers/<str:reference>/": Row(API_LIST),
    "api/v1/organizations/": Row(API_LIST),
    "api/v1/organizations/<uuid:pk>/": Row(API_LIST),
    "api/v1/macros/": Row(API_LIST),
    "api/v1/macros/<uuid:pk>/": Row(API),
    "api/v1/satisfaction/summary/": Row(KEEPERS | {"poor key"}),
    "api/v1/metrics/summary/": Row(KEEPERS | {"poor key"}),
    "api/v1/ai/costs/": Row(KEEPERS),
    "api/v1/ai/ledger/": Row(KEEPERS),
    "api/v1/experiments/": Row(KEEPERS | {"poor key"}),
    "api/v1/experiments/<uuid:experiment_id>/": Row(KEEPERS | {"poor key"}),
    "api/v1/inbound/<uuid:hook>/dealings/": Row(NOBODY, WRITE),
    "api/v1/inbound/<uuid:hook>/": Row(NOBODY, WRITE),  # the signature is the credential
    "api/realtime/acd/<slug:provider>/<str:key>/": Row(NOBODY, WRITE),  # signature or secret address are the credential
    "api/v1/calls/": Row(API_LIST),
    "api/v1/calls/<uuid:session_id>/": Row(API),
    "api/v1/triage/": Row(API_LIST, WRITE),
    "api/v1/memory/observe/": Row(API_LIST, WRITE),
    "api/v1/memory/consents/": Row(API_LIST, WRITE),
    "api/v1/memory/recall/": Row(API_LIST, WRITE),
    "api/v1/memory/infuse/": Row(API_LIST, WRITE),
    "api/v1/articles/": Row(API_LIST),
    "api/v1/articles/<slug:slug>/": Row(API_LIST),
    "api/v1/search/": Row(API_LIST),
    "api/v1/status/": Row(API_LIST),  # our systems are the company's, not a team's
    "api/v1/status/components/": Row(API_LIST),
    "api/v1/status/components/<slug:slug>/": Row(API_LIST),
    "api/v1/status/incidents/": Row(API_LIST),
    "api/v1/status/incidents/<str:reference>/": Row(API_LIST),
    "api/v1/status/incidents/<str:reference>/updates/": Row(API_LIST),
    "api/v1/status/deployments/": Row(API_LIST),
    "api/v1/status/alertmanager/": Row(API_LIST, WRITE),
    "api/v1/status/statuspage/": Row(API_LIST, WRITE),
    "api/v1/status/hooks/<str:token>/": Row(NOBODY, WRITE),  # the token is the credential
    "api/v1/events/": Row(API_LIST | {"poor key"}),  # which events, the scopes say: tests/partners/test_feed.py
    "api/v1/webhooks/": Row(API_LIST),  # agents who do not oversee find an empty list
    "api/v1/webhooks/<uuid:pk>/": Row(KEEPERS),
    "api/v1/webhooks/<uuid:pk>/secret/": Row(KEEPERS, WRITE),
    "api/v1/webhooks/<uuid:pk>/test/": Row(KEEPERS, WRITE, (202,)),
    "api/v1/webhooks/<uuid:pk>/deliveries/": Row(KEEPERS),
    "api/v1/webhooks/<uuid:pk>/deliveries/<uuid:delivery>/": Row(KEEPERS),
    "api/v1/webhooks/<uuid:pk>/deliveries/<uuid:delivery>/replay/": Row(KEEPERS, WRITE, (202,)),
    "api/v1/socket-tickets/": Row(API_LIST, WRITE),
    "api/realtime/call/start/": Row(API_LIST, WRITE),
    # the chat: partners' keys, and visitors' own tokens (tests/assist/chat/test_chat_api.py); agents talk in their console
    "api/chat/": Row({"key"}, WRITE),
    "api/feedback/": Row({"key"}, WRITE),
    "api/users/<str:user>/tickets/": Row({"key"}),
    "api/users/<str:user>/history/": Row({"key"}),
    "api/realtime/call/end/": Row(API_LIST, WRITE),  # which call is in the body: tests/assist/calls/test_api.py
    "api/realtime/call/line/": Row(API_LIST, WRITE),
    "api/realtime/transcription/": Row(API_LIST, WRITE),
    "api/realtime/suggestions/<uuid:session_id>/": Row(API),
    "api/realtime/stream/<uuid:session_id>/": Row(API),
}
ARTICLE = re.compile(r"^\^help/\(\?!.*slug")
OWN_LOOK = ("admin/", "accounts/")  # Django's admin and allauth: tested as a whole below


def paths(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    for one in (resolver or get_resolver()).url_patterns:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from paths(one, path)
        elif isinstance(one, URLPattern):
            yield "help/article" if ARTICLE.match(path) else path


def ours() -> list[str]:
    return sorted({path for path in paths() if not path.startswith(OWN_LOOK)})


@dataclass
class World:
    """One object of every kind, all of General support."""

    values: dict[str, Any]
    clients: dict[str, Client]

    def path(self, pattern: str) -> str:
        if pattern == "help/article":
            return f"/help/{self.values['slug']}/"
        kind = next((kind for kind in ("runs", "drafts", "suggestions") if f"assist/{kind}/" in pattern), pattern.split("/", maxsplit=1)[0])
        kind = "articles" if pattern.startswith("knowledge/<") else "imports" if "knowledge/import/" in pattern else kind
        kind = "merges" if "customers/merges/" in pattern else kind
        kind = "exports" if "customers/exports/" in pattern else kind
        kind = "macros" if "/macros/" in pattern else kind
        kind = "flags" if "knowledge/flags/" in pattern else kind
        kind = "batches" if "evaluation/batches/" in pattern else kind
        kind = "customer_imports" if "customers/import/" in pattern else kind
        kind = "webhooks" if "webhooks/" in pattern else kind
        kind = next((name for name in ("agents", "organizations", "attachments") if f"v1/{name}/" in pattern), kind)
        kind = "messages" if "v1/tickets/<str:number>/messages/<" in pattern else kind
        if "v1/queues/<" in pattern:
            return "/api/v1/queues/support/"
        if "v1/customers/<" in pattern:
            return f"/api/v1/customers/{self.values['customers.pk']}/"
        kind = "notices" if pattern.startswith("notices/") else kind
        pk = self.values.get(f"{kind}.pk", self.values["ticket.pk"])
        return "/" + re.sub(r"<\w+:(\w+)>", lambda found: str(pk if found[1] == "pk" else self.values[found[1]]), pattern)


@pytest.fixture
def world(support: Queue, maya: User, tomasz: User, priya: User, ticket: Ticket) -> World:
    from assist.models import CallSession, ChatSession, Draft, LabelledExample, Suggestion, TriageRun

    message = ticket.messages.get()
    Message.objects.filter(pk=message.pk).update(
        raw_mail=RawMail.objects.create(raw=b"x", content_hash="x", source="lmtp"), body_html="<p>x</p>"
    )
    file = Attachment(message=message, name="x.txt", size=1)
    file.file.save("", ContentFile(b"x"), save=False)
    file.save()
    article = Article.objects.create(
        slug="an-article",
        title="An article",
        body="Words",
        status="published",
        audience="public",
        category=Category.objects.create(slug="general", name="General"),
    )
    run = TriageRun.objects.create(ticket=ticket, message=message, result={})
    draft = Draft.objects.create(ticket=ticket, answers=message, text="Words", confidence=0.5)
    offered = Suggestion.objects.create(
        ticket=ticket, suggestion_type="action", title="Label", content="general", source_kind="category", confidence_score=0.5
    )
    internal = Article.objects.create(slug="internal", title="Internal", body="Words", status="published", audience="internal")
    article_file = ArticleFile(article=internal, name="x.txt", size=1, sha256="x")
    article_file.file.save("x", ContentFile(b"x"), save=False)
    article_file.save()
    Rating.objects.create(ticket=ticket, customer=ticket.customer, queue=support, score=4, source="mail")
    notice = Notice.objects.create(user=make_agent("Somebody Else"), kind="assigned", source="x", ticket=ticket)
    rule = Rule.objects.create(name="x", kinds=["ticket.created"], actions=[{"do": "tag", "value": "x", "text": ""}])
    firing = RuleFiring.objects.create(rule=rule, ticket=ticket)
    hook = InboundHook.objects.create(name="x", queue=support)
    macro = Macro.objects.create(title="x", text="Words", queue=support)
    call = CallSession.objects.create(
        call_id="x", queue=support, agent=maya, status="completed", entities=[{"type": "version", "value": "1"}], ended_at=timezone.now()
    )
    ChatSession.objects.create(customer=ticket.customer, session_id="x", ticket=ticket, state="waiting", handed_over_at=timezone.now())
    said = Suggestion.objects.create(session=call, suggestion_type="article", title="Words", source_id="x")
    Component.objects.create(slug=article.slug, name="A part")
    Incident.objects.create(reference="INC-1", title="An incident")
    webhook = Webhook.objects.create(name="x", url="https://partner.example/")
    delivery = WebhookDelivery.objects.create(webhook=webhook, kind="ticket.created", customer_ref=ticket.customer_id, body="{}")
    watch = AlertRule.objects.create(name="x", metric="backlog", limit=0)
    alert = Alert.objects.create(rule=watch, type="backlog", severity="warning", message="x", value=1)
    values = {
        "slug": article.slug,
        "session": 0,
        "number": ticket.number,
        "view": "all",
        "verb": "status",
        "deed": "join",
        "user_id": maya.pk,
        "user": ticket.customer_id,
        "hook": hook.pk,
        "secret": "nothing",
        "mark": "nothing",
        "reference": "INC-1",
        "token": "nothing",
        "provider": "twilio",
        "connection_id": AcdConnection.create(provider="pbx", name="x")[0].pk,
        "site_id": WidgetSite.objects.create(name="x").pk,
        "queue_id": support.pk,
        "level_slug": "legal",
        "row_id": 0,
        "policy_id": SlaPolicy.objects.create(name="x").pk,
        "hours_id": BusinessHours.objects.create(name="x").pk,
        "key": "nothing",
        "ticket.pk": ticket.pk,
        "messages.pk": message.pk,
        "files.pk": file.pk,
        "customers.pk": ticket.customer_id,
        "runs.pk": run.pk,
        "drafts.pk": draft.pk,
        "suggestions.pk": offered.pk,
        "action": offered.pk,
        "knowledge.pk": article_file.pk,
        "articles.pk": article.pk,
        "imports.pk": ImportRun.objects.create(name="x.md").pk,
        "evaluation.pk": LabelledExample.objects.create(ticket=ticket, field="category", label="general", text="Words").pk,
        "field": "category",
        "call_id": ModelCall.objects.create(task="reply", model="x", payload_hash="x", payload="{}").pk,
        "experiment_id": _experiment().pk,
        "merges.pk": CustomerMerge.objects.create(kept=ticket.customer, merged=make_customer("Twin", "twin@nordhavn.example")).pk,
        "macros.pk": macro.pk,
        "flags.pk": PassageFlag.objects.create(article=article, kind="wrong", note="x").pk,
        "batches.pk": TriageBatch.objects.create(state="done").pk,
        "customer_imports.pk": CustomerImport.objects.create(name="x.csv").pk,
        "fact_id": _fact(ticket),
        "exports.pk": CustomerExport.objects.create(customer=ticket.customer).pk,
        "version": 1,
        "session_id": call.session_id,
        "name": "side",
        "rule_id": rule.pk,
        "notices.pk": notice.pk,
        "firing_id": firing.pk,
        "prompt_name": "reply",
        "calls.pk": said.pk,
        "webhooks.pk": delivery.webhook_id,
        "agents.pk": maya.pk,
        "organizations.pk": ticket.customer.organisation_id,
        "attachments.pk": file.pk,
        "alert_rule": alert.rule_id,
        "alert_id": alert.pk,
        "delivery": delivery.pk,
        "webhook_id": delivery.webhook_id,
        "delivery_id": delivery.pk,
        "key_id": ApiKey.issue("A partner", scopes=["tickets:read"])[0].pk,
    }
    admin = make_agent("Ruth Abernathy", role=User.Role.ADMIN)
    clients = {
        "anonymous": Client(),
        "stranger": signed_in(tomasz),
        "agent": signed_in(maya),
        "supervisor": signed_in(priya),
        "admin": signed_in(admin),
        "key": _with_key("*"),
        "poor key": _with_key("metrics:read"),
        "wrong key": Client(headers={"Authorization": "Bearer hd_nothing"}),
    }
    return World(values, clients)


def _experiment() -> Experiment:
    experiment = Experiment.objects.create(name="x")
    for n, engine in enumerate(("model", "local")):
        experiment.arms.create(name=engine, engine=engine, position=n)
    return experiment


def _fact(ticket: Ticket) -> uuid.UUID:
    memory.grant(ticket.customer)
    return memory.learn(ticket.customer, "plan", "pro", source=memory.Source("message", "x", ticket=ticket.pk)).pk


def _with_key(scope: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {ApiKey.issue('Matrix', scopes=[scope])[1]}"})


def test_every_path_has_a_row_and_every_row_a_path() -> None:
    """Whoever adds a path says here who may use it."""
    assert set(ours()) == set(ROWS) - {"accounts/"}


def test_every_path_that_reads_says_which_reading_it_notes() -> None:
    """Or why none: tests/security/test_reads_are_noted.py."""
    from tests.security import test_reads_are_noted as reads

    reading = {path for path, row in ROWS.items() if row.method == READ and row.who is not PUBLIC}
    said = {*reads.NOTED, *reads.LISTS, *reads.PARTS, *reads.OWN, *reads.NOTHING}
    assert {path for path in reading if not path.startswith(reads.ELSEWHERE)} == said


@pytest.mark.parametrize("pattern", sorted(set(ROWS) - {"accounts/"}))
def test_only_those_named_may_enter(pattern: str, world: World) -> None:
    row, path = ROWS[pattern], world.path(pattern)
    assert resolve(path)
    for who, client in world.clients.items():
        if who == "wrong key" and not path.startswith("/api/v1/"):
            continue
        client.raise_request_exception = False
        answer = client.get(path) if row.method == READ else _post(client, path)
        assert answer.status_code < 500, (who, path)
        entered = answer.status_code in row.entered and not _sent_to_sign_in(answer)
        may = who in row.who or (row.who is PUBLIC and who in ("poor key",))
        assert entered == may, f"{who} got {answer.status_code} at {path}"
        if not may and path.startswith("/api/"):
            assert answer["Content-Type"] == "application/problem+json"


def _post(client: Client, path: str) -> Any:
    if path.startswith("/api/"):
        return client.post(path, "{}", content_type="application/json")
    return client.post(path, {"feedback": "helpful", "text": "Words", "into": "said", "fact": "version:1"})


def _sent_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 302 and "/accounts/login/" in answer["Location"]


@pytest.mark.parametrize("path", sorted({path for path in paths() if path.startswith("admin/")}))
def test_django_admin_is_for_supervisors_alone(path: str, world: World) -> None:
    address = "/" + re.sub(r"<[^>]+>|\(\?P<\w+>[^)]*\)|[\^$]|\.\*", "x", path)
    for who in ("anonymous", "stranger", "agent", "key", "poor key"):
        answer = world.clients[who].get(address)
        assert answer.status_code in {302, 403, 404, 405}, (who, address)
        if answer.status_code == 302:
            assert "login" in answer["Location"] or answer["Location"].startswith("/admin/"), (who, address)


OPEN_ACCOUNT_PAGES = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_confirm_email",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
    "account_confirm_login_code",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "socialaccount_signup",  # leads back to the sign-in page
}


def test_no_other_account_page_opens_without_signing_in() -> None:
    from django.urls import NoReverseMatch, reverse

    names = {
        one.name
        for resolver in get_resolver().url_patterns
        for one in _leaves(resolver)
        if one.name and one.name.startswith(("account_", "mfa_", "socialaccount_"))
    }
    for name in sorted(names - OPEN_ACCOUNT_PAGES):
        try:
            answer = Client().get(reverse(name))
        except NoReverseMatch:
            continue
        if answer.status_code == 302 and answer["Location"] == "/profile/":
            answer = Client().get("/profile/")
        assert _sent_to_sign_in(answer) or answer.status_code in {403, 404}, name


def _leaves(one: URLPattern | URLResolver) -> Iterator[URLPattern]:
    if isinstance(one, URLPattern):
        yield one
    else:
        for child in one.url_patterns:
            yield from _leaves(child)


def test_what_is_not_yours_and_what_is_not_there_look_the_same(world: World) -> None:
    """T20: the same words and status, so that nobody can count our tickets."""
    for pattern in ("tickets/<slug:number>/", "api/v1/tickets/<str:number>/", "files/<uuid:pk>/", "messages/<uuid:pk>/raw"):
        there = world.path(pattern)
        absent = re.sub(r"TKT-\d+-\d+", "TKT-20200101-9999", re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", str(uuid.uuid4()), there))
        mine, nobodys = world.clients["stranger"].get(there), world.clients["stranger"].get(absent)
        assert (mine.status_code, nobodys.status_code) == (404, 404)
        assert _without_what_differs(mine.content, there) == _without_what_differs(nobodys.content, absent)


def _without_what_differs(page: bytes, path: str) -> str:
    return re.sub(r'csrf[^>]*>|name="csrfmiddlewaretoken"[^>]*|[A-Za-z0-9]{64}', "", page.decode()).replace(path, "")


def test_a_key_in_the_address_is_no_credential(api_key: str, support: Queue) -> None:
    for name in ("api_key", "key", "token", "access_token", "Authorization"):
        assert Client().get(f"/api/v1/tickets/?{name}={api_key}").status_code in {401, 403}


def test_a_page_that_changes_something_wants_the_forms_token(world: World, maya: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    for pattern, row in ROWS.items():
        path = world.path(pattern) if pattern != "accounts/" else "/accounts/logout/"
        if (
            row.method == WRITE and not pattern.startswith(("api/v1/inbound/", "api/v1/status/hooks/", "api/realtime/acd/", "api/widget/"))
        ) or pattern in (
            "accounts/",
            "api/v1/tickets/",
            "inbox/new/",
        ):
            answer = client.post(path, "{}", content_type="application/json") if path.startswith("/api/") else client.post(path)
            assert answer.status_code == 403, path
