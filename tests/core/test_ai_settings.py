"""Settings, AI: administrators say whom to ask, everybody sees whether it answers, and prompts are worded anew with a way back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assist.models import Draft, TriageRun
from helpdesk.core.llm import prompts, providers
from helpdesk.core.models import ModelCall, PromptVersion, User
from knowledge import publishing
from knowledge.models import Article
from tests.cast import make_agent, signed_in
from tests.plugins.model_server import ModelServer, status
from tickets.models import Ticket

KEY = "sk-abcdefghijklmnop1234"


@pytest.fixture
def as_admin(db: None) -> Client:
    return signed_in(make_agent("Ruth Abernathy", role=User.Role.ADMIN))


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def form(**more: str) -> dict[str, str]:
    return {"on": "yes", "base_url": "", "key": "", "model": "small", "budget": "10", "seconds": "8", "hide_names": "on"} | more


def test_an_administrator_sets_it_up_and_the_key_is_shown_to_nobody(as_admin: Client, as_priya: Client, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    answer = as_admin.post("/settings/ai/", form(base_url="http://127.0.0.1:9001/v1", key=KEY, **{"model-reply": "large"}))
    assert answer.status_code == 302
    provider = providers.current()
    assert (provider.key, provider.model_for("reply"), provider.model_for("chat"), provider.seconds) == (KEY, "large", "small", 8)
    for client in (as_admin, as_priya):
        page = client.get("/settings/ai/").content.decode()
        assert KEY not in page and "Ends in 1234" in page and "http://127.0.0.1:9001/v1" in page


def test_a_supervisor_sees_it_and_cannot_change_it(as_priya: Client) -> None:
    assert "Administrators may change this" in as_priya.get("/settings/ai/").content.decode()
    assert as_priya.post("/settings/ai/", form()).status_code == 403 and providers.current().saved is None


@pytest.mark.parametrize(("name", "value"), [("base_url", "http://169.254.169.254/"), ("budget", "much"), ("seconds", "900")])
def test_what_cannot_be_is_said_at_its_field_and_changes_nothing(name: str, value: str, as_admin: Client) -> None:
    answer = as_admin.post("/settings/ai/", form(**{name: value}))
    assert answer.status_code == 422 and f'name="{name}"' in answer.content.decode() and 'aria-invalid="true"' in answer.content.decode()
    assert providers.current().saved is None


def test_a_test_tells_how_long_it_took_or_what_is_wrong(as_priya: Client, model: ModelServer) -> None:
    model.says('{"ok": true}')
    assert "The model answers" in as_priya.post("/settings/ai/test/", follow=True).content.decode()
    assert "Answered in" in as_priya.get("/settings/ai/").content.decode()
    model.does(status(401))
    page = as_priya.post("/settings/ai/test/", follow=True).content.decode()
    assert "refuses our key" in page and "No answer" in page and "is left alone for a moment" in page
    assert ModelCall.objects.filter(task="test").count() == 2


def test_without_a_provider_the_page_says_that_the_local_engine_does_it(as_priya: Client) -> None:
    page = as_priya.get("/settings/ai/").content.decode()
    assert "In use" in page and "Nothing was asked yet" in page


def test_the_page_costs_as_many_statements_whatever_was_asked_and_worded(as_priya: Client, priya: User) -> None:
    as_priya.get("/settings/ai/")
    with CaptureQueriesContext(connection) as few:
        as_priya.get("/settings/ai/")
    ModelCall.objects.bulk_create(ModelCall(task="reply", model="x", payload_hash="x", outcome="done") for _ in range(50))
    for prompt, _wording in prompts.in_use():
        PromptVersion.objects.bulk_create(
            PromptVersion(name=prompt.name, number=n, text=f"Wording {n}", created_by=priya) for n in range(1, 9)
        )
    with CaptureQueriesContext(connection) as many:
        as_priya.get("/settings/ai/")
        assert prompts.find("reply").current().number == 8
    assert len(many) == len(few) + 1, "the one of the line above"


@pytest.fixture
def drafted(ticket: Ticket, maya: User) -> Draft:
    article = Article.objects.create(slug="retry", title="Retry", body="Press Resend in Settings.", audience="public", owner=maya)
    publishing.publish(article, by=maya)
    TriageRun.objects.create(ticket=ticket, message=ticket.messages.get(), result={"knowledge": [{"id": str(article.pk)}]})
    return Draft.objects.create(ticket=ticket, answers=ticket.messages.get(), text="The old draft", confidence=0.7)


def test_a_wording_is_tried_on_a_real_ticket_before_it_is_saved(as_priya: Client, model: ModelServer, drafted: Draft) -> None:
    model.says('{"can_answer": true, "sentences": [{"kind": "answer", "text": "Press Resend.", "sources": [1]},'
               ' {"kind": "answer", "text": "All is well.", "sources": []}]}')  # fmt: skip
    page = as_priya.post("/settings/ai/prompts/reply/", {"text": "Write like a pirate.", "ticket": drafted.ticket.number, "try": "1"})
    shown = page.content.decode()
    assert "Press Resend. [1]" in shown and "The old draft" in shown and "1 sentence left out" in shown and "Write like a pirate." in shown
    assert "pirate" in model.received and not PromptVersion.objects.exists()
    drafted.refresh_from_db()
    assert drafted.text == "The old draft" and ModelCall.objects.get().prompt == "reply@try"


def test_a_new_wording_is_in_use_at_once_and_the_old_one_is_a_step_away(as_priya: Client) -> None:
    delivered = as_priya.get("/settings/ai/prompts/reply/").context["text"]
    assert as_priya.post("/settings/ai/prompts/reply/", {"text": "Be brief.", "note": "shorter", "after": "0"}).status_code == 302
    assert as_priya.get("/settings/ai/prompts/reply/").context["text"] == "Be brief."
    older = as_priya.get("/settings/ai/prompts/reply/?version=0")
    assert older.context["text"] == delivered and older.context["rows"]
    assert as_priya.post("/settings/ai/prompts/reply/", {"text": delivered, "note": "back", "after": "1"}).status_code == 302
    assert [row.number for row in PromptVersion.objects.order_by("number")] == [1, 2]


@pytest.mark.parametrize("given", [{"text": "", "after": "0"}, {"text": "Say {{secret}}", "after": "0"}, {"text": "New", "after": "7"}])
def test_a_wording_that_cannot_be_saved_stays_in_the_field(given: dict[str, str], as_priya: Client) -> None:
    answer = as_priya.post("/settings/ai/prompts/reply/", given)
    assert answer.status_code == 422 and answer.context["text"] == given["text"] and not PromptVersion.objects.exists()


def test_no_such_prompt_version_or_ticket(as_priya: Client) -> None:
    assert as_priya.get("/settings/ai/prompts/nothing/").status_code == 404
    assert as_priya.get("/settings/ai/prompts/reply/?version=9").status_code == 404
    answer = as_priya.post("/settings/ai/prompts/reply/", {"text": "x", "ticket": "TKT-1", "try": "1"})
    assert answer.status_code == 422 and "Name a ticket" in answer.content.decode()
