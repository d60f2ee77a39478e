from .access import ApiKey, IdempotencyRecord, OneTimeToken
from .allowance import Allowance
from .audit import AuditEntry, AuditSeal
from .circuit import Circuit
from .embedding import Embedding, EmbeddingEngine
from .event import Event, Receipt
from .language_model import ModelBudget, ModelCall, ModelProvider, PromptVersion
from .user import User
from .webhook import Webhook, WebhookDelivery

__all__ = (
    "Allowance",
    "ApiKey",
    "AuditEntry",
    "AuditSeal",
    "Circuit",
    "Embedding",
    "EmbeddingEngine",
    "Event",
    "IdempotencyRecord",
    "ModelBudget",
    "ModelCall",
    "ModelProvider",
    "OneTimeToken",
    "PromptVersion",
    "Receipt",
    "User",
    "Webhook",
    "WebhookDelivery",
)
