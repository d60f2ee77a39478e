"""What the roof does when something happens."""

from __future__ import annotations

from helpdesk.core.events import subscribe
from helpdesk.core.models import Event
from helpdesk.partners import feed
from helpdesk.partners.webhooks import announcing


@subscribe("rule.called")
def call_webhook_of_rule(event: Event) -> None:
    announcing.call(event)


@subscribe(*feed.kinds())
def tell_webhooks(event: Event) -> None:
    announcing.announce(event)
