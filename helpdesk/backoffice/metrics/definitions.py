"""What each figure means, in words; its unit, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FEW_RATINGS = 10  # fewer say nothing about a team
FEW_WAITS = 5


@dataclass(frozen=True)
class Definition:
    name: str
    label: str | Promise
    means: str | Promise
    unit: str | Promise = ""
    target: float | None = None  # as delivered; what holds says `targets.current`
    aims: str = ""  # seconds | share | points: how its target is written; "": it has none
    rising: str = ""  # "bad" or "good": what it is when the figure rises
    opens: str = ""  # the listing behind it


DEFINITIONS: dict[str, Definition] = {
    one.name: one
    for one in (
        Definition(
            "created",
            _("New tickets"),
            _("Tickets that were opened in the period, on any channel. One that was merged into another does not count."),
            rising="bad",
            opens="created",
        ),
        Definition(
            "solved",
            _("Solved"),
            _("Tickets whose latest solution falls into the period. One that was reopened since does not count."),
            rising="good",
            opens="solved",
        ),
        Definition(
            "first_reply",
            _("First reply, median"),
            _(
                "From the customer's first words to the first answer by a person, for tickets first answered in the period. Half waited no"
                " longer than the median, nine in ten no longer than the 90th percentile. Automatic answers do not count. In business"
                " hours, only the open hours of the ticket's SLA count, as its due time does."
            ),
            target=30 * 60,
            aims="seconds",
            rising="bad",
            opens="answered",
        ),
        Definition(
            "resolution",
            _("Resolution, median"),
            _(
                "From the customer's first words to the solution, for tickets that a person solved in the period; what rules, partners or"
                " customers themselves solved does not count. In business hours, only the open hours of the ticket's SLA count, and not"
                " the time in which we waited for the customer."
            ),
            aims="seconds",
            rising="bad",
            opens="solved-by-people",
        ),
        Definition(
            "sla",
            _("SLA met"),
            _("Of the first replies and solutions of the period that had a due time, the share that came in time."),
            unit="%",
            target=0.95,
            aims="share",
            rising="good",
            opens="late",
        ),
        Definition(
            "csat",
            _("CSAT"),
            _("The average rating, 1 to 5, that customers gave in the period. “Satisfied” is 4 and 5."),
            unit=_("of 5"),
            aims="points",
            rising="good",
            opens="rated",
        ),
        Definition(
            "negative",
            _("Negative mood"),
            _("Of the period's new tickets whose mood is known, the share that is negative or very negative, as it stands now."),
            unit="%",
            target=0.2,
            aims="share",
            rising="bad",
            opens="negative",
        ),
        Definition(
            "drafts",
            _("AI drafts used"),
            _("Of the reply drafts offered in the period, the share that an agent sent, as written or edited."),
            unit="%",
            aims="share",
            rising="good",
            opens="drafts-used",
        ),
        Definition("cost", _("AI cost"), _("What language models charged for their answers in the period, in US dollars."), rising="bad"),
        Definition(
            "escalated",
            _("Escalations"),
            _("New tickets of the period that had to go up; the rate is their share of all new ones."),
            rising="bad",
            opens="escalated",
        ),
        Definition("open", _("Backlog"), _("Tickets that are new, open, waiting for the customer or on hold now."), opens="open"),
        Definition("overdue", _("Past their SLA"), _("Open tickets whose next promise is broken now."), rising="bad", opens="overdue"),
        Definition(
            "accuracy",
            _("Triage right"),
            _("Of the engine's first guesses at a category that were settled in the period, the share that people left as it was."),
            unit="%",
            rising="good",
        ),
        Definition(
            "deflection",
            _("Answered by articles"),
            _("Customers' searches in the period after which a request that had been begun was not sent."),
            rising="good",
        ),
        Definition(
            "suggestions",
            _("AI suggestions"),
            _(
                "What the engine put before an agent in the period: drafts, articles, similar tickets, steps. Used is what the agent"
                " sent or opened; a draft that nobody sent or dismissed is ignored. Helpful is a share of those that were judged."
            ),
        ),
        Definition(
            "topics",
            _("What people write about"),
            _(
                "New tickets of the period by category, against what as many days of the four weeks before brought; what grew most stands"
                " first."
            ),
        ),
        Definition("load", _("Agents' load"), _("Open tickets of an agent, against as many as they can have at once (settings, people).")),
        Definition("live", _("Live"), _("Calls and chats that are running now.")),
    )
}
