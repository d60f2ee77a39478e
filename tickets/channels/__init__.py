"""The customer's ways in: each module only translates what arrived into one `InboundMessage`.

`base` holds the shape; `email` (with `html`, `quoting`, `authentication`, `threading`) reads mail; `mailbox` and `lmtp` take it in.
"""
