"""Macros: filled in without a template engine, ranked for the case, doing what they say when the reply is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Event, User
from knowledge.models import Category
from tests.cast import make_category, receive, signed_in
from tickets import macro_import, macro_ranking, macros
from tickets.models import Macro, MacroUse, Message, Queue, Ticket

pytestmark = pytest.mark.django_db

REFUND = "Hello {{customer.first_name}},\n\nI have refunded {{amount}} for {{ticket.number}}.\n\n{{agent.first_name}}"


@pytest.fixture
def refund(support: Queue) -> Macro:
    return macros.save(Macro(title="Refund confirmed", text=REFUND, queue=support, set_status="resolved", tags=["Refund "]), by=None)


def test_a_text_gets_the_tickets_values_and_names_what_is_missing(refund: Macro, ticket: Ticket, maya: User) -> None:
    filled = macros.fill(refund, ticket, maya)

    assert filled.text == f"Hello Ingrid,\n\nI have refunded {{{{amount}}}} for {ticket.number}.\n\nMaya"
    assert filled.holes == ("amount",)
    assert [words for words, hole in filled.pieces if hole] == ["{{amount}}"]
    assert filled.does == "sets solved, labels refund"


def test_a_value_that_is_empty_stays_a_hole(ticket: Ticket, maya: User) -> None:
    ticket.customer.name = ""
    assert macros.fill(Macro(title="x", text="Hello {{ customer.first_name }},"), ticket, maya).holes == ("customer.first_name",)


@pytest.mark.parametrize(
    "text",
    [
        "{{settings.SECRET_KEY}}",
        "{{ customer.__class__ }}",
        "{0.__class__}",
        "{% load x %}",
        "${7*7}",
        "{{7*7}}",
        "%(name)s",
        "{{agent.name|upper}}",
    ],
)
def test_stored_text_is_never_run_as_a_template(text: str, ticket: Ticket, maya: User) -> None:
    assert macros.fill_text(text, ticket, maya) == text


def test_a_name_that_looks_like_a_variable_is_not_filled_again(ticket: Ticket, maya: User) -> None:
    ticket.customer.name = "{{agent.email}} Smith"
    assert macros.fill_text("Hello {{customer.name}},", ticket, maya) == "Hello {{agent.email}} Smith,"


def test_people_see_their_own_and_what_is_shared_with_them(refund: Macro, maya: User, tomasz: User, priya: User) -> None:
    own = macros.save(Macro(title="Mine", text="Words", owner=maya), by=maya)
    for_all = macros.save(Macro(title="For all", text="Words"), by=priya)

    assert set(Macro.objects.visible_to(maya)) == {refund, own, for_all}
    assert set(Macro.objects.visible_to(tomasz)) == {for_all}
    assert set(Macro.objects.visible_to(priya)) == {refund, for_all}
    assert own.may_be_changed_by(maya)
    assert not own.may_be_changed_by(priya)
    assert not refund.may_be_changed_by(maya)
    assert refund.may_be_changed_by(priya)


def test_a_title_is_there_once_and_a_macro_does_something(refund: Macro, support: Queue) -> None:
    with pytest.raises(Conflict):
        macros.save(Macro(title="Refund confirmed", text="Other words", queue=support), by=None)
    with pytest.raises(Invalid):
        macros.save(Macro(title="Nothing in it", queue=support), by=None)


def test_the_list_in_the_composer_holds_the_values(refund: Macro, ticket: Ticket, as_maya: Client) -> None:
    page = as_maya.get(f"/tickets/{ticket.number}/macros/", {"q": "refund"}).content.decode()

    assert "Hello Ingrid," in page
    assert "<mark>{{amount}}</mark>" in page
    assert "Refund confirmed" not in as_maya.get(f"/tickets/{ticket.number}/macros/", {"q": "elephant"}).content.decode()


def test_the_list_takes_the_same_queries_for_many_macros(
    ticket: Ticket, as_maya: Client, support: Queue, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for n in range(20):
        macros.save(Macro(title=f"Macro {n}", text="Words for you", queue=support), by=None)
    with django_assert_max_num_queries(8):
        as_maya.get(f"/tickets/{ticket.number}/macros/")


def test_a_sent_macro_does_what_it_says_and_is_counted(refund: Macro, ticket: Ticket, as_maya: Client) -> None:
    sent = as_maya.post(f"/tickets/{ticket.number}/messages/", {"text": "I have refunded 20 EUR.", "macro": str(refund.pk), "status": ""})

    assert sent.status_code == 302
    ticket.refresh_from_db()
    refund.refresh_from_db()
    assert ticket.status == "resolved"
    assert [tag.name for tag in ticket.tags.all()] == ["refund"]
    assert (refund.used, MacroUse.objects.get().ticket) == (1, ticket)
    assert Event.objects.get(kind="macro.used").data["title"] == "Refund confirmed"


def test_the_status_that_the_agent_chose_wins(refund: Macro, ticket: Ticket, as_maya: Client) -> None:
    as_maya.post(f"/tickets/{ticket.number}/messages/", {"text": "Done.", "macro": str(refund.pk), "status": "pending"})
    ticket.refresh_from_db()
    assert ticket.status == "pending"


def test_a_macro_of_somebody_else_is_not_used(ticket: Ticket, as_maya: Client, tomasz: User) -> None:
    hers = macros.save(Macro(title="His", text="Words", owner=tomasz, set_status="closed"), by=tomasz)
    as_maya.post(f"/tickets/{ticket.number}/messages/", {"text": "Done.", "macro": str(hers.pk)})
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert not MacroUse.objects.exists()


def test_a_reply_with_a_hole_is_stopped_once(ticket: Ticket, as_maya: Client) -> None:
    path, text = f"/tickets/{ticket.number}/messages/", "I have refunded {{amount}}."

    stopped = as_maya.post(path, {"text": text}, headers={"HX-Request": "true"})
    assert stopped.status_code == 422
    assert "Fill in {{amount}} first" in stopped.content.decode()
    assert not Message.objects.filter(author_kind="agent").exists()

    as_maya.post(path, {"text": text, "holes": "sent anyway"})
    assert Message.objects.filter(author_kind="agent").exists()


def test_a_macro_without_text_acts_at_once(ticket: Ticket, as_maya: Client, support: Queue) -> None:
    quick = macros.save(Macro(title="To me", queue=support, assign="me", set_priority="high"), by=None)
    as_maya.post(f"/tickets/{ticket.number}/macros/{quick.pk}/use/")
    ticket.refresh_from_db()
    assert (str(ticket.assignee), ticket.priority) == ("Maya Lindqvist", "high")


def test_meaning_and_habit_put_the_fitting_macro_first(support: Queue, maya: User, ingrid: Any, drain: Callable[[], int]) -> None:
    for title, text in (
        ("Password reset", "Open the sign-in page, choose Forgot password and follow the link in the e-mail to set a new password."),
        ("Parcel is late", "The carrier tells us that your parcel is on its way and arrives within two days."),
        ("Invoice copy", "The copy of your invoice is attached; you find all invoices under Plan and billing."),
    ):
        macros.save(Macro(title=title, text=text, queue=support), by=None)
    ticket = receive(ingrid, "I cannot sign in", "I forgot my password and cannot log in any more. How do I reset it?").ticket
    drain()
    ticket.refresh_from_db()

    ranked = macro_ranking.rank(ticket, list(macros.search(maya)))
    assert ranked[0].macro.title == "Password reset"
    assert ranked[0].meaning > ranked[1].meaning

    parcel = Macro.objects.get(title="Parcel is late")
    ticket.set_category(make_category("shipping"), by=maya)
    for _n in range(6):
        macros.use(parcel, ticket, by=maya)
    habit = next(one for one in macro_ranking.rank(ticket, [parcel]))
    assert habit.why == "Used 6 times for this category"
    assert habit.score > ranked[-1].score


def test_a_file_is_imported_twice_without_doubles_and_says_what_it_skips(support: Queue, priya: User) -> None:
    rows = [
        {"title": "One", "text": "Words", "queue": "support", "tags": ["a"]},
        {"title": "Two", "text": "Words", "set_status": "no such"},
        {"title": "Three", "text": "Words", "queue": "no-such-team"},
        "no object",
        {"text": "no title"},
    ]
    content = json.dumps(rows).encode()

    first, second = macro_import.read(content, by=priya), macro_import.read(content, by=priya)

    assert (first.made, second.made, second.changed, len(second.skipped)) == (1, 0, 1, 4)
    assert Macro.objects.get().queue == support


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"[" * 100_000, b"\xff\xfe", b"x" * (macro_import.LARGEST + 1)])
def test_what_is_no_file_of_macros_is_refused(content: bytes, priya: User) -> None:
    with pytest.raises(Invalid):
        macro_import.read(content, by=priya)


def test_an_agent_keeps_macros_on_the_settings_page(as_maya: Client, maya: User) -> None:
    entered = {"title": "Thanks", "text": "Thank you {{customer.first_name}}", "shared_with": "me", "tag_words": "thanks, Warm"}
    assert as_maya.post("/settings/macros/", entered).status_code == 302
    macro = Macro.objects.get()
    assert (macro.owner, macro.tags) == (maya, ["thanks", "warm"])

    assert as_maya.post("/settings/macros/", {**entered, "title": "For all", "shared_with": "all"}).status_code == 400  # not hers to share
    assert as_maya.post(macro.get_absolute_url(), {**entered, "title": "Thanks a lot"}).status_code == 302
    macro.refresh_from_db()
    assert macro.title == "Thanks a lot"

    file = SimpleUploadedFile("x.json", json.dumps([{"title": "Taken in", "text": "Words"}]).encode())
    as_maya.post("/settings/macros/import/", {"file": file})
    assert Macro.objects.get(title="Taken in").owner == maya
    assert as_maya.post(f"{macro.get_absolute_url()}remove/").status_code == 302
    assert list(Macro.objects.values_list("title", flat=True)) == ["Taken in"]


def test_an_agent_reads_a_shared_macro_and_does_not_change_it(refund: Macro, as_maya: Client, priya: User, support: Queue) -> None:
    assert "Supervisors and the leads" in as_maya.get(refund.get_absolute_url()).content.decode()
    entered = {"title": "Mine now", "text": "x", "shared_with": "me"}
    assert as_maya.post(refund.get_absolute_url(), entered).status_code == 403
    assert as_maya.post(f"{refund.get_absolute_url()}remove/").status_code == 403
    assert signed_in(priya).post(refund.get_absolute_url(), {**entered, "shared_with": "support"}).status_code == 302
    refund.refresh_from_db()
    assert (refund.title, refund.queue) == ("Mine now", support)


def test_partners_keep_shared_macros(api: Client, refund: Macro, maya: User, support: Queue) -> None:
    macros.save(Macro(title="Hers alone", text="Words", owner=maya), by=maya)
    Category.objects.get_or_create(slug="billing", defaults={"name": "Billing"})

    listed = api.get("/api/v1/macros/").json()["results"]
    assert [one["title"] for one in listed] == ["Refund confirmed"]
    made = api.post(
        "/api/v1/macros/", {"title": "New", "text": "Hi", "queue": "support", "category": "billing", "tags": ["a"]}, "application/json"
    )
    assert made.status_code == 201
    path = f"/api/v1/macros/{made.json()['id']}/"
    assert api.patch(path, {"set_status": "pending"}, "application/json", headers={"If-Match": '"old"'}).status_code == 412
    changed = api.patch(path, {"set_status": "pending"}, "application/json", headers={"If-Match": made["ETag"]})
    assert changed.json()["set_status"] == "pending"
    assert api.post("/api/v1/macros/", {"title": "New", "text": "Hi", "queue": "support"}, "application/json").status_code == 409
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


class TestAReplyThatIsTakenBack:
    @pytest.fixture
    def busy(self, support: Queue, billing: Queue) -> Macro:
        macro = Macro(title="Urgent", text="Words", set_priority="urgent", move_to=billing, assign="nobody", tags=["money", "urgent"])
        return macros.save(macro, by=None)

    def send(self, client: Client, ticket: Ticket, macro: Macro) -> Message:
        client.post(f"/tickets/{ticket.number}/messages/", {"text": "Words", "macro": str(macro.pk)})
        return ticket.messages.get(author_kind="agent")

    def test_takes_back_what_its_macro_did(self, busy: Macro, ticket: Ticket, support: Queue, priya: User) -> None:
        ticket.tag("money", by=priya)  # was there before: stays
        ticket.assign(to=priya, by=priya)
        client = signed_in(priya)
        message = self.send(client, ticket, busy)
        ticket.refresh_from_db()
        assert (ticket.priority, ticket.assignee, ticket.queue.slug) == ("urgent", None, "billing")

        assert client.post(f"/messages/{message.pk}/withdraw/").status_code == 200
        ticket.refresh_from_db()
        busy.refresh_from_db()
        assert (ticket.priority, ticket.assignee, ticket.queue) == ("normal", priya, support)
        assert [tag.name for tag in ticket.tags.all()] == ["money"]
        assert "priority" not in ticket.decided_by_people and "assignee" in ticket.decided_by_people
        assert (busy.used, MacroUse.objects.count()) == (0, 0)

    def test_leaves_what_somebody_changed_since(self, busy: Macro, ticket: Ticket, priya: User) -> None:
        client = signed_in(priya)
        message = self.send(client, ticket, busy)
        ticket.refresh_from_db()
        ticket.set_priority("low", by=priya)
        ticket.untag("urgent", by=priya)

        client.post(f"/messages/{message.pk}/withdraw/")
        ticket.refresh_from_db()
        assert (ticket.priority, ticket.queue.slug) == ("low", "support")
        assert "priority" in ticket.decided_by_people
        assert [tag.name for tag in ticket.tags.all()] == []
