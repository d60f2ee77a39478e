from .access import ApiKey, IdempotencyRecord, OneTimeToken
from .embedding import Embedding
from .event import Event, Receipt
from .user import User

__all__ = ("ApiKey", "Embedding", "Event", "IdempotencyRecord", "OneTimeToken", "Receipt", "User")
