"""`/docs` and `/redoc`, served from our own host. They carry a looser policy of their own: the viewers style inline."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

_looser = csp_replace({"style-src": [SELF, UNSAFE_INLINE], "script-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]})


@method_decorator(_looser, name="dispatch")
class SwaggerPage(SpectacularSwaggerSplitView):  # type: ignore[misc]
    """Swagger UI; the split view keeps its script in a file of its own."""


@method_decorator(_looser, name="dispatch")
class RedocPage(SpectacularRedocView):  # type: ignore[misc]
    """ReDoc."""
