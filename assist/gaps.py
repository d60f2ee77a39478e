"""Asked and not answered: recent tickets that no article fits, gathered by meaning. The largest groups are the articles to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef
from django.utils import timezone

from assist.article_draft import without_names
from assist.models import Suggestion, TriageRun
from assist.triage import similar
from assist.triage.learned import Vectors
from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import Embedding
from tickets.models import Ticket

SINCE = timedelta(days=30)
GOOD = 0.6  # how likely the best article is the answer; below, a ticket counts as not answered
ALIKE = 0.62  # cosine to the middle of a group
READ = 600  # tickets, the newest
SHOWN, EXAMPLES = 10, 3
FEWEST = 2


@dataclass(frozen=True)
class Gap:
    """One thing that people ask, with the tickets that ask it, the most typical first."""

    tickets: list[Ticket]
    earlier: int  # of them, in the first half of the period

    @property
    def title(self) -> str:
        return self.tickets[0].subject

    @property
    def heading(self) -> str:
        """The title of an article about it: whoever asked is nobody's business there."""
        return without_names(self.tickets[0])

    @property
    def examples(self) -> list[Ticket]:
        return self.tickets[:EXAMPLES]

    @property
    def growing(self) -> bool:
        return len(self.tickets) - self.earlier > self.earlier


def unanswered(viewer: Any) -> list[Gap]:
    """The largest groups among the tickets that the viewer may see. Two statements, and arithmetic."""
    answered = Suggestion.objects.filter(ticket=OuterRef("pk"), suggestion_type=Suggestion.Type.ARTICLE, retired_at=None)
    answered = answered.filter(confidence_score__gte=GOOD)
    read = TriageRun.objects.filter(ticket=OuterRef("pk"))
    since = timezone.now() - SINCE
    tickets = Ticket.objects.visible_to(viewer).filter(~Exists(answered), Exists(read), created_at__gte=since)
    rows = list(tickets.select_related("category", "customer", "organisation").order_by("-created_at")[:READ])
    stored = Embedding.objects.filter(object_kind=similar.KIND, part=0, model=get_embedder().name, object_id__in=[row.pk for row in rows])
    vectors = {pk: np.asarray(vector, np.float32) for pk, vector in stored.values_list("object_id", "vector")}
    known = [row for row in rows if row.pk in vectors]
    if not known:
        return []
    groups = gathered(np.array([vectors[row.pk] for row in known]))
    middle = since + SINCE / 2
    found = [Gap([known[i] for i in group], sum(known[i].created_at < middle for i in group)) for group in groups if len(group) >= FEWEST]
    return sorted(found, key=lambda gap: -len(gap.tickets))[:SHOWN]


def gathered(vectors: Vectors) -> list[list[int]]:
    """Greedy groups of unit vectors: each goes to the nearest middle that is near enough, else begins a group. (n, 384) -> indices."""
    sums: list[Vectors] = []
    groups: list[list[int]] = []
    for i, vector in enumerate(vectors):
        likeness = [float(total @ vector) / float(np.linalg.norm(total)) for total in sums]
        best = int(np.argmax(likeness)) if likeness else -1
        if best >= 0 and likeness[best] >= ALIKE:
            groups[best].append(i)
            sums[best] = sums[best] + vector
        else:
            groups.append([i])
            sums.append(vector.copy())
    return [sorted(group, key=lambda i: -float(vectors[i] @ total)) for group, total in zip(groups, sums, strict=True)]
