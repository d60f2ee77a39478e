"""Raw mail becomes text, files and facts: `tickets.channels.mime`, `headers`, `automatic`."""

from __future__ import annotations

import pytest

from tests.tickets.mails import fixture, mail
from tickets.channels.charsets import clean_file_name, decode
from tickets.channels.mime import parse


def test_a_plain_mail_is_read_with_names_dates_and_recipients():
    parsed = parse(fixture("plain"))
    assert (parsed.sender.email, parsed.sender.name) == ("ingrid@nordhavn.example", "Ingrid Sørensen-Dahl")
    assert [one.email for one in (*parsed.to, *parsed.cc)] == [
        "support@fernway.example",
        "jonas@nordhavn.example",
        "billing@fernway.example",
    ]
    assert parsed.message_id == "plain-1@nordhavn.example"
    assert parsed.date is not None and parsed.date.hour == 9  # UTC
    assert parsed.text.endswith("Best regards\nIngrid")
    assert "Århus" in parsed.text
    assert parsed.signature.endswith("Nordhavn Logistics A/S")


def test_a_reply_is_parted_from_what_it_quotes():
    parsed = parse(fixture("reply-gmail"))
    assert parsed.text == "It works again, thank you."
    assert "restarted the EU gateway" in parsed.quoted
    assert parsed.references == ("first@x.example", "plain-1@nordhavn.example")
    assert parsed.in_reply_to == "plain-1@nordhavn.example"


def test_html_alone_gives_text_and_counts_the_remote_pictures():
    parsed = parse(fixture("outlook-html-only"))
    assert parsed.sender.name == "Barrett, Dwayne"
    assert parsed.text == "The invoice says € 40."
    assert "Here it is." in parsed.quoted
    assert parsed.blocked_images == 1
    assert 'src="https' not in parsed.html.replace("data-blocked-src", "")
    assert 'src="cid:logo@barrett"' in parsed.html


def test_an_invitation_is_told_in_words_and_kept_as_a_file():
    parsed = parse(fixture("calendar"))
    assert "Please join." in parsed.text
    assert "Invitation: Go-live call" in parsed.text
    assert "When: 2026-12-01 14:00 (Europe/Copenhagen)" in parsed.text
    assert "Where: Room 3, Aarhus" in parsed.text
    assert [file.name for file in parsed.files] == ["invite.ics"]


def test_winmail_dat_is_kept_as_it_came():
    (file,) = parse(fixture("winmail")).files
    assert (file.name, file.content_type, file.content[:4]) == ("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22")


def test_a_picture_inside_the_mail_keeps_its_content_id():
    parsed = parse(fixture("inline-image"))
    (picture,) = parsed.files
    assert (picture.content_id, picture.inline, picture.content[:4]) == ("shot1@nordhavn", True, b"\x89PNG")
    assert parsed.text == "Look: [the error]"


def test_encrypted_and_signed_mails_say_so_and_keep_their_parts():
    encrypted, signed = parse(fixture("smime-encrypted")), parse(fixture("pgp-signed"))
    assert encrypted.notes == ("encrypted",) and encrypted.files[0].name == "smime.p7m"
    assert signed.notes == ("signed",) and signed.text == "This text is signed." and signed.files[0].name == "signature.asc"


def test_flowed_text_is_joined():
    assert parse(fixture("format-flowed")).text == "This paragraph goes on in the next line.\nAnd this one stands alone."


def test_a_forwarded_mail_stays_readable_and_its_original_becomes_a_file():
    parsed = parse(fixture("forward"))
    assert "The delivery note is attached." in parsed.text + parsed.quoted
    assert [(file.name, file.content_type) for file in parsed.files] == [("note.eml", "message/rfc822")]
    assert b"The original." in parsed.files[0].content


def test_a_character_split_over_two_encoded_words_is_whole():
    parsed = parse(fixture("japanese"))
    assert (parsed.sender.name, parsed.sender.email) == ("山田太郎", "taro@kaisha.example")
    assert parsed.subject == "お問い合わせ"
    assert parsed.text == "こんにちは。"


def test_names_of_files_are_fit_to_be_shown():
    names = [file.name for file in parse(fixture("nested-attachment-names")).files]
    assert names == ["passwd", "x.exe", "htaccess", "a\ufffd.png", "gnp.exe"]
    assert len(clean_file_name("x" * 10_000 + ".pdf")) == 150 and clean_file_name("x" * 10_000 + ".pdf").endswith(".pdf")


def test_a_line_break_hidden_in_a_subject_is_gone():
    assert parse(fixture("control-headers")).subject == "a Bcc: evil@x"


@pytest.mark.parametrize(
    ("name", "reason"), [("out-of-office", "auto-submitted"), ("bounce", "bounce"), ("list", "list"), ("plain", ""), ("no-from", "")]
)
def test_mail_that_no_person_wrote_is_recognised(name: str, reason: str):
    assert parse(fixture(name)).automatic == reason


@pytest.mark.parametrize("header", ["precedence", "x_autoreply", "x_auto_response_suppress"])
def test_every_habit_of_auto_repliers_counts(header: str):
    assert parse(mail(**{header: "bulk" if header == "precedence" else "All"})).automatic


def test_an_empty_return_path_is_never_answered():
    assert parse(mail(), envelope_from="").automatic == "empty return path"
    assert parse(mail(), envelope_from="ingrid@nordhavn.example").automatic == ""


def test_a_bounce_names_our_mail_the_recipient_and_the_status():
    ours = "0" * 32 + "." + "a" * 52 + "@fernway.example"
    bounce = parse(fixture("bounce").replace(b"OUR-ID", ours.encode())).bounce
    assert bounce is not None
    assert (bounce.message_id, bounce.recipient, bounce.status, bounce.final) == (ours, "gone@nordhavn.example", "5.1.1", True)


def test_a_delay_is_no_bounce():
    delayed = fixture("bounce").replace(b"Action: failed", b"Action: delayed").replace(b"5.1.1", b"4.4.1")
    bounce = parse(delayed).bounce
    assert bounce is not None and not bounce.final


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"x" <a@b.example>, evil@c.example', ["a@b.example", "evil@c.example"]),
        ("undisclosed-recipients:;", []),
        ("Team: a@b.example, c@d.example;", ["a@b.example", "c@d.example"]),
        ("a@b.example (a (nested) comment)", ["a@b.example"]),
        ('"Quoted, comma" <q@b.example>', ["q@b.example"]),
        ("=?utf-8?q?evil=40x.example=2C?= <a@b.example>", ["a@b.example"]),
        ("no address at all", []),
        ("<script>alert(1)</script>@x", []),
    ],
)
def test_addresses_are_read_as_mail_programs_write_them(header: str, expected: list[str]):
    assert [one.email for one in parse(mail(to=header)).to] == expected


def test_a_message_id_without_brackets_still_counts():
    assert parse(mail(in_reply_to="abc@x.example")).in_reply_to == "abc@x.example"


def test_only_real_charsets_decode_text():
    assert decode(b"+ADw-script+AD4-", "utf-7") == "+ADw-script+AD4-"
    assert decode("ÅÄÖ".encode("cp1252"), "no-such-charset") == "ÅÄÖ"
    assert decode("日本".encode("shift_jis"), "Shift_JIS") == "日本"
    assert decode(b"a\0b", "utf-8") == "a\ufffdb"
