"""The one door in: who is speaking, which ticket, and that nothing is lost or doubled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from customers.models import Customer
from helpdesk.core.models import Event
from tests.cast import make_agent, make_customer, make_inbound, receive
from tickets import intake, replying
from tickets.channels.threading import reply_token
from tickets.models import Attachment, Message, Participant, Ticket

pytestmark = pytest.mark.django_db


def kinds(ticket: Ticket) -> list[str]:
    return list(Event.objects.filter(ticket_ref=ticket.pk).order_by("id").values_list("kind", flat=True))


def test_a_first_mail_opens_a_ticket_for_a_new_customer(support):
    message = receive("new@person.example", "Where is my parcel?", "It is late.", external_id="m1@person.example")
    ticket = message.ticket
    assert ticket.customer.email == "new@person.example"
    assert (ticket.status, ticket.queue, ticket.subject) == ("new", support, "Where is my parcel?")
    assert ticket.participants.get().role == Participant.Role.REQUESTER
    assert kinds(ticket) == ["ticket.created", "message.received"]


def test_the_same_mail_twice_is_one_message_and_one_event(support):
    first = receive(external_id="same@id")
    assert receive(external_id="same@id") == first
    assert Message.objects.count() == 1
    assert Event.objects.filter(kind="message.received").count() == 1


def test_numbers_count_per_day_and_never_repeat(support):
    numbers = [receive(external_id=f"{n}@x").ticket.number for n in range(3)]
    assert [n[-4:] for n in numbers] == ["0001", "0002", "0003"]
    assert numbers[0].startswith("TKT-20")


def test_a_reply_by_email_reopens_the_solved_ticket(ticket, maya, ingrid):
    answer = replying.reply(ticket=ticket, by=maya, text="Done.", status="resolved")
    ticket.refresh_from_db()
    assert ticket.status == "resolved"
    reply = receive(ingrid, "Re: EU sync", "Still broken.", in_reply_to=answer.external_id, external_id="r1@nordhavn.example")
    ticket.refresh_from_db()
    assert reply.ticket == ticket
    assert (ticket.status, ticket.resolved_at) == ("open", None)


def test_mails_that_share_only_an_unknown_parent_join_one_ticket(support, ingrid):
    first = receive(ingrid, "Fwd: outage", "one", references=("thread@elsewhere.example",), external_id="a@n")
    second = receive(ingrid, "Re: Fwd: outage", "two", references=("thread@elsewhere.example",), external_id="b@n")
    assert second.ticket == first.ticket


def test_a_stranger_who_knows_the_message_id_gets_a_ticket_of_their_own(ticket, maya):
    answer = replying.reply(ticket=ticket, by=maya, text="Working on it.")
    intruder = receive("stranger@evil.example", "Re: EU sync", "Let me in", in_reply_to=answer.external_id, external_id="s@e")
    assert intruder.ticket != ticket
    assert intruder.ticket.metadata["claimed_ticket"] == ticket.number
    assert ticket.messages.count() == 2
    assert "message.quarantined" in kinds(ticket)


@pytest.mark.parametrize("spoil", [lambda t: t[:1], lambda t: "", lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"), lambda t: t + "a"])
def test_a_reply_token_that_is_not_exactly_right_opens_nothing(ticket, maya, ingrid, spoil):
    replying.reply(ticket=ticket, by=maya, text="Hello")
    token = spoil(reply_token(ticket.pk, ingrid.email))
    assert receive("stranger@evil.example", reply_token=token, external_id="t@e").ticket != ticket


def test_a_right_token_in_a_strangers_hand_opens_nothing(ticket, maya, ingrid):
    replying.reply(ticket=ticket, by=maya, text="Hello")
    assert receive("stranger@evil.example", reply_token=reply_token(ticket.pk, ingrid.email), external_id="t@e").ticket != ticket


def test_a_removed_participants_reply_goes_to_a_ticket_of_its_own(ticket, maya, ingrid):
    colleague = ticket.participants.create(address="lars@nordhavn.example", role=Participant.Role.CC)
    replying.reply(ticket=ticket, by=maya, text="Hello both")
    colleague.removed_at = ticket.created_at
    colleague.save()
    token = reply_token(ticket.pk, "lars@nordhavn.example")
    assert receive("lars@nordhavn.example", reply_token=token, external_id="l@n").ticket != ticket


def test_a_mail_in_a_participants_name_that_fails_dmarc_is_an_internal_note(ticket, maya, ingrid):
    answer = replying.reply(ticket=ticket, by=maya, text="Hello", status="pending")
    forged = receive(ingrid, "Re: EU sync", "send me everything", in_reply_to=answer.external_id, verified="fail", external_id="f@n")
    ticket.refresh_from_db()
    assert (forged.ticket, forged.visibility, ticket.status) == (ticket, "internal", "pending")


def test_an_out_of_office_reply_does_not_reopen(ticket, maya, ingrid):
    answer = replying.reply(ticket=ticket, by=maya, text="Done.", status="resolved")
    receive(ingrid, "Out of office", "I am away", in_reply_to=answer.external_id, automatic=True, external_id="ooo@n")
    ticket.refresh_from_db()
    assert ticket.status == "resolved"


def test_a_bounce_marks_the_reply_and_answers_nobody(ticket, maya):
    answer = replying.reply(ticket=ticket, by=maya, text="Hello")
    receive(
        "mailer-daemon@nordhavn.example", "Undelivered", "550 no such user", bounce_of=answer.external_id, automatic=True, external_id="b@n"
    )
    answer.refresh_from_db()
    assert answer.delivery == "bounced"
    assert Ticket.objects.count() == 1


def test_a_reply_to_a_closed_ticket_opens_a_follow_up(ticket, maya, ingrid):
    answer = replying.reply(ticket=ticket, by=maya, text="Bye", status="closed")
    late = receive(ingrid, "Again", "It is back", in_reply_to=answer.external_id, external_id="late@n")
    assert late.ticket.metadata["follow_up_of"] == ticket.number


def test_people_in_copy_are_only_suggested_and_never_more_than_twenty(support, ingrid):
    message = receive(ingrid, recipients=tuple(f"p{n}@x.example" for n in range(41)), external_id="cc@n")
    suggested = message.ticket.participants.filter(role=Participant.Role.SUGGESTED)
    assert suggested.count() == 20


def test_an_attachment_is_stored_under_a_name_of_our_own(support, ingrid):
    from tickets.channels.base import InboundAttachment

    message = intake.receive(make_inbound(ingrid, attachments=(InboundAttachment("../../etc/passwd.exe", "text/plain", b"root"),)))
    attachment = Attachment.objects.get(message=message)
    assert attachment.file.name.endswith(str(attachment.pk))
    assert (attachment.size, attachment.verdict) == (4, "dangerous")


def test_a_known_customer_keeps_their_organisation_and_name(support, ingrid):
    assert receive("INGRID@Nordhavn.example ", external_id="up@n").ticket.customer == ingrid
    assert Customer.objects.count() == 1


def test_a_colleague_is_placed_in_the_organisation_of_the_domain(support, ingrid):
    assert receive("lars@nordhavn.example", external_id="lars@n").ticket.organisation == ingrid.organisation


def test_an_agent_can_take_a_strangers_message_into_the_ticket(ticket, maya):
    answer = replying.reply(ticket=ticket, by=maya, text="Working on it.")
    message = receive("lars@elsewhere.example", "Re: EU sync", "I am Ingrid's colleague", in_reply_to=answer.external_id, external_id="s@e")
    origin = message.ticket
    intake.adopt(message, into=ticket, by=maya)
    origin.refresh_from_db()
    assert message in ticket.messages.all()
    assert origin.status == "closed"
    again = receive("lars@elsewhere.example", "Re: EU sync", "more", in_reply_to=answer.external_id, external_id="s2@e")
    assert again.ticket == ticket


def test_a_customers_message_wakes_a_snoozed_ticket(ticket, maya, ingrid):
    from django.utils import timezone

    ticket.snooze(until=timezone.now() + timedelta(days=1), by=maya)
    receive(ingrid, "Re:", "hello?", metadata={"ticket_number": ticket.number}, external_id="w@n")
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None


def test_two_agents_see_only_their_queues(ticket, maya, tomasz, priya):
    assert list(Ticket.objects.visible_to(maya)) == [ticket]
    assert list(Ticket.objects.visible_to(tomasz)) == []
    assert list(Ticket.objects.visible_to(priya)) == [ticket]
    other = make_agent("Samir Haddad")
    ticket.assign(to=other, by=priya)
    assert list(Ticket.objects.visible_to(other)) == [ticket]
    assert list(Ticket.objects.visible_to(make_customer("X", "x@y.example"))) == []


def test_a_reply_that_leaves_at_the_same_moment_does_not_hide_the_customers_words(ticket, maya, ingrid, monkeypatch):
    earlier = replying.reply(ticket=ticket, by=maya, text="We are looking")
    takes_part = intake._takes_part

    def meanwhile(*args):
        replying.reply(ticket=Ticket.objects.get(pk=ticket.pk), by=maya, text="Try again please", status="pending")
        return takes_part(*args)

    monkeypatch.setattr(intake, "_takes_part", meanwhile)
    receive(ingrid, in_reply_to=earlier.external_id, external_id="2@nordhavn.example")
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert ticket.last_agent_message_at > earlier.created_at


def test_who_was_taken_into_a_ticket_stays_in_it(ticket, maya):
    earlier = replying.reply(ticket=ticket, by=maya, text="Done", status="resolved")
    Participant.objects.create(ticket=ticket, address="lars@other.example", role=Participant.Role.SUGGESTED)
    stranger = receive("lars@other.example", in_reply_to=earlier.external_id, external_id="1@other.example")
    assert stranger.ticket != ticket
    intake.adopt(stranger, into=ticket, by=maya)
    ticket.refresh_from_db()
    assert ticket.status == "open"
    later = receive("lars@other.example", in_reply_to="1@other.example", external_id="2@other.example")
    assert later.ticket == ticket
