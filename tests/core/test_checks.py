"""What must not start in public, does not."""

from __future__ import annotations

import pytest

from helpdesk.core import checks


def ids(found):
    return {message.id for message in found}


@pytest.fixture
def public(settings):
    settings.ON_LOOPBACK = False
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["help.example.com"]
    settings.SITE_URL = "https://help.example.com"
    settings.SECRET_KEY = "x" * 60
    return settings


def test_a_sound_public_configuration_is_silent(public):
    assert checks.safe_in_public(None) == []


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("DEBUG", True, "E001"),
        ("ALLOWED_HOSTS", ["*"], "E002"),
        ("SITE_URL", "http://help.example.com", "E003"),
        ("SECRET_KEY", "short", "E004"),
    ],
)
def test_each_insecure_setting_is_named(public, name, value, expected):
    setattr(public, name, value)
    assert ids(checks.safe_in_public(None)) == {f"helpdesk.{expected}"}


def test_a_laptop_is_left_in_peace(settings):
    settings.ON_LOOPBACK, settings.DEBUG = True, True
    assert checks.safe_in_public(None) == []


def test_a_part_with_a_known_hole_is_refused(monkeypatch):
    monkeypatch.setattr(checks, "version", lambda name: "4.2.1" if name == "daphne" else "5.2.19")
    assert ids(checks.no_known_holes(None)) == {"helpdesk.E005"}
