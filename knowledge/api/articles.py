"""`/api/v1/articles/` and `/api/v1/search/`: what the caller may see, and nothing else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.api.filters import MomentFilter
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.paging import Cursor
from helpdesk.core.api.shaping import parameters
from knowledge.models import Article
from knowledge.search import MOST_HITS, Narrowing, find

from .representation import ArticleSerializer, FoundSerializer

LONGEST_QUERY = 4_000


class ArticleFilter(filters.FilterSet):  # type: ignore[misc]
    category = filters.CharFilter(field_name="category__slug", max_length=60)
    tag = filters.CharFilter(method="tagged", max_length=80)
    language = filters.CharFilter(max_length=12)
    audience = filters.ChoiceFilter(choices=Article.Audience.choices)
    status = filters.ChoiceFilter(choices=Article.Status.choices)
    updated_after = MomentFilter(field_name="updated_at", lookup_expr="gte")
    search = filters.CharFilter(method="matching", max_length=200, label="Words in title or address")

    def tagged(self, queryset: QuerySet[Article], _name: str, value: str) -> QuerySet[Article]:
        return queryset.filter(keywords__contains=[value])

    def matching(self, queryset: QuerySet[Article], _name: str, value: str) -> QuerySet[Article]:
        for word in value.split()[:10]:
            queryset = queryset.filter(Q(title__icontains=word) | Q(slug__icontains=word))
        return queryset


class ArticleCursor(Cursor):
    allowed = ("created_at", "updated_at", "title")


class ArticleList(Listed):
    scope = "articles"
    serializer_class = ArticleSerializer
    pagination_class = ArticleCursor
    filterset_class = ArticleFilter
    queryset = Article.objects.none()

    def get_queryset(self) -> QuerySet[Article]:
        return Article.objects.visible_to(self.request.user).select_related("category").defer("search")

    @extend_schema(operation_id="articles_list", responses=ArticleSerializer(many=True), parameters=parameters(ArticleSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)


class ArticleDetail(Shown):
    scope = "articles"
    serializer_class = ArticleSerializer
    queryset = Article.objects.none()

    @extend_schema(operation_id="articles_read", responses=ArticleSerializer, parameters=parameters(ArticleSerializer))
    def get(self, request: Request, slug: str) -> Response:
        found = _article(request, slug)
        return self.shown(request, found, version=found.updated_at.isoformat())


class SearchInput(StrictSerializer):
    """Query parameters of a search."""

    q = serializers.CharField(max_length=LONGEST_QUERY, help_text="What is asked: a few words, or a whole message")
    limit = serializers.IntegerField(min_value=1, max_value=MOST_HITS, default=5)
    asked_in = serializers.CharField(max_length=12, default="en", help_text="Language of the question")
    category = serializers.CharField(max_length=60, required=False)
    tag = serializers.CharField(max_length=80, required=False)
    language = serializers.CharField(max_length=12, required=False, help_text="Only articles in this language")
    audience = serializers.ChoiceField(Article.Audience.choices, required=False)
    updated_since = serializers.DateTimeField(required=False)


class Search(generics.GenericAPIView):  # type: ignore[type-arg]
    scope = "articles"
    serializer_class = FoundSerializer
    filter_backends = ()
    pagination_class = None
    queryset = Article.objects.none()

    @extend_schema(operation_id="search", parameters=[SearchInput], responses=FoundSerializer)
    def get(self, request: Request) -> Response:
        entered = SearchInput(data=request.query_params.dict())
        entered.is_valid(raise_exception=True)
        asked: dict[str, Any] = dict(entered.validated_data)
        text, limit, language = asked.pop("q"), asked.pop("limit"), asked.pop("asked_in")
        found = find(text, viewer=request.user, limit=limit, language=language, narrowing=Narrowing(**asked))
        return Response(FoundSerializer(found).data)


def _article(request: Request, reference: str) -> Article:
    """By id or by address (slug). Raises Http404 for one that the caller may not see."""
    try:
        wanted = Q(pk=UUID(reference))
    except ValueError:
        wanted = Q(slug=reference[:160])
    found = Article.objects.visible_to(request.user).select_related("category").filter(wanted).first()
    if found is None:
        raise Http404
    return found
