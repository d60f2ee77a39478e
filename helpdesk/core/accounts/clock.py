"""Every page speaks the reader's own time."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from helpdesk.core.zones import zone_of


class ReadersTimeZone:
    """Middleware: activates the signed-in person's time zone for the length of the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zone_of(getattr(request.user, "time_zone", ""))):
            return self.get_response(request)
