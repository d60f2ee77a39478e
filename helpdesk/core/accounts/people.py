"""What may be done to a colleague's account: another role, off, on again. Never to oneself, nor to someone above."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict, NotAllowed
from helpdesk.core.events import record
from helpdesk.core.models import User

from .invitations import roles_given_by
from .sessions import end_all


def set_role(user: User, role: str, *, by: User) -> None:
    """Give another role. Raises NotAllowed above one's own rank or on oneself, Conflict for the last admin."""
    if role == user.role:
        return
    _guard(user, by)
    if role not in dict(roles_given_by(by)):
        raise NotAllowed(_("You cannot give a role above your own."))
    with transaction.atomic():
        _keep_an_admin(user)
        old, user.role = user.role, role
        user.save(update_fields=["role"])
        record("user.changed", subject=user, by=by, old=old, new=role)


def deactivate(user: User, *, by: User) -> None:
    """Lock someone out at once: every session ends with their next request. What they wrote stays."""
    _guard(user, by)
    with transaction.atomic():
        _keep_an_admin(user)
        _turn(user, False, by)


def reactivate(user: User, *, by: User) -> None:
    _guard(user, by)
    if not user.has_usable_password() and user.last_login is None:
        raise Conflict(_("This person has not joined yet. Send a new invitation."))
    with transaction.atomic():
        _turn(user, True, by)


def reset_second_step(user: User, *, by: User) -> None:
    """For someone who lost phone and codes: code generator, passkeys and recovery codes go, every session ends. The password stays."""
    _guard(user, by)
    with transaction.atomic():
        gone, _each = Authenticator.objects.filter(user=user).delete()
        if gone:
            record("user.changed", subject=user, by=by, old="two-step", new="none")
    end_all(user)


def _turn(user: User, active: bool, by: User) -> None:
    if user.is_active != active:
        user.is_active = active
        user.save(update_fields=["is_active"])
        record("user.changed", subject=user, by=by, old="active" if not active else "off", new="active" if active else "off")


def _guard(user: User, by: User) -> None:
    if user.pk == by.pk:
        raise NotAllowed(_("You cannot change your own account here."))
    if user.role not in dict(roles_given_by(by)) or (user.is_superuser and not by.is_superuser):
        raise NotAllowed(_("Only someone of the same or a higher role can change this account."))


def _keep_an_admin(user: User) -> None:
    """Locks the admins, so that two people cannot remove each other at once."""
    admins = list(User.objects.select_for_update().filter(role=User.Role.ADMIN, is_active=True))
    if admins == [user]:
        raise Conflict(_("This is the last admin. Make someone else admin first."))
