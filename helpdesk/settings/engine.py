"""The local engine and, where there is a key, language models (contract section 10)."""

from __future__ import annotations

import os

from .env import env

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # tokenizers pulls in a hub client: it must never dial out

EMBEDDING_BACKEND = env("EMBEDDING_BACKEND", default="local")
EMBEDDING_MODEL = env("EMBEDDING_MODEL", default="")
# The engine before a change, as "local" or "openai:MODEL": it goes on serving until everything is there under the new one.
EMBEDDING_PREVIOUS = env("EMBEDDING_PREVIOUS", default="")
EMBEDDING_THREADS = env.int("EMBEDDING_THREADS", default=min(2, os.cpu_count() or 1))  # a second one takes a third off a long text
OPENAI_API_KEY = env("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env("OPENAI_BASE_URL", default="")
LLM_MODEL = env("LLM_MODEL", default="")
# LLM_MODEL_REPLY, LLM_MODEL_CHAT …: another model for one task.
LLM_MODELS = {
    name.removeprefix("LLM_MODEL_").lower(): value for name, value in os.environ.items() if name.startswith("LLM_MODEL_") and value
}
LLM_SECONDS = env.float("LLM_SECONDS", default=20.0)  # of wall clock for one answer, tries and repair included
LLM_FIRST_WORD_SECONDS = env.float("LLM_FIRST_WORD_SECONDS", default=3.0)  # that a visitor of the chat waits for a model's first word
LLM_HIDE_NAMES = env.bool("LLM_HIDE_NAMES", default=True)  # addresses, numbers and secrets never leave the house; nor do names
LLM_MONTHLY_BUDGET = env.float("LLM_MONTHLY_BUDGET", default=0.0)  # US dollars; 0: no limit. Spent: the local engine goes on alone
# What a million tokens cost in US dollars, in and out: "gpt-5-mini=0.25/2,llama3=0/0". A model that is not named counts as free.
LLM_PRICES = env("LLM_PRICES", default="")
MAX_CONCURRENT_REQUESTS = env.int("MAX_CONCURRENT_REQUESTS", default=5)  # to the model, of all processes together
RATE_LIMIT_PER_MINUTE = env.int("RATE_LIMIT_PER_MINUTE", default=60)

# Questions to models as OpenTelemetry spans. The endpoint and all else is read by OpenTelemetry's own SDK from its own variables.
OTEL_ON = any(env(f"OTEL_EXPORTER_OTLP_{which}ENDPOINT", default="") for which in ("", "TRACES_"))
OTEL_WORDS = env("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", default="").lower() in ("true", "1", "span_only", "span_and_event")

# Live calls. The local engine answers inside the request; a call's thinking can be spaced out (0: every customer's sentence).
ASSIST_MIN_INTERVAL_SECONDS = env.float("ASSIST_MIN_INTERVAL_SECONDS", default=0.0)
ASSIST_MIN_CONTEXT_CONFIDENCE = env.float("ASSIST_MIN_CONTEXT_CONFIDENCE", default=0.6)  # below, the agent is given questions to ask
ASSIST_MAX_SUGGESTIONS = env.int("ASSIST_MAX_SUGGESTIONS", default=5)

# Chat. A declining mood at or below this polarity brings a person (contract section 3).
HANDOFF_THRESHOLD = env.float("HANDOFF_THRESHOLD", default=-0.5)
MAX_WS_CONNECTIONS_PER_USER = env.int("MAX_WS_CONNECTIONS_PER_USER", default=5)  # on /ws/chat

MEMORY_HALF_LIFE_DAYS = env.float("MEMORY_HALF_LIFE_DAYS", default=90.0)  # after so long a memory's recency is worth half
MEMORY_RECENCY_WEIGHT = env.float("MEMORY_RECENCY_WEIGHT", default=0.6)  # 0: age does not matter; 1: an old memory fades to nothing
ERASE_CUSTOMERS_AT_ONCE = env.bool("ERASE_CUSTOMERS_AT_ONCE", default=False)  # on their own word; else a supervisor confirms it
