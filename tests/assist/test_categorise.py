from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from assist.triage import categorise, signals
from assist.triage.case import Case
from assist.triage.language import detect
from assist.triage.reading import read
from helpdesk.core.embeddings import get_embedder
from knowledge.categories import default_categories


def guess(subject: str, body: str) -> categorise.Categorised:
    reading = read(Case(subject=subject, body=body))
    return categorise.categorise(reading, default_categories(), language=detect(reading.text))


def test_ninety_per_cent_sure_is_right_nine_times_in_ten() -> None:
    """On held-out fifths of the examples, as the temperature was fitted: never more than 5 points too sure."""
    examples = categorise.examples_of(default_categories())
    labels = [example.label for example in examples]
    vectors = get_embedder().embed([example.text for example in examples])
    sure, right = [], []
    for known, unknown in StratifiedKFold(5, shuffle=True, random_state=3).split(labels, labels):
        classifier = categorise._taught([examples[i] for i in known])
        found = [categorise.predict(classifier, vectors[i]) for i in unknown]
        sure += [one.confidence for one in found]
        right += [one.category == labels[i] for one, i in zip(found, unknown, strict=True)]
    high = np.array(sure) >= 0.8
    assert high.sum() > 100
    assert np.array(sure)[high].mean() - np.array(right)[high].mean() < 0.05


def test_nothing_is_more_than_99_per_cent_sure() -> None:
    assert guess("Invoice", "Our VAT number is missing on the receipt").confidence <= 0.99


@pytest.mark.parametrize(
    ("subject", "body", "category"),
    [
        ("Frage zur Rechnung", "Guten Tag, die Rechnung vom März wurde doppelt abgebucht. Bitte prüfen Sie das.", "billing"),
        ("Résiliation", "Bonjour, je souhaite résilier notre contrat à la fin du mois. Merci.", "cancellation"),
        ("Contraseña", "Hola, no puedo iniciar sesión desde ayer y necesito entrar hoy. Gracias.", "account_access"),
    ],
)
def test_plain_words_of_other_languages_name_the_category(subject: str, body: str, category: str) -> None:
    found = guess(subject, body)
    assert found.category == category
    assert found.confidence <= 0.99


def test_a_foreign_text_without_such_words_is_honestly_unsure() -> None:
    assert guess("Wagen", "Guten Morgen, unser blauer Wagen steht seit gestern auf dem Hof und wartet auf den Fahrer.").confidence < 0.55


def test_a_german_outage_is_an_outage_and_no_lawsuit() -> None:
    text = "Guten Tag, seit heute früh ist das ganze System ausgefallen, nichts geht mehr. Unsere Fahrer warten. Dringend!"
    found = signals.find(read(Case(subject="Totalausfall", body=text)), language="de").found
    assert {"outage", "deadline"} <= set(found)
    assert "legal_threat" not in found
