"""Understanding a ticket. `pipeline.py` is the table of contents; each step is one file; `arrival.py` is the story of a new message."""
