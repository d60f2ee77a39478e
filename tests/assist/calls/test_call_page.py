"""The page of a call: who sees it, what it shows, and what is written down of what an agent does on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assist.calls import switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import CallDesk, CallNote, CallPolicy, CallScript, CallSession, ClarifyingQuestion, SaidStep, ScriptStep, Suggestion
from helpdesk.core.models import Event, User
from tests.cast import make_agent, signed_in
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db


def say(call: CallSession, speaker: str, text: str, at: float) -> None:
    switchboard.hear(call, Spoken(speaker=speaker, text=text, start_time=at, end_time=at + 2))


def offer(call: CallSession, title: str, confidence: float, **fields: Any) -> Suggestion:
    kept = {
        "session": call,
        "suggestion_type": "article",
        "title": title,
        "content": f"{title}, in full",
        "why": "It matches",
        "source_id": title,
    }
    return Suggestion.objects.create(**kept | {"confidence_score": confidence} | fields)


@pytest.fixture
def call(support: Queue, maya: User, ticket: Ticket) -> CallSession:
    """Ingrid is on the line with Maya, about a driver app."""
    opening = Opening(
        call_id="c-1", agent_id=maya.email, customer_id=str(ticket.customer_id), customer_phone="+4520111222", queue="support"
    )
    session, _ = switchboard.start(opening)
    say(session, "agent", "Fernway support, this is Maya. Is it all right if this call is recorded?", 1)
    say(session, "customer", "Yes. My driver app 7.4.1 loses <b>GPS</b> since Monday.", 9)
    CallSession.objects.filter(pk=session.pk).update(
        entities=[{"type": "version", "value": "7.4.1"}],
        mood={
            "frustration": 0.5,
            "polarity": -0.4,
            "trend": "improving",
            "points": [{"id": 0, "t": 0, "polarity": -0.6, "frustration": 0.5}],
        },
    )
    return CallSession.objects.get(pk=session.pk)


def path(call: CallSession, rest: str = "") -> str:
    return f"/calls/{call.session_id}/{rest}"


def test_the_page_shows_what_was_said_heard_and_felt(as_maya: Client, call: CallSession) -> None:
    page = as_maya.get(path(call)).content.decode()
    assert "Ingrid Sørensen-Dahl" in page and "EU sync API returning 503" in page
    assert '<mark class="ent">7.4.1</mark>' in page
    assert "&lt;b&gt;GPS&lt;/b&gt;" in page, "what a stranger says is never markup"
    assert "Tense, easing" in page


def test_the_newest_sure_suggestion_is_on_top_and_the_rest_fold(as_maya: Client, call: CallSession) -> None:
    offer(call, "Check the location permission", 0.9)
    newest = offer(call, "Turn off battery saving", 0.8)
    offer(call, "Reinstall", 0.3)
    page = as_maya.get(path(call)).content.decode()
    top = page[page.index('id="say"') : page.index('id="say-none"')]
    assert "Turn off battery saving" in top and "Reinstall" not in top
    assert page.count('<li class="earlier"') == 2 + 1  # and the template for scripts
    assert Suggestion.objects.get(pk=newest.pk).shown_to_agent


def test_queries_do_not_grow_with_the_call(as_maya: Client, call: CallSession, django_assert_max_num_queries: Any) -> None:
    as_maya.get(path(call))
    for n in range(20):
        say(call, "customer", f"Sentence number {n}", 20 + n)
        offer(call, f"Suggestion {n}", 0.5)
        CallNote.objects.create(session=call, at=n, text="x")
    with django_assert_max_num_queries(22):
        as_maya.get(path(call))


def test_a_running_call_is_for_its_agent_and_for_those_who_oversee_it(call: CallSession, tomasz: User, priya: User, support: Queue) -> None:
    colleague = make_agent("Samir Haddad", support)
    assert signed_in(tomasz).get(path(call)).status_code == 404
    assert signed_in(colleague).get(path(call)).status_code == 404
    page = signed_in(priya).get(path(call)).content.decode()
    assert "Listening in" in page and "Whisper to" in page
    signed_in(priya).get(path(call))
    assert Event.objects.filter(kind="call.listened", actor_id=str(priya.pk)).count() == 1
    switchboard.end(call)
    assert signed_in(colleague).get(path(call)).status_code == 200


def test_a_used_suggestion_is_stamped_and_counted(as_maya: Client, call: CallSession) -> None:
    card = offer(call, "Turn off battery saving", 0.8, details={"steps": ["Open Settings", "Choose Unrestricted"]})
    for _twice in range(2):
        assert as_maya.post(path(call, f"suggestions/{card.pk}/use/"), {"into": "said"}).status_code == 302
    as_maya.post(path(call, f"suggestions/{card.pk}/use/"), {"into": "reply"})
    assert Suggestion.objects.get(pk=card.pk).agent_clicked
    assert list(CallNote.objects.filter(kind="said").values_list("text", flat=True)) == ["Turn off battery saving"]
    assert CallDesk.objects.get().wrap_up["reply"] == "Turn off battery saving\n\n1. Open Settings\n2. Choose Unrestricted"
    assert Event.objects.filter(kind="suggestion.used").count() == 1
    assert as_maya.post(path(call, f"suggestions/{card.pk}/use/"), {"into": "nothing"}, headers={"HX-Request": "true"}).status_code == 422


def test_a_rating_is_one_press_and_changeable(as_maya: Client, call: CallSession) -> None:
    card = offer(call, "Reinstall", 0.8)
    for feedback in ("helpful", "irrelevant"):
        answer = as_maya.post(path(call, f"suggestions/{card.pk}/rate/"), {"feedback": feedback}, headers={"HX-Request": "true"})
        assert answer.status_code == 204
    assert Suggestion.objects.get(pk=card.pk).agent_feedback == "irrelevant"
    assert as_maya.post(path(call, f"suggestions/{card.pk}/rate/"), {"feedback": "great"}).status_code == 404


def test_nobody_writes_in_a_colleagues_call(call: CallSession, tomasz: User, priya: User) -> None:
    card = offer(call, "Reinstall", 0.8)
    for person in (tomasz, priya):
        for rest in ("notes/", f"suggestions/{card.pk}/use/", f"suggestions/{card.pk}/rate/", "consent/", "end/"):
            assert signed_in(person).post(path(call, rest), {"text": "x", "into": "said", "feedback": "helpful"}).status_code == 404
    assert not CallNote.objects.exists() and CallSession.objects.get().is_running


def test_a_note_stamps_the_moment(as_maya: Client, call: CallSession) -> None:
    line = as_maya.post(path(call, "notes/"), {"text": "Call back at <five>"}, headers={"HX-Request": "true"}).content.decode()
    assert "Call back at &lt;five&gt;" in line and 'data-side="n"' in line
    assert as_maya.post(path(call, "notes/"), {"text": "  "}, headers={"HX-Request": "true"}).status_code == 422


def test_questions_are_ticked_when_the_transcript_answers_them(as_maya: Client, call: CallSession) -> None:
    ClarifyingQuestion.objects.filter(session=call).delete()  # what the assistant asks by itself
    ClarifyingQuestion.objects.create(session=call, text="Which version?", purpose="get_version", retired_at=timezone.now())
    ClarifyingQuestion.objects.create(session=call, text="Only with the screen off?", purpose="clarify", priority=2)
    page = as_maya.get(path(call)).content.decode()
    assert "1 of 2 answered" in page
    assert page.index("data-done") < page.index("Which version?") < page.index("data-next") < page.index("Only with the screen off?")


def test_the_script_ticks_itself_by_words_and_by_meaning(as_maya: Client, call: CallSession, support: Queue) -> None:
    script = CallScript.objects.create(name="Opening", queue=support)
    words = ScriptStep.objects.create(script=script, position=1, text="Say your name", phrases=["this is Maya"])
    meaning = ScriptStep.objects.create(script=script, position=2, text="Ask whether the call may be recorded", required=True)
    later = ScriptStep.objects.create(script=script, position=3, text="Sum up what happens next")
    page = as_maya.get(path(call, "parts/script/")).content.decode()
    assert set(SaidStep.objects.values_list("step", flat=True)) == {words.pk, meaning.pk}
    assert "2 of 3 said" in page
    as_maya.post(path(call, f"steps/{later.pk}/"))
    assert SaidStep.objects.get(step=later).by is not None


def test_assist_waits_for_consent_where_the_team_asks_for_it(as_maya: Client, call: CallSession, support: Queue, worker: Any) -> None:
    CallPolicy.objects.create(queue=support, needs_consent=True)
    CallDesk.objects.all().delete()  # as for a call that begins now
    offer(call, "Turn off battery saving", 0.8)
    page = as_maya.get(path(call)).content.decode()
    assert "Assist is off until the caller agrees" in page
    assert 'class="say" id="say-' not in page[: page.index('id="line-template"')]
    say(call, "customer", "It also loses the map every morning", 30)
    assert CallSession.objects.get().analysed == call.analysed, "nothing is read meanwhile"
    as_maya.post(path(call, "consent/"), {"agreed": "yes"})
    assert Event.objects.get(kind="call.consent_noted").data["status"] == "agreed"
    worker()
    assert CallSession.objects.get().analysed > call.analysed
    page = as_maya.get(path(call)).content.decode()
    assert "Recording agreed" in page and "Assist is off" not in page


def test_a_fact_is_confirmed_with_one_press(as_maya: Client, call: CallSession) -> None:
    assert "Confirmed" in as_maya.post(path(call, "confirm/"), {"fact": "version:7.4.1"}, headers={"HX-Request": "true"}).content.decode()
    assert as_maya.post(path(call, "confirm/"), {"fact": "version:9"}).status_code == 404


def test_hanging_up_leads_to_the_wrap_up(as_maya: Client, call: CallSession) -> None:
    answer = as_maya.post(path(call, "end/"), {"status": "completed"})
    assert answer["Location"] == path(call, "wrap-up/")
    assert CallSession.objects.get().status == "completed"
    assert "Wrap-up" in as_maya.get(path(call)).content.decode()


def test_the_list_finds_calls_by_name_and_keeps_other_teams_out(as_maya: Client, call: CallSession, tomasz: User) -> None:
    assert "Ingrid" in as_maya.get("/calls/?q=ingrid").content.decode()
    assert "No call is like that" in as_maya.get("/calls/?q=nobody").content.decode()
    assert "No calls yet" in signed_in(tomasz).get("/calls/").content.decode()


def test_the_list_reads_page_by_page(as_maya: Client, support: Queue, maya: User, django_assert_max_num_queries: Any) -> None:
    CallSession.objects.bulk_create(
        CallSession(call_id=f"old-{n}", queue=support, agent=maya, status="completed", phone=f"+452000{n:04}") for n in range(35)
    )
    with django_assert_max_num_queries(12):
        first = as_maya.get("/calls/")
    assert first.content.decode().count('class="call-row"') == 30
    older = first.context["found"].older
    second = as_maya.get("/calls/", {"after": older})
    assert second.content.decode().count('class="call-row"') == 5
    assert as_maya.get("/calls/", {"after": "nonsense"}).status_code == 200
