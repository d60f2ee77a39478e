"""Questions to models as OpenTelemetry spans: what is in them, what is not, and that nothing of it is loaded where it is off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import BaseModel

from helpdesk.core import checks
from helpdesk.core.llm import LlmUnavailable, Question, complete, stream, telemetry
from tests.plugins.model_server import ModelServer, says, status

pytestmark = pytest.mark.django_db


class Label(BaseModel):
    label: str


QUESTION = Question(
    task="sort", instructions="Sort it.", prompt="sort@2", data={"message": "Charged twice, write to ada@example.com"}, fresh=True
)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_tracer", lambda: provider.get_tracer("tests"))
    return exporter


def only(spans: InMemorySpanExporter) -> tuple[ReadableSpan, dict[str, Any]]:
    (span,) = spans.get_finished_spans()
    return span, dict(span.attributes or {})


def test_a_question_is_a_span_without_anybodys_words(model: ModelServer, spans: InMemorySpanExporter) -> None:
    model.does(says('{"label": "billing"}', tokens=(100, 20)))
    complete(QUESTION, Label)
    span, told = only(spans)
    assert (span.name, span.kind, span.status.status_code) == ("chat test-1", SpanKind.CLIENT, StatusCode.UNSET)
    assert told["gen_ai.operation.name"] == "chat" and told["gen_ai.provider.name"] == "openai"
    assert (told["gen_ai.request.model"], told["gen_ai.request.max_tokens"]) == ("test-1", 800)
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (100, 20)
    assert (told["server.address"], told["server.port"]) == ("127.0.0.1", model.server_address[1])
    assert (told["helpdesk.task"], told["helpdesk.prompt"], told["helpdesk.outcome"]) == ("sort", "sort@2", "done")
    assert "error.type" not in told and "billing" not in str(told) and "Charged" not in str(told)


def test_the_trace_goes_on_at_the_other_side(model: ModelServer, spans: InMemorySpanExporter) -> None:
    model.says('{"label": "billing"}')
    complete(QUESTION, Label)
    context = only(spans)[0].get_span_context()
    assert context is not None
    assert model.headers[0]["traceparent"].startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")


def test_a_failure_is_named_by_its_kind(model: ModelServer, spans: InMemorySpanExporter) -> None:
    model.does(status(401))
    with pytest.raises(LlmUnavailable):
        complete(QUESTION, Label)
    span, told = only(spans)
    assert (told["error.type"], span.status.status_code) == ("credentials", StatusCode.ERROR)


def test_words_are_told_where_somebody_said_so_and_as_they_left_the_house(
    model: ModelServer, spans: InMemorySpanExporter, settings: Any
) -> None:
    settings.OTEL_WORDS = True
    model.says('{"label": "for [EMAIL_1]"}')
    complete(QUESTION, Label)
    told = only(spans)[1]
    roles = [one["role"] for one in json.loads(told["gen_ai.input.messages"])]
    assert roles == ["system", "user"] and "Charged twice, write to [EMAIL_1]" in told["gen_ai.input.messages"]
    assert "for [EMAIL_1]" in told["gen_ai.output.messages"] and "ada@example.com" not in str(told)


@pytest.mark.django_db(transaction=True)
async def test_a_stream_is_a_span_too(model: ModelServer, spans: InMemorySpanExporter) -> None:
    model.does(says("Hello there", tokens=(50, 9)))
    assert "".join([piece async for piece in stream(QUESTION)]) == "Hello there"
    assert only(spans)[1]["gen_ai.usage.output_tokens"] == 9


def test_off_it_costs_nothing_and_sends_nothing(model: ModelServer) -> None:
    telemetry._tracer.cache_clear()
    model.says('{"label": "billing"}')
    complete(QUESTION, Label)
    assert telemetry._tracer() is None and "traceparent" not in model.headers[0]
    loaded = [name for name, value in vars(telemetry).items() if "opentelemetry" in str(getattr(value, "__module__", value))]
    assert loaded == []  # what is needed is imported at the first question of who has switched it on


def test_a_collector_without_the_packages_is_said_at_the_start(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OTEL_ON = True
    assert checks.telemetry_is_installed(None) == []
    monkeypatch.setattr(checks, "find_spec", lambda _name: None)
    assert "OpenTelemetry is not installed" in checks.telemetry_is_installed(None)[0].msg
