"""What would make an article better to find: words of the customers whom it helped, and which it lacks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from knowledge.models import Article

CASES = 100  # the newest that it solved
IN_CASES = 3  # a word must stand in so many of them
MOST = 8
SHORTEST = 4  # letters
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True)
class Improvement:
    words: list[str]  # the most frequent first
    cases: int  # in which any of them stands


def words_missing(article: Article) -> Improvement | None:
    """None while there is too little solved work to tell. One statement."""
    texts = list(article.cases.order_by("-resolved_at").values_list("text", flat=True)[:CASES])
    if len(texts) < IN_CASES:
        return None
    own = {_stem(word) for word in _WORD.findall(f"{article.title} {article.body} {' '.join(article.keywords)}".lower())}
    said = [{word for word in _WORD.findall(text.lower()) if _stem(word) not in own and word not in COMMON} for text in texts]
    often = [word for word, n in Counter(word for words in said for word in words).most_common() if n >= IN_CASES][:MOST]
    return Improvement(often, sum(bool(words & set(often)) for words in said)) if often else None


def _stem(word: str) -> str:
    """Crude, and enough to see that "charges" stands there as "charged"."""
    return re.sub(r"(?:ing|ed|es|s)$", "", word)


COMMON = frozenset(
    "about after again also always another anything because been before being both cannot could does doing done down each even ever every"
    " from give have hello help here into just keep know last like looking make many more most much must need never only other ours over"
    " please really same should since some something still such take than thank thanks that their them then there these they thing this"
    " those through today very want well were what when where which while will with without would your yours dear regards kind best".split()
)
