"""One question and its answer: from the cache, or from the model within its limits, tried again, checked, repaired once, written down."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from channels.db import database_sync_to_async
from django.core.cache import cache
from pydantic import BaseModel, ValidationError

from helpdesk.core import circuit, crowd
from helpdesk.core.models import ModelCall

from . import exchange, ledger
from .base import LlmUnavailable, Question
from .providers import Provider, current
from .redaction import Backwards, Redaction
from .telemetry import Traced
from .wording import Messages, Worded, repair, word

T = TypeVar("T", bound=BaseModel)
Heard = Callable[[str], None]  # gets all that was said so far; what it raises ends the question

RETRIES = 2
FIRST_PAUSE = 0.3  # seconds before the second try; doubled for the third, with jitter
REMEMBERED = 24 * 3600  # seconds that an answer to the same question stands
NOT_THE_SERVICE = ("malformed", "too-long", "slow")  # failures of one answer, or of our patience, say nothing about the service
LONGEST_ERRORS = 1500  # characters of what was wrong, told to the model


def complete(question: Question, answer: type[T], *, heard: Heard | None = None) -> T:
    """The model's answer as an `answer`; `heard` is told of it while it comes. Blocks for at most LLM_SECONDS; a request
    has no turn meanwhile, so that it keeps nobody from theirs. Call it where no transaction is open. Raises LlmUnavailable.
    """
    provider = _whom()
    worded = word(question, answer.model_json_schema(), hide_names=provider.hide_names)
    key = _key(question, worded, provider)
    if not question.fresh and (known := cache.get(key)):
        ledger.remembered(question, worded, provider)
        return _read(known, answer, worded.hidden)
    line = _Line(question, worded, provider)
    try:
        text = line.listen(worded, heard) if heard else line.ask(worded.messages)
        try:
            value = _read(text, answer, worded.hidden)
        except ValueError as wrong:
            line.outcome = ModelCall.Outcome.REPAIRED
            text = line.ask(repair(worded.messages, text, str(wrong)[:LONGEST_ERRORS]))
            value = _read(text, answer, worded.hidden)
    except ValueError as wrong:
        line.end(ModelCall.Outcome.INVALID, error=_shape(wrong))
        raise LlmUnavailable("The model's answer does not fit.", kind="malformed") from wrong
    except LlmUnavailable as error:
        line.end(ModelCall.Outcome.FAILED, error=f"{error.kind}: {error.detail}")
        raise
    except BaseException:
        line.end(ModelCall.Outcome.LEFT)
        raise
    cache.set(key, text, REMEMBERED)
    line.end(line.outcome, answer=text)
    return value


async def stream(question: Question) -> AsyncIterator[str]:
    """The answer in pieces of text, as they come. Raises LlmUnavailable, also in the middle. Leaving early ends it at the other side."""
    provider = await database_sync_to_async(_whom)()
    worded = word(question, hide_names=provider.hide_names)
    line = await database_sync_to_async(_Line)(question, worded, provider)
    back, outcome, error = Backwards(worded.hidden), ModelCall.Outcome.LEFT, ""
    try:
        async for piece in line.words():
            if shown := back.piece(piece):
                yield shown
        if shown := back.rest():
            yield shown
        outcome = ModelCall.Outcome.DONE
    except LlmUnavailable as failure:
        outcome, error = ModelCall.Outcome.FAILED, f"{failure.kind}: {failure.detail}"
        raise
    finally:
        await database_sync_to_async(line.end)(outcome, answer=line.spoken.text, error=error)


class _Line:
    """One line of the ledger while its question is being asked."""

    def __init__(self, question: Question, worded: Worded, provider: Provider) -> None:
        self._question, self._messages, self._provider = question, worded.messages, provider
        self._service = provider.circuit
        self._check()
        self.began = time.perf_counter()
        self._deadline = self.began + provider.seconds
        self._call = ledger.begin(question, worded, provider)
        self._traced = Traced(question, provider, self._call.model)
        self.spoken = exchange.Spoken()  # tokens add up over tries
        self.outcome = ModelCall.Outcome.DONE

    def listen(self, worded: Worded, heard: Heard) -> str:
        """The answer, told as it comes. One that broke before its first word is asked for whole. Raises LlmUnavailable."""
        self._call.attempts = 1
        try:
            with crowd.aside():
                asyncio.run(self._hear(worded, heard))
        except LlmUnavailable as error:
            self._failed(error)
            if self.spoken.text or not (error.kind == "malformed" or self._waits(error, 0)):
                raise
            return self.ask(worded.messages, first=1)
        circuit.succeeded(self._service)
        return self.spoken.text

    async def _hear(self, worded: Worded, heard: Heard) -> None:
        wanted, model, back, said = self._question.most_tokens, self._call.model, Backwards(worded.hidden), ""
        asked = exchange.words(
            self._provider,
            model,
            worded.messages,
            self.spoken,
            most_tokens=wanted,
            seconds=self._left(),
            first=self._question.first_word,
            as_json=True,
            headers=self._traced.headers,
        )
        async with contextlib.aclosing(asked) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                if self._call.first_ms is None:
                    self._call.first_ms = round((time.perf_counter() - self.began) * 1000)
                said += back.piece(piece)
                heard(said)

    def ask(self, messages: Messages, *, first: int = 0) -> str:
        """Tries, and tries again where that may help; `first`: how many were made already. Raises LlmUnavailable."""
        for tried in range(first, RETRIES + 1):
            self._call.attempts += 1
            wanted, model = self._question.most_tokens, self._call.model
            asked = exchange.answer(
                self._provider, model, messages, most_tokens=wanted, seconds=self._left(), as_json=True, headers=self._traced.headers
            )
            try:
                with crowd.aside():
                    spoken = asyncio.run(asked)
            except LlmUnavailable as error:
                self._failed(error)
                if tried == RETRIES or not self._waits(error, tried):
                    raise
                continue
            circuit.succeeded(self._service)
            self.spoken.tokens_in += spoken.tokens_in
            self.spoken.tokens_out += spoken.tokens_out
            return spoken.text
        raise LlmUnavailable

    async def words(self) -> AsyncIterator[str]:
        """One try: words that were read cannot be taken back."""
        self._call.attempts = 1
        wanted, model = self._question.most_tokens, self._call.model
        asked = exchange.words(
            self._provider, model, self._messages, self.spoken, most_tokens=wanted, seconds=self._left(), headers=self._traced.headers
        )
        try:
            async for piece in asked:
                if self._call.first_ms is None:
                    self._call.first_ms = round((time.perf_counter() - self.began) * 1000)
                yield piece
        except LlmUnavailable as error:
            await database_sync_to_async(self._failed)(error)
            raise
        finally:
            await asked.aclose()  # type: ignore[attr-defined]
        await database_sync_to_async(circuit.succeeded)(self._service)

    def end(self, outcome: str, *, answer: str = "", error: str = "") -> None:
        spoken = self.spoken
        ledger.end(
            self._call, outcome, began=self.began, tokens_in=spoken.tokens_in, tokens_out=spoken.tokens_out, answer=answer, error=error
        )
        self._traced.end(self._call, self._messages)

    def _left(self) -> float:
        return self._deadline - time.perf_counter()

    def _failed(self, error: LlmUnavailable) -> None:
        if error.kind not in NOT_THE_SERVICE:
            circuit.failed(self._service, error.detail, wait=error.wait)

    def _waits(self, error: LlmUnavailable, tried: int) -> bool:
        """Whether another try may help in the time that is left; then the pause before it has passed."""
        pause = error.wait if error.wait is not None else FIRST_PAUSE * 2**tried * random.uniform(0.7, 1.3)  # noqa: S311 - jitter
        if not error.again or pause >= self._left():
            return False
        with crowd.aside():
            time.sleep(pause)
        self._check()
        return True

    def _check(self) -> None:
        try:
            circuit.check(self._service)
        except circuit.Open as error:
            raise LlmUnavailable(error.detail, kind="circuit") from error


def _whom() -> Provider:
    provider = current()
    if not provider.on:
        raise LlmUnavailable("No language model is set up.", kind="off")
    return provider


def _key(question: Question, worded: Worded, provider: Provider) -> str:
    made = f"{provider.base_url} {question.model or provider.model_for(question.task)} {question.most_tokens} {worded.digest}"
    return f"llm:{hashlib.sha256(made.encode()).hexdigest()}"


def _read(text: str, answer: type[T], hidden: Redaction) -> T:
    """The JSON object in a text, around which models like to talk. Raises ValueError."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise ValueError("There is no JSON object.")
    try:
        value: Any = json.loads(text[start : end + 1], parse_constant=_no_number)
        return answer.model_validate(hidden.back_in(value))
    except RecursionError as error:
        raise ValueError("Nested too deep.") from error


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON.")


def _shape(error: ValueError) -> str:
    """What was wrong, without the words that were wrong: those are the customer's."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors()[:5])
    return type(error).__name__
