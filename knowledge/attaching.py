"""Files of an article: taken in by what they are, not by what they are called (security T03)."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk.core.downloads import picture_type
from helpdesk.core.errors import Conflict, Invalid

from .models import Article, ArticleFile

MOST_BYTES = 20_000_000
MOST_FILES = 50  # of one article
REFUSED = frozenset("exe com scr bat cmd msi js jse vbs vbe wsf ps1 jar hta lnk reg dll apk iso img svg html htm xhtml xml".split())


def attach(article: Article, upload: File[bytes], *, by: Any) -> ArticleFile:
    """Store a file with an article; the same file again is the one that is there.

    Raises Invalid for an empty, too large or runnable file, Conflict when the article has 50.
    """
    name = _name(upload.name or "")
    _accept(name, upload.size or 0)
    content = upload.read()
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        Article.objects.select_for_update().only("pk").get(pk=article.pk)
        if there := article.files.filter(sha256=digest, name=name).first():
            return there
        if article.files.count() >= MOST_FILES:
            raise Conflict(_("An article has at most %(most)s files.") % {"most": MOST_FILES})
        row = ArticleFile(article=article, name=name, size=len(content), sha256=digest, uploaded_by=by)
        row.picture = bool(picture_type(content[:16]))
        upload.seek(0)
        row.file.save("", upload, save=False)
        row.save()
    return row


def remove(file: ArticleFile) -> None:
    """Take a file away; the bytes go after the row did, so that a rolled-back removal keeps them."""
    stored = file.file
    with transaction.atomic():
        file.delete()
        transaction.on_commit(lambda: stored.storage.delete(stored.name or ""))


def _name(given: str) -> str:
    base = PurePath(given.replace("\\", "/")).name
    visible = "".join(letter for letter in base if unicodedata.category(letter)[0] != "C")  # no control or direction marks
    return visible.strip()[-255:] or "file"


def _accept(name: str, size: int) -> None:
    if not size:
        raise Invalid(_("“%(name)s” is empty.") % {"name": name})
    if size > MOST_BYTES:
        raise Invalid(_("“%(name)s” is larger than %(most)s MB.") % {"name": name, "most": MOST_BYTES // 1_000_000})
    if PurePath(name).suffix.lower().lstrip(".") in REFUSED:
        raise Invalid(_("“%(name)s” could run on a reader's computer. Put it into a .zip.") % {"name": name})
