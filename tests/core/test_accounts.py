"""Getting in: invitations, the first admin, sign-in and its lock, reset mails, and what one may do to colleagues."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from helpdesk.core.accounts import invitations, people
from helpdesk.core.errors import Conflict, NotAllowed
from helpdesk.core.models import Event, OneTimeToken, User
from tests.cast import make_agent, signed_in
from tickets.models import Queue

pytestmark = pytest.mark.django_db
PASSWORD = "a quiet harbour at dusk"


@pytest.fixture
def ruth(support: Queue) -> User:
    return make_agent("Ruth Abernathy", support, role=User.Role.ADMIN)


@pytest.fixture
def link(ruth: User) -> str:
    """The path of the link in the mail that Aiko got."""
    assert invitations.deliver(invitations.invite(email="aiko@fernway.example", name="Aiko Tanaka", role="agent", by=ruth))
    return _path_in(mail.outbox[-1])


def _path_in(message: Any) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", message.body)
    assert found
    return found[1]


def _join(path: str, **fields: str) -> Any:
    return Client().post(path, {"name": "Aiko Tanaka", "password": PASSWORD, **fields})


def test_an_invited_colleague_joins_by_the_link_and_is_signed_in(link: str) -> None:
    browser = Client()
    assert "Aiko Tanaka" in browser.get(link).content.decode()
    assert browser.post(link, {"name": "Aiko T.", "password": PASSWORD}).status_code == 302
    aiko = User.objects.get(email="aiko@fernway.example")
    assert (aiko.name, aiko.is_active, aiko.check_password(PASSWORD)) == ("Aiko T.", True, True)
    assert browser.get("/profile/").status_code == 200
    assert Event.objects.filter(kind="user.joined", subject_id=str(aiko.pk)).exists()


def test_an_invitation_works_once(link: str) -> None:
    assert _join(link).status_code == 302
    assert _join(link, name="Somebody else").status_code == 404
    assert Client().get(link).status_code == 404


def test_an_expired_revoked_or_foreign_link_opens_nothing(link: str, ruth: User) -> None:
    _token, other = OneTimeToken.issue(OneTimeToken.Purpose.TRACKING, lifetime=timedelta(days=1))
    for secret in ("%20", "%00", "x", "0" * 43, other):
        assert Client().get(f"/invitations/{secret}/").status_code == 404, secret
    OneTimeToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(link).status_code == 404
    assert _join(link).status_code == 404
    assert not User.objects.filter(is_active=True, email="aiko@fernway.example").exists()


def test_the_database_holds_no_live_secret(link: str) -> None:
    secret = link.rstrip("/").rpartition("/")[2]
    assert not OneTimeToken.objects.filter(token_hash=secret).exists()
    assert OneTimeToken.objects.get().token_hash != secret


def test_a_new_link_ends_the_old_one(link: str, ruth: User) -> None:
    invitations.deliver(invitations.renew(User.objects.get(email="aiko@fernway.example"), by=ruth))
    assert Client().get(link).status_code == 404
    assert Client().get(_path_in(mail.outbox[-1])).status_code == 200


def test_a_weak_password_is_refused_and_the_link_stays_good(link: str) -> None:
    for weak in ("short", "password123", "aiko@fernway"):
        assert _join(link, password=weak).status_code == 400
    assert _join(link).status_code == 302


def test_one_address_is_invited_once(link: str, ruth: User) -> None:
    with pytest.raises(Conflict):
        invitations.invite(email="AIKO@fernway.example", name="", role="agent", by=ruth)


def test_a_supervisor_cannot_make_an_admin_nor_touch_one(priya: User, ruth: User, maya: User) -> None:
    with pytest.raises(NotAllowed):
        invitations.invite(email="new@fernway.example", name="", role="admin", by=priya)
    with pytest.raises(NotAllowed):
        people.deactivate(ruth, by=priya)
    with pytest.raises(NotAllowed):
        people.set_role(maya, "admin", by=priya)


def test_a_supervisor_cannot_get_hold_of_an_admins_invitation(priya: User, ruth: User) -> None:
    waiting = invitations.invite(email="vera@fernway.example", name="Vera", role="admin", by=ruth).user
    with pytest.raises(NotAllowed):
        invitations.renew(waiting, by=priya)
    with pytest.raises(NotAllowed):
        invitations.revoke(waiting, by=priya)
    assert invitations.renew(waiting, by=ruth).link


def test_the_last_admin_stays(ruth: User) -> None:
    other = make_agent("Vera Second", role=User.Role.ADMIN)
    people.deactivate(other, by=ruth)
    with pytest.raises(NotAllowed):
        people.deactivate(ruth, by=ruth)
    people.reactivate(other, by=ruth)
    people.set_role(ruth, "agent", by=other)
    with pytest.raises(Conflict):
        people.set_role(other, "agent", by=User.objects.create_user("root@fernway.example", is_superuser=True))


def test_a_deactivated_colleague_is_out_with_the_next_request(as_maya: Client, maya: User, ruth: User) -> None:
    assert as_maya.get("/profile/").status_code == 200
    people.deactivate(maya, by=ruth)
    assert as_maya.get("/profile/").status_code == 302


def test_the_people_page_invites_with_role_and_teams(ruth: User, support: Queue, billing: Queue) -> None:
    admin = signed_in(ruth)
    fields = {"email": "samir@fernway.example", "name": "Samir Haddad", "role": "lead", "queues": [support.pk, billing.pk]}
    assert admin.post("/settings/people/", fields).status_code == 302
    samir = User.objects.get(email="samir@fernway.example")
    assert samir.role == "lead"
    assert set(samir.queues.all()) == {support, billing}
    page = admin.get("/settings/people/").content.decode()
    assert "samir@fernway.example" in page
    assert admin.post("/settings/people/", fields).status_code == 400
    assert admin.post(f"/settings/people/{samir.pk}/revoke/").status_code == 302
    assert not User.objects.filter(pk=samir.pk).exists()


def test_without_a_mail_server_the_admin_sees_the_link_once(ruth: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    admin = signed_in(ruth)
    admin.post("/settings/people/", {"email": "samir@fernway.example", "name": "Samir", "role": "agent"})
    shown = re.search(r'value="https?://[^/]+(/invitations/[^"]+)"', admin.get("/settings/people/").content.decode())
    assert shown
    assert Client().get(shown[1]).status_code == 200
    assert "/invitations/" not in admin.get("/settings/people/").content.decode()


def test_agents_do_not_reach_the_people_page(as_maya: Client, maya: User) -> None:
    assert as_maya.get("/settings/people/").status_code == 403
    assert as_maya.post(f"/settings/people/{maya.pk}/deactivate/").status_code == 403
    assert Client().get("/settings/people/").status_code == 302


def test_setup_prints_a_link_for_the_first_admin_and_only_for_the_first() -> None:
    out = StringIO()
    call_command("setup", stdout=out)
    path = re.sub(r"^https?://[^/]+", "", out.getvalue().strip())
    answer = Client().post(path, {"name": "Ruth", "email": "ruth@fernway.example", "password": PASSWORD})
    assert answer.status_code == 302
    assert User.objects.get().role == User.Role.ADMIN
    assert Client().get(path).status_code == 404
    with pytest.raises(CommandError):
        call_command("setup")


def test_an_unused_setup_link_is_dead_once_there_is_an_admin(django_user_model: type[User]) -> None:
    path = re.sub(r"^https?://[^/]+", "", invitations.setup_link())
    User.objects.create_superuser("root@fernway.example", PASSWORD, name="Root")
    assert Client().post(path, {"name": "Eve", "email": "eve@evil.example", "password": PASSWORD}).status_code == 404


def _sign_in(browser: Client, email: str, password: str, **more: Any) -> Any:
    return browser.post("/accounts/login/", {"login": email, "password": password, **more})


def test_signing_in_changes_the_session_key(maya: User) -> None:
    browser = Client()
    browser.session.save()
    session = browser.session
    session["planted"] = True
    session.save()
    browser.cookies["helpdesk_session"] = session.session_key
    answer = _sign_in(browser, maya.email, "correct horse")
    assert answer.status_code == 302
    assert answer["Location"] == "/inbox/"
    assert browser.cookies["helpdesk_session"].value != session.session_key


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "///evil.example", "http:evil.example"]
)
def test_next_never_leads_to_another_host(maya: User, target: str) -> None:
    answer = _sign_in(Client(), maya.email, "correct horse", next=target)
    assert answer.status_code == 302
    assert answer["Location"] == "/inbox/"


def test_five_wrong_passwords_lock_and_a_flush_of_redis_unlocks_nothing(maya: User) -> None:
    browser = Client()
    for _attempt in range(5):
        _sign_in(browser, maya.email, "wrong")
    cache.clear()
    refused = _sign_in(browser, maya.email, "correct horse")
    assert refused.status_code == 429
    assert "profile" not in refused.get("Location", "")
    assert browser.get("/profile/").status_code == 302


def test_a_wrong_pair_says_the_same_for_known_and_unknown_people(maya: User) -> None:
    texts = []
    for email in (maya.email, "nobody@fernway.example"):
        page = _sign_in(Client(), email, "wrong").content.decode()
        texts.append(re.findall(r"Email or password is wrong\.[^<]*", page))
    assert texts[0] == texts[1] == ["Email or password is wrong. 4 tries left before a 15 minute pause."]


def test_a_huge_password_is_refused_before_it_is_hashed(maya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: Any, **_kwargs: Any) -> bool:
        raise AssertionError("hashed")

    monkeypatch.setattr(User, "check_password", never)
    answer = _sign_in(Client(), maya.email, "x" * 1_000_000)
    assert answer.status_code == 400
    assert b"at most 256 characters" in answer.content


def test_at_most_three_reset_mails_an_hour_whatever_redis_forgets(maya: User) -> None:
    for _attempt in range(8):
        cache.clear()
        answer = Client().post("/accounts/password/reset/", {"email": maya.email})
        assert answer.status_code == 302
    assert len(mail.outbox) == 3


def test_the_reset_link_uses_our_address_not_the_host_header(maya: User, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    Client(headers={"Host": "evil.example"}).post("/accounts/password/reset/", {"email": maya.email})
    assert "evil.example" not in mail.outbox[0].body
    assert settings.SITE_URL in mail.outbox[0].body


def test_a_reset_link_sets_a_new_password_once(maya: User) -> None:
    Client().post("/accounts/password/reset/", {"email": maya.email})
    path = _path_in(mail.outbox[0])
    browser = Client()
    form = browser.get(path)["Location"]
    assert browser.get(form).status_code == 200
    assert browser.post(form, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    maya.refresh_from_db()
    assert maya.check_password(PASSWORD)
    assert "does not work" in Client().get(path).content.decode()


def test_nobody_signs_up_by_themselves() -> None:
    Client().post("/accounts/signup/", {"email": "eve@evil.example", "password1": PASSWORD})
    assert not User.objects.exists()


def test_the_profile_is_saved_and_the_theme_goes_into_a_cookie(as_maya: Client, maya: User) -> None:
    fields = {"name": "Maya L.", "time_zone": "Europe/Helsinki", "theme": "dark", "availability": "busy", "signature": "Best, Maya"}
    answer = as_maya.post("/profile/", fields)
    assert answer.status_code == 302
    assert answer.cookies["theme"].value == "dark"
    maya.refresh_from_db()
    assert (maya.name, maya.time_zone, maya.single_key_shortcuts) == ("Maya L.", "Europe/Helsinki", False)
    page = as_maya.get("/profile/").content.decode()
    assert 'data-theme="dark"' in page
    assert 'data-single-keys="off"' in page


def test_pages_speak_the_readers_own_time(as_maya: Client, maya: User, ruth: User) -> None:
    maya.time_zone, maya.role = "Pacific/Kiritimati", User.Role.SUPERVISOR
    maya.save()
    invitation = invitations.invite(email="aiko@fernway.example", name="Aiko", role="agent", by=ruth)
    local = invitation.until.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert f"{local.day} {local:%b, %H:%M}" in as_maya.get("/settings/people/").content.decode()


def test_a_refused_profile_keeps_what_was_typed(as_maya: Client, maya: User) -> None:
    answer = as_maya.post(
        "/profile/", {"name": "", "time_zone": "Mars/Olympus", "theme": "dark", "availability": "busy", "signature": "Hm"}
    )
    assert answer.status_code == 400
    assert "Hm" in answer.content.decode()
    maya.refresh_from_db()
    assert maya.time_zone == "UTC"


def test_the_theme_button_returns_only_to_our_own_pages(as_maya: Client) -> None:
    assert as_maya.post("/profile/theme/", {"theme": "light", "next": "/profile/"})["Location"] == "/profile/"
    for target in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert as_maya.post("/profile/theme/", {"theme": "light", "next": target})["Location"] == "/profile/"


def test_forms_without_a_token_are_refused(maya: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/accounts/login/", {"login": maya.email, "password": "correct horse"}).status_code == 403


def test_a_visitor_is_told_from_the_proxy_alike_by_every_limit(settings: Any) -> None:
    assert settings.ALLAUTH_TRUSTED_PROXY_COUNT == settings.NUM_PROXIES
