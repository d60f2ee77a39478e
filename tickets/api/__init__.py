"""The partners' door to tickets (contract section 8). Edges only: look up through the caller, one verb, serialize."""
