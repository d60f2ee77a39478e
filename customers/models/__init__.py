from .crm import CrmCase, CrmConnection, CrmExchange, CrmRecord
from .customer import ContactPoint, Customer, Organisation
from .import_run import CustomerImport

__all__ = ("ContactPoint", "CrmCase", "CrmConnection", "CrmExchange", "CrmRecord", "Customer", "CustomerImport", "Organisation")
