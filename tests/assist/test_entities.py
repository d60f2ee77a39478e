from __future__ import annotations

import pytest

from assist.triage import entities, language


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("I keep getting error E401 on the phone", "error_code", "E401"),
        ("It says ERR-5031 and nothing else", "error_code", "ERR-5031"),
        ("java.lang.OutOfMemoryError in the log", "error_code", "OutOfMemoryError"),
        ("WH-1007 again", "error_code", "WH-1007"),
        ("about invoice INV-20931", "invoice", "INV-20931"),
        ("order #48-2291 is late", "order", "48-2291"),
        ("see TKT-20261120-0001", "ticket", "TKT-20261120-0001"),
        ("on 2026-03-01 at noon", "date", "2026-03-01"),
        ("since 3 March", "date", "3 March"),
        ("app version 7.4.1", "version", "version 7.4.1"),
        ("write to ines@example.com", "email", "ines@example.com"),
        ("see https://app.example.com/x?y=1.", "url", "https://app.example.com/x?y=1"),
        ("call +44 20 7946 0186 please", "phone", "+44 20 7946 0186"),
        ("on Android 14 handhelds", "platform", "Android 14"),
        ("the Print Bridge is silent", "product", "Print Bridge"),
    ],
)
def test_a_fact_is_found(text: str, kind: str, value: str) -> None:
    assert value in entities.extract(text).of(kind)


@pytest.mark.parametrize("written", ["€1,234.50", "1.234,50 EUR", "EUR 1 234,50", "1234.50 euros"])
def test_an_amount_has_one_form_however_it_is_written(written: str) -> None:
    found = entities.extract(f"You took {written} from my account")
    assert [one.normalised for one in found.all if one.type == "amount"] == ["1234.50 EUR"]


def test_codes_come_without_the_word_before_them_and_once() -> None:
    assert entities.extract("error 503 and again error 503, then HTTP 429").error_codes == ("503", "429")


def test_an_invoice_number_is_no_error_code() -> None:
    assert entities.extract("INV-20931 and INV-20932").error_codes == ()


def test_a_pasted_log_yields_a_bounded_number_of_entities() -> None:
    log = "\n".join(f"error {number} at host{number}@example.com" for number in range(100, 3000))
    assert len(entities.extract(log).all) <= entities.MOST


@pytest.mark.parametrize("text", ["", " ", "\x00", "🤬" * 500, "9" * 5000, "a@" * 4000, "-" * 20000, "€" * 3000, "1.1." * 5000])
def test_odd_text_does_no_harm(text: str) -> None:
    entities.extract(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Passwort vergessen, bitte helfen Sie mir", "de"),
        ("Je ne peux pas me connecter à mon compte", "fr"),
        ("El pedido no llega", "es"),
        ("ログインできません", "ja"),
        ("I cannot sign in to my account since yesterday", "en"),
    ],
)
def test_the_language_is_recognised(text: str, code: str) -> None:
    assert language.detect(text) == code


def test_a_text_too_short_to_tell_counts_as_the_customers_own_language() -> None:
    assert language.detect("ok?", hint="nl-BE") == "nl"
    assert language.detect("E401") == "en"
