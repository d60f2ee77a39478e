"""The assistant that talks with visitors: one entry verb, `conversation.say`.

`say` → `understanding` (language, mood, intent) → `routing` (what is to be done?) → `answering`, `tools` (do it) → `lines` (store, tell)
→ `filing` (the same conversation in its ticket). With a language model, `model` answers in place of `answering`, under the same guards.
"""
