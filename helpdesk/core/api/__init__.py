"""What every endpoint shares: keys and scopes, problem+json, idempotency, cursors, strict input. Contract: common rules."""
