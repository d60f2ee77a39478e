"""The wire: one try at one answer. The only chat client in the house; the vendor's errors stop here.

Every try ends after its seconds of wall clock, however slowly bytes drip, and after MOST_BYTES, however many come (security F16).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import httpx2
from django.utils import timezone

from .base import LlmUnavailable
from .providers import OFFICIAL, Provider
from .wording import Messages

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MOST_CHARACTERS = 64_000  # of an answer
MOST_BYTES = 64_000  # on the wire, of an answer in one piece
MOST_BYTES_STREAMED = 2_000_000  # a streamed word of five letters takes some 250 bytes
AGAIN = (408, 409, 425, 429, 500, 502, 503, 504, 529)
NO_CREDENTIALS = (401, 403)

Headers = Mapping[str, str]


@dataclass
class Spoken:
    """What came back, and what it took."""

    text: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


async def answer(
    provider: Provider, model: str, messages: Messages, *, most_tokens: int, seconds: float, as_json: bool, headers: Headers
) -> Spoken:
    """The whole answer. Raises LlmUnavailable."""
    extra: dict[str, Any] = {"response_format": {"type": "json_object"}} if as_json else {}
    async with _client(provider, MOST_BYTES, headers) as client, _translated(seconds):
        sent: Any = messages
        made = await client.chat.completions.create(model=model, messages=sent, **_limit(client, most_tokens), **extra)
        choices = getattr(made, "choices", None)
        if not isinstance(choices, list) or not choices:
            raise LlmUnavailable("The model's answer holds nothing.", kind="malformed")
        text = getattr(getattr(choices[0], "message", None), "content", None)
        if not isinstance(text, str) or not text.strip():
            raise LlmUnavailable("The model's answer is empty.", kind="malformed")
        if getattr(choices[0], "finish_reason", "") == "length":
            raise LlmUnavailable("The model's answer was cut off.", kind="too-long")
        return Spoken(text, *_usage(getattr(made, "usage", None)))


async def words(
    provider: Provider,
    model: str,
    messages: Messages,
    spoken: Spoken,
    *,
    most_tokens: int,
    seconds: float,
    first: float | None = None,
    as_json: bool = False,
    headers: Headers,
) -> AsyncIterator[str]:
    """The answer word by word; `spoken` fills up meanwhile. `first`: seconds in which the first must come.

    Raises LlmUnavailable, also in the middle.
    """
    extra: dict[str, Any] = {"response_format": {"type": "json_object"}} if as_json else {}
    async with _client(provider, MOST_BYTES_STREAMED, headers) as client, _translated(seconds, first) as clock:
        sent: Any = messages
        flow = await client.chat.completions.create(
            model=model,
            messages=sent,
            stream=True,
            stream_options={"include_usage": True},
            **_limit(client, most_tokens),
            **extra,
        )
        # The SDK's own iterator, for only that closes the reading in order where we leave early.
        async with contextlib.aclosing(flow._iterator) as parts:  # type: ignore[type-var]
            async for part in parts:
                if piece := _piece(part, spoken):
                    clock.heard()
                    yield piece
        if not spoken.text.strip():
            raise LlmUnavailable("The model's answer is empty.", kind="malformed")


def _piece(part: Any, spoken: Spoken) -> str:
    """The words in one part of a streamed answer, which `spoken` takes up with the tokens that the part tells of. Raises LlmUnavailable."""
    if usage := getattr(part, "usage", None):
        spoken.tokens_in, spoken.tokens_out = _usage(usage)
    choices = getattr(part, "choices", None) or []
    piece = getattr(getattr(choices[0], "delta", None), "content", None) if choices else None
    if not isinstance(piece, str):
        return ""
    spoken.text += piece
    if len(spoken.text) > MOST_CHARACTERS:
        raise LlmUnavailable("The model does not stop.", kind="too-long")
    return piece


def _client(provider: Provider, most_bytes: int, headers: Headers) -> AsyncOpenAI:
    from openai import AsyncOpenAI  # noqa: PLC0415 - 0.4 s to import

    transport = _Capped(most_bytes)
    return AsyncOpenAI(
        api_key=provider.key or "none",  # local servers want no key, the SDK wants a word
        base_url=provider.base_url,
        max_retries=0,  # `asking` tries again, within its wall clock
        timeout=None,
        default_headers={"Accept-Encoding": "identity", **headers},
        http_client=httpx2.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, timeout=None),
    )


def _limit(client: AsyncOpenAI, most_tokens: int) -> dict[str, Any]:
    """OpenAI's newer models know only the new word, many compatible servers only the old one."""
    return {"max_completion_tokens" if client.base_url.host == OFFICIAL else "max_tokens": most_tokens}


