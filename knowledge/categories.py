"""The default categories, and the ones this company has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .models import Category

SEEDS = Path(__file__).parent / "data" / "categories.json"


@dataclass(frozen=True)
class CategorySeed:
    """A category as a classifier sees it."""

    slug: str
    name: str
    description: str
    examples: tuple[str, ...]


@cache
def default_categories() -> tuple[CategorySeed, ...]:
    """The fourteen of contract section 4, with our own example phrases."""
    return tuple(
        CategorySeed(row["slug"], row["name"], row["description"], tuple(row["examples"]))
        for row in json.loads(SEEDS.read_text(encoding="utf-8"))
    )


def known_categories() -> tuple[CategorySeed, ...]:
    """The company's categories; before it has any, the default ones."""
    rows = Category.objects.order_by("position", "slug").values_list("slug", "name", "description", "examples")
    return (
        tuple(CategorySeed(slug, name, description, tuple(examples)) for slug, name, description, examples in rows) or default_categories()
    )


def load_default_categories() -> list[Category]:
    """Make the default categories where they are missing and fill empty descriptions and phrases. Safe to repeat; edits stay."""
    return [_load(seed, position) for position, seed in enumerate(default_categories())]


def _load(seed: CategorySeed, position: int) -> Category:
    fields = {"name": seed.name, "description": seed.description, "examples": list(seed.examples), "position": position}
    category, _ = Category.objects.get_or_create(slug=seed.slug, defaults=fields)
    if not category.examples:
        category.examples = list(seed.examples)
        category.description = category.description or seed.description
        category.save(update_fields=["examples", "description"])
    return category
