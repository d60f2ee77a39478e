"""The company's products, as customers call them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Product(models.Model):
    """A name that is recognised in what customers say and write. Edited in the back office."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=80, unique=True)
    aliases = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        verbose_name=_("also called"),
        help_text=_("Other names, abbreviations and what speech recognition makes of it."),
    )
    is_active = models.BooleanField(_("recognised"), default=True)

    class Meta:
        verbose_name = _("product")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


def recognised() -> list[str]:
    """The names of the products, without their other names. One query."""
    return list(Product.objects.filter(is_active=True).values_list("name", flat=True))
