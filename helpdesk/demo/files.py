"""The files that came with demonstration messages: written as text, or drawn as a picture of it."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from io import BytesIO

from tickets.channels.base import InboundAttachment
from tickets.intake import attach
from tickets.models import Attachment, Message

PAPER, INK, BAND = "#f4f1ea", "#1f2430", "#2f5d50"
MARGIN, LINE, HEAD, WIDTH = 28, 34, 54, 640  # pixels


def attach_files(files: Iterable[tuple[Message, dict[str, str]]]) -> None:
    for message, file in files:
        name, text = file["name"], file["text"]
        kind = mimetypes.guess_type(name)[0] or "text/plain"
        content = _picture(text.rstrip("\n").split("\n")) if kind == "image/png" else text.encode()
        row = attach(message, InboundAttachment(name=name, content_type=kind, content=content))
        Attachment.objects.filter(pk=row.pk).update(created_at=message.created_at, verdict=Attachment.Verdict.CLEAN)


def _picture(lines: list[str]) -> bytes:
    """A plain screen with these lines: the first one as its title bar."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - only where a picture is drawn

    image = Image.new("RGB", (WIDTH, HEAD + MARGIN * 2 + LINE * max(1, len(lines) - 1)), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=22)
    draw.rectangle((0, 0, WIDTH, HEAD), fill=BAND)
    draw.text((MARGIN, (HEAD - 22) // 2), lines[0], fill=PAPER, font=font)
    for row, line in enumerate(lines[1:]):
        draw.text((MARGIN, HEAD + MARGIN + LINE * row), line, fill=INK, font=font)
    kept = BytesIO()
    image.save(kept, "PNG", optimize=True)
    return kept.getvalue()
