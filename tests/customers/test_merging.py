"""Two records of one person: preview, merge, undo."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from customers import customer_session, identity, memory, merging
from customers.models import CrmConnection, CrmRecord, Customer, CustomerMerge
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Event, OneTimeToken, User
from tests.cast import make_customer, receive
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def private(support: object) -> Customer:
    """Ingrid, as she wrote from home; she has a ticket there too."""
    customer = make_customer("Ingrid Dahl", "ingrid@home.example", title="Head of Outbound", tier="standard", external_id="home-1")
    receive(customer, "From home", "It is me.")
    return customer


def test_a_preview_says_what_would_move_and_changes_nothing(ingrid: Customer, private: Customer) -> None:
    shown = merging.preview(ingrid, private)
    assert shown.counts["tickets"] == 1
    assert shown.addresses == ["ingrid@home.example"]
    assert shown.filled == {"title": "Head of Outbound"}
    assert shown.conflicts == {"name": ("Ingrid Sørensen-Dahl", "Ingrid Dahl")}
    assert Ticket.objects.get(subject="From home").customer == private


def test_everything_of_the_merged_record_belongs_to_the_kept_one(ticket: Ticket, ingrid: Customer, private: Customer, maya: User) -> None:
    merging.merge(kept=ingrid, merged=private, by=maya)
    ingrid.refresh_from_db()
    assert set(ingrid.tickets.values_list("subject", flat=True)) == {"EU sync API returning 503", "From home"}
    assert {point.value for point in ingrid.contact_points.all()} == {"ingrid@nordhavn.example", "ingrid@home.example"}
    assert (ingrid.name, ingrid.title, ingrid.tier) == ("Ingrid Sørensen-Dahl", "Head of Outbound", "enterprise")
    assert ingrid.email == "ingrid@nordhavn.example", "their own primary address stays"
    assert Event.objects.filter(kind="customer.merged", customer_ref=ingrid.pk).count() == 1


def test_the_merged_record_is_nowhere_to_be_seen_but_its_ids_lead_to_the_person(ingrid: Customer, private: Customer, maya: User) -> None:
    merging.merge(kept=ingrid, merged=private, by=maya)
    assert private not in Customer.objects.visible_to(maya)
    for found in (
        identity.find(customer_id=str(private.pk)),
        identity.find(external_id="home-1"),
        identity.find(email="ingrid@home.example"),
    ):
        assert found == ingrid
    assert receive("ingrid@home.example", "Again", "Once more").ticket.customer == ingrid


def test_an_undo_makes_two_again_and_leaves_what_came_since(ticket: Ticket, ingrid: Customer, private: Customer, maya: User) -> None:
    done = merging.merge(kept=ingrid, merged=private, by=maya)
    receive("ingrid@nordhavn.example", "Since then", "New")
    merging.undo(done, by=maya)
    private.refresh_from_db()
    ingrid.refresh_from_db()
    assert private.merged_into is None and private.email == "ingrid@home.example"
    assert set(private.tickets.values_list("subject", flat=True)) == {"From home"}
    assert set(ingrid.tickets.values_list("subject", flat=True)) == {"EU sync API returning 503", "Since then"}
    assert ingrid.title == ""


def test_an_undo_does_not_take_back_what_people_wrote_since(ingrid: Customer, private: Customer, maya: User) -> None:
    done = merging.merge(kept=ingrid, merged=private, by=maya)
    Customer.objects.filter(pk=ingrid.pk).update(title="COO")
    merging.undo(done, by=maya)
    ingrid.refresh_from_db()
    assert ingrid.title == "COO"


def test_what_a_person_can_have_only_once_stays_with_the_record_it_came_with(ingrid: Customer, private: Customer, maya: User) -> None:
    connection = CrmConnection.objects.create(name="Z", vendor="zendesk", base_url="https://z.example")
    for customer, remote in ((ingrid, "1"), (private, "2")):
        CrmRecord.objects.create(connection=connection, customer=customer, remote_id=remote)
    merging.merge(kept=ingrid, merged=private, by=maya)
    assert CrmRecord.objects.get(customer=ingrid).remote_id == "1"
    assert CrmRecord.objects.get(customer=private).remote_id == "2"


def test_nobody_is_merged_twice_or_with_themselves(ingrid: Customer, private: Customer, dwayne: Customer, maya: User) -> None:
    with pytest.raises(Invalid):
        merging.merge(kept=ingrid, merged=ingrid, by=maya)
    merging.merge(kept=ingrid, merged=private, by=maya)
    with pytest.raises(Conflict):
        merging.merge(kept=dwayne, merged=private, by=maya)


def test_after_thirty_days_and_after_an_undo_it_is_too_late(ingrid: Customer, private: Customer, maya: User) -> None:
    done = merging.merge(kept=ingrid, merged=private, by=maya)
    CustomerMerge.objects.update(at=timezone.now() - timedelta(days=31))
    assert merging.undoable(ingrid) is None
    with pytest.raises(Conflict):
        merging.undo(done, by=maya)
    CustomerMerge.objects.update(at=timezone.now())
    merging.undo(done, by=maya)
    with pytest.raises(Conflict):
        merging.undo(done, by=maya)


def test_what_they_agreed_to_their_visits_and_their_cases_move_and_come_back(ingrid: Customer, private: Customer, maya: User) -> None:
    memory.grant(private, source="a form")
    hub = CrmConnection.objects.create(name="Hub", vendor="hubspot", base_url="https://crm.example")
    case = hub.cases.create(customer=private, source="TKT-1", case={})
    token, _secret = OneTimeToken.issue("visit", lifetime=merging.UNDO, email="ingrid@home.example")
    done = merging.merge(kept=ingrid, merged=private, by=maya)
    assert ingrid.consents.filter(source="a form").exists()
    assert hub.cases.get().customer == ingrid
    assert customer_session.customer_of(token.email) == ingrid, "whoever is signed in sees the one person"
    merging.undo(done, by=maya)
    assert private.consents.filter(source="a form").exists() and not ingrid.consents.exists()
    assert hub.cases.get(pk=case.pk).customer == private
    assert customer_session.customer_of(token.email) == private
