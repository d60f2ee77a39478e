"""What partners' systems hear of us: the ordered feed of events, and the webhooks that bring them."""
