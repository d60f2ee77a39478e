"""CRM systems behind one Protocol (`base`): a file a vendor, one story a flow.

`looking_up` who they say a customer is; `cases` tells them of solved tickets and calls; `syncing` reads what changed there.
Nobody waits for a CRM: all of it runs in the worker, and pages show what was last heard, with its age.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from customers.models import CrmConnection

from . import hubspot, salesforce, zendesk
from .base import Crm, CrmChanged, CrmRefused, CrmUnavailable, Field

_VENDORS: dict[str, Callable[[str, dict[str, Any]], Crm]] = {
    CrmConnection.Vendor.SALESFORCE: salesforce.Salesforce,
    CrmConnection.Vendor.ZENDESK: zendesk.Zendesk,
    CrmConnection.Vendor.HUBSPOT: hubspot.HubSpot,
}
_FIELDS: dict[str, tuple[Field, ...]] = {
    CrmConnection.Vendor.SALESFORCE: salesforce.FIELDS,
    CrmConnection.Vendor.ZENDESK: zendesk.FIELDS,
    CrmConnection.Vendor.HUBSPOT: hubspot.FIELDS,
}


def get_crm(connection: CrmConnection) -> Crm:
    """The vendor's adapter, with this connection's address and credentials."""
    return _VENDORS[connection.vendor](connection.base_url, connection.credentials)


def fields_of(vendor: str) -> tuple[Field, ...]:
    """What a vendor's credentials consist of."""
    return _FIELDS[vendor]


__all__ = ("Crm", "CrmChanged", "CrmRefused", "CrmUnavailable", "fields_of", "get_crm")
