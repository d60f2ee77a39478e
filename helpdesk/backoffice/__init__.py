"""The roof room: pages that look across all apps."""
