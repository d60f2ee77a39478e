"""What we know: articles, their chunks and search, solved cases, and the state of our own systems (`status`)."""
