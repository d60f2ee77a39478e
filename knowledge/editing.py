"""Writing articles: start, save a version, ask for review, publish it, send it back, restore an older one.

    article = start(title="Reset your password", by=maya)
    save(article, by=maya, text=Text.of(title, body), base=stamp)       # raises EditConflict when somebody saved meanwhile
    request_review(article, by=maya)
    publish_newest(article, by=priya)                                   # leads, supervisors and admins

Everybody who works here writes; what readers see is decided by leads, supervisors and admins. So a version that is saved
of a published article waits beside it, and of an article that nobody sees yet it is the text at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from helpdesk.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.core.events import record
from helpdesk.core.models import User

from . import publishing
from .checking import Problem, check
from .chunking import READ
from .models import Article, ArticleRevision, Text, WorkingCopy

MOST_CHARACTERS = READ  # of a text: what search reads; more is several articles
LONGEST_TITLE = 250
LATELY = timedelta(minutes=10)  # in which somebody who typed counts as still writing
PUBLISHERS = (User.Role.LEAD, User.Role.SUPERVISOR, User.Role.ADMIN)


class EditConflict(Conflict):
    """Somebody saved another version meanwhile. Nothing was overwritten."""

    def __init__(self, theirs: ArticleRevision) -> None:
        super().__init__(_("%(name)s saved another version meanwhile.") % {"name": theirs.author_name or _("Someone")})
        self.theirs = theirs


class NotReady(Invalid):
    """The text has links or pictures that will not work for its readers."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(_("Look at these before it is published."))
        self.problems = problems


def may_publish(user: User) -> bool:
    return user.is_superuser or user.role in PUBLISHERS


def start(*, title: str, by: User, about: Any = None, **fields: Any) -> Article:
    """A new draft, owned by its author; `about` is the ticket that gave rise to it. Raises Invalid without a title."""
    text = Text.of(title, str(fields.pop("body", "")))
    _accept(text)
    with transaction.atomic():
        article = Article.objects.create(slug=free_slug(text.title), title=text.title, body=text.body, owner=by, **fields)
        if text.body:
            ArticleRevision.objects.keep(article, text, by=by)
        record("article.created", subject=article, by=by, ticket=about, title=article.title, status=article.status)
    return article


def translate(article: Article, *, language: str, by: User) -> Article:
    """A draft of the same article in another language, with the text to translate in it. Raises Conflict when there is one already."""
    original = article.translation_of or article
    with transaction.atomic():
        original = _locked(original)
        if language == original.language or original.translations.filter(language=language).exists():
            raise Conflict(_("This article is there in that language already."))
        return start(
            title=original.title,
            body=original.body,
            by=by,
            language=language,
            translation_of=original,
            category=original.category,
            audience=original.audience,
            keywords=list(original.keywords),
        )


def in_other_languages(article: Article) -> list[Article]:
    """The original and its translations, without this one, by language."""
    original = article.translation_of_id or article.pk
    same = Article.objects.filter(Q(pk=original) | Q(translation_of=original)).exclude(pk=article.pk)
    return list(same.defer("body", "search").order_by("language"))


def free_slug(title: str) -> str:
    """An address that no article has: `reset-your-password`, `reset-your-password-2`; random where the title has no Latin letter."""
    stem = slugify(title)[:150].strip("-") or f"article-{uuid4().hex[:8]}"
    taken = set(Article.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for number in range(1, len(taken) + 2) if (slug := stem if number == 1 else f"{stem}-{number}") not in taken)


def save(
    article: Article, *, by: User, text: Text, base: str, summary: str = "", properties: Mapping[str, Any] | None = None
) -> ArticleRevision:
    """Store a text as the next version, and the article's properties (category, keywords, language, audience, owner ...).

    `base` is the stamp of the version that the author started from. Raises EditConflict when another one was saved since,
    Invalid for a text without title or of more than 200,000 characters, NotAllowed for a property that only publishers set.
    """
    _accept(text)
    with transaction.atomic():
        article = _locked(article)
        newest = ArticleRevision.objects.settled(article)
        if base != newest.stamp != text.stamp:
            raise EditConflict(newest)
        changed = _set_properties(article, properties or {}, by)
        live = article.status == Article.Status.PUBLISHED
        written = newest.stamp != text.stamp
        if written:
            newest = ArticleRevision.objects.keep(article, text, by=by, summary=summary)
            if not live:
                article.title, article.body = text.title, text.body
        if changed or written:
            article.save()
            kind = "article.changed" if changed or not live else "article.version_saved"
            record(kind, subject=article, by=by, title=article.title, status=article.status)
        WorkingCopy.objects.filter(article=article, author=by).delete()
    return newest


def keep_working_copy(article: Article, *, by: User, title: str, body: str, base: str) -> WorkingCopy | None:
    """What the author has typed so far; None when that is just what was saved. Raises Invalid when it is too long to keep."""
    text = Text.of(title[:LONGEST_TITLE], body)
    if len(text.body) > MOST_CHARACTERS:
        raise Invalid(_too_long(text))
    mine = WorkingCopy.objects.filter(article=article, author=by)
    if text.stamp == base:
        mine.delete()
        return None
    fields = {"title": text.title, "body": text.body, "base": base[:32], "saved_at": timezone.now()}
    return WorkingCopy.objects.update_or_create(article=article, author=by, defaults=fields)[0]


