"""The back office: who gets in, and that every list opens."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from helpdesk.core.models import User
from tests.cast import make_agent, signed_in

pytestmark = pytest.mark.django_db
OURS = [m for m in admin.site._registry if m._meta.app_label in ("core", "customers", "knowledge", "tickets", "assist")]


@pytest.fixture
def ruth(db):
    return make_agent("Ruth Abernathy", role=User.Role.ADMIN)


@pytest.mark.parametrize("model", OURS, ids=lambda m: m.__name__)
def test_every_list_and_record_opens_for_an_admin(ruth, ticket, model):
    client = signed_in(ruth)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    if (row := model.objects.first()) is not None:
        assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def test_an_agent_is_not_let_in(as_maya):
    assert as_maya.get("/admin/").status_code in (302, 403)
    assert as_maya.get("/admin/tickets/ticket/").status_code in (302, 403)


def test_a_stranger_is_sent_to_the_one_sign_in():
    assert "/admin/login" in Client().get("/admin/")["Location"]


def test_a_supervisor_looks_after_queues_but_not_after_keys(priya, support):
    client = signed_in(priya)
    assert client.get("/admin/tickets/queue/add/").status_code == 200
    assert client.get("/admin/core/apikey/").status_code == 200
    assert client.get("/admin/core/user/add/").status_code == 403


def test_tickets_cannot_be_written_past_their_verbs(ruth, ticket):
    assert signed_in(ruth).post(f"/admin/tickets/ticket/{ticket.pk}/delete/", {"post": "yes"}).status_code == 403
