"""Tags: short labels, one spelling each."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import Invalid
from tickets.channels.charsets import clean_line


class Tag(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("tag")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def normal(name: str) -> str:
        return clean_line(name.lower())[:60].strip()

    @classmethod
    def named(cls, name: str) -> Tag:
        """The tag of that name, made when new. Raises Invalid for an empty one."""
        if not (normal := cls.normal(name)):
            raise Invalid("A tag needs a name")
        return cls.objects.get_or_create(name=normal)[0]
