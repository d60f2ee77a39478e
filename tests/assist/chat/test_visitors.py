"""Who may say that they are somebody: tokens of visitors, and what a website signs about its users."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from django.core import signing

from assist.chat import identities, visitors
from assist.chat.identities import IdentityRefused
from assist.models import WidgetSite, WidgetVisitor
from customers import merging
from customers.models import Customer
from helpdesk.core.models import ApiKey, User
from helpdesk.core.socket_access import issue_ticket
from tests.cast import make_customer

pytestmark = pytest.mark.django_db
SECRET = "s" * 40
NOW = int(time.time())


@pytest.fixture
def site() -> WidgetSite:
    return WidgetSite.objects.create(name="Shop", origins=["https://shop.example"], secrets={"identity": SECRET}, generation=1)


def signed(secret: str = SECRET, **claims: Any) -> str:
    return identities.sign(secret, **{"user_id": "u-1", "exp": int(time.time()) + 3600, **claims})


def forged(head: dict[str, Any], *, signature: str = "") -> str:
    """A token whose head says how it would like to be checked."""
    parts = [head, {"user_id": "u-1", "exp": int(time.time()) + 3600}]
    packed = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*packed, signature])


def test_a_stranger_is_nobodys_customer_until_needed(site: WidgetSite) -> None:
    visitor, token = visitors.enter(site)
    again = visitors.from_token(token)
    assert again is not None
    assert (again.user_id, again.verified, again.site) == (visitor.user_id, False, site)
    assert Customer.objects.count() == 0
    assert again.customer.external_id == visitor.user_id
    assert again.customer == visitors.from_token(token).customer  # type: ignore[union-attr]
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: t[3:], lambda t: "", lambda t: "wv_", lambda t: "wv_" + "x" * 900],
)
def test_a_token_that_we_did_not_sign_opens_nothing(site: WidgetSite, change: Any) -> None:
    _visitor, token = visitors.enter(site)
    assert visitors.from_token(change(token)) is None


def test_what_we_signed_for_another_purpose_opens_nothing(site: WidgetSite) -> None:
    visitor, _token = visitors.enter(site)
    other = visitors.PREFIX + signing.dumps({"v": visitor.pk.hex, "g": 1}, salt="something else")
    assert visitors.from_token(other) is None


def test_an_old_token_opens_nothing_and_is_renewed_while_its_visitor_stays(site: WidgetSite, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, token = visitors.enter(site)
    later = time.time() + visitors.LIFETIME.total_seconds() + 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert visitors.from_token(token) is None
    renewed = visitors.renew(token)
    assert renewed is not None
    assert visitors.from_token(renewed[1]).user_id == visitor.user_id  # type: ignore[union-attr]
    monkeypatch.setattr(time, "time", lambda: later + visitors.RENEWABLE.total_seconds())
    assert visitors.renew(token) is None


def test_a_site_that_is_off_lets_nobody_in(site: WidgetSite) -> None:
    _visitor, token = visitors.enter(site)
    WidgetSite.objects.update(is_active=False)
    assert visitors.from_token(token) is None
    assert visitors.renew(token) is None


def test_a_user_whom_the_site_vouches_for_is_its_customer(site: WidgetSite) -> None:
    visitor, token = visitors.enter_as(site, identities.verify(site, signed(email="Ada@Shop.example", name="Ada")))
    assert (visitor.user_id, visitor.verified) == ("u-1", True)
    again = visitors.from_token(token)
    assert again is not None
    assert (again.customer.external_id, again.customer.email, again.customer.name) == ("u-1", "ada@shop.example", "Ada")
    assert visitors.enter_as(site, identities.verify(site, signed()))[0].customer == again.customer
    assert WidgetVisitor.objects.count() == 1


def test_a_user_who_wrote_by_mail_before_is_the_same_customer(site: WidgetSite) -> None:
    ada = make_customer("Ada", "ada@shop.example")
    assert visitors.enter_as(site, identities.verify(site, signed(email="ada@shop.example")))[0].customer == ada


def test_an_address_of_another_user_makes_nobody_that_user(site: WidgetSite) -> None:
    ada = make_customer("Ada", "ada@shop.example", external_id="u-7")
    other = visitors.enter_as(site, identities.verify(site, signed(email="ada@shop.example")))[0].customer
    assert other != ada
    assert other.email == ""


def test_a_user_named_like_an_id_of_ours_does_not_become_its_owner(site: WidgetSite) -> None:
    ada = make_customer("Ada", "ada@shop.example")
    with pytest.raises(IdentityRefused):
        visitors.enter_as(site, identities.verify(site, signed(user_id=str(ada.pk))))


@pytest.mark.parametrize(
    "token",
    [
        signed("another secret"),
        signed(""),
        signed()[:-2],
        forged({"alg": "none"}),
        forged({"alg": "None"}, signature="AA"),
        forged({"alg": "HS512"}, signature=signed().split(".")[2]),
        "",
        "a.b",
        "a.b.c",
        "é.b.c",
        "x" * 5000,
    ],
    ids=range(11),
)
def test_what_the_site_did_not_sign_is_refused(site: WidgetSite, token: str) -> None:
    with pytest.raises(IdentityRefused):
        identities.verify(site, token)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": NOW - 600},
        {"exp": NOW + 8 * 24 * 3600},
        {"exp": 10**30},
        {"iat": NOW + 8 * 3600},
        {"nbf": NOW + 8 * 3600},
        {"aud": "site_other"},
        {"user_id": ""},
        {"user_id": None},
        {"user_id": True},
        {"user_id": {"$ne": 1}},
        {"user_id": "a\x00b"},
        {"user_id": "x" * 151},
        {"user_id": "Visitor-0123"},
        {"email": "not an address"},
    ],
    ids=range(16),  # not the claims: workers must agree on names, and clocks turn
)
def test_a_signed_identity_that_says_too_little_or_too_much_is_refused(site: WidgetSite, claims: dict[str, Any]) -> None:
    with pytest.raises(IdentityRefused):
        identities.verify(site, signed(**claims))


def test_a_site_without_a_secret_vouches_for_nobody() -> None:
    bare = WidgetSite.objects.create(name="Bare")
    with pytest.raises(IdentityRefused):
        identities.verify(bare, signed(""))


def test_what_one_site_signed_opens_nothing_on_another(site: WidgetSite) -> None:
    other = WidgetSite.objects.create(name="Other", secrets={"identity": "o" * 40})
    with pytest.raises(IdentityRefused):
        identities.verify(other, signed())


def test_an_identity_with_a_number_is_taken_once(site: WidgetSite) -> None:
    token = signed(jti="n-1")
    assert identities.verify(site, token).user_id == "u-1"
    with pytest.raises(IdentityRefused, match="before"):
        identities.verify(site, token)
    assert identities.verify(site, signed(jti="n-2")).user_id == "u-1"


def test_a_new_secret_ends_what_the_old_one_opened_and_leaves_strangers_alone(site: WidgetSite) -> None:
    _known, known_token = visitors.enter_as(site, identities.verify(site, signed()))
    _stranger, stranger_token = visitors.enter(site)
    fresh = site.renew_secret()
    assert visitors.from_token(known_token) is None
    assert visitors.renew(known_token) is None
    assert visitors.from_token(stranger_token) is not None
    with pytest.raises(IdentityRefused):
        identities.verify(site, signed())
    assert identities.verify(site, signed(fresh)).user_id == "u-1"


def test_signing_out_ends_every_token_until_the_site_vouches_anew(site: WidgetSite) -> None:
    visitor, token = visitors.enter_as(site, identities.verify(site, signed()))
    visitors.leave(visitor)
    assert visitors.from_token(token) is None
    assert not visitors.is_still(visitor)
    assert visitors.from_token(visitors.enter_as(site, identities.verify(site, signed()))[1]) is not None


def test_the_sites_word_counts_for_a_day(site: WidgetSite) -> None:
    visitor, token = visitors.enter_as(site, identities.verify(site, signed()))
    assert visitors.renew(token) is not None
    WidgetVisitor.objects.update(proven_at=visitor.row.created_at - visitors.PROOF_LASTS)
    assert visitors.renew(token) is None


def test_a_stranger_who_was_merged_into_a_customer_does_not_become_them(site: WidgetSite, ingrid: Customer, priya: User) -> None:
    """Agents merge what belongs together; an e-mail address that somebody typed must not open its owner's requests."""
    visitor, token = visitors.enter(site)
    merging.merge(kept=ingrid, merged=visitor.customer, by=priya)
    assert visitors.from_token(token) is None


