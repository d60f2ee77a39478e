"""Addresses in mails come from the settings, never from a Host header that a stranger chose."""

from django.conf import settings


def absolute(path: str) -> str:
    """The full address of one of our paths."""
    return settings.SITE_URL + path
