"""The floor of the house: user, events, errors, realtime, API base, health, embedded servers, embeddings, models' client.

Nothing here knows a ticket or an article; every app above may import from here.
"""
