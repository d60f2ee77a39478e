from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "helpdesk.core"
    label = "core"
    verbose_name = "Core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401, PLC0415 - registers them
        from .accounts import leaving  # noqa: F401, PLC0415 - hears of sign-outs
        from .audit import acting, hearing  # noqa: F401, PLC0415 - hears of sign-ins

        connection_created.connect(acting.install, dispatch_uid="core.audit.acting")
        post_migrate.connect(_order_the_feed, sender=self)


def _order_the_feed(**_: Any) -> None:
    """A database that was restored from a dump counts its transactions anew: core.feed_order."""
    from .feed_order import keep_growing  # noqa: PLC0415 - models exist only now

    keep_growing()
