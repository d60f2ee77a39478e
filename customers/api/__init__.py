"""What partners may ask and tell of customers. Edges only: look up, one verb, serialize."""
