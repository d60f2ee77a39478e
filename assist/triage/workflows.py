"""Which steps are taken, in which order, side by side or one by one, and where the way divides.

Ours stand in `data/workflows.json`; a company's own are rows in the same grammar and are asked first. Every ticket is first read
(the *opening*), then the first workflow whose `when` holds takes it on. A stage is one of

    "respond"                                           a step
    {"step": "knowledge", "most": 8}                    a step that is to look further than usual
    ["knowledge", "system_status"]                      steps side by side, neither of which needs the other
    {"fork": [{"route": "high_value", "when": [..], "stages": [..]}, {"route": "standard", "stages": []}]}

`when` is a list of alternatives in the words of `rules.CONDITIONS`: one of them must hold. An empty list takes every ticket; null
is never taken by itself, only asked for by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.core.errors import Invalid

from .catalogue import STEPS
from .learned import data
from .rules import Facts, checked, holds

MOST_STAGES = 40
MOST_ROUTES = 8
DEEPEST_FORK = 3
DEEPEST_LOOK = 20  # results of one step

When = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Do:
    """One step to be done, with how far it looks (0: as usual)."""

    step: str
    most: int = 0


@dataclass(frozen=True)
class Together:
    """Steps that need nothing of each other."""

    steps: tuple[Do, ...]


@dataclass(frozen=True)
class Route:
    name: str
    when: When
    stages: Stages


@dataclass(frozen=True)
class Fork:
    """Where the way divides: the first route that holds is taken."""

    routes: tuple[Route, ...]

    def way(self, facts: Facts) -> Route | None:
        return next((route for route in self.routes if fits(route.when, facts)), None)


Stages = tuple[Do | Together | Fork, ...]


@dataclass(frozen=True)
class Workflow:
    name: str
    title: str
    when: When | None
    stages: Stages

    def shown(self) -> dict[str, str]:
        return {"workflow": self.name}


def fits(when: When | None, facts: Facts) -> bool:
    return when is not None and (not when or any(holds(one, facts) for one in when))


def choose(facts: Facts, *, asked: str, own: Sequence[Workflow]) -> Workflow:
    """The workflow asked for by name, else the first that fits; the standard one fits everything."""
    every = (*own, *OURS)
    if asked:
        return next((one for one in every if one.name == asked), STANDARD)
    return next((one for one in every if fits(one.when, facts)), STANDARD)


# -- reading a declaration -------------------------------------------------------------------------------------


def parse(declared: dict[str, Any]) -> Workflow:
    """Check a declaration. Raises Invalid that names what is wrong and where."""
    given = {STEPS[do.step].gives for do in OPENING}
    taken = {do.step for do in OPENING}
    stages = _stages(declared.get("stages"), given, taken, "stages")
    name = str(declared.get("name", ""))
    return Workflow(name, str(declared.get("title") or name), _when(declared.get("when", []), "when"), stages)


def _stages(declared: Any, given: set[str], taken: set[str], place: str) -> Stages:
    """`given` and `taken` are what the stages so far have found and done; both grow."""
    if not isinstance(declared, list) or len(declared) > MOST_STAGES:
        raise _wrong(place, f"expected a list of at most {MOST_STAGES} stages")
    return tuple(_stage(one, given, taken, f"{place}[{n}]") for n, one in enumerate(declared))


def _stage(declared: Any, given: set[str], taken: set[str], place: str) -> Do | Together | Fork:
    if isinstance(declared, list):
        return _together(declared, given, taken, place)
    if isinstance(declared, dict) and "fork" in declared:
        return _fork(declared["fork"], given, taken, place)
    do = _do(declared, given, taken, place)
    given.add(STEPS[do.step].gives)
    return do


def _together(declared: list[Any], given: set[str], taken: set[str], place: str) -> Together:
    steps = tuple(_do(one, given, taken, f"{place}[{n}]") for n, one in enumerate(declared))
    if not steps:
        raise _wrong(place, "expected at least one step")
    made = {STEPS[do.step].gives for do in steps}
    for do in steps:
        if between := made & set(STEPS[do.step].uses):
            raise _wrong(place, f"{do.step} reads {', '.join(sorted(between))}, which is found beside it: put it afterwards")
    given |= made
    return Together(steps)


def _do(declared: Any, given: set[str], taken: set[str], place: str) -> Do:
    entry = {"step": declared} if isinstance(declared, str) else declared
    if not isinstance(entry, dict) or not set(entry) <= {"step", "most"}:
        raise _wrong(place, "expected the name of a step, a list of steps, or a fork")
    name, most = entry.get("step"), entry.get("most", 0)
    if name not in STEPS:
        raise _wrong(place, f"there is no step {name!r}; there are {', '.join(STEPS)}")
    if name in taken:
        raise _wrong(place, f"{name} was done before")
    if missing := set(STEPS[name].needs) - given:
        raise _wrong(place, f"{name} needs {', '.join(sorted(missing))}, which no step before it gives")
    if not isinstance(most, int) or not 0 <= most <= DEEPEST_LOOK or (most and not STEPS[name].deep):
        raise _wrong(place, f"most is a number up to {DEEPEST_LOOK}, for knowledge and similar")
    taken.add(name)
    return Do(name, most)


def _fork(declared: Any, given: set[str], taken: set[str], place: str) -> Fork:
    """What only some routes find cannot be counted on afterwards; what any route did is not done again."""
    if place.count("fork") >= DEEPEST_FORK:
        raise _wrong(place, f"forks within forks go {DEEPEST_FORK} deep at most")
    if not isinstance(declared, list) or not 1 <= len(declared) <= MOST_ROUTES:
        raise _wrong(place, f"a fork has 1 to {MOST_ROUTES} routes")
    routes, found, done = [], [], set(taken)
    for n, one in enumerate(declared):
        if not isinstance(one, dict) or not str(one.get("route", "")).strip():
            raise _wrong(f"{place}.fork[{n}]", "a route needs a name: {'route': .., 'when': [..], 'stages': [..]}")
        here, did = set(given), set(taken)
        stages = _stages(one.get("stages", []), here, did, f"{place}.fork[{n}].stages")
        routes.append(Route(str(one["route"])[:40], _when(one.get("when", []), f"{place}.fork[{n}].when") or (), stages))
        found.append(here)
        done |= did
    open_end = not any(not route.when for route in routes)  # no route may hold: then nothing is found here
    given |= set() if open_end else set.intersection(*found)
    taken |= done
    return Fork(tuple(routes))


def _when(declared: Any, place: str) -> When | None:
    if declared is None:
        return None
    if not isinstance(declared, list):
        raise _wrong(place, "expected a list of alternatives")
    for one in declared:
        try:
            checked(one)
        except (LookupError, TypeError) as error:
            raise _wrong(place, str(error).strip("'\"")) from error
    return tuple(declared)


def _wrong(place: str, what: str) -> Invalid:
    return Invalid(f"{place}: {what}", errors={place: [what]})


OPENING: tuple[Do, ...] = tuple(Do(step) for step in data("workflows")["opening"])
OURS: tuple[Workflow, ...] = tuple(parse(one) for one in data("workflows")["workflows"])
STANDARD: Workflow = next(one for one in OURS if one.name == "standard")
