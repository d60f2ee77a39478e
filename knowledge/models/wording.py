"""Words as search knows them: those that articles use, and those that the company says mean the same."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_TERMS, LONGEST_TERM = 20, 60


class Word(models.Model):
    """One word that stands in an article, and every spelling of it with a letter left out: what a slip is found by."""

    id = models.BigAutoField(primary_key=True)
    word = models.CharField(max_length=40)  # lower case, as written
    configuration = models.CharField(max_length=20)  # PostgreSQL's name of the language
    lexeme = models.CharField(max_length=40)
    keys = ArrayField(models.CharField(max_length=40))

    class Meta:
        constraints = (models.UniqueConstraint(fields=("word", "configuration"), name="word_once"),)
        indexes = (
            GinIndex(fields=("keys",), name="word_keys"),
            models.Index(fields=("lexeme", "configuration"), name="word_lexeme"),
        )

    def __str__(self) -> str:
        return self.word


class SynonymGroup(models.Model):
    """Terms that mean the same to the company: whoever asks by one finds what is written with another, from the next search on."""

    terms = ArrayField(
        models.CharField(max_length=LONGEST_TERM),
        size=MOST_TERMS,
        verbose_name=_("terms"),
        help_text=_("Separated by commas: 2FA, two-factor authentication, one-time code"),
    )
    one_way = models.BooleanField(
        _("one way"), default=False, help_text=_("Whoever asks by the first term also finds the others, but not the other way round.")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("synonyms")
        verbose_name_plural = _("synonyms")
        ordering = ("terms",)
        indexes = (GinIndex(fields=("terms",), name="synonym_terms"),)

    def __str__(self) -> str:
        return (" → " if self.one_way else " = ").join(self.terms)

    def clean(self) -> None:
        """Terms as they are compared. Raises ValidationError for a group that says nothing."""
        self.terms = list(dict.fromkeys(filter(None, map(normal_term, self.terms or ()))))
        if len(self.terms) < 2:  # noqa: PLR2004
            raise ValidationError({"terms": _("Give at least two different terms.")})

    def others(self, asked: set[str]) -> list[str]:
        """What to look for besides, when these terms were asked."""
        if self.one_way:
            return self.terms[1:] if self.terms[0] in asked else []
        return [term for term in self.terms if term not in asked]


def normal_term(term: str) -> str:
    """Lower case, single spaces, no control characters: as terms are stored and compared."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in term).lower().split())
