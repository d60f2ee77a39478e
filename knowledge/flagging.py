"""Saying that a passage of an article should be better, and settling it. The article itself is changed in the editor.

one = flag(article, by=maya, kind="outdated", passage="Press Export.", note="The button is called Download now.")
settle(one, by=priya, outcome="fixed")
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.events import record
from helpdesk.core.models import User
from knowledge.models import Article, PassageFlag

LONGEST = 1_000  # characters of a passage, and of a note
MOST = 12


def flag(article: Article, *, by: User, kind: str, passage: str = "", note: str = "") -> PassageFlag:
    """Write it down for the owner. The same passage with the same fault is one flag. Raises Invalid for no such kind, or nothing said."""
    passage, note = (" ".join(text.replace("\x00", "").split())[:LONGEST] for text in (passage, note))
    if kind not in PassageFlag.Kind.values:
        raise Invalid(_("Say what is the matter."), errors={"kind": [_("Choose one.")]})
    if not passage and not note:
        raise Invalid(_("Name the passage, or say what is the matter."), errors={"passage": [_("This field is required.")]})
    with transaction.atomic():
        Article.objects.select_for_update().only("pk").get(pk=article.pk)
        known = PassageFlag.objects.open().filter(article=article, passage=passage, kind=kind, note=note).first()
        if known:
            return known
        made = PassageFlag.objects.create(article=article, passage=passage, kind=kind, note=note, by=by)
        record("article.flagged", subject=article, by=by, title=article.title, status=kind)
    return made


def settle(flagged: PassageFlag, *, by: User, outcome: str) -> None:
    """It is put right, or right as it is. Raises Conflict when it was settled before."""
    if outcome not in PassageFlag.Outcome.values:
        raise Invalid(_("There is no such outcome."))
    with transaction.atomic():
        still = PassageFlag.objects.open().filter(pk=flagged.pk)
        if not still.update(outcome=outcome, resolved_by=by, resolved_at=timezone.now()):
            raise Conflict(_("This was settled before."))
        record("article.flag_settled", subject=flagged.article, by=by, title=flagged.article.title, status=outcome)


def to_improve(owner: User | None = None) -> QuerySet[Article]:
    """Living articles with open flags, those flagged last first; `owner`: theirs and those of nobody."""
    articles = Article.objects.exclude(status=Article.Status.ARCHIVED).filter(flags__resolved_at=None, flags__isnull=False)
    if owner is not None:
        articles = articles.filter(owner=owner) | articles.filter(owner=None)
    return articles.select_related("owner").annotate(flagged=Count("flags"), flagged_at=Max("flags__created_at")).order_by("-flagged_at")


def stands(passage: str, body: str) -> bool:
    """Whether the words are still in the text, whatever its marks and line breaks."""
    return bool(passage) and _plain(passage) in _plain(body)


def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())
