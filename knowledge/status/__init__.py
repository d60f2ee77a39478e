"""The state of our systems: what people, monitors and other status pages tell of it, and where it is shown."""