def test_what_a_stranger_says_of_themselves_leads_to_no_customer(site: WidgetSite, ingrid: Customer) -> None:
    visitor, token = visitors.enter(site)
    visitors.introduce(visitor, name="Ingrid", email=ingrid.email.upper())
    again = visitors.from_token(token)
    assert again is not None
    assert again.customer != ingrid
    assert (again.customer.name, again.customer.email, again.email) == ("Ingrid", "", ingrid.email)


def test_a_ticket_opens_the_visitors_own_socket_once(site: WidgetSite) -> None:
    visitor, _token = visitors.enter(site)
    other, _other_token = visitors.enter(site)
    query = f"ticket={visitors.issue_ticket(visitor)}".encode()
    assert visitors.at_door({}, query, user_id=other.user_id) is None
    assert visitors.at_door({}, query, user_id=visitor.user_id).row == visitor.row  # type: ignore[union-attr]
    assert visitors.at_door({}, query, user_id=visitor.user_id) is None


def test_a_bearer_opens_only_the_visitors_own_socket(site: WidgetSite, maya: User) -> None:
    visitor, token = visitors.enter(site)
    headers = {b"authorization": f"Bearer {token}".encode()}
    assert visitors.at_door(headers, b"", user_id=visitor.user_id) is not None
    assert visitors.at_door(headers, b"", user_id="u-1") is None
    assert visitors.at_door({}, f"token={token}".encode(), user_id=visitor.user_id) is None
    agents = issue_ticket(maya, bound_to=f"chat:{visitor.user_id}")
    assert visitors.at_door({}, f"ticket={agents}".encode(), user_id=visitor.user_id) is None
    _key, secret = ApiKey.issue("x", scopes=["*"])
    assert visitors.at_door({b"authorization": f"Bearer {secret}".encode()}, b"", user_id=visitor.user_id) is None


def test_a_secret_is_sealed_and_shown_once(site: WidgetSite) -> None:
    fresh = site.renew_secret()
    kept = WidgetSite.objects.raw("select id, secrets as sealed from assist_widgetsite")[0]
    assert fresh not in kept.sealed  # type: ignore[attr-defined]
    assert site.secret_start == fresh[:6]
