from .crm import CrmCase, CrmConnection, CrmExchange, CrmRecord
from .customer import ContactPoint, Customer, Organisation
from .import_run import CustomerImport
from .merge import CustomerMerge

__all__ = (
    "ContactPoint",
    "CrmCase",
    "CrmConnection",
    "CrmExchange",
    "CrmRecord",
    "Customer",
    "CustomerImport",
    "CustomerMerge",
    "Organisation",
)
