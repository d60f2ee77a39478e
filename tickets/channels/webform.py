"""The public web form: one more way in. Translates what was typed into an `InboundMessage`; nobody's word is trusted.

No mail goes out for it: an acknowledgement to an address that somebody else typed is how help desks become spam relays
(security.md T12). The confirmation is the page itself.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import HelpdeskError
from helpdesk.core.limits import spend
from tickets.models import Ticket

from .base import InboundAttachment, InboundMessage, Sender
from .charsets import clean_file_name, clean_line, clean_text

LONGEST_SUBJECT, LONGEST_BODY = 250, 20_000  # characters
MOST_FILES, LARGEST_FILE, LARGEST_ALL = 5, 10 * 2**20, 20 * 2**20  # bytes
PER_VISITOR, PER_ADDRESS = 20, 5  # requests an hour
WINDOW = timedelta(hours=1)


class TooManyRequests(HelpdeskError):
    """Too many requests came from here in the last hour. Nothing was sent; your text is still in the form."""

    code = "too-many-requests"
    status = 429


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files in one field; each is checked, and all together."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = [super(FilesField, self).clean(one, initial) for one in (data or []) if one]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(_("At most %(most)d files."), params={"most": MOST_FILES})
        if any(file.size > LARGEST_FILE for file in files) or sum(file.size for file in files) > LARGEST_ALL:
            raise forms.ValidationError(_("A file can be 10 MB at most, all together 20 MB."))
        return files


class ContactForm(forms.Form):
    """What a customer fills in. `website` is a trap: people never see it, programs fill it."""

    subject = forms.CharField(label=_("What is it about?"), max_length=LONGEST_SUBJECT)
    body = forms.CharField(
        label=_("What happened?"),
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What you did, what you saw, what you expected."),
    )
    name = forms.CharField(label=_("Your name"), max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Your email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("Our answer goes to this address."),
    )
    attachments = FilesField(label=_("Files"), required=False, help_text=_("Up to 5, for example screenshots."))
    website = forms.CharField(required=False, max_length=200)
    form_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    article = forms.SlugField(required=False, max_length=160, widget=forms.HiddenInput)

    def clean_subject(self) -> str:
        return clean_line(str(self.cleaned_data["subject"]))

    def clean_body(self) -> str:
        return clean_text(str(self.cleaned_data["body"]))

    def clean_name(self) -> str:
        return clean_line(str(self.cleaned_data["name"]))

    @property
    def is_trapped(self) -> bool:
        """A program filled the field that people do not see."""
        return bool(self.cleaned_data.get("website"))


def translate(form: ContactForm) -> InboundMessage:
    """A valid form as an InboundMessage. The same form sent twice is one message."""
    said = form.cleaned_data
    return InboundMessage(
        channel=Ticket.Channel.WEB_FORM,
        sender=Sender(email=said["email"], name=said["name"]),
        subject=said["subject"],
        body_text=said["body"],
        external_id=once_id(said["form_id"], said["email"], said["subject"], said["body"]),
        attachments=tuple(_attachment(file) for file in said["attachments"]),
        metadata={"article": said["article"]} if said["article"] else {},
    )


def once_id(form_id: UUID | None, *words: str) -> str:
    """An external id of one form and what was written in it: sent twice it is one message, corrected and sent again it is another."""
    return f"form-{form_id or uuid4()}-{hashlib.sha256(chr(0).join(words).encode()).hexdigest()[:16]}"


def check_allowance(*, visitor: str, address: str) -> None:
    """Count one request of this visitor to this address. Raises TooManyRequests over the hour's cap."""
    fine = spend("web-form-visitor", visitor, limit=PER_VISITOR, window=WINDOW) and spend(
        "web-form-address", address, limit=PER_ADDRESS, window=WINDOW
    )
    if not fine:
        raise TooManyRequests(
            str(_("Too many requests came from here in the last hour. Nothing was sent; your text is still in the form."))
        )


def _attachment(file: UploadedFile) -> InboundAttachment:
    return InboundAttachment(
        name=clean_file_name(file.name or ""),
        content_type=clean_line(file.content_type or "")[:120] or "application/octet-stream",
        content=file.read(),
    )
