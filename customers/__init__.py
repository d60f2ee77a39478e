"""Who writes to us: customers, their organisations and addresses (`identity.resolve` says who is speaking)."""
