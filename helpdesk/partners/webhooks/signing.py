"""What stands on a delivery's envelope, so that the other side knows that it is ours, whole and fresh.

`X-Signature: sha256=<hex HMAC-SHA256 of "{timestamp}.{body}">`, as for our own inbound webhook; two of them with a comma between
during the day after the secret was changed.
"""

from __future__ import annotations

import hashlib
import hmac

from helpdesk.core.models import Webhook, WebhookDelivery


def headers_of(delivery: WebhookDelivery, webhook: Webhook, *, at: int) -> dict[str, str]:
    """`at`: Unix seconds of this try."""
    body = delivery.body.encode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "helpdesk-webhook",
        "X-Webhook-Id": str(webhook.pk),
        "X-Delivery-Id": str(delivery.pk),
        "X-Event-Id": str(delivery.event_id or ""),
        "X-Event-Kind": delivery.kind,
        "X-Attempt": str(delivery.attempts + 1),
        "X-Timestamp": str(at),
        "X-Signature": ",".join(signature(secret, str(at), body) for secret in webhook.signing()),
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
