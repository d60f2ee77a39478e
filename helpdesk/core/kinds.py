"""Everything that can happen: the kinds of events and the data that each carries.

The table of contents of the event spine. A kind that is not here cannot be recorded; `record` refuses data
that a kind does not name. History, the partners' feed, webhooks and rules all speak of these.
"""

from __future__ import annotations

from typing import Any, TypedDict


class Nothing(TypedDict):
    """The subject says it all."""


class Change(TypedDict, total=False):
    """One property went from `old` to `new`; both as shown to people, ids beside them where needed."""

    old: Any
    new: Any
    old_id: str | None
    new_id: str | None
    reason: str


class MailStored(TypedDict):
    source: str
    size: int


class MessageData(TypedDict, total=False):
    channel: str
    opens_ticket: bool
    automatic: bool
    verified: str


class DeliveryData(TypedDict, total=False):
    recipient: str
    reason: str
    attempts: int


class Quarantined(TypedDict, total=False):
    reason: str
    sender: str
    target: str


class TagData(TypedDict):
    tag: str


class TriageData(TypedDict, total=False):
    run: str
    category: str
    confidence: float
    priority: str
    applied: list[str]
    total_ms: float


class BatchData(TypedDict, total=False):
    tickets: int


class Snooze(TypedDict):
    until: str | None


class Escalation(TypedDict, total=False):
    level: str
    reasons: list[str]


class SlaData(TypedDict, total=False):
    clock: str  # first_reply | next_reply | resolve
    due_at: str
    policy: str
    queue: str


class PolicyData(TypedDict, total=False):
    """A setting was made, changed or removed; of promises and calendars, the open tickets are worked out anew."""

    name: str
    old: dict[str, Any]
    new: dict[str, Any]


class RuleCall(TypedDict):
    """A rule calls a webhook: partners' other webhooks do not hear of it."""

    webhook: str  # its id
    name: str
    rule: str


class EscalationStep(TypedDict, total=False):
    level: str
    old: str  # the level before
    to: str
    reason: str


class TicketMerged(TypedDict, total=False):
    other: str  # number
    into: bool  # this one became part of the other


class RatingData(TypedDict, total=False):
    """How satisfied a customer is; the words are in the rating itself, which can be changed and erased."""

    score: int  # 1..5
    old: int | None  # before they changed their mind
    commented: bool
    source: str  # mail | page | chat | api


class FollowUp(TypedDict, total=False):
    at: str
    reason: str


class MacroData(TypedDict, total=False):
    macro: str
    title: str


class SuggestionData(TypedDict, total=False):
    suggestion: int
    feedback: str
    article: str


class ActionData(TypedDict, total=False):
    """A suggested action, and what an agent said to it."""

    suggestion: int
    action: str  # its kind: assist/actions/kinds.py
    reason: str


class CallData(TypedDict, total=False):
    session: str
    call_id: str
    provider: str
    agent: str
    queue: str
    status: str
    phone: str
    duration_seconds: int
    summary: str
    disposition: str


class ChatData(TypedDict, total=False):
    session: str
    state: str
    reason: str
    agent: str
    queue: str
    rating: int
    summary: str


class CrmData(TypedDict, total=False):
    connection: str
    changed: dict[str, Any]  # what it says now of what it said otherwise


class Dealt(TypedDict, total=False):
    what: str  # subscription.started, purchase.made, ...
    title: str
    reference: str  # theirs: an order or invoice number


class ConsentData(TypedDict):
    granted: bool
    purposes: list[str]
    data_types: list[str]
    expires_at: str | None


class Merge(TypedDict, total=False):
    merge: str
    other: str
    name: str


class RetentionData(TypedDict, total=False):
    data_type: str
    days: int
    enabled: bool
    deleted: int


class Imported(TypedDict, total=False):
    name: str
    counts: dict[str, Any]


class ArticleData(TypedDict, total=False):
    title: str
    status: str


class StatusData(TypedDict, total=False):
    reference: str
    title: str
    status: str
    impact: str
    component: str
    version: str


class LinkData(TypedDict, total=False):
    """A ticket and the incident or deployment that it may come from."""

    what: str  # incident | deployment
    target: str
    reference: str
    title: str
    score: float
    reason: str


class WebhookData(TypedDict, total=False):
    name: str
    url: str
    reason: str


class KeyData(TypedDict, total=False):
    name: str
    scopes: list[str]


class RuleData(TypedDict, total=False):
    name: str
    what: str  # saved | on | off | removed | imported


class AlertData(TypedDict, total=False):
    """A figure that passed its limit: contract section 7."""

    type: str
    severity: str  # info | warning | critical
    message: str
    rule: str
    value: float
    old: dict[str, str]
    new: dict[str, str]


class ExperimentData(TypedDict, total=False):
    """Ways of the assistant tried side by side: what became of the experiment, or of one of its arms."""

    name: str
    feature: str
    arm: str
    reason: str
    metric: str
    value: float
    limit: float


class BudgetData(TypedDict, total=False):
    """What language models may cost in a month; amounts in US dollars."""

    task: str  # empty: all of them
    old: dict[str, str]
    new: dict[str, str]
    month: str  # 2026-11
    share: int  # per cent of the budget
    spent: str
    limit: str


class Person(TypedDict, total=False):
    email: str
    role: str


