"""Articles, through knowledge publishing, and the state of the company's own systems."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from helpdesk.core.models import Event, Receipt, User
from knowledge import indexing, publishing
from knowledge.models import Article, Category, Component, Deployment, Incident, IncidentUpdate

from .moments import Moments
from .source import WrittenArticle, articles, demo_id, status


def load_articles(agents: dict[str, User], categories: dict[str, Category], at: Moments) -> dict[str, Article]:
    """Every article, published when its file says. An article of the company's own with the same address stays as it is."""
    owners = {agent.email: agent for agent in agents.values()}
    with transaction.atomic():
        return {written.slug: _article(written, owners.get(written.owner), categories.get(written.category), at) for written in articles()}


def index_articles(loaded: dict[str, Article], advance: Callable[[int], None]) -> None:
    """Make them all findable at once, and tick off what the worker would otherwise do one by one. Raises EmbeddingUnavailable."""
    ids = [article.pk for article in loaded.values()]
    indexing.index_articles(Article.objects.filter(pk__in=ids).select_related("category"), advance)
    of_these = {"event__kind__startswith": "article.", "event__subject_id__in": [str(pk) for pk in ids]}
    done = ("knowledge.reindex_article", "helpdesk.tell_webhooks")  # of the demonstration no partner needs to hear
    Receipt.objects.filter(Receipt.OPEN, subscriber__in=done, **of_these).update(done_at=timezone.now())


def _article(written: WrittenArticle, owner: User | None, category: Category | None, at: Moments) -> Article:
    own_id, published = (
        demo_id("article", written.slug),
        at.ago(days=written.published_days_ago, minutes=written.published_days_ago * 97 % 480),
    )
    if other := Article.objects.filter(slug=written.slug).exclude(pk=own_id).first():
        return other
    texts = {name: getattr(written, name) for name in ("title", "body", "keywords", "audience", "language")}
    fields = {**texts, "category": category, "owner": owner}
    begun = {"slug": written.slug, "published_at": published, "created_at": published - timedelta(days=3)}
    article, new = Article.objects.get_or_create(pk=own_id, defaults={**fields, **begun})
    if new:
        article = publishing.publish(article, by=owner)
        Event.objects.filter(subject_id=str(article.pk), kind="article.published").update(occurred_at=published)
        Article.objects.filter(pk=article.pk).update(updated_at=published)
        return article
    return publishing.revise(article, by=owner, **fields)


def load_status(at: Moments) -> None:
    """Components, incidents with their updates, deployments; times counted back from now."""
    written = status()
    components = {row["slug"]: _component(row, position) for position, row in enumerate(written["components"])}
    for row in written["incidents"]:
        _incident(row, components, at)
    for row in written["deployments"]:
        fields = {"component": components[row["component"]], "summary": row["summary"], "deployed_at": at.ago(**_when(row["deployed"]))}
        Deployment.objects.update_or_create(pk=demo_id("deployment", row["version"]), defaults={"version": row["version"], **fields})


def _component(row: dict[str, Any], position: int) -> Component:
    other = Component.objects.filter(slug=row["slug"]).exclude(pk=demo_id("component", row["slug"])).first()
    return other or Component.objects.update_or_create(pk=demo_id("component", row["slug"]), defaults={**row, "position": position})[0]


def _incident(row: dict[str, Any], components: dict[str, Component], at: Moments) -> None:
    own_id = demo_id("incident", row["reference"])
    if Incident.objects.filter(reference=row["reference"]).exclude(pk=own_id).exists():
        return
    texts = {name: row[name] for name in ("reference", "title", "description", "status", "impact")}
    times: dict[str, datetime | None] = {
        "started_at": at.ago(**_when(row["started"])),
        "resolved_at": at.ago(**_when(row["resolved"])) if row["resolved"] else None,
    }
    soon = row.get("next_update_in_minutes")
    times["next_update_at"] = at.now + timedelta(minutes=soon) if soon else None
    incident, _ = Incident.objects.update_or_create(pk=own_id, defaults={**texts, **times})
    incident.components.set([components[slug] for slug in row["components"]])
    for number, update in enumerate(row["updates"]):
        fields = {"incident": incident, "status": update["status"], "text": update["text"], "at": at.ago(**_when(update))}
        IncidentUpdate.objects.update_or_create(pk=demo_id("update", f"{row['reference']}/{number}"), defaults=fields)


def _when(row: dict[str, Any]) -> dict[str, int]:
    return {"days": row.get("days_ago", 0), "minutes": row.get("minutes_ago", 0)}
