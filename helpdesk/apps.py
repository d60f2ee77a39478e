from django.apps import AppConfig


class HelpdeskConfig(AppConfig):
    """The roof: management commands and demonstration data. Ready last, so it opens the event spine."""

    name = "helpdesk"

    def ready(self) -> None:
        from helpdesk.core.events import load_subscribers  # noqa: PLC0415 - models exist only now

        load_subscribers()
