"""What an article is besides its text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from knowledge.language import LANGUAGES
from knowledge.models import Article, Category

FORM = "article-form"  # id of the form element; these fields stand beside it


def languages(*also: str) -> list[tuple[str, str]]:
    """Code and own name of every language that search knows the endings of, and of `also`."""
    return [(code, _name(code)) for code in dict.fromkeys([*LANGUAGES, *filter(None, also)])]


def _name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_local"]).capitalize()
    except KeyError:
        return code


class StartForm(forms.ModelForm[Article]):
    """A title, and what is worth knowing before the first word."""

    language = forms.ChoiceField(label=_("Language"))

    class Meta:
        model = Article
        fields = ("title", "category", "language", "audience")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose_language(self)
        self.fields["title"].widget.attrs |= {"autofocus": True, "dir": "auto"}


class PropertiesForm(forms.ModelForm[Article]):
    language = forms.ChoiceField(label=_("Language"))
    keywords = SimpleArrayField(
        forms.CharField(max_length=80),
        label=_("Keywords"),
        required=False,
        max_length=30,
        help_text=_("Words that customers use, with commas between."),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    class Meta:
        model = Article
        fields = ("category", "language", "audience", "assist_may_use", "owner", "review_due", "keywords", "slug")
        widgets = {"review_due": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose_language(self, self.instance.language)
        self.initial["keywords"] = ", ".join(self.instance.keywords)  # with a space after the comma, as people write
        owner: Any = self.fields["owner"]
        owner.queryset = User.objects.filter(is_active=True).only("id", "name", "email")
        if self.instance.published_at:
            del self.fields["slug"]
        for field in self.fields.values():
            field.widget.attrs["form"] = FORM

    def clean_keywords(self) -> list[str]:
        return list(dict.fromkeys(word.strip() for word in self.cleaned_data["keywords"] or [] if word.strip()))


def _choose_language(form: forms.ModelForm[Article], *also: str) -> None:
    language: Any = form.fields["language"]
    language.choices = languages(*also)
    category: Any = form.fields["category"]
    category.queryset = Category.objects.only("id", "name")
    category.empty_label = "–"
