"""Pages of the assistant in the console: calls, and what is evaluated."""

from __future__ import annotations

from django.urls import path

from . import batches, board, calls, experiments, learning, ringing, wrapup

urlpatterns = [
    path("evaluation/", learning.index, name="evaluation"),
    path("evaluation/drafts/", learning.drafts, name="draft-funnel"),
    path("evaluation/learning/", learning.learning, name="learning"),
    path("evaluation/learning/<slug:field>/tickets/", learning.cell, name="learning-cell"),
    path("evaluation/learning/examples/<int:pk>/undo/", learning.undo, name="learning-undo"),
    path("evaluation/policies/", learning.policies, name="assist-policies"),
    path("evaluation/batches/", batches.index, name="triage-batches"),
    path("evaluation/batches/<uuid:pk>/", batches.one, name="triage-batch"),
    path("evaluation/batches/<uuid:pk>/act/", batches.act, name="triage-batch-act"),
    path("evaluation/policies/shadow/", learning.shadow, name="assist-shadow"),
    path("evaluation/experiments/", experiments.index, name="experiments"),
    path("evaluation/experiments/new/", experiments.write, name="experiment-new"),
    path("evaluation/experiments/<uuid:experiment_id>/", experiments.one, name="experiment"),
    path("evaluation/experiments/<uuid:experiment_id>/edit/", experiments.write, name="experiment-edit"),
    path("evaluation/experiments/<uuid:experiment_id>/act/", experiments.act, name="experiment-act"),
    path("calls/", calls.calls, name="calls"),
    path("calls/board/", board.board, name="call-board"),
    path("calls/ringing/", ringing.rings, name="calls-ringing"),
    path("calls/<uuid:session_id>/", calls.call, name="call"),
    path("calls/<uuid:session_id>/answer/", ringing.answer, name="call-answer"),
    path("calls/<uuid:session_id>/decline/", ringing.decline, name="call-decline"),
    path("calls/<uuid:session_id>/consent/", calls.consent, name="call-consent"),
    path("calls/<uuid:session_id>/notes/", calls.note, name="call-note"),
    path("calls/<uuid:session_id>/confirm/", calls.confirm, name="call-confirm"),
    path("calls/<uuid:session_id>/suggestions/<int:pk>/use/", calls.use, name="call-use"),
    path("calls/<uuid:session_id>/suggestions/<int:pk>/rate/", calls.rate, name="call-rate"),
    path("calls/<uuid:session_id>/steps/<int:pk>/", calls.step, name="call-step"),
    path("calls/<uuid:session_id>/parts/<slug:name>/", calls.part, name="call-part"),
    path("calls/<uuid:session_id>/whisper/", board.whisper, name="call-whisper"),
    path("calls/<uuid:session_id>/end/", calls.end, name="call-end"),
    path("calls/<uuid:session_id>/wrap-up/", wrapup.wrap_up, name="call-wrap-up"),
]
