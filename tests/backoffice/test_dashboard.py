"""The dashboard on screen: every number opens its tickets, few cases are called few, and it costs the same with many tickets."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from helpdesk.backoffice import reporting
from helpdesk.backoffice.metrics import behind, board, rollup
from helpdesk.backoffice.metrics.definitions import DEFINITIONS
from helpdesk.backoffice.metrics.scope import Scope
from helpdesk.core.models import User
from helpdesk.models import ReportSubscription
from tests.cast import signed_in
from tickets.models import Queue, Rating, Ticket

pytestmark = pytest.mark.django_db
Fortnight = Callable[..., list[Ticket]]
NONSENSE = ["queue=nope", "from=yesterday", "from=2026-02-01&to=2026-01-01", "from=2020-01-01&to=2026-01-01", "x=1", "period=9d"]
SUBJECTS = {"daily": "Support on 22 November 2026", "weekly": "Support in the week to 22 November 2026"}


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def test_an_empty_company_has_a_dashboard(as_priya: Client) -> None:
    for query in ("", "?period=7d", "?period=30d", "?wallboard=1"):
        page = as_priya.get(f"/dashboard/{query}")
        assert page.status_code == 200
    assert "Nothing burns." in page.content.decode() and "Nobody has rated yet." in page.content.decode()


@pytest.mark.parametrize("query", ["", "period=7d", "period=30d", "period=30d&queue=support", "period=7d&channel=chat"])
def test_every_link_of_the_board_opens_a_list(as_priya: Client, fortnight: Fortnight, query: str) -> None:
    fortnight(4)
    rollup.rebuild()
    page = as_priya.get(f"/dashboard/?{query}")
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/dashboard/[^"#]*)"', page.content.decode())}
    lists = sorted(link for link in links if "/tickets/" in link)
    assert len(lists) > 15
    for link in lists:
        assert as_priya.get(link).status_code == 200, link


def test_the_list_says_how_many_and_a_team_or_topic_narrows_it(
    as_priya: Client, fortnight: Fortnight, support: Queue, django_assert_max_num_queries: Any
) -> None:
    fortnight(5)
    whole = behind.tickets("created", Scope.of("30d")).count()
    narrow = behind.tickets("created", Scope.of("30d", queue=support)).count()
    assert f'<span class="muted num">{whole}</span>' in as_priya.get("/dashboard/tickets/?of=created&period=30d").content.decode()
    assert (
        f'<span class="muted num">{narrow}</span>'
        in as_priya.get("/dashboard/tickets/?of=created&period=30d&queue=support").content.decode()
    )
    assert as_priya.get("/dashboard/tickets/?of=created&period=30d&page=2").status_code == 200
    with django_assert_max_num_queries(10):
        as_priya.get("/dashboard/tickets/?of=created&period=30d")
    for wrong in ("?of=nonsense", ""):
        assert as_priya.get(f"/dashboard/tickets/{wrong}").status_code == 404


def test_a_spreadsheet_runs_nothing(as_priya: Client, fortnight: Fortnight) -> None:
    tickets = fortnight(5)
    Ticket.objects.filter(pk=tickets[0].pk).update(subject="=HYPERLINK(1)")
    answer = as_priya.get("/dashboard/tickets/?of=created&period=30d&form=csv")
    assert answer["Content-Type"].startswith("text/csv") and "'=HYPERLINK(1)" in answer.content.decode()


def test_the_number_of_statements_does_not_grow_with_the_tickets(
    as_priya: Client, fortnight: Fortnight, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for seed, number in ((1, 20), (2, 300)):
        Rating.objects.all().delete()
        Ticket.objects.update(merged_into=None)
        Ticket.objects.all().delete()
        fortnight(seed, number)
        rollup.rebuild()
        as_priya.get("/dashboard/?period=7d")
        cache.clear()
        with django_assert_max_num_queries(60) as asked:
            assert as_priya.get("/dashboard/?period=7d").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1], counts


def test_looking_again_within_five_seconds_counts_nothing(
    as_priya: Client, fortnight: Fortnight, django_assert_max_num_queries: Any
) -> None:
    fortnight(6)
    as_priya.get("/dashboard/", headers={"HX-Request": "true"})
    with django_assert_max_num_queries(8):
        as_priya.get("/dashboard/", headers={"HX-Request": "true"})


def test_few_ratings_are_called_too_few(as_priya: Client, fortnight: Fortnight) -> None:
    tickets = fortnight(6)
    Rating.objects.all().delete()
    Rating.objects.create(ticket=tickets[9], customer=tickets[9].customer, score=1, source="mail", comment="Never again")
    Ticket.objects.filter(pk=tickets[9].pk).update(merged_into=None)
    page = as_priya.get("/dashboard/").content.decode()
    assert "1 rating, too few" in page and "Never again" in page


def test_what_is_overdue_burns_and_opens(as_priya: Client, ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(due_at=timezone.now() - timedelta(minutes=18))
    page = as_priya.get("/dashboard/").content.decode()
    assert "1 ticket past its SLA" in page
    assert ticket.subject in as_priya.get("/dashboard/tickets/?of=overdue").content.decode()


def test_every_figure_says_what_it_means(as_priya: Client) -> None:
    page = as_priya.get("/dashboard/figures/").content.decode()
    for name in DEFINITIONS:
        assert f'id="{name}"' in page
    board_page = as_priya.get("/dashboard/").content.decode()
    assert [name for name in DEFINITIONS if f'#{name}"' not in board_page] == ["deflection"]  # shown once somebody has searched


def test_agents_have_no_dashboard(as_maya: Client) -> None:
    for path in ("/dashboard/", "/dashboard/tickets/?of=created", "/dashboard/figures/"):
        assert as_maya.get(path).status_code == 403


def test_the_back_office_opens_with_the_same_board(as_priya: Client, fortnight: Fortnight) -> None:
    fortnight(6)
    page = as_priya.get("/admin/").content.decode()
    assert 'class="kpis"' in page and "Burning now" in page


# -- the API ---------------------------------------------------------------------------------------------------


def test_the_summary_has_the_contracts_figures(api: Client, fortnight: Fortnight) -> None:
    fortnight(9)
    rollup.rebuild()
    found = api.get("/api/v1/metrics/summary/").json()
    scope = Scope.of("30d")
    assert found["total_tickets"] == behind.tickets("created", scope).count()
    assert found["resolved_tickets"] == behind.tickets("solved", scope).count()
    assert found["avg_response_time"] > 0 and 0 <= found["satisfaction_score"] <= 1 and 0 < found["escalation_rate"] < 1
    today = scope.last.isoformat()
    narrow = api.get("/api/v1/metrics/summary/", {"from": today, "to": today, "queue": "support"}).json()
    assert (narrow["period_from"], narrow["period_to"]) == (today, today) and narrow["total_tickets"] < found["total_tickets"]


@pytest.mark.parametrize("query", NONSENSE)
def test_a_summary_of_nonsense_is_refused(api: Client, support: Queue, query: str) -> None:
    assert api.get(f"/api/v1/metrics/summary/?{query}").status_code == 400


@pytest.mark.parametrize("by", ["queue", "agent", "engine", "channel"])
def test_rates_by(api: Client, fortnight: Fortnight, by: str) -> None:
    fortnight(9)
    rows = api.get("/api/v1/satisfaction/summary/", {"by": by}).json()["results"]
    assert sum(row["ratings"] for row in rows) > 0 and all(1 <= row["average"] <= 5 for row in rows)
    assert api.get("/api/v1/satisfaction/summary/", {"by": "mood"}).status_code == 400


# -- by mail ---------------------------------------------------------------------------------------------------


@pytest.fixture
def monday_morning(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    at = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.get_default_timezone())
    monkeypatch.setattr(reporting, "_now", lambda: at)


@pytest.mark.parametrize("often", SUBJECTS)
def test_the_figures_come_by_mail_once(monday_morning: None, priya: User, fortnight: Fortnight, often: str) -> None:
    fortnight(3)
    assert signed_in(priya).post("/dashboard/report/", {"often": often}).status_code == 302
    assert [reporting.send_due(), reporting.send_due()] == [1, 0]
    (sent,) = mail.outbox
    assert sent.subject == SUBJECTS[often] and sent.to == [priya.email]
    assert "Backlog: " in str(sent.body) and "by now" not in str(sent.body)
    assert "New tickets:" in str(sent.body) and "/dashboard/?from=2026-11-" in str(sent.body)


def test_nobody_else_gets_them(monday_morning: None, priya: User, maya: User) -> None:
    ReportSubscription.objects.create(user=maya, often="daily")  # no supervisor any more
    ReportSubscription.objects.create(user=priya, often="never")
    assert reporting.send_due() == 0 and not mail.outbox
    assert Client().post("/dashboard/report/", {"often": "daily"}).status_code == 302
    assert signed_in(priya).post("/dashboard/report/", {"often": "hourly"}).status_code == 422


def test_a_board_can_be_kept_for_others(fortnight: Fortnight) -> None:
    fortnight(3)
    first = board.of(Scope.of("7d"))
    assert board.of(Scope.of("7d")).read_at == first.read_at
