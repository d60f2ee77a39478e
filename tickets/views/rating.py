"""The page behind "How did we do?": a look rates nothing, a press does."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from customers.access_log import note_read
from helpdesk.core.errors import HelpdeskError
from tickets import rating
from tickets.models import Rating


class RatingForm(forms.Form):
    score = forms.TypedChoiceField(choices=rating.FACES, coerce=int, error_messages={"required": gettext_lazy("Choose a number first.")})
    comment = forms.CharField(required=False, max_length=rating.LONGEST_COMMENT, widget=forms.Textarea(attrs={"rows": 4}))


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the question with `?score=` chosen in advance; POST stores `score` and, where it is sent, `comment`."""
    ticket = rating.opened_by(token)
    if ticket is None:
        raise Http404
    form = RatingForm(request.POST or None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        source = Rating.Source.PAGE if "page" in request.POST else Rating.Source.MAIL
        comment = form.cleaned_data["comment"] if "comment" in request.POST else None
        try:
            rating.rate(ticket=ticket, score=form.cleaned_data["score"], comment=comment, source=source)
            return redirect("rate", token=token)
        except HelpdeskError as error:
            refused = error.detail
    elif form.errors:
        refused = str(next(iter(form.errors.values()))[0])
    given = Rating.objects.filter(ticket=ticket).first()
    if request.method == "GET":
        note_read(ticket.customer, ticket.customer_id, "rating page", ticket.number)
    context = {
        "ticket": ticket,
        "given": given,
        "changeable": rating.changeable(given),
        "chosen": _chosen(request, given),
        "comment": request.POST.get("comment", given.comment if given else ""),
        "faces": rating.FACES,
        "refused": refused,
        "said": _("Thank you. We have noted %(score)d of 5.") % {"score": given.score} if given and not refused else "",
    }
    return render(request, "tickets/public/rate.html", context, status=422 if refused else 200)


def _chosen(request: HttpRequest, given: Rating | None) -> int:
    """What stands in the form: what was pressed in the mail, else what was said before, else nothing."""
    asked = request.POST.get("score") or request.GET.get("score", "")
    if asked in {str(score) for score, _label in rating.FACES}:
        return int(asked)
    return given.score if given else 0
