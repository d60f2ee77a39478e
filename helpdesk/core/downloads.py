"""Files that people uploaded, given to a browser so that it cannot run them (security T03). Who may have one is the caller's question."""

from __future__ import annotations

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404

FILE_POLICY = "sandbox; default-src 'none'"


def served(file: FieldFile, name: str) -> FileResponse:
    """A real picture is shown, everything else is a download. Raises Http404 when the file is gone from the disk."""
    try:
        content = file.open("rb")
    except FileNotFoundError as gone:
        raise Http404 from gone
    picture = picture_type(content.read(16))
    content.seek(0)
    kind = picture or "application/octet-stream"
    response = FileResponse(content, as_attachment=not picture, filename=name.replace("\r", " ").replace("\n", " "), content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = FILE_POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def picture_type(start: bytes) -> str:
    """The type by the file's first bytes, of the four that may be shown in a page; "" for everything else."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if start[:4] == b"RIFF" and start[8:12] == b"WEBP" else ""
