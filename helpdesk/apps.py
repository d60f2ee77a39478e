from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HelpdeskConfig(AppConfig):
    """The roof: management commands and demonstration data. Ready last, so it opens the event spine."""

    name = "helpdesk"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules  # noqa: PLC0415

        from helpdesk.core.audit import watching  # noqa: PLC0415 - models exist only now
        from helpdesk.core.events import load_subscribers  # noqa: PLC0415

        load_subscribers()
        post_migrate.connect(watching.bring_in_line, sender=self, dispatch_uid="helpdesk.audit")  # every app's tables are there
        autodiscover_modules("erasing", "export_parts")  # what each app holds of a person: customers.erasure, customers.exporting
