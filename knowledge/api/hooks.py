"""What monitors and hosted status pages post.

`POST /api/v1/status/alertmanager/` and `…/statuspage/` take an API key with `status:write`. A system that cannot send a header
posts to `…/hooks/<token>/`: the token is the credential, and is no API key.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from knowledge.models import StatusHook
from knowledge.status import alertmanager, status_page

TAKERS: dict[str, Any] = {StatusHook.Kind.ALERTMANAGER: alertmanager.take, StatusHook.Kind.STATUS_PAGE: status_page.take}


class Alertmanager(APIView):
    scope = "status"

    @extend_schema(operation_id="status_alertmanager", request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        """Alertmanager's webhook, version 4."""
        return Response(alertmanager.take(request.data, by=request.user))  # type: ignore[arg-type]


class StatusPage(APIView):
    scope = "status"

    @extend_schema(operation_id="status_page_hook", request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        """A hosted status page's webhook."""
        return Response(status_page.take(request.data, by=request.user))  # type: ignore[arg-type]


class Hook(APIView):
    authentication_classes = ()  # the token in the path is the credential
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @extend_schema(operation_id="status_hook", request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT, auth=[])
    def post(self, request: Request, token: str) -> Response:
        hook = StatusHook.of(token)
        if hook is None:
            raise Http404
        answer = TAKERS[hook.kind](request.data, by=None)
        StatusHook.objects.filter(pk=hook.pk).update(last_used_at=timezone.now())
        return Response(answer)
