"""Settings, chat on websites: who may, what is asked, and that a secret is seen once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from assist.models import WidgetSite
from helpdesk.core.models import User
from tests.cast import signed_in

pytestmark = pytest.mark.django_db
FORM = {"name": "Shop", "origins": "https://shop.example", "colour": "#006177", "time_zone": "UTC", "is_active": "on"}


@pytest.fixture
def desk(priya: User) -> Client:
    return signed_in(priya)


@pytest.fixture
def site(db: None) -> WidgetSite:
    return WidgetSite.objects.create(name="Shop")


def save(desk: Client, site: WidgetSite, **changes: Any) -> Any:
    return desk.post(f"/settings/widget/{site.pk}/", {**FORM, **changes})


def test_a_site_is_made_and_shows_its_line(desk: Client) -> None:
    page = desk.post("/settings/widget/", {"name": "Shop"}, follow=True).content.decode()
    site = WidgetSite.objects.get()
    assert f"data-site=&quot;{site.key}&quot;" in page
    assert "No website may show it yet" in page


def test_agents_do_not_look_after_sites(maya: User, site: WidgetSite) -> None:
    assert signed_in(maya).get("/settings/widget/").status_code == 403
    assert signed_in(maya).get(f"/settings/widget/{site.pk}/").status_code == 403


def test_the_secret_is_shown_once(desk: Client, site: WidgetSite) -> None:
    first = desk.post(f"/settings/widget/{site.pk}/secret/", follow=True).content.decode()
    site.refresh_from_db()
    assert site.identity_secret in first
    assert site.identity_secret not in desk.get(f"/settings/widget/{site.pk}/").content.decode()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Shop.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_an_address_is_kept_as_browsers_name_it(desk: Client, site: WidgetSite, given: str, kept: str) -> None:
    assert save(desk, site, origins=given).status_code == 302
    site.refresh_from_db()
    assert site.origins == [kept]


@pytest.mark.parametrize(
    "given",
    [
        "shop.example",
        "http://shop.example",
        "https://shop.example/path",
        "https://*.example",
        "https://",
        "https://a b",
        "https://a;script-src *",
        "https://user@shop.example",
        "https://shop.example:99999",
        "javascript:alert(1)",
        "*",
    ],
)
def test_what_is_no_origin_is_refused(desk: Client, site: WidgetSite, given: str) -> None:
    """It goes into a content policy: a word too many there opens the page to others."""
    assert save(desk, site, origins=given).status_code == 400
    site.refresh_from_db()
    assert site.origins == []


@pytest.mark.parametrize(
    ("field", "value"), [("hours", "whenever"), ("time_zone", "Mars/Olympus"), ("colour", "red"), ("languages", "en, tlh-x")]
)
def test_what_cannot_be_read_is_said_beside_its_field(desk: Client, site: WidgetSite, field: str, value: str) -> None:
    answer = save(desk, site, **{field: value})
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()


def test_one_site_stands_in_the_help_centre(desk: Client, site: WidgetSite) -> None:
    WidgetSite.objects.create(name="Other", in_help_centre=True)
    assert "Other" in save(desk, site, in_help_centre="on").content.decode()
    site.refresh_from_db()
    assert not site.in_help_centre


def test_a_site_that_is_removed_is_gone(desk: Client, site: WidgetSite) -> None:
    desk.post(f"/settings/widget/{site.pk}/remove/")
    assert WidgetSite.objects.count() == 0
