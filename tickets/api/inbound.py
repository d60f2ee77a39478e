"""The generic signed webhook: `POST /api/v1/inbound/<hook id>/` for messages, `…/dealings/` for what customers buy and subscribe to.

`X-Signature: sha256=<hex HMAC of "{timestamp}.{body}">` with the hook's secret, `X-Timestamp` in Unix seconds (refused
when more than five minutes off), `X-Event-Id` unique for each message: fifty posts of one event are one message.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers import dealings, identity
from customers.api.dealing_input import DealingInput, DealingOutput
from customers.memory import ConsentRequired, Source
from helpdesk.core.api.base import StrictSerializer
from helpdesk.core.errors import Invalid, NotAllowed
from tickets import intake
from tickets.channels.base import InboundMessage, Sender
from tickets.models import InboundHook, Ticket

from .input import NewTicketInput, files_of, partners_metadata
from .representation import MessageSerializer

TOLERANCE = 300  # seconds that a clock may be off, and that a recorded post stays valid
_HEADERS = [OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True) for name in ("X-Signature", "X-Timestamp", "X-Event-Id")]


class InboundInput(NewTicketInput):
    """The same fields as a new ticket."""


class Signed(APIView):
    authentication_classes = ()  # the signature is the credential
    permission_classes = (AllowAny,)
    throttle_classes = ()

    def proven(self, request: Request, hook: uuid.UUID) -> tuple[InboundHook, str]:
        """The hook and the event's id. Raises Http404, NotAllowed for a bad signature, Invalid without an id."""
        found = InboundHook.objects.select_related("queue").filter(pk=hook, is_active=True).first()
        if found is None:
            raise Http404
        _verify(request, found.secret)
        event_id = request.headers.get("X-Event-Id", "").strip()
        if not event_id or len(event_id) > 255:  # noqa: PLR2004 - the column's width
            raise Invalid(_("X-Event-Id must name the event, in at most 255 characters."))
        return found, event_id


class Inbound(Signed):
    @extend_schema(operation_id="inbound_webhook", request=InboundInput, responses={200: MessageSerializer}, parameters=_HEADERS, auth=[])
    def post(self, request: Request, hook: uuid.UUID) -> Response:
        found, event_id = self.proven(request, hook)
        entered: StrictSerializer = InboundInput(data=request.data)
        entered.is_valid(raise_exception=True)
        message = intake.receive(_inbound(found, event_id, entered.validated_data))
        return Response(MessageSerializer(message).data)


class Dealings(Signed):
    @extend_schema(operation_id="inbound_dealings", request=DealingInput, responses={200: DealingOutput}, parameters=_HEADERS, auth=[])
    def post(self, request: Request, hook: uuid.UUID) -> Response:
        """What a customer bought or subscribed to. Nobody whom we know has agreed: an unknown one is refused as one without consent."""
        found, event_id = self.proven(request, hook)
        entered = DealingInput(data=request.data)
        entered.is_valid(raise_exception=True)
        customer = identity.find(**entered.validated_data["customer"])
        if customer is None:
            raise ConsentRequired
        named = hashlib.sha256(f"{found.pk}:{event_id}".encode()).hexdigest()  # as long as the column, whatever they call it
        node = dealings.take(customer, entered.dealing(), source=Source("billing", named))
        return Response({"id": str(node.pk), "customer_id": str(customer.pk)})


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that X-Signature must carry."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _verify(request: Request, secret: str) -> None:
    timestamp = request.headers.get("X-Timestamp", "")
    fresh = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12 and abs(time.time() - int(timestamp)) <= TOLERANCE  # noqa: PLR2004
    expected = sign(secret, timestamp, request.body)  # type: ignore[attr-defined]
    given = request.headers.get("X-Signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")) or not fresh:
        raise NotAllowed(_("The signature is not valid."))


def _inbound(hook: InboundHook, event_id: str, data: dict[str, object]) -> InboundMessage:
    customer: dict[str, str] = data.get("customer") or {"external_id": data.get("customer_id", "")}  # type: ignore[assignment]
    return InboundMessage(
        channel=Ticket.Channel.WEBHOOK,
        sender=Sender(
            email=customer.get("email", ""),
            phone=customer.get("phone", ""),
            name=customer.get("name", ""),
            external_id=customer.get("external_id", ""),
        ),
        subject=str(data.get("subject", "")),
        body_text=str(data["body"]),
        external_id=f"{hook.pk}:{event_id}",
        verified="pass",
        queue=str(data.get("queue") or (hook.queue.slug if hook.queue else "")),
        priority=str(data.get("priority", "")),
        tags=tuple(data.get("tags", ())),  # type: ignore[arg-type]
        attachments=files_of(data),
        metadata=partners_metadata(data),
    )
