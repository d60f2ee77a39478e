"""How articles and what a search found look to partners."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from helpdesk.core.api.shaping import Shaped
from knowledge.fusion import Band
from knowledge.models import Article
from knowledge.search import Hit


class ArticleSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.CharField()
    slug = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField(help_text="Markdown")
    category = serializers.CharField(source="category.slug", default=None, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), source="keywords")
    language = serializers.CharField()
    status = serializers.ChoiceField(Article.Status.choices)
    audience = serializers.ChoiceField(Article.Audience.choices)
    helpful_count = serializers.IntegerField()
    not_helpful_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    url = serializers.SerializerMethodField()

    def get_url(self, article: Article) -> str:
        return f"{settings.SITE_URL}{article.get_absolute_url()}"


class HitSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="article_id")
    slug = serializers.CharField()
    title = serializers.CharField()
    excerpt = serializers.CharField(allow_blank=True, help_text="Plain text")
    highlight = serializers.CharField(allow_blank=True, help_text="The excerpt as safe HTML: escaped, with <mark> around what was asked")
    category = serializers.CharField(allow_blank=True)
    score = serializers.FloatField(help_text="Raw confidence, 0 to 1: what the bands are set on")
    relevance_score = serializers.FloatField(source="relevance", help_text="How often an answer like this is right, 0 to 1")
    why = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())
    url = serializers.SerializerMethodField()

    def get_url(self, hit: Hit) -> str:
        return f"{settings.SITE_URL}{hit.url}"


class FoundSerializer(serializers.Serializer[Any]):
    results = HitSerializer(many=True, source="hits")
    confidence = serializers.FloatField(help_text="Of the best result, raw")
    band = serializers.ChoiceField([(band.value, band.value) for band in Band])
    by_meaning = serializers.BooleanField(help_text="False: only words could be compared, because the language model is away")
    also = serializers.ListField(child=serializers.CharField(), help_text="What was searched besides: synonyms, right spellings")
    notice = serializers.CharField(allow_blank=True, help_text="How it was searched, in a sentence for people")