KINDS: dict[str, Any] = {
    # e-mail, before it is understood
    "mail.stored": MailStored,
    "mail.unreadable": Quarantined,
    # messages
    "message.received": MessageData,
    "message.sent": MessageData,
    "message.withdrawn": MessageData,
    "message.delivered": DeliveryData,
    "message.delivery_postponed": DeliveryData,  # the mail server is away or asks to come back later
    "message.delivery_failed": DeliveryData,
    "message.bounced": DeliveryData,
    "message.quarantined": Quarantined,
    "message.adopted": Quarantined,
    "note.added": Nothing,
    "note.removed": Nothing,
    # tickets
    "ticket.created": MessageData,
    "ticket.status_changed": Change,
    "ticket.priority_changed": Change,
    "ticket.category_changed": Change,
    "ticket.queue_changed": Change,
    "ticket.assigned": Change,
    "ticket.tagged": TagData,
    "ticket.untagged": TagData,
    "ticket.snoozed": Snooze,
    "ticket.escalated": Escalation,
    "escalation.acknowledged": EscalationStep,
    "escalation.reassigned": EscalationStep,
    "escalation.handed_back": EscalationStep,
    "escalation.taken_back": EscalationStep,  # with the triage or the rule that had raised it
    "escalation.timed_out": EscalationStep,  # nobody acknowledged it in time: the next level hears of it
    "sla.warned": SlaData,  # little of the time is left
    "sla.breached": SlaData,
    "ticket.follow_up_planned": FollowUp,  # the customer is to be asked how it went
    "ticket.linked": LinkData,
    "ticket.unlinked": LinkData,
    "ticket.merged": TicketMerged,
    "ticket.merge_undone": TicketMerged,
    "ticket.participant_added": Person,
    "ticket.participant_removed": Person,
    "ticket.subject_changed": Change,
    "ticket.customer_changed": Change,  # it has come out whose request it is
    "rating.given": RatingData,  # or changed
    "rating.asked": RatingData,  # by a mail of its own
    "macro.used": MacroData,
    "macro.saved": MacroData,
    "macro.removed": MacroData,
    # assist
    "triage.completed": TriageData,
    "triage.batch_started": BatchData,
    "triage.batch_stopped": Nothing,
    "triage.batch_undone": Nothing,
    "suggestion.rated": SuggestionData,
    "suggestion.used": SuggestionData,
    "action.shown": ActionData,
    "action.approved": ActionData,
    "action.dismissed": ActionData,
    "action.undone": ActionData,
    "draft.written": SuggestionData,  # by a model, or anew on an agent's word
    "draft.change_asked": SuggestionData,  # of a model
    "draft.used": SuggestionData,
    "draft.dismissed": SuggestionData,
    "summary.asked": Nothing,  # of a model
    "summary.written": Nothing,  # by a model
    # calls
    "call.rang": CallData,
    "call.started": CallData,
    "call.ended": CallData,
    "call.transferred": CallData,
    "call.summary_refreshed": CallData,  # words that came late changed it
    "call.wrapped_up": CallData,
    "call.declined": CallData,
    "call.consent_noted": CallData,  # what the caller said to being recorded and read
    "call.listened": CallData,  # a supervisor read along
    "call.whispered": CallData,
    # chats
    "chat.handed_over": ChatData,  # a person is asked for
    "chat.joined": ChatData,
    "chat.handed_back": ChatData,  # to the assistant
    "chat.ended": ChatData,
    "chat.summed_up": ChatData,  # one behind which no ticket stands: it ended, or fell silent
    # customers, knowledge, people
    "customer.created": Nothing,
    "customer.changed": Change,
    "customer.crm_changed": CrmData,
    "customer.dealt": Dealt,  # bought or subscribed to something, as a shop or a billing system told
    "organisation.created": Nothing,
    "organisation.changed": Change,
    "customer.consent_changed": ConsentData,
    "customer.merged": Merge,
    "customer.merge_undone": Merge,
    "customer.erasure_asked": Nothing,
    "customer.erased": Nothing,  # the subject is the receipt, which names nobody
    "customers.imported": Imported,
    "retention.changed": RetentionData,
    "retention.applied": RetentionData,
    "article.created": ArticleData,
    "article.version_saved": ArticleData,  # beside the published text, which did not change
    "article.review_requested": ArticleData,
    "article.sent_back": ArticleData,
    "article.published": ArticleData,
    "article.changed": ArticleData,
    "article.retired": ArticleData,
    "article.flagged": ArticleData,  # somebody found a passage wrong or old
    "article.flag_settled": ArticleData,
    "article.missed": ArticleData,  # somebody looked for what nobody has written
    "policy.changed": PolicyData,
    "routing.changed": PolicyData,
    "escalation_level.changed": PolicyData,
    # figures
    "figures.changed": PolicyData,  # what is aimed at
    "alert.opened": AlertData,
    "alert.closed": AlertData,
    "alert.acknowledged": AlertData,
    "alert.rule_changed": AlertData,
    "experiment.created": ExperimentData,
    "experiment.changed": ExperimentData,
    "experiment.removed": ExperimentData,
    "experiment.started": ExperimentData,
    "experiment.stopped": ExperimentData,
    "experiment.arm_stopped": ExperimentData,  # by a guard
    "experiment.decided": ExperimentData,
    "experiment.undone": ExperimentData,  # what was in use before is in use again
    "budget.changed": BudgetData,
    "budget.warned": BudgetData,  # near its end, or spent
    # our own systems
    "incident.opened": StatusData,
    "incident.updated": StatusData,
    "incident.resolved": StatusData,
    "component.changed": StatusData,
    "deployment.recorded": StatusData,
    "webhook.created": WebhookData,
    "webhook.changed": WebhookData,
    "webhook.removed": WebhookData,
    "webhook.switched_off": WebhookData,  # by us: it failed for too long, or said that it is gone
    "key.issued": KeyData,
    "key.changed": KeyData,
    "key.renewed": KeyData,
    "key.revoked": KeyData,
    "rule.called": RuleCall,
    "rule.changed": RuleData,
    "user.invited": Person,
    "user.joined": Person,
    "user.changed": Change,
    "agent.availability_changed": Change,
}
