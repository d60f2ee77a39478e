"""`/api/v1/macros/`: shared macros. Agents' personal ones are theirs alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.core.api.base import StrictSerializer, refuse_stale
from helpdesk.core.api.listing import Listed, Shown
from helpdesk.core.api.shaping import Shaped, parameters, tagged
from helpdesk.core.models import User
from knowledge.models import Category
from tickets import macros
from tickets.models import Macro, Queue, Ticket
from tickets.models.macro import LONGEST, MOST_TAGS


class MacroSerializer(Shaped, serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    text = serializers.CharField(help_text="With variables, for example {{customer.first_name}}")
    queue = serializers.CharField(
        source="queue.slug", default=None, allow_null=True, help_text="The team that it is shared with; null: all"
    )
    personal = serializers.SerializerMethodField()
    category = serializers.CharField(source="category.slug", default=None, allow_null=True)
    language = serializers.CharField()
    set_status = serializers.CharField()
    set_priority = serializers.CharField()
    assign = serializers.CharField()
    move_to = serializers.CharField(source="move_to.slug", default=None, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    used = serializers.IntegerField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_personal(self, macro: Macro) -> bool:
        return macro.owner_id is not None


def _slug(model: Any, help_text: str = "") -> serializers.SlugRelatedField[Any]:
    return serializers.SlugRelatedField(
        slug_field="slug", queryset=model.objects.all(), required=False, allow_null=True, help_text=help_text
    )


class MacroInput(StrictSerializer):
    title = serializers.CharField(max_length=120)
    text = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, trim_whitespace=False)
    queue = _slug(Queue)
    category = _slug(Category)
    language = serializers.CharField(max_length=12, required=False, allow_blank=True)
    set_status = serializers.ChoiceField(Ticket.Status.choices, required=False, allow_blank=True)
    set_priority = serializers.ChoiceField(Ticket.Priority.choices, required=False, allow_blank=True)
    assign = serializers.ChoiceField([one for one in Macro.Assign.choices if one[0]], required=False, allow_blank=True)
    move_to = _slug(Queue)
    tags = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=MOST_TAGS)


class MacroFilter(filters.FilterSet):  # type: ignore[misc]
    queue = filters.CharFilter(field_name="queue__slug", max_length=80)
    category = filters.CharFilter(field_name="category__slug", max_length=60)
    language = filters.CharFilter(max_length=12)
    search = filters.CharFilter(method="matching", max_length=100, label="Words in title, text or category")

    def matching(self, queryset: QuerySet[Macro], _name: str, value: str) -> QuerySet[Macro]:
        return queryset.filter(pk__in=macros.search(self.request.user, value.replace("\x00", "")).values("pk"))


class MacroList(Listed):
    scope = "tickets"
    serializer_class = MacroSerializer
    filterset_class = MacroFilter
    queryset = Macro.objects.none()

    def get_queryset(self) -> QuerySet[Macro]:
        return macros.search(self.request.user)  # type: ignore[no-any-return]

    @extend_schema(operation_id="macros_list", responses=MacroSerializer(many=True), parameters=parameters(MacroSerializer))
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @extend_schema(operation_id="macros_create", request=MacroInput, responses={201: MacroSerializer})
    def post(self, request: Request) -> Response:
        """A shared macro; one of an agent's own session is theirs alone, unless they may share."""
        entered = MacroInput(data=request.data)
        entered.is_valid(raise_exception=True)
        by: Any = request.user
        own = isinstance(by, User) and not by.oversees
        if own and entered.validated_data.get("queue"):
            raise PermissionDenied
        macro = Macro(**entered.validated_data, owner=by if own else None, created_by=by if isinstance(by, User) else None)
        _check_right(macro, by)
        return _answer(macros.save(macro, by=by), status=201)


class MacroDetail(Shown):
    scope = "tickets"
    serializer_class = MacroSerializer
    queryset = Macro.objects.none()

    @extend_schema(operation_id="macros_read", responses=MacroSerializer, parameters=parameters(MacroSerializer))
    def get(self, request: Request, pk: UUID) -> Response:
        found = _macro(request, pk)
        return self.shown(request, found, version=_version(found))

    @extend_schema(operation_id="macros_change", request=MacroInput, responses=MacroSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        macro = _to_change(request, pk)
        entered = MacroInput(data=request.data, partial=True)
        entered.is_valid(raise_exception=True)
        if macro.owner_id and entered.validated_data.get("queue"):
            raise PermissionDenied
        for name, value in entered.validated_data.items():
            setattr(macro, name, value)
        _check_right(macro, request.user)  # also where it is put now
        return _answer(macros.save(macro, by=request.user))  # type: ignore[arg-type]

    @extend_schema(operation_id="macros_delete", responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        macros.remove(_to_change(request, pk), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)


def _check_right(macro: Macro, by: Any) -> None:
    if not macro.may_be_changed_by(by):
        raise PermissionDenied(_("This macro is shared; supervisors and the leads of its team may change it."))


def _macro(request: Request, pk: UUID) -> Macro:
    found = macros.search(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found  # type: ignore[no-any-return]


def _to_change(request: Request, pk: UUID) -> Macro:
    macro = _macro(request, pk)
    _check_right(macro, request.user)
    refuse_stale(request, _version(macro))
    return macro


def _answer(macro: Macro, status: int = 200) -> Response:
    return tagged(MacroSerializer(macro).data, status, version=_version(macro))


def _version(macro: Macro) -> str:
    return macro.updated_at.isoformat()
