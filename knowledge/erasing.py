"""What the knowledge base holds of a person: the cases that were solved for them, with their vectors."""

from __future__ import annotations

from customers.erasure import Person, store

from . import cases
from .models import SolvedCase


@store("solved cases", layer="knowledge")
def solved_cases(person: Person) -> int:
    found = SolvedCase.objects.filter(customer_ref__in=person.ids) | SolvedCase.objects.filter(source_id__in=person.marks)
    number = found.count()
    cases.forget(SolvedCase.objects.filter(pk__in=list(found.values_list("pk", flat=True))))
    return number
