"""Who really sent it: DKIM and DMARC on the raw bytes, a trusted server's word, and nothing when DNS is silent."""

from __future__ import annotations

import base64
from typing import Any

import dkim
import dns.exception
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.tickets.mails import mail
from tickets.channels import authentication
from tickets.channels.authentication import organisation, verify

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()


@pytest.fixture
def records(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """DNS as a dictionary."""
    settings.MAIL_CHECK_SENDERS = True
    known: dict[str, list[str]] = {
        "s._domainkey.nordhavn.example": [f"v=DKIM1; k=rsa; p={PUBLIC}"],
        "_dmarc.nordhavn.example": ["v=DMARC1; p=reject"],
    }
    monkeypatch.setattr(authentication, "_txt", lambda name, _timeout=1.0: known.get(name, []))
    monkeypatch.setattr(authentication, "_dns", authentication._Dns())
    return known


def signed(raw: bytes, domain: bytes = b"nordhavn.example", **more: Any) -> bytes:
    return dkim.sign(raw, b"s", domain, PEM, **more) + raw


def test_a_signed_mail_of_the_same_domain_passes(records: dict[str, list[str]]):
    assert verify(signed(mail())) == "pass"


def test_a_subdomain_is_aligned_unless_the_domain_is_strict(records: dict[str, list[str]]):
    assert verify(signed(mail(sender="a@mail.nordhavn.example"))) == "pass"
    records["_dmarc.nordhavn.example"] = ["v=DMARC1; p=reject; adkim=s"]
    assert verify(signed(mail(sender="a@mail.nordhavn.example"))) == "fail"


@pytest.mark.parametrize(
    "forge",
    [
        mail,
        lambda: signed(mail()).replace(b"Hello there", b"Send money"),
        lambda: signed(mail(sender="x@evil.example"), b"evil.example"),
        lambda: signed(mail(), length=True) + b"\r\nunsigned text below the signed part",
    ],
    ids=["unsigned", "changed", "signed by another", "signed in part"],
)
def test_a_forged_mail_fails_where_the_domain_asks_for_it(records: dict[str, list[str]], forge: Any):
    assert verify(forge()) == ("fail" if b"nordhavn" in forge().partition(b"From:")[2][:40] else "none")


@pytest.mark.parametrize("policy", [[], ["v=DMARC1; p=none"], ["some other record"]])
def test_a_domain_that_asks_for_nothing_gets_no_verdict(records: dict[str, list[str]], policy: list[str]):
    records["_dmarc.nordhavn.example"] = policy
    assert verify(mail()) == "none"


def test_silent_dns_is_asked_once_and_then_left_alone(records: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []

    def silent(name: str, _timeout: float = 1.0) -> list[str]:
        asked.append(name)
        raise dns.exception.Timeout

    monkeypatch.setattr(authentication, "_txt", silent)
    assert [verify(mail()) for _time in range(20)] == ["temperror"] * 20
    assert len(asked) == 1


def test_two_authors_have_no_verdict(records: dict[str, list[str]]):
    assert verify(mail(sender="a@nordhavn.example, b@evil.example")) == "none"


def test_the_check_can_be_turned_off(records: dict[str, list[str]], settings: Any):
    settings.MAIL_CHECK_SENDERS = False
    assert verify(mail()) == "none"


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        (b"Authentication-Results: mx.fernway.example; dkim=pass; dmarc=pass header.from=x\r\n", "pass"),
        (b"Authentication-Results: mx.fernway.example; dmarc=fail\r\n", "fail"),
        (b"Authentication-Results: mx.evil.example; dmarc=pass\r\n", "none"),
        (b"Authentication-Results: mx.fernway.example; dmarc=fail\r\nAuthentication-Results: mx.fernway.example; dmarc=pass\r\n", "fail"),
        (b"Authentication-Results: mx.evil.example; dmarc=fail\r\nAuthentication-Results: mx.fernway.example; dmarc=pass\r\n", "none"),
        (b"", "none"),
    ],
)
def test_only_the_topmost_word_of_the_trusted_server_counts(settings: Any, headers: bytes, verdict: str):
    settings.MAIL_AUTHSERV_ID = "mx.fernway.example"
    assert verify(headers + mail()) == verdict


def test_registered_domains_are_told_by_the_public_suffix_list():
    assert organisation("a.b.nordhavn.co.uk") == "nordhavn.co.uk"
    assert organisation("mail.nordhavn.example") == "nordhavn.example"