def discard_working_copy(article: Article, *, by: User) -> None:
    WorkingCopy.objects.filter(article=article, author=by).delete()


def others_writing(article: Article, user: User) -> list[WorkingCopy]:
    """Who else has typed into this article in the last ten minutes and not saved, newest first."""
    lately = article.working_copies.filter(saved_at__gt=timezone.now() - LATELY).exclude(author=user)
    return list(lately.select_related("author").defer("body").order_by("-saved_at")[:3])


def request_review(article: Article, *, by: User) -> ArticleRevision:
    """Ask a publisher to look at the newest version. Raises Conflict when there is nothing new or the article is archived."""
    with transaction.atomic():
        article = _locked(article)
        newest = ArticleRevision.objects.settled(article)
        if article.status == Article.Status.ARCHIVED or newest.number == 0:
            raise Conflict(_("There is no text to review."))
        if article.status == Article.Status.PUBLISHED and newest.live_since:
            raise Conflict(_("The newest version is published already."))
        newest.review_requested_at = timezone.now()
        newest.save(update_fields=["review_requested_at"])
        if article.status == Article.Status.DRAFT:
            _move(article, Article.Status.REVIEW)
        record("article.review_requested", subject=article, by=by, title=newest.title, status=article.status)
    return newest


def publish_newest(article: Article, *, by: User, despite_problems: bool = False) -> Article:
    """Make the newest version what readers see.

    Raises NotAllowed for agents, NotReady with the list of what will not work, Invalid without a text, Conflict when archived.
    """
    _only_publishers(by)
    with transaction.atomic():
        article = _locked(article)
        newest = ArticleRevision.objects.settled(article)
        if not despite_problems and (problems := check(newest.body, article)):
            raise NotReady(problems)
        if article.status != Article.Status.PUBLISHED:
            return publishing.publish(article, by=by)
        article = publishing.revise(article, by=by, title=newest.title, body=newest.body)
        ArticleRevision.objects.keep(article, newest.text, by=by, live=True)
    return article


def send_back(article: Article, *, by: User) -> Article:
    """Make it a draft again. Of a published article only the version that waits goes back; readers keep what they have.

    An author may take back what waits for review; reviving an archived article is for publishers.
    """
    with transaction.atomic():
        article = _locked(article)
        if article.status == Article.Status.ARCHIVED:
            _only_publishers(by)
        ArticleRevision.objects.filter(article=article).awaiting_review().update(review_requested_at=None)
        if article.status in (Article.Status.REVIEW, Article.Status.ARCHIVED):
            _move(article, Article.Status.DRAFT)
        record("article.sent_back", subject=article, by=by, title=article.title, status=article.status)
    return article


def archive(article: Article, *, by: User) -> Article:
    """Take it away from readers and search. Raises NotAllowed for agents, unless it is a draft that nobody has seen."""
    if article.published_at or article.status != Article.Status.DRAFT:
        _only_publishers(by)
    return publishing.retire(article, by=by)


def restore(article: Article, *, number: int, by: User) -> ArticleRevision:
    """Save an older version again as the newest one; nothing between them is lost. Raises NotFound for an unknown number."""
    with transaction.atomic():
        article = _locked(article)
        newest = ArticleRevision.objects.settled(article)
        older = ArticleRevision.objects.filter(article=article, number=number).first()
        if older is None:
            raise NotFound(_("There is no such version."))
        summary = _("Version %(number)s restored") % {"number": number}
        return save(article, by=by, text=older.text, base=newest.stamp, summary=summary)


def _accept(text: Text) -> None:
    if not text.title:
        raise Invalid(_("An article needs a title."))
    if len(text.title) > LONGEST_TITLE:
        raise Invalid(_("The title is longer than %(most)s characters.") % {"most": LONGEST_TITLE})
    if len(text.body) > MOST_CHARACTERS:
        raise Invalid(_too_long(text))


def _too_long(text: Text) -> str:
    numbers = {"count": f"{len(text.body):,}", "most": f"{MOST_CHARACTERS:,}"}
    return _("The text has %(count)s characters; %(most)s are the most. Split it into several articles.") % numbers


def _set_properties(article: Article, properties: Mapping[str, Any], by: User) -> bool:
    """Raises NotAllowed when an agent would show something to other readers than before, Conflict for an address that is taken."""
    changed = {name: value for name, value in properties.items() if getattr(article, name) != value}
    if "audience" in changed and article.status == Article.Status.PUBLISHED:
        _only_publishers(by)
    if slug := changed.get("slug"):
        if article.published_at:
            raise Conflict(_("The address of an article that was published stays, so that links to it go on working."))
        if Article.objects.filter(slug=slug).exists():
            raise Conflict(_("Another article has the address “%(slug)s”.") % {"slug": slug})
    for name, value in changed.items():
        setattr(article, name, value)
    return bool(changed)


def _only_publishers(user: User) -> None:
    if not may_publish(user):
        raise NotAllowed(_("Leads, supervisors and admins decide what readers see. Send it to review."))


def _locked(article: Article) -> Article:
    return Article.objects.select_for_update().get(pk=article.pk)


def _move(article: Article, status: Article.Status) -> None:
    article.status = status
    article.save(update_fields=["status", "updated_at"])
