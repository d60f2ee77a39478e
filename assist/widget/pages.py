"""`/widget.js`, the page in its frame, and a page to try it on. None of them reads a cookie: who the visitor is, a token says."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from assist.models import WidgetSite
from helpdesk.core.clock import iso

from . import hours
from .colours import text_on
from .files import LARGEST
from .kinds import KINDS
from .words import languages, words

LOADER = settings.BASE_DIR / "static" / "js" / "widget-loader.js"
KEPT = "public, max-age=600"  # an address without a hash: a new version is on every site within ten minutes
LONGEST_LINE = 4000  # characters of one message (security T31)


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """The one script tag of a website. The same for all: which site it is stands in the tag."""
    body, tag = _script()
    answer = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"], answer["ETag"] = KEPT, tag
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return get_conditional_response(request, etag=tag, response=answer) or answer


@require_safe
def frame(request: HttpRequest) -> HttpResponse:
    """The chat itself. Only the site's own addresses may show it in a frame; any other site gets nothing on screen."""
    site = WidgetSite.objects.named(request.GET.get("site", ""))
    if site is None:
        raise Http404
    with translation.override(language := _language(request, site)):
        said = words(language)
        context = {"site": site, "language": language, "bidi": translation.get_language_bidi(), "words": said}
        context |= {"title": said["chat_with"].replace("{name}", site.name), "config": _config(site, language)}
        answer = render(request, "widget/frame.html", context)
    answer._csp_replace = {"frame-ancestors": ["'self'", *site.origins]}  # type: ignore[attr-defined]  # read by csp's middleware
    answer.xframe_options_exempt = True  # type: ignore[attr-defined]  # it knows no list; the policy above does
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def help_centre(_request: HttpRequest) -> HttpResponse:
    """The script as our own help centre loads it; an empty one while no site is meant for it."""
    site = WidgetSite.objects.of_help_centre()
    body = b"window.HelpdeskSite=" + json.dumps(site.key).encode() + b";\n" + _script()[0] if site else b""
    answer = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@require_safe
def demonstration(request: HttpRequest) -> HttpResponse:
    """A website as a customer would see it, with the widget of a site; without a name that of the help centre."""
    key = request.GET.get("site", "")
    site = WidgetSite.objects.named(key) if key else WidgetSite.objects.of_help_centre()
    if site is None:
        raise Http404
    return render(request, "widget/demo.html", {"site": site, "language": request.GET.get("lang", "")[:12]})


def _config(site: WidgetSite, language: str) -> dict[str, object]:
    back = hours.back_at(site)
    return {
        "site": site.key,
        "origins": site.origins,
        "language": language,
        "colour": site.colour,
        "on": text_on(site.colour),
        "asks": site.asks_first,
        "open": back is None,
        "back": iso(back) if back else None,
        "line": LONGEST_LINE,
        "file": LARGEST,
        "kinds": sorted(KINDS),
        "words": words(language),
    }


def _language(request: HttpRequest, site: WidgetSite) -> str:
    """What the page asks for, if the site speaks it; else the first of the reader's languages that it does; else the site's first.

    A site that names no languages speaks those that the widget does.
    """
    spoken = {one.split("-")[0] for one in site.languages or languages()}
    asked = request.GET.get("lang", "")[:12]
    read = [part.partition(";")[0].strip() for part in request.headers.get("Accept-Language", "").split(",")][:20]
    for wish in [asked, *read]:
        try:
            found = translation.get_supported_language_variant(wish) if wish else ""
        except LookupError:
            continue
        if found and found.split("-")[0] in spoken:
            return found
    return site.languages[0] if site.languages else settings.LANGUAGE_CODE


@cache  # the file is part of the code that runs
def _script() -> tuple[bytes, str]:
    body = LOADER.read_bytes()
    return body, f'"{sha256(body).hexdigest()[:16]}"'
