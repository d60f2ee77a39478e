from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class AssistConfig(AppConfig):
    name = "assist"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("assist.flags")  # puts "Draft" on the rows of the inbox
        import_module("assist.chat.attending")  # answers of the console reach the chat
        import_module("assist.calls.wording")  # its prompt is in the configuration file, whichever process writes that
        from customers.memory import drawing  # noqa: PLC0415 - models are there only now

        from .models.product import recognised  # noqa: PLC0415

        drawing.products_by(recognised)
