"""`/api/realtime/`."""

from __future__ import annotations

from django.urls import path

from .calls import End, Line, Start, Suggestions, Transcription
from .stream import stream

urlpatterns = [
    path("call/start/", Start.as_view(), name="call-start"),
    path("call/end/", End.as_view(), name="call-end"),
    path("call/line/", Line.as_view(), name="call-line"),
    path("transcription/", Transcription.as_view(), name="call-transcription"),
    path("suggestions/<uuid:session_id>/", Suggestions.as_view(), name="call-suggestions"),
    path("stream/<uuid:session_id>/", stream, name="call-stream"),
]
