"""Language models, at any OpenAI-compatible address. Without one everything works by the local engine, so every caller has a way to go on.

answer = complete(Question(task="reply", instructions=prompt.text, prompt=prompt.version, data={"message": text}), Reply)
async for words in stream(Question(...)): ...

if provider().on: …

Both raise LlmUnavailable, whatever went wrong: nobody set up, over budget, slow, gone, or talking nonsense.
One question: `asking` (the story) → `providers` (whom?) → `wording` (what is sent: fenced, redacted) → `ledger` (may we? what did it
cost?) → `exchange` (the wire). Each is a span, where `telemetry` is switched on.
"""

from .asking import complete, stream
from .base import LlmUnavailable, Question
from .providers import current as provider

__all__ = ("LlmUnavailable", "Question", "complete", "provider", "stream")
