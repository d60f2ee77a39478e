"""How a colleague gets in: an invitation with a link that works once. Nobody signs up by themselves.

An invited person is a user who cannot sign in yet, so that role and queues can be set beforehand and one address is
never invited twice.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict, NotAllowed
from helpdesk.core.events import record
from helpdesk.core.models import OneTimeToken, User

from .links import absolute

log = logging.getLogger(__name__)

INVITATION_LIFETIME = timedelta(days=7)
SETUP_LIFETIME = timedelta(hours=24)
INVITE, SETUP = OneTimeToken.Purpose.INVITE, OneTimeToken.Purpose.SETUP
RANK = (User.Role.AGENT, User.Role.LEAD, User.Role.SUPERVISOR, User.Role.ADMIN)


def roles_given_by(giver: User) -> list[tuple[str, str]]:
    """The roles one may hand out: up to one's own, so nobody makes someone mightier than themselves."""
    rank = len(RANK) if giver.is_superuser else RANK.index(User.Role(giver.role)) + 1
    return [(role.value, str(role.label)) for role in RANK[:rank]]


@dataclass(frozen=True)
class Invitation:
    """A waiting user and the link, which is known only now: the database keeps its hash."""

    user: User
    link: str
    until: datetime
    by: User


def invite(*, email: str, name: str, role: str, by: User) -> Invitation:
    """Create the waiting user. Raises Conflict for a known address, NotAllowed for a role above one's own. Then `deliver` it."""
    if role not in dict(roles_given_by(by)):
        raise NotAllowed(_("You cannot give a role above your own."))
    with transaction.atomic():
        if User.objects.filter(email__iexact=email.strip()).exists():
            raise Conflict(_("Somebody here already has this address."))
        user = User.objects.create_user(email, None, name=name, role=role, is_active=False)
        record("user.invited", subject=user, by=by, email=user.email, role=role)
        return _with_link(user, by)


def renew(user: User, *, by: User) -> Invitation:
    """A fresh link; the ones before stop working. Raises NotAllowed for a role above one's own: whoever has the link, has the role."""
    _require_waiting(user)
    _require_rank(user, by)
    with transaction.atomic():
        _revoke_links(user)
        return _with_link(user, by)


def deliver(invitation: Invitation) -> bool:
    """Mail the link; False when no mail server took it, so that somebody hands it over in another way. Call it after the commit."""
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        return False
    context = {"inviter": invitation.by.name, "link": invitation.link, "until": f"{invitation.until:%d %B %Y, %H:%M} UTC"}
    try:
        get_adapter().render_mail("account/email/invitation", invitation.user.email, context).send()
    except OSError as refused:  # smtplib's errors are OSErrors too
        log.warning("invitation_not_mailed", extra={"user": str(invitation.user.pk), "reason": repr(refused)})
        return False
    return True


def revoke(user: User, *, by: User) -> None:
    """Take an invitation back. The waiting user disappears, the event stays. Raises NotAllowed for a role above one's own."""
    _require_waiting(user)
    _require_rank(user, by)
    with transaction.atomic():
        record("user.changed", subject=user, by=by, old="invited", new="revoked")
        user.delete()


def waiting() -> QuerySet[User]:
    """Users who were invited and have not joined."""
    return User.objects.filter(is_active=False, last_login__isnull=True, pk__in=_invited().values("user_id")).order_by("date_joined")


def accept(token: OneTimeToken, *, name: str, password: str, email: str = "") -> User:
    """Turn the link's user on with a name and a password; the link is used up. Raises Conflict when someone was quicker."""
    with transaction.atomic():
        used = OneTimeToken.objects.filter(pk=token.pk, used_at__isnull=True, revoked_at__isnull=True).update(used_at=timezone.now())
        if not used:
            raise Conflict(_("This link was just used."))
        user = token.user or _first_admin(email)
        user.name, user.is_active = name, True
        user.set_password(password)
        user.save()
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
        record("user.joined", subject=user, by=user, email=user.email, role=user.role)
    return user


def setup_link() -> str:
    """A link for the first admin, valid 24 hours; links made before stop working."""
    with transaction.atomic():
        OneTimeToken.objects.filter(purpose=SETUP, used_at__isnull=True).update(revoked_at=timezone.now())
        _token, secret = OneTimeToken.issue(SETUP, lifetime=SETUP_LIFETIME)
    return absolute(reverse("setup", args=(secret,)))


def has_admin() -> bool:
    return User.objects.filter(Q(role=User.Role.ADMIN) | Q(is_superuser=True), is_active=True).exists()


def _first_admin(email: str) -> User:
    if User.objects.filter(email__iexact=email.strip()).exists():
        raise Conflict(_("Somebody here already has this address."))
    return User(email=email.strip().lower(), role=User.Role.ADMIN, is_superuser=True)


def _invited() -> QuerySet[OneTimeToken]:
    return OneTimeToken.objects.filter(purpose=INVITE, user__isnull=False, used_at__isnull=True)


def _require_waiting(user: User) -> None:
    if not waiting().filter(pk=user.pk).exists():
        raise Conflict(_("This person has already joined."))


def _require_rank(user: User, by: User) -> None:
    if user.role not in dict(roles_given_by(by)):
        raise NotAllowed(_("Only someone of the same or a higher role can change this account."))


def _revoke_links(user: User) -> None:
    OneTimeToken.objects.filter(purpose=INVITE, user=user, used_at__isnull=True).update(revoked_at=timezone.now())


def _with_link(user: User, by: User) -> Invitation:
    token, secret = OneTimeToken.issue(INVITE, lifetime=INVITATION_LIFETIME, email=user.email, user=user, created_by=by)
    return Invitation(user, absolute(reverse("invitation", args=(secret,))), token.expires_at, by)
