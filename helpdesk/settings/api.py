"""The partner API: DRF, its schema, limits."""

from __future__ import annotations

from .env import TESTING, env

API_RATE_LIMIT_PER_MINUTE = env.int("API_RATE_LIMIT_PER_MINUTE", default=12_000)
API_KEY_TRUSTED_SECONDS = env.float("API_KEY_TRUSTED_SECONDS", default=0 if TESTING else 1)  # so long a revoked key may still get in
NUM_PROXIES = env.int("NUM_PROXIES", default=0)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "helpdesk.core.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["helpdesk.core.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["helpdesk.core.api.parsing.StorableJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["helpdesk.core.api.throttling.PerKeyThrottle"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "helpdesk.core.api.problems.problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "NUM_PROXIES": NUM_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Helpdesk API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "helpdesk.core.api.schema.declare_problems",
        "helpdesk.core.api.schema.let_fields_be_left_out",
    ],
    "ENUM_NAME_OVERRIDES": {  # choices that share a field's name, or have several
        "TicketStatus": "tickets.models.Ticket.Status",
        "TicketPriority": "tickets.models.Ticket.Priority",
        "MessageVisibility": "tickets.models.Message.Visibility",
        "CallStatus": "assist.models.CallSession.Status",
        "ActionState": "assist.api.actions.STATES",
        "IncidentStatus": "knowledge.models.Incident.Status",
        "ComponentState": "knowledge.models.Component.State",
        "WebhookDeliveryState": "helpdesk.core.models.WebhookDelivery.State",
        "MemoryNodeType": "customers.models.MemoryNode.Type",
    },
}
