from .consent import AccessEntry, ConsentEntry
from .crm import CrmCase, CrmConnection, CrmExchange, CrmRecord
from .customer import ContactPoint, Customer, Organisation
from .erasure import Erasure, ErasureWish
from .export import CustomerExport
from .import_run import CustomerImport
from .memory import MemoryFact, MemoryFeedback, MemoryNode, MemorySummary, MemoryTrace
from .merge import CustomerMerge
from .retention import RetentionPolicy

__all__ = (
    "AccessEntry",
    "ConsentEntry",
    "ContactPoint",
    "CrmCase",
    "CrmConnection",
    "CrmExchange",
    "CrmRecord",
    "Customer",
    "CustomerExport",
    "CustomerImport",
    "CustomerMerge",
    "Erasure",
    "ErasureWish",
    "MemoryFact",
    "MemoryFeedback",
    "MemoryNode",
    "MemorySummary",
    "MemoryTrace",
    "Organisation",
    "RetentionPolicy",
)
