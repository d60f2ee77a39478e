"""`/api/v1/tickets/<number>/summary/`: a ticket and its customer in short; POST makes it anew, by the model where there is one."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assist import summaries
from customers.access_log import note_read
from tickets.api.tickets import find
from tickets.models import Ticket


class SummaryLineOutput(serializers.Serializer[Any]):
    part = serializers.ChoiceField(choices=list(summaries.PARTS))
    text = serializers.CharField()
    message = serializers.CharField(help_text="The message that it rests on.")


class OneSummaryOutput(serializers.Serializer[Any]):
    engine = serializers.ChoiceField(choices=["local", "model"])
    made_at = serializers.DateTimeField()
    stale = serializers.BooleanField(help_text="Somebody has written since.")
    lines = SummaryLineOutput(many=True)


class SummaryOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="Its number.")
    summaries = OneSummaryOutput(many=True, help_text="The best first. The local engine's is always there and never stale.")
    stands = serializers.CharField(help_text="Where the ticket stands this moment.")
    customer = serializers.ListField(child=serializers.CharField(), help_text="At most three lines; what is remembered by consent only.")
    text = serializers.CharField(help_text="The best one in words, without what is remembered of the customer.")
    refused = serializers.CharField(allow_blank=True, help_text="Why there is no newer one of the model, after a POST.")


class TicketSummaries(APIView):
    scope = "tickets"

    @extend_schema(operation_id="tickets_summary", responses=SummaryOutput)
    def get(self, request: Request, number: str) -> Response:
        return _answer(request, find(request, number))

    @extend_schema(operation_id="tickets_summarise", request=None, responses=SummaryOutput)
    def post(self, request: Request, number: str) -> Response:
        """Make it anew. Where the model does not answer, `refused` says why, and the local engine's stands."""
        ticket = find(request, number)
        return _answer(request, ticket, refused=summaries.renew(ticket))


def _answer(request: Request, ticket: Ticket, *, refused: str = "") -> Response:
    note_read(request.user, ticket.customer_id, "summary", ticket.number)
    found = summaries.of(ticket, viewer=request.user)
    said = {"ticket": ticket.number, "summaries": found.summaries, "customer": found.customer}
    return Response(SummaryOutput({**said, "stands": found.stands, "text": found.text, "refused": refused}).data)
