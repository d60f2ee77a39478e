"""A file that a visitor sends: checked, and set down in the ticket of the chat for people to look at. The assistant reads none."""

from __future__ import annotations

from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from assist.chat import conversation, handing_over
from assist.models import ChatMessage, ChatSession
from helpdesk.core.errors import Invalid
from tickets import intake
from tickets.channels.base import InboundAttachment
from tickets.channels.charsets import clean_file_name
from tickets.models import Attachment, Message

from .kinds import KINDS, type_of

LARGEST = 10 * 2**20  # bytes


class FileRefused(Invalid):
    """This file cannot be sent."""

    code = "file-refused"


def send(session: ChatSession, file: UploadedFile, *, client_id: str = "") -> tuple[ChatMessage, Attachment]:
    """The file stands in the chat's ticket; without one a person is asked for, who can look at it.

    The same `client_id` twice is one file. Raises FileRefused.
    """
    name = clean_file_name(file.name or "")
    _check(name, file.size or 0)
    whole = file.read()
    kind = type_of(name, whole)
    if not kind:
        raise FileRefused(_("What is in this file is not what its name says. It cannot be sent."))
    line = conversation.hear(session, _("File: %(name)s") % {"name": name}, client_id=client_id)
    if line.message_id is None:
        handing_over.hand_over(session, _("The visitor sent a file, which the assistant cannot read"))
        line.refresh_from_db()
    content = InboundAttachment(name=name, content_type=kind, content=whole)
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=_message_of(line))
        return line, message.attachments.first() or intake.attach(message, content)


def _message_of(line: ChatMessage) -> UUID:
    if line.message_id is None:  # the chat was handed to people without this line: nothing to hang the file on
        raise FileRefused
    return line.message_id


def _check(name: str, size: int) -> None:
    if name.rpartition(".")[2].lower() not in KINDS or "." not in name:
        raise FileRefused(_("Files of this kind cannot be sent. Pictures, PDF, text and office documents can."))
    if not size:
        raise FileRefused(_("This file is empty."))
    if size > LARGEST:
        raise FileRefused(_("A file can be %(size)d MB at most.") % {"size": LARGEST // 2**20})