def _usage(usage: Any) -> tuple[int, int]:
    values = (getattr(usage, "prompt_tokens", 0), getattr(usage, "completion_tokens", 0))
    return tuple(min(value, 10_000_000) if isinstance(value, int) and value > 0 else 0 for value in values)  # type: ignore[return-value]


class _translated:
    """Ends what is inside at the wall clock, and turns every failure of the other side into LlmUnavailable."""

    def __init__(self, seconds: float, first: float | None = None) -> None:
        self._until = asyncio.get_running_loop().time() + max(seconds, 0.01)
        self._waits = first is not None and first < seconds  # for the first word
        self._clock = asyncio.timeout(first if self._waits else max(seconds, 0.01))

    async def __aenter__(self) -> Self:
        await self._clock.__aenter__()
        return self

    def heard(self) -> None:
        """The first word is there: the rest has the whole time."""
        if self._waits:
            self._waits = False
            self._clock.reschedule(self._until)

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            await self._clock.__aexit__(kind, error, trace)
        except TimeoutError as late:
            if self._waits:
                raise LlmUnavailable("The model did not begin in time.", kind="slow") from late
            raise LlmUnavailable("The model did not answer in time.", kind="timeout") from late
        if isinstance(error, Exception) and not isinstance(error, LlmUnavailable):
            raise _as_ours(error) from error


def _as_ours(error: Exception) -> LlmUnavailable:
    from openai import APIConnectionError, APIStatusError  # noqa: PLC0415

    if isinstance(error, APIStatusError):
        status = error.status_code
        if status in NO_CREDENTIALS:
            return LlmUnavailable(f"The model's server refuses our key (status {status}).", kind="credentials", wait=60)
        wait = _retry_after(error.response.headers.get("retry-after", ""))
        return LlmUnavailable(f"The model's server answers with status {status}.", kind="status", wait=wait, again=status in AGAIN)
    if isinstance(error, _TooMuch) or isinstance(error.__cause__, _TooMuch):
        return LlmUnavailable("The model's answer is larger than any answer is.", kind="too-long")
    if isinstance(error, APIConnectionError | httpx2.TransportError | OSError):
        return LlmUnavailable(
            f"The model's server cannot be reached ({type(error.__cause__ or error).__name__}).", kind="unreachable", again=True
        )
    return LlmUnavailable(f"The model's server talks nonsense ({type(error).__name__}).", kind="malformed")


def _retry_after(value: str) -> float | None:
    """RFC 9110 section 10.2.3: seconds, or a date."""
    if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - timezone.now()).total_seconds()) if value else None
    except (ValueError, TypeError):
        return None


class _TooMuch(httpx2.TransportError):
    """More came than any answer holds."""


class _Capped(httpx2.AsyncHTTPTransport):
    def __init__(self, most: int) -> None:
        super().__init__(verify=_certificates(), trust_env=False)
        self._most = most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise _TooMuch("A compressed answer, which we did not ask for.")  # what it unpacks to cannot be counted here
        response.stream = _Counted(response.stream, self._most)
        return response


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._left = stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise _TooMuch("Too many bytes.")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


@cache
def _certificates() -> Any:
    return httpx2.create_ssl_context(trust_env=False)
