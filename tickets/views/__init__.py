"""Pages: thin views that look up through the actor, call one verb and render."""
