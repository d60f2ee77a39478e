"""Each question to a model as an OpenTelemetry span, by the semantic conventions for generative AI. Off unless an endpoint is named.

OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 (or …_TRACES_ENDPOINT) switches it on; every other OTEL_ variable is the SDK's own.
Nobody's words are in a span unless OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT says so, and then as they left the house: redacted.
"""

from __future__ import annotations

import json
import logging
import os
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

from helpdesk.core.models import ModelCall
from helpdesk.core.request_id import current_request_id

from .base import Question
from .providers import Provider
from .wording import Messages

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

log = logging.getLogger(__name__)

SYSTEM = "openai"  # the protocol that we speak; who answers it stands in server.address
PORTS = {"http": 80, "https": 443}
SERVICE = "helpdesk"


class Traced:
    """The span of one question, its tries and repair included. `headers` carry the trace to the other side (W3C trace context)."""

    def __init__(self, question: Question, provider: Provider, model: str) -> None:
        self.headers: dict[str, str] = {}
        self._span: Span | None = None
        tracer = _tracer()
        if tracer is None:
            return
        from opentelemetry.trace import SpanKind, set_span_in_context  # noqa: PLC0415 - only where it is switched on
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self._span = tracer.start_span(f"chat {model}", kind=SpanKind.CLIENT, attributes=_asked(question, provider, model))
        TraceContextTextMapPropagator().inject(self.headers, set_span_in_context(self._span))

    def end(self, call: ModelCall, sent: Messages) -> None:
        """`call`: the question's line in the ledger, complete."""
        if self._span is None:
            return
        self._span.set_attributes(_answered(call) | (_words(call, sent) if settings.OTEL_WORDS else {}))
        if call.outcome in (ModelCall.Outcome.FAILED, ModelCall.Outcome.INVALID):
            from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

            kind = call.error.partition(":")[0] if call.outcome == ModelCall.Outcome.FAILED else "malformed"
            self._span.set_attribute("error.type", kind)
            self._span.set_status(Status(StatusCode.ERROR, kind))
        self._span.end()


def _asked(question: Question, provider: Provider, model: str) -> dict[str, Any]:
    address = urlsplit(provider.base_url)
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": SYSTEM,
        "gen_ai.system": SYSTEM,  # the older name of the same
        "gen_ai.request.model": model,
        "gen_ai.request.max_tokens": question.most_tokens,
        "server.address": address.hostname or "",
        "server.port": address.port or PORTS.get(address.scheme, 0),
        "helpdesk.task": question.task,
        "helpdesk.prompt": question.prompt,
        "helpdesk.request_id": current_request_id(),
    }


def _answered(call: ModelCall) -> dict[str, Any]:
    found: dict[str, Any] = {
        "gen_ai.usage.input_tokens": call.tokens_in,
        "gen_ai.usage.output_tokens": call.tokens_out,
        "helpdesk.outcome": str(call.outcome),
        "helpdesk.attempts": call.attempts,
    }
    return found if call.first_ms is None else found | {"helpdesk.first_words_ms": call.first_ms}


def _words(call: ModelCall, sent: Messages) -> dict[str, str]:
    """In the shape that the conventions give messages: parts of text."""

    def message(role: str, text: str) -> dict[str, Any]:
        return {"role": role, "parts": [{"type": "text", "content": text}]}

    asked = [message(one["role"], one["content"]) for one in sent]
    return {
        "gen_ai.input.messages": json.dumps(asked, ensure_ascii=False),
        "gen_ai.output.messages": json.dumps([message("assistant", call.answer)] if call.answer else [], ensure_ascii=False),
    }


@cache
def _tracer() -> Tracer | None:
    """Made at the first question of a process, so that a start without it costs nothing, and after the parts have forked."""
    if not settings.OTEL_ON:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as missing:  # the system check has said so at the start
        log.warning("telemetry_not_installed", extra={"error": repr(missing)})
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("helpdesk.core.llm")
