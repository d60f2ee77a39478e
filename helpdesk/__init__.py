"""The helpdesk: settings, the core that every app stands on, and the roof (URLs, ASGI, commands)."""

from .celery import app as celery_app

__all__ = ("celery_app",)
