from .customer import ContactPoint, Customer, Organisation

__all__ = ("ContactPoint", "Customer", "Organisation")
