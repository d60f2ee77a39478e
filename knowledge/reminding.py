"""Once for each due date, an article's owner is told that it is to be read again."""

from __future__ import annotations

from collections import defaultdict

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.models import User
from knowledge.models import Article


def remind() -> int:
    """Mail every owner one list of what became due; returns how many mails. Without a mail server the lists in the console do."""
    if not settings.EMAIL_URL:
        return 0
    due = Article.objects.exclude(status=Article.Status.ARCHIVED).filter(review_due__lte=timezone.localdate(), owner__is_active=True)
    new = due.filter(Q(reminded_for=None) | ~Q(reminded_for=F("review_due"))).select_related("owner").order_by("review_due", "title")
    owners: dict[User, list[Article]] = defaultdict(list)
    for article in new:
        if article.owner:
            owners[article.owner].append(article)
    for owner, articles in owners.items():
        _tell(owner, articles)
        Article.objects.filter(pk__in=[article.pk for article in articles]).update(reminded_for=F("review_due"))
    return len(owners)


def _tell(owner: User, articles: list[Article]) -> None:
    text = render_to_string("knowledge/console/reminder.txt", {"owner": owner, "articles": articles, "site": settings.SITE_URL})
    EmailMessage(_("Articles to read again: %(n)d") % {"n": len(articles)}, text, to=[owner.email]).send()
