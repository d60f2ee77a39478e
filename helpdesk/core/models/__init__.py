from .access import ApiKey, IdempotencyRecord, OneTimeToken
from .allowance import Allowance
from .embedding import Embedding, EmbeddingEngine
from .event import Event, Receipt
from .model_call import Circuit, ModelCall, ModelProvider, PromptVersion
from .user import User

__all__ = (
    "Allowance",
    "ApiKey",
    "Circuit",
    "Embedding",
    "EmbeddingEngine",
    "Event",
    "IdempotencyRecord",
    "ModelCall",
    "ModelProvider",
    "OneTimeToken",
    "PromptVersion",
    "Receipt",
    "User",
)
