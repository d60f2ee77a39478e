"""The agents' console. What customers reach is in public_urls."""

from __future__ import annotations

from django.urls import include, path

from .views import actions, bodies, bulk, compose, customer, customers, files, inbox, incidents, merging, new_ticket, notices, search

urlpatterns = [
    path("", include("tickets.public_urls")),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/counts/", inbox.counts, name="inbox-counts"),
    path("inbox/new/", new_ticket.new_ticket, name="new-ticket"),
    path("inbox/next/", inbox.take_next, name="take-next"),
    path("inbox/bulk/", bulk.bulk, name="bulk"),
    path("inbox/bulk/undo/", bulk.undo, name="bulk-undo"),
    path("inbox/<slug:view>/", inbox.view, name="view"),
    path("inbox/<slug:view>/<slug:number>/", inbox.console, name="console"),
    path("tickets/<slug:number>/", inbox.ticket, name="ticket"),
    path("tickets/<slug:number>/merge/", merging.merge, name="ticket-merge"),
    path("tickets/merges/<uuid:pk>/undo/", merging.undo, name="ticket-merge-undo"),
    path("tickets/<slug:number>/messages/", compose.compose, name="compose"),
    path("tickets/<slug:number>/others/", customer.others, name="others"),
    path("tickets/<slug:number>/adopt/", actions.adopt, name="adopt"),
    path("tickets/<slug:number>/do/<slug:verb>/", actions.act, name="act"),
    path("messages/<uuid:pk>/body", bodies.body, name="message-body"),
    path("messages/<uuid:pk>/raw", bodies.raw, name="message-raw"),
    path("messages/<uuid:pk>/withdraw/", compose.withdraw, name="withdraw"),
    path("messages/<uuid:pk>/send-again/", compose.send_again, name="send-again"),
    path("files/<uuid:pk>/", files.file, name="file"),
    path("incidents/", incidents.every, name="incidents"),
    path("incidents/<slug:reference>/", incidents.one, name="incident"),
    path("incidents/<slug:reference>/updates/", incidents.tell, name="incident-tell"),
    path("incidents/<slug:reference>/change/", incidents.change, name="incident-change"),
    path("incidents/<slug:reference>/replies/", incidents.replies, name="incident-replies"),
    path("incidents/<slug:reference>/take-back/", incidents.take_back, name="incident-take-back"),
    path("incidents/<slug:reference>/tickets/", incidents.tie, name="incident-tie"),
    path("notices/", notices.index, name="notices"),
    path("notices/bell/", notices.bell, name="notices-bell"),
    path("notices/read/", notices.read, name="notices-read"),
    path("notices/<int:pk>/", notices.follow, name="notice"),
    path("settings/notifications/", notices.settings, name="notice-settings"),
    path("settings/notifications/<slug:slug>/", notices.team, name="notice-team"),
    path("search/", search.search, name="search"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<uuid:pk>/", customers.customer, name="customer"),
    path("customers/<uuid:pk>/timeline/", customers.timeline, name="customer-timeline"),
    path("customers/<uuid:pk>/merge/", customers.merge, name="customer-merge"),
    path("customers/merges/<uuid:pk>/undo/", customers.undo_merge, name="customer-merge-undo"),
]
