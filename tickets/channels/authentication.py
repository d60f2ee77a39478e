"""Is the mail really from the domain in its From? `pass`, `fail`, `none` or `temperror` (T06, T19).

Two ways: an MTA in front of us that we trust has checked already (`MAIL_AUTHSERV_ID` names it, RFC 8601), or we check DKIM and DMARC
ourselves on the raw bytes. `fail` is only said when the domain's own DMARC record asks for it (quarantine or reject) and nothing aligned:
without a record, without DNS or in doubt the answer is `none` or `temperror`, and the mail is threaded as usual.
"""

from __future__ import annotations

import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from email import message_from_bytes
from email.message import Message
from typing import Literal

import dkim
import dns.exception
import dns.resolver
import publicsuffix2
from django.conf import settings

from .headers import addresses, all_values
from .screening import header_block

log = logging.getLogger(__name__)

Verdict = Literal["pass", "fail", "none", "temperror"]

PATIENCE_SECONDS = 3.0  # for everything; a mail waits in the worker meanwhile
DNS_SECONDS = 1.5
DNS_PAUSE_SECONDS = 60.0  # after DNS failed to answer nobody asks it for a minute: being cut off must not slow the queue down
SIGNATURES = 5  # DKIM signatures tried; a hostile mail can carry hundreds
_RESULT = re.compile(r"\bdmarc\s*=\s*(pass|fail|none|temperror|permerror|bestguesspass)\b", re.IGNORECASE)
_POLICY = re.compile(r"\bp\s*=\s*(none|quarantine|reject)", re.IGNORECASE)
_STRICT_DKIM = re.compile(r"\badkim\s*=\s*s\b", re.IGNORECASE)


class _Dns:
    """Remembers when DNS last failed us."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def away(self) -> None:
        self._silent_until = time.monotonic() + DNS_PAUSE_SECONDS

    def answers(self) -> bool:
        return time.monotonic() >= self._silent_until


_dns = _Dns()
_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="mail-auth")


def verify(raw: bytes) -> Verdict:
    """Checks one mail. Takes at most `PATIENCE_SECONDS`; never raises; `none` at once when `MAIL_CHECK_SENDERS` is off."""
    mail = message_from_bytes(header_block(raw) + b"\n\n")
    if trusted := getattr(settings, "MAIL_AUTHSERV_ID", ""):
        return _said_by(mail, trusted.lower())
    senders = addresses(mail, "from")
    if not getattr(settings, "MAIL_CHECK_SENDERS", True) or len(senders) != 1:
        return "none"  # two authors: DMARC has no answer
    if not _dns.answers():
        return "temperror"
    waiting = _pool.submit(_check, raw, senders[0].email.rpartition("@")[2])
    try:
        return waiting.result(timeout=PATIENCE_SECONDS)
    except TookTooLong:
        waiting.cancel()
        _dns.away()
        return "temperror"
    except Exception as error:  # DNS and DKIM libraries raise what they like on hostile input; a check never costs the mail
        log.warning("sender_check_failed", extra={"error": type(error).__name__})
        return "temperror"


def _said_by(mail: Message, trusted: str) -> Verdict:
    """What the trusted server wrote. Only the topmost header counts: whatever stands below came with the mail."""
    for value in all_values(mail, "authentication-results")[:1]:
        server, _, results = value.partition(";")
        found = _RESULT.search(results)
        if server.split()[:1] == [trusted] and found:
            word = found[1].lower()
            return "pass" if word == "pass" else "fail" if word == "fail" else "temperror" if word == "temperror" else "none"
    return "none"


def _check(raw: bytes, domain: str) -> Verdict:
    try:
        policy = _dmarc_policy(domain)
    except dns.exception.DNSException:
        _dns.away()
        return "temperror"
    if not policy:
        return "none"
    aligned = _signing_domains(raw)
    strict = bool(_STRICT_DKIM.search(policy))
    if any(one == domain or (not strict and organisation(one) == organisation(domain)) for one in aligned):
        return "pass"
    asked = _POLICY.search(policy)
    return "fail" if asked and asked[1].lower() in {"quarantine", "reject"} else "none"


def _dmarc_policy(domain: str) -> str:
    """The DMARC record that covers this domain, "" when there is none. Raises DNSException when DNS does not answer."""
    for name in dict.fromkeys((domain, organisation(domain))):
        for record in _txt(f"_dmarc.{name}"):
            if record.lower().replace(" ", "").startswith("v=dmarc1"):
                return record
    return ""


def organisation(domain: str) -> str:
    """The registered domain, by the public suffix list: example.com, example.co.uk."""
    domain = domain.rstrip(".")
    return str(publicsuffix2.get_sld(domain, strict=True) or ".".join(domain.split(".")[-2:]))


def _signing_domains(raw: bytes) -> list[str]:
    """Domains whose DKIM signature over this mail holds."""
    found: list[str] = []
    checker = dkim.DKIM(raw, timeout=DNS_SECONDS)
    for index in range(min(SIGNATURES, sum(name.lower() == b"dkim-signature" for name, _value in checker.headers))):
        try:
            if checker.verify(index, dnsfunc=_txt_bytes) and b"l" not in checker.signature_fields:  # l= leaves room for unsigned text (T19)
                found.append(checker.domain.decode("ascii", "replace").lower())
        except (dkim.DKIMException, ValueError):  # this signature is broken or partial; the next may hold
            continue
    return found


def _txt_bytes(name: bytes, timeout: float = DNS_SECONDS) -> bytes | None:
    records = _txt(name.decode("ascii", "replace").rstrip("."), timeout)
    return records[0].encode() if records else None


def _txt(name: str, timeout: float = DNS_SECONDS) -> list[str]:
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=timeout)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
