"""`/api/v1/memory/`: observe, consents, recall, infuse (contract section 5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers import identity, memory
from customers.memory import ConsentRequired, Observed, Query, Source
from customers.memory.rights import ticket_of
from customers.models import ConsentEntry, Customer
from customers.models.memory import shown

from .memory_input import ConsentInput, InfuseInput, NodeInput, RecallInput, words_of


class Observe(APIView):
    scope = "memory"

    @extend_schema(operation_id="memory_observe", request=NodeInput, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Remember one node. Raises consent-required (403) without the customer's leave."""
        given = _valid(NodeInput, request)
        content, kind = given["content"], NodeInput.CONTENT[given["node_type"]].kind  # type: ignore[attr-defined]
        metadata, times = given.get("metadata") or {}, given.get("temporal") or {}
        about = _concerned(given["node_type"], content, request.user)
        node = memory.observe(
            about,
            Observed(
                node_type=given["node_type"],
                kind=content[kind],
                text=words_of(given["node_type"], content),
                content=dict(content),
                starts=times.get("start_time"),
                ends=times.get("end_time"),
                importance=metadata.get("importance", 0.5),
                channel=metadata.get("channel", ""),
                category=metadata.get("category", ""),
                ticket=ticket_of(metadata.get("ticket_id", "")),
                metadata=dict(metadata),
                entity_ref=content.get("entity_id", ""),
            ),
            source=Source("api"),
        )
        return Response({"id": str(node.pk)}, status=201)


class Consents(APIView):
    scope = "memory"

    @extend_schema(operation_id="memory_consent", request=ConsentInput, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Note what a customer agreed to."""
        given = _valid(ConsentInput, request)
        entry = memory.grant(_customer(given, request.user), days=given["expiration_days"], **_scope(given), source="API", by=request.user)
        return Response(_entry(entry, given["user_id"]), status=201)

    @extend_schema(operation_id="memory_consent_revoke", request=ConsentInput, responses={200: OpenApiTypes.OBJECT})
    def delete(self, request: Request) -> Response:
        """Note that they took it back: all of it, or the types and purposes that are named."""
        given = _valid(ConsentInput, request)
        entry = memory.revoke(_customer(given, request.user), **_scope(given), source="API", by=request.user)
        return Response(_entry(entry, given["user_id"]))


class Recall(APIView):
    scope = "memory"
    scopes: ClassVar[dict[str, str]] = {"POST": "memory:read"}

    @extend_schema(operation_id="memory_recall", request=RecallInput, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        found = memory.recall(_query(_valid(RecallInput, request)), viewer=request.user, why="API recall")
        return Response({"results": [{"node": shown(one.node), "score": one.score, "parts": one.parts} for one in found]})


class Infuse(APIView):
    scope = "memory"
    scopes: ClassVar[dict[str, str]] = {"POST": "memory:read"}

    @extend_schema(operation_id="memory_infuse", request=InfuseInput, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        given = _valid(InfuseInput, request)
        told = {"model_type": given["model_type"], "max_tokens": given["max_tokens"]}
        prompt, sources = memory.infuse(given["prompt"], _query(given["query"]), viewer=request.user, why="API infuse", **told)
        return Response({"prompt": prompt, "sources": sources})


def _valid(shape: Any, request: Request) -> dict[str, Any]:
    entered = shape(data=request.data)
    entered.is_valid(raise_exception=True)
    return dict(entered.validated_data)


def _concerned(node_type: str, content: dict[str, Any], viewer: Any) -> list[Customer]:
    """The customers whom a node concerns. Nobody whom we know has agreed, so an unknown subject is refused as one without consent."""
    if node_type == "Entity":
        if content["entity_type"] != "Customer":
            return []
        with transaction.atomic():
            return [identity.resolve(customer_id=content["entity_id"], external_id=content["entity_id"], name=content["name"])]
    ids = [content["subject_id"]] if node_type == "Observation" else [one["entity_id"] for one in content["participants"]]
    found = {one.pk: one for reference in ids if (one := _find(reference, viewer))}
    if not found:
        raise ConsentRequired
    return list(found.values())


def _find(reference: str, viewer: Any) -> Customer | None:
    known = identity.find(customer_id=reference)
    return Customer.objects.visible_to(viewer).filter(pk=known.pk).first() if known else None


def _customer(given: dict[str, Any], viewer: Any) -> Customer:
    known = _find(given["user_id"], viewer)
    if known is None:
        raise Http404
    return known


def _query(given: dict[str, Any]) -> Query:
    """Ids that nobody has recall nothing: the answer does not tell who exists."""
    customers = {reference: known.pk for reference in given["entity_ids"] if (known := identity.find(customer_id=reference))}
    return Query(
        text=given["text"],
        reference_time=given["reference_time"],
        customers=tuple(customers.values()),
        entities=tuple(reference for reference in given["entity_ids"] if reference not in customers),
        k=given["k"],
        types=tuple(given["types"]),
        categories=tuple(given["categories"]),
    )


def _scope(given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("data_types", "purposes") if name in given}


def _entry(entry: ConsentEntry, user_id: str) -> dict[str, Any]:
    expires = entry.expires_at.isoformat() if entry.expires_at else None
    told = {"data_types": entry.data_types, "purposes": entry.purposes, "expires_at": expires, "source": entry.source}
    return {"id": str(entry.pk), "user_id": user_id, "granted": entry.granted, **told}
