from __future__ import annotations

from django.urls import include, path

from assist.widget import pages

from . import article_views, chat_views, summary_views, views
from .api import acd, widget, widget_chat

urlpatterns = [
    path("", include("assist.console.urls")),
    path("assist/tickets/<uuid:pk>/", views.ticket_panel, name="assist-panel"),
    path("assist/tickets/<uuid:pk>/draft/", views.ticket_draft, name="assist-draft"),
    path("assist/tickets/<uuid:pk>/summary/", summary_views.shown, name="assist-summary"),
    path("assist/tickets/<uuid:pk>/summary/renew/", summary_views.renew, name="assist-summary-renew"),
    path("assist/tickets/<uuid:pk>/summary/note/", summary_views.keep_as_note, name="assist-summary-note"),
    path("assist/tickets/<uuid:pk>/chat/", chat_views.bar, name="chat-bar"),
    path("assist/tickets/<uuid:pk>/chat/<slug:deed>/", chat_views.act, name="chat-act"),
    path("assist/tickets/<uuid:pk>/article/", article_views.draft, name="assist-article"),
    path("assist/gaps/", views.gaps, name="assist-gaps"),
    path("assist/runs/<uuid:pk>/", views.run, name="assist-run"),
    path("assist/runs/<uuid:pk>/again/", views.run_again, name="assist-run-again"),
    path("assist/drafts/<uuid:pk>/use/", views.use_draft, name="draft-use"),
    path("assist/drafts/<uuid:pk>/dismiss/", views.dismiss_draft, name="draft-dismiss"),
    path("assist/drafts/<uuid:pk>/stop/", views.stop_draft, name="draft-stop"),
    path("assist/drafts/<uuid:pk>/rewrite/", views.rewrite_draft, name="draft-rewrite"),
    path("assist/drafts/<uuid:pk>/rate/", views.rate_draft, name="draft-rate"),
    path("assist/suggestions/<int:pk>/rate/", views.rate, name="suggestion-rate"),
    path("assist/suggestions/<int:pk>/clicked/", views.clicked, name="suggestion-clicked"),
    path("assist/suggestions/<int:pk>/differs/", views.differs, name="suggestion-differs"),
    path("assist/suggestions/<int:pk>/apply/", views.apply, name="suggestion-apply"),
    path("assist/suggestions/<int:pk>/dismiss/", views.dismiss, name="suggestion-dismiss"),
    path("assist/suggestions/<int:pk>/undo/", views.undo, name="suggestion-undo"),
    path("widget.js", pages.loader, name="widget-loader"),
    path("widget/", pages.frame, name="widget"),
    path("widget/help-centre.js", pages.help_centre, name="widget-help-centre"),
    path("widget/demo/", pages.demonstration, name="widget-demo"),
    path("api/widget/visits", widget.Visits.as_view(), name="widget-visits"),
    path("api/widget/introductions", widget.Introductions.as_view(), name="widget-introductions"),
    path("api/widget/departures", widget.Departures.as_view(), name="widget-departures"),
    path("api/widget/files", widget.Files.as_view(), name="widget-files"),
    path("api/widget/chat", widget_chat.Chat.as_view(), name="widget-chat"),
    path("api/widget/chat/handovers", widget_chat.Handovers.as_view(), name="widget-handovers"),
    path("api/widget/chat/endings", widget_chat.Endings.as_view(), name="widget-endings"),
    path("api/realtime/acd/<slug:provider>/<str:key>/", acd.Webhook.as_view(), name="acd-webhook"),
]
