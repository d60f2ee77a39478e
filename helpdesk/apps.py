from django.apps import AppConfig


class HelpdeskConfig(AppConfig):
    """The roof: management commands and demonstration data. Ready last, so it opens the event spine."""

    name = "helpdesk"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules  # noqa: PLC0415

        from helpdesk.core.events import load_subscribers  # noqa: PLC0415 - models exist only now

        load_subscribers()
        autodiscover_modules("erasing", "export_parts")  # what each app holds of a person: customers.erasure, customers.exporting
