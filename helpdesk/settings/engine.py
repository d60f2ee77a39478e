"""The local engine and, where there is a key, language models (contract section 10)."""

from __future__ import annotations

import os

from .env import env

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # tokenizers pulls in a hub client: it must never dial out

EMBEDDING_BACKEND = env("EMBEDDING_BACKEND", default="local")
EMBEDDING_MODEL = env("EMBEDDING_MODEL", default="")
EMBEDDING_THREADS = env.int("EMBEDDING_THREADS", default=1)
OPENAI_API_KEY = env("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env("OPENAI_BASE_URL", default="")
LLM_MODEL = env("LLM_MODEL", default="")
