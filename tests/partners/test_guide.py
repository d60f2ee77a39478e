"""docs/api.md: every example in it does what it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from helpdesk.core.models import Event, Webhook, WebhookDelivery
from helpdesk.partners import feed
from helpdesk.partners.webhooks import announcing, signing
from tickets.api import inbound
from tickets.models import Ticket

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
CURLS = re.findall(r"```bash (\d+)\n(.*?)```", GUIDE, re.DOTALL)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def asked(command: str, key: str, number: str) -> tuple[str, str, dict[str, str], str]:
    """Method, path, headers and body of a curl command."""
    words = shlex.split(command.replace("$KEY", key).replace("$NUMBER", number))
    method, path, headers, body = "GET", "", {}, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _colon, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        elif word.startswith("http"):
            path = word.removeprefix("http://127.0.0.1:8000")
    return method, path, headers, body


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "command"), CURLS)
def test_each_request_is_answered_as_it_says(status: str, command: str, api_key: str, ticket: Ticket) -> None:
    method, path, headers, body = asked(command, api_key, ticket.number)
    answer = Client().generic(method, path, body, headers.pop("Content-Type", ""), headers=headers)
    assert answer.status_code == int(status), answer.content
    if status == "400":
        assert answer.json() == json.loads(blocks("json")[0])


@pytest.fixture
def sent(ticket: Ticket) -> tuple[dict[str, str], bytes, str]:
    """A delivery as it arrives: headers, body, and the secret that signed it."""
    webhook = Webhook(name="x", url="https://shop.example/")
    secret = webhook.new_secret()
    webhook.save()
    announcing.announce(Event.objects.get(kind="ticket.created"))
    delivery = WebhookDelivery.objects.get()
    return signing.headers_of(delivery, webhook, at=int(time.time())), delivery.body.encode(), secret


@pytest.mark.django_db
def test_the_python_check_knows_ours_from_others(sent: tuple[dict[str, str], bytes, str]) -> None:
    headers, body, secret = sent
    known: dict[str, Any] = {}
    exec(next(one for one in blocks("python") if "is_ours" in one), known)  # noqa: S102 - the guide's own words
    assert known["is_ours"](headers, body, secret)
    assert known["is_ours"](headers | {"X-Signature": "sha256=0," + headers["X-Signature"]}, body, secret)
    assert not known["is_ours"](headers, body + b" ", secret)
    assert not known["is_ours"](headers, body, "whsec_other")
    assert not known["is_ours"](headers | {"X-Timestamp": str(int(time.time()) - 400)}, body, secret)


@pytest.mark.django_db
@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_the_node_check_knows_ours_from_others(sent: tuple[dict[str, str], bytes, str]) -> None:
    headers, body, secret = sent
    lower = json.dumps({name.lower(): value for name, value in headers.items()})
    text = json.dumps(body.decode())
    script = blocks("js")[0] + (
        f"const h = {lower}, b = Buffer.from({text}), s = {json.dumps(secret)};"
        'console.log(isOurs(h, b, s), isOurs(h, Buffer.concat([b, Buffer.from(" ")]), s), isOurs(h, b, "other"));'
    )
    said = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == ["true", "false", "false"]


@pytest.mark.django_db
def test_the_reader_of_the_feed_hears_everything_once(api: Client, ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "WINDOW", 2)
    known: dict[str, Any] = {}
    exec(next(one for one in blocks("python") if "def hear" in one), known)  # noqa: S102 - the guide's own words
    heard, cursor = [], ""
    for events, kept in known["hear"](lambda url: api.get(url).json()):
        heard, cursor = heard + events, kept
    expected = Event.objects.filter(kind__in=feed.kinds()).order_by("position", "id").values_list("pk", flat=True)
    assert [one["id"] for one in heard] == list(expected)
    assert [events for events, _kept in known["hear"](lambda url: api.get(url).json(), cursor)] == [[]]


def test_the_signature_that_partners_make_is_the_one_we_check() -> None:
    """Of the inbound webhook."""
    known: dict[str, Any] = {"secret": "s", "data": {"body": "x"}}
    code = "import hashlib, hmac, json, time\n" + next(one for one in blocks("python") if "stamp, body" in one)
    exec(code, known)  # noqa: S102 - the guide's own words
    assert known["signature"] == inbound.sign("s", known["stamp"], known["body"])


def test_the_waits_that_the_guide_names_are_those_that_we_keep() -> None:
    from helpdesk.partners.webhooks import sending

    seconds = {"s": 1, "min": 60, "h": 3600}
    named = re.search(r"comes again after (.*?);", GUIDE, re.DOTALL)
    assert named is not None
    waits = [int(number) * seconds[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", named[1])]
    assert waits == [wait.total_seconds() for wait in sending.WAITS]
