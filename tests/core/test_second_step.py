"""The second step: required where it should be, set up by oneself, taken away by a supervisor; and where one is signed in."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from helpdesk.core import absence
from helpdesk.core.accounts import people
from helpdesk.core.accounts.sessions import browser_of
from helpdesk.core.errors import NotAllowed
from helpdesk.core.models import Event, User
from tests.cast import signed_in

pytestmark = pytest.mark.django_db
PASSWORD = "a quiet harbour at dusk"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"

_addresses = count(1)


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def sign_in(user: User, **headers: str) -> Client:
    if not user.check_password(PASSWORD):  # a new password would end the sessions before
        user.set_password(PASSWORD)
        user.save()
    browser = Client(headers=headers, REMOTE_ADDR=f"10.7.0.{next(_addresses)}")  # whose tries nobody else used up
    answer = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return browser


def test_one_signs_in_while_redis_is_away(maya: User) -> None:
    absence.redis.did_not_answer()
    assert sign_in(maya).get("/inbox/").status_code == 200


def test_who_has_no_second_step_sets_one_up_first_where_it_is_required(maya: User, settings: Any, django_assert_num_queries: Any) -> None:
    assert signed_in(maya).get("/inbox/").status_code == 200
    settings.TWO_FACTOR_REQUIRED = True
    browser = signed_in(maya)
    answer = browser.get("/inbox/", follow=True)
    assert answer.request["PATH_INFO"] == "/accounts/2fa/" and "Everybody here signs in with two steps" in answer.content.decode()
    assert browser.get("/inbox/counts/", headers={"HX-Request": "true"}).status_code == 403
    TOTP.activate(maya, generate_totp_secret())
    assert browser.get("/inbox/").status_code == 200
    Authenticator.objects.all().delete()
    assert browser.get("/inbox/").status_code == 200, "looked up once for each session"


def test_recovery_codes_alone_are_no_second_step(maya: User, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = True
    Authenticator.objects.create(user=maya, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert signed_in(maya).get("/inbox/").status_code == 302


def test_a_key_of_a_partner_needs_no_second_step(api_key: str, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = True
    assert Client(headers={"Authorization": f"Bearer {api_key}"}).get("/api/v1/tickets/").status_code == 200


def test_a_supervisor_takes_a_lost_second_step_away_and_ends_every_session(maya: User, priya: User) -> None:
    browser = sign_in(maya)
    TOTP.activate(maya, generate_totp_secret())
    with pytest.raises(NotAllowed):
        people.reset_second_step(maya, by=maya)
    assert signed_in(priya).post(f"/settings/people/{maya.pk}/second-step/").status_code == 302
    assert not Authenticator.objects.filter(user=maya).exists()
    assert browser.get("/inbox/").status_code == 302
    assert Event.objects.filter(kind="user.changed", subject_id=str(maya.pk)).exists()


def test_one_sees_where_one_is_signed_in_and_signs_out_there(maya: User, tomasz: User) -> None:
    office = sign_in(maya, **{"User-Agent": FIREFOX})
    phone, phone2 = sign_in(maya), sign_in(maya)
    elsewhere = sign_in(tomasz)
    page = phone.get("/profile/sessions/").content.decode()
    assert "Firefox, Windows" in page and page.count("This one") == 1
    row = UserSession.objects.get(user_agent=FIREFOX)
    assert elsewhere.post(f"/profile/sessions/{row.pk}/end/").status_code == 404
    assert phone.post(f"/profile/sessions/{row.pk}/end/").status_code == 302
    assert office.get("/profile/").status_code == 302
    assert phone.post("/profile/sessions/end/").status_code == 302
    assert phone2.get("/profile/").status_code == 302
    assert phone.get("/profile/").status_code == 200 and elsewhere.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (FIREFOX, "Firefox, Windows"),
        ("", "Unknown browser"),
        ("<script>curl/8.5", "scriptcurl/8.5"),
        ("Mozilla/5.0 (iPhone) Safari/6", "Safari, iPhone"),
    ],
)
def test_a_browser_is_named_as_a_person_knows_it(sent: str, shown: str) -> None:
    assert browser_of(sent) == shown
