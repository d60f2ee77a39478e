"""Outgoing webhooks: announced with the event, sent with a signature, tried again for a day, switched off when nobody answers for three."""
