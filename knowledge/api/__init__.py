"""What partners and monitors may ask and tell. Edges only: look up, one verb, serialize."""
