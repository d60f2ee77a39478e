"""The button "Draft an article from this ticket": shown in the ticket's details by address."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from assist.article_draft import draft_article
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.requests import AgentRequest
from tickets.models import Ticket


@login_required
@require_POST
def draft(request: AgentRequest, pk: UUID) -> HttpResponse:
    """Draft it and open the editor; when that cannot be, say why on the ticket."""
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user).select_related("customer", "organisation", "category"), pk=pk)
    try:
        article = draft_article(ticket, by=request.user)
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
        return redirect(ticket.get_absolute_url())
    messages.success(request, _("Names and numbers were taken out. Read it once before it goes to review."))
    return redirect("knowledge-edit", article.pk)
