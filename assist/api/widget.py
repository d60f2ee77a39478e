"""`/api/widget/`: what the chat widget asks for besides the chat itself. Who asks is a visitor with a bearer token; no cookie counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assist.chat import carrying, identities, visitors
from assist.chat.visitors import Visitor
from assist.models import ChatSession, WidgetSite
from assist.widget import files, hours, thread
from helpdesk.core import limits
from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.clock import iso
from helpdesk.core.errors import HelpdeskError, NotAllowed, NotFound

from .visitor_authentication import VisitorAuthentication, bearer

MOST_VISITS, MOST_FILES, PER = 300, 30, timedelta(hours=1)  # new strangers from one address; files of one visitor


class TooMany(HelpdeskError):
    """Too much was sent from here in the last hour. Wait a while."""

    code = "too-many-requests"
    status = 429


class IsVisitor(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Visitor)


class VisitInput(StrictSerializer):
    site = serializers.CharField(max_length=40)
    origin = serializers.CharField(max_length=260, required=False, allow_blank=True, help_text="Of the page that shows the frame.")
    identity = serializers.CharField(max_length=identities.LONGEST, required=False, allow_blank=True)


class VisitOutput(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Bearer token of this visitor, bound to this site.")
    expires_in = serializers.IntegerField(help_text="Seconds; renew it by asking for a visit with it.")
    user_id = serializers.CharField()
    verified = serializers.BooleanField()
    name = serializers.CharField()
    email = serializers.CharField()
    open = serializers.BooleanField(help_text="Whether people are there now.")
    back = serializers.DateTimeField(allow_null=True, help_text="When they come back, while they are not.")
    session_id = serializers.CharField(required=False, help_text="The chat that was begun as a stranger, where it goes on as theirs.")


class Visits(APIView):
    """A visit begins, or goes on: by a signed identity, by the token of before, or as a stranger."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="widget_visit", request=VisitInput, responses={201: VisitOutput}, auth=[])
    def post(self, request: Request) -> Response:
        entered = VisitInput(data=request.data)
        entered.is_valid(raise_exception=True)
        said = entered.validated_data
        site = WidgetSite.objects.named(said["site"])
        if site is None:
            raise NotFound
        _refuse_other_origins(request, site, said.get("origin", ""))
        visitor, token, going = _visit(request, site, said.get("identity", ""))
        carried = {"session_id": going.session_id} if going else {}
        return Response(_as_json(visitor, token) | carried, status=201, headers={"Cache-Control": "no-store"})


class VisitorView(APIView):
    authentication_classes = (VisitorAuthentication,)
    permission_classes = (IsVisitor,)


class IntroductionInput(StrictSerializer):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=320, required=False, allow_blank=True, default="")


class Introductions(VisitorView):
    """What a visitor says of themselves before the chat. It proves nothing."""

    @extend_schema(operation_id="widget_introduction", request=IntroductionInput, responses={204: None})
    def post(self, request: Request) -> Response:
        entered = IntroductionInput(data=request.data)
        entered.is_valid(raise_exception=True)
        visitors.introduce(me(request), **entered.validated_data)
        return Response(status=204)


class Departures(VisitorView):
    """They signed out of the website: the token ends."""

    @extend_schema(operation_id="widget_departure", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        visitors.leave(me(request))
        return Response(status=204)


class WidgetFileInput(StrictSerializer):
    session_id = serializers.CharField(max_length=100)
    client_id = serializers.CharField(max_length=100)


class Files(VisitorView):
    """One file, as a form: `file`, `session_id`, `client_id`."""

    parser_classes = (MultiPartParser,)

    @extend_schema(operation_id="widget_file", request=WidgetFileInput, responses={201: None})
    def post(self, request: Request) -> Response:
        file = request.FILES.get("file")
        if file is None:
            raise files.FileRefused
        if not limits.spend("widget-file", str(me(request).pk), limit=MOST_FILES, window=PER):
            raise TooMany
        said = WidgetFileInput(data={name: request.POST[name] for name in request.POST})
        said.is_valid(raise_exception=True)
        session = thread.enter(me(request), said.validated_data["session_id"])
        line, kept = files.send(session, file, client_id=said.validated_data["client_id"])
        return Response({"message_id": str(line.pk), "n": line.n, "name": kept.name, "size": kept.size}, status=201)


def _visit(request: Request, site: WidgetSite, identity: str) -> tuple[Visitor, str, ChatSession | None]:
    """Who comes, their token, and the chat that a stranger in the same browser was in until now."""
    if identity:
        visitor, token = visitors.enter_as(site, identities.verify(site, identity))
        return visitor, token, carrying.carry(visitors.from_token(bearer(request)), visitor)
    known = visitors.renew(bearer(request))
    if known is not None and known[0].site.pk == site.pk:
        return *known, None
    if not limits.spend("widget-visit", limits.client_address(request._request), limit=MOST_VISITS, window=PER):
        raise TooMany
    return *visitors.enter(site), None


def _refuse_other_origins(request: Request, site: WidgetSite, shown_by: str) -> None:
    """The frame is of our own origin; what stands around it is on the site's list. Browsers name both; a tool that names none may ask."""
    ours = f"{request.scheme}://{request.get_host()}"
    if request.headers.get("Origin", ours) != ours or (shown_by not in ("", ours) and not site.allows(shown_by)):
        raise NotAllowed(_("This website may not show our chat."))


def _as_json(visitor: Visitor, token: str) -> dict[str, Any]:
    back = hours.back_at(visitor.site)
    return {
        "token": token,
        "expires_in": int(visitors.LIFETIME.total_seconds()),
        "user_id": visitor.user_id,
        "verified": visitor.verified,
        "name": visitor.row.name or (visitor.customer.name if visitor.verified else ""),
        "email": visitor.email,
        "open": back is None,
        "back": iso(back) if back else None,
    }


def me(request: Request) -> Visitor:
    return cast(Visitor, request.user)
