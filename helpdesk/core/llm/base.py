"""A question to a model, and the one error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from helpdesk.core.errors import Unavailable

MOST_TOKENS = 800  # of an answer
A_DAY = 20  # questions about one ticket or from one visitor


class LlmUnavailable(Unavailable):
    """No language model answers. Go on without: the local engine's answer stands."""

    code = "llm-unavailable"

    def __init__(self, detail: str = "", *, kind: str = "failed", wait: float | None = None, again: bool = False) -> None:
        super().__init__(detail)
        self.kind = kind  # off | busy | budget | cap | circuit | timeout | unreachable | status | credentials | malformed | too-long | slow
        self.wait = wait  # seconds that the other side asked us to wait
        self.again = again  # another try may help


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked. `instructions` are ours; whatever people wrote goes into `data`, where it is fenced and redacted."""

    task: str
    instructions: str
    data: Mapping[str, str] = field(default_factory=dict)  # name → text
    prompt: str = ""  # "reply@3", for the ledger
    about: str = ""  # "ticket:…": what the daily cap counts
    a_day: int = A_DAY
    customer_ref: UUID | None = None
    names: tuple[str, ...] = ()  # of people, to hide as well
    most_tokens: int = MOST_TOKENS
    model: str = ""  # another than the one that is set up, by name: an experiment's
    experiment: UUID | None = None  # for the ledger
    arm: UUID | None = None
    first_word: float | None = None  # seconds that somebody waits for it; heard as it comes, so only with `heard`
    fresh: bool = False  # not from the cache: somebody asked for another answer
