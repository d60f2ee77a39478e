from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from customers import customer_session  # noqa: PLC0415 - models are there only now
        from customers.memory import rights  # noqa: PLC0415

        from . import requests  # noqa: PLC0415
        from .remembering import ticket_numbered, visible_tickets  # noqa: PLC0415

        rights.decide_by(visible_tickets, ticket_numbered)
        customer_session.known_by(requests.any_of)
