from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from customers.memory import rights  # noqa: PLC0415 - models are there only now

        from .remembering import ticket_numbered, visible_tickets  # noqa: PLC0415

        rights.decide_by(visible_tickets, ticket_numbered)
