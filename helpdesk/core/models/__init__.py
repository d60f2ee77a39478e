from .access import ApiKey, IdempotencyRecord, OneTimeToken
from .allowance import Allowance
from .embedding import Embedding
from .event import Event, Receipt
from .user import User

__all__ = ("Allowance", "ApiKey", "Embedding", "Event", "IdempotencyRecord", "OneTimeToken", "Receipt", "User")
