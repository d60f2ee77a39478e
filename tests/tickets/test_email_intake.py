"""From raw bytes to a ticket: stored once, read once, in the right place, whatever the mail."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.models import Customer
from helpdesk.core.models import Event, User
from tests.tickets.mails import fixture, mail, read_stored, torture
from tickets import replying
from tickets.channels import email, mailbox
from tickets.channels.mailbox import store
from tickets.channels.threading import loop_mark, reply_address
from tickets.models import Delivery, Message, Participant, Queue, RawMail, Ticket

pytestmark = pytest.mark.django_db


def arrive(raw: bytes, **envelope: object) -> Message:
    """Stored and read, as the worker would."""
    raw_mail = store(raw, source="lmtp", **({"envelope_from": "someone@example.com"} | envelope))
    email.process(raw_mail.pk)
    raw_mail.refresh_from_db()
    assert raw_mail.message is not None
    return raw_mail.message


def answered(ticket: Ticket, by: User, text: str = "We are on it.") -> Message:
    return replying.reply(ticket=ticket, by=by, text=text)


# -- stored once -----------------------------------------------------------------------------------------------


def test_a_stored_mail_waits_for_its_reader_in_the_same_transaction(support: Queue):
    raw_mail = store(fixture("plain"), source="lmtp", envelope_to=["support@fernway.example"])
    assert bytes(raw_mail.raw) == fixture("plain")
    assert raw_mail.queue == support
    assert Event.objects.filter(kind="mail.stored", subject_id=str(raw_mail.pk)).count() == 1


def test_the_same_mail_twice_is_one_message(support: Queue):
    first = store(fixture("plain"), source="lmtp")
    again = store(b"Received: by another.example; now\r\n" + fixture("plain"), source="imap")
    assert again.pk == first.pk
    read_stored()
    assert (RawMail.objects.count(), Ticket.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_another_mail_with_the_same_message_id_is_not_lost(support: Queue):
    arrive(mail("One", message_id="same@x.example"))
    arrive(mail("Two", message_id="same@x.example", sender="other@y.example"))
    assert sorted(Message.objects.values_list("body_text", flat=True)) == ["One", "Two"]
    assert Ticket.objects.count() == 2


def test_two_mails_without_a_message_id_are_two(support: Queue):
    arrive(mail("Alarm") + b"\r\n")
    arrive(mail("Alarm", date="Tue, 3 Nov 2026 10:00:00 +0000"))
    assert Ticket.objects.count() == 2


def test_reading_a_mail_twice_makes_one_message(support: Queue):
    raw_mail = store(mail("Hello"), source="lmtp")
    assert email.process(raw_mail.pk) is not None
    assert email.process(raw_mail.pk) is None
    assert Message.objects.count() == 1


def test_a_mail_over_the_size_limit_is_refused(support: Queue, settings):
    settings.MAIL_LARGEST = 1000
    with pytest.raises(mailbox.MailTooLarge):
        store(b"x" * 1001, source="lmtp")
    assert not RawMail.objects.exists()


# -- the right queue and people --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("envelope_to", "queue"),
    [
        (["billing@fernway.example"], "billing"),
        (["BILLING+x@Fernway.example"], "billing"),
        (["nobody@fernway.example"], "support"),
        ([], "support"),
    ],
)
def test_the_recipient_decides_the_queue(support: Queue, billing: Queue, envelope_to: list[str], queue: str):
    raw = mail(to="nobody@fernway.example")
    assert arrive(raw, envelope_to=envelope_to).ticket.queue.slug == queue


def test_the_to_header_decides_when_the_envelope_is_silent(support: Queue, billing: Queue):
    assert arrive(mail(to="billing@fernway.example")).ticket.queue == billing


def test_people_in_copy_are_only_suggested_and_we_are_not_among_them(support: Queue, billing: Queue):
    ticket = arrive(fixture("plain")).ticket
    suggested = ticket.participants.filter(role=Participant.Role.SUGGESTED).values_list("address", flat=True)
    assert list(suggested) == ["jonas@nordhavn.example"]


def test_forty_one_people_in_copy_are_at_most_twenty_suggestions(support: Queue):
    ticket = arrive(mail(cc=", ".join(f"p{n}@x.example" for n in range(41)))).ticket
    assert ticket.participants.filter(role=Participant.Role.SUGGESTED).count() <= 20
    assert ticket.participants.exclude(role=Participant.Role.SUGGESTED).count() == 1


def test_control_headers_of_strangers_change_nothing(support: Queue, billing: Queue):
    ticket = arrive(fixture("control-headers")).ticket
    assert (ticket.priority, ticket.queue) == (Ticket.Priority.NORMAL, support)
    assert ticket.subject == "a Bcc: evil@x"


# -- the right ticket ------------------------------------------------------------------------------------------


def test_a_reply_to_the_signed_address_lands_in_its_ticket(ticket: Ticket, ingrid: Customer, maya: User):
    answered(ticket, maya)
    to = reply_address(ticket.pk, ingrid.email)
    message = arrive(mail("Thanks", sender=ingrid.email, to=to), envelope_to=[to])
    assert message.ticket == ticket


def test_a_reply_is_found_by_any_of_its_references(ticket: Ticket, ingrid: Customer, maya: User):
    ours = answered(ticket, maya).external_id
    message = arrive(mail("Thanks", sender=ingrid.email, references=f"<unknown@x.example> <{ours}> <other@y.example>"))
    assert message.ticket == ticket


@pytest.mark.parametrize("spoil", ["shorten", "empty", "other ticket", "foreign sender", "bare number"])
def test_a_forged_way_in_opens_a_ticket_of_its_own(ticket: Ticket, ingrid: Customer, dwayne: Customer, maya: User, spoil: str):
    answered(ticket, maya)
    before = (ticket.messages.count(), ticket.participants.count())
    local, _, domain = reply_address(ticket.pk, ingrid.email).partition("@")
    other = arrive(mail("Mine", sender=dwayne.email)).ticket
    to = {
        "shorten": f"{local[:-1]}@{domain}",
        "empty": f"reply+@{domain}",
        "other ticket": reply_address(other.pk, ingrid.email),
        "foreign sender": f"{local}@{domain}",
        "bare number": "support@fernway.example",
    }[spoil]
    sender = dwayne.email if spoil in {"foreign sender", "other ticket"} else "mallory@evil.example"
    message = arrive(mail("Let me in", sender=sender, to=to, subject=f"Re: [{ticket.number}] #1"), envelope_to=[to])
    assert message.ticket != ticket
    assert (ticket.messages.count(), ticket.participants.count()) == before


# -- mail that nobody wrote ------------------------------------------------------------------------------------


def test_an_out_of_office_neither_reopens_nor_wakes(ticket: Ticket, ingrid: Customer, maya: User):
    ours = answered(ticket, maya).external_id
    ticket.refresh_from_db()
    ticket.resolve(by=maya)
    message = arrive(mail("Away", sender=ingrid.email, in_reply_to=f"<{ours}>", auto_submitted="auto-replied"))
    ticket.refresh_from_db()
    assert (message.ticket, message.automatic, ticket.status) == (ticket, True, Ticket.Status.RESOLVED)


def test_a_bounce_marks_the_delivery_and_stands_beside_the_reply(ticket: Ticket, maya: User):
    ours = answered(ticket, maya)
    arrive(fixture("bounce").replace(b"OUR-ID", ours.external_id.encode()), envelope_from="")
    assert Delivery.objects.get(message=ours).state == Delivery.State.BOUNCED
    assert Event.objects.filter(kind="message.bounced", subject_id=str(ours.pk)).exists()


def test_a_bounce_for_one_of_two_recipients_leaves_the_other(ticket: Ticket, maya: User):
    ours = replying.reply(ticket=ticket, by=maya, text="Both of you", cc=["gone@nordhavn.example"])
    arrive(fixture("bounce").replace(b"OUR-ID", ours.external_id.encode()), envelope_from="")
    assert {d.recipient: d.state for d in ours.deliveries.all()} == {
        "gone@nordhavn.example": Delivery.State.BOUNCED,
        "ingrid@nordhavn.example": Delivery.State.QUEUED,
    }


def test_a_bounce_of_a_mail_that_was_not_ours_marks_nothing(ticket: Ticket, maya: User):
    ours = answered(ticket, maya)
    forged = ours.external_id.replace(".", ".a", 1)[: len(ours.external_id)]
    arrive(fixture("bounce").replace(b"OUR-ID", forged.encode()), envelope_from="")
    assert Delivery.objects.get(message=ours).state != Delivery.State.BOUNCED


def test_our_own_mail_coming_back_is_known(ticket: Ticket, maya: User):
    ours = answered(ticket, maya)
    count = Message.objects.count()
    arrive(mail("We are on it.", sender="support@fernway.example", message_id=ours.external_id, x_helpdesk_loop=loop_mark()))
    assert Message.objects.count() == count


def test_the_mark_of_another_helpdesk_does_not_make_its_agents_robots(support: Queue):
    assert not arrive(mail("A person wrote this", x_helpdesk_loop="another-installation")).automatic


# -- whatever comes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", torture())
def test_every_hostile_mail_becomes_a_ticket(support: Queue, name: str):
    message = arrive(torture()[name])
    assert message.ticket.number
    assert RawMail.objects.get(message=message).state in (RawMail.State.PROCESSED, RawMail.State.UNREADABLE)


def test_a_mail_that_cannot_be_read_still_names_its_sender(support: Queue):
    message = arrive(b"From: Ingrid <ingrid@nordhavn.example>\r\nSubject: Help\r\n" + torture()["thousand nested multiparts"])
    assert message.undisplayable
    assert (message.ticket.subject, message.ticket.customer.email) == ("Help", "ingrid@nordhavn.example")
    assert Event.objects.filter(kind="mail.unreadable").exists()


def test_a_mail_that_ended_its_worker_three_times_is_shown_raw(support: Queue, monkeypatch: pytest.MonkeyPatch):
    raw_mail = store(mail("Boom"), source="lmtp")
    monkeypatch.setattr(email, "_understand", _die)
    for _try in range(3):
        with pytest.raises(SystemExit):
            email.process(raw_mail.pk)
    monkeypatch.undo()
    message = email.process(raw_mail.pk)
    assert message is not None and message.undisplayable


def _die(_raw_mail: RawMail) -> None:
    raise SystemExit


def test_a_mail_without_sender_is_a_ticket(support: Queue):
    message = arrive(fixture("no-from"), envelope_from="")
    assert message.ticket.subject == "Who am I?"


def test_an_empty_mail_is_a_ticket(support: Queue):
    assert arrive(b"").ticket.subject


def test_attachments_and_inline_pictures_are_kept(support: Queue):
    (picture,) = arrive(fixture("inline-image")).attachments.all()
    assert (picture.name, picture.content_id, picture.inline) == ("shot.png", "shot1@nordhavn", True)
    assert picture.file.read()[:4] == b"\x89PNG"


def test_encrypted_mail_says_that_it_is(support: Queue):
    assert "encrypted" in arrive(fixture("smime-encrypted")).body_text


def test_many_references_cost_no_more_queries(support: Queue, django_assert_max_num_queries: DjangoAssertNumQueries):
    raw_mail = store(mail(references=" ".join(f"<r{n}@x.example>" for n in range(60))), source="lmtp")
    with django_assert_max_num_queries(60):
        email.process(raw_mail.pk)


def test_of_two_mails_with_one_message_id_read_at_the_same_moment_none_is_lost(support: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b"From: a@x.example\r\nTo: support@fernway.example\r\nMessage-ID: <same@x.example>\r\nSubject: Hello\r\n\r\n"
    mails = [mailbox.store(raw + words, source="lmtp") for words in (b"first words", b"second words")]
    look, looked = email._external_id, []

    def both_looked_first(message_id: str, raw_mail: RawMail, *, own: bool) -> str:
        looked.append(raw_mail.pk)
        return look(message_id, raw_mail, own=own) if looked.count(raw_mail.pk) > 1 else message_id

    monkeypatch.setattr(email, "_external_id", both_looked_first)
    for one in mails:
        email.process(one.pk)
    assert sorted(Message.objects.values_list("body_text", flat=True)) == ["first words", "second words"]
