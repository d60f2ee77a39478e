from .access import ApiKey, IdempotencyRecord, OneTimeToken
from .allowance import Allowance
from .embedding import Embedding, EmbeddingEngine
from .event import Event, Receipt
from .user import User

__all__ = ("Allowance", "ApiKey", "Embedding", "EmbeddingEngine", "Event", "IdempotencyRecord", "OneTimeToken", "Receipt", "User")
